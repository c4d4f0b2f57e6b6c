"""The folder with ``lean.json``: where data and output are; what is written there for one run.

Lean's client rewrites the configuration it is given and refreshes two databases among the data. It
is given a copy, in which that refresh is long done, so that both stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from pytest_zacperf.errors import EngineError

CONFIG_NAME = "lean.json"
ORGANIZATIONS = frozenset({"job-organization-id", "organization-id"})
# Tells Lean's client that its databases are not old; until then nothing is downloaded.
UPDATED = ("file-database-last-update", "12/31/2999 00:00:00")
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|/\*.*?\*/|//[^\r\n]*', re.DOTALL)
TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
# What is written for one run says whose it is, so that the next run can tell what a crash left.
OWNED = re.compile(r".*zacperf_(?P<pid>\d+)_(?P<created>\d+)_.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanWorkspace:
    """A folder in which Lean's client works.

    Attributes:
        root: The folder of ``lean.json``; output must lie below it.
        config: Path of ``lean.json``.
        data: The data folder.
        content: What ``lean.json`` says.

    """

    root: Path
    config: Path
    data: Path
    content: dict[str, object]

    @classmethod
    def of(cls, project: Path, config: str | Path | None = None) -> LeanWorkspace:
        """Return the workspace of a project.

        Args:
            project: The project's folder; ``lean.json`` is there or in a folder above.
            config: Names ``lean.json`` itself.

        Raises:
            EngineError: There is none, or it cannot be read or used.

        """
        found = _above(project) if config is None else Path(config).resolve()
        if found is None or not found.is_file():
            where = f"at {config}" if config is not None else f"in {project} or a folder above it"
            raise EngineError(
                f"there is no {CONFIG_NAME} {where}",
                'run `lean init`, or write {"data-folder": "data", "job-organization-id": ""}',
            )
        content = _content(found)
        data = content.get("data-folder")
        if not isinstance(data, str):
            raise EngineError(
                f'{found} has no "data-folder"', 'write "data-folder": "data", or where data are'
            )
        folder = found.parent / data
        if not folder.is_dir():
            raise EngineError(
                f"the data folder {folder} does not exist", f'correct "data-folder" in {found}'
            )
        return cls(root=found.parent, config=found, data=folder, content=content)

    def require_organization(self) -> None:
        """Refuse what Lean's client does not take for its own.

        Raises:
            EngineError: An organization is missing; any text will do.

        """
        if not ORGANIZATIONS & self.content.keys():
            raise EngineError(
                f'{self.config} has no "job-organization-id"', 'write "job-organization-id": ""'
            )

    @contextlib.contextmanager
    def copy_of_config(self, path: Path) -> Iterator[Path]:
        """Keep a copy of ``lean.json`` beside it while the block runs, for the client to change."""
        name, value = UPDATED
        content = {**self.content, name: value}
        # Not readable by others before the content is there: it may hold keys of data providers.
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(content))
            yield path
        finally:
            path.unlink(missing_ok=True)


def owned_name(before: str, token: str, after: str) -> str:
    """Return a file name that says which process it is for."""
    created = int(psutil.Process().create_time())
    return f"{before}zacperf_{os.getpid()}_{created}_{token}{after}"


def remove_left_over(folder: Path) -> None:
    """Remove what processes that are dead have left in a folder."""
    for path in folder.glob("*zacperf_*"):
        match = OWNED.fullmatch(path.name)
        if match and path.is_file() and not _lives(int(match["pid"]), int(match["created"])):
            path.unlink(missing_ok=True)


def _lives(pid: int, created: int) -> bool:
    try:
        return abs(int(psutil.Process(pid).create_time()) - created) <= 1
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _above(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (place / CONFIG_NAME).is_file():
            return place / CONFIG_NAME
    return None


def _content(file: Path) -> dict[str, object]:
    try:
        text = COMMENT.sub(lambda found: found[1] or "", file.read_text(encoding="utf-8-sig"))
        text = TRAILING_COMMA.sub(lambda found: found[1] or "", text)
        return msgspec.json.decode(text, type=dict[str, object])
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as e:
        raise EngineError(f"{file} cannot be read: {e}", "correct it; it is JSON") from e


def now_token() -> str:
    """Return what tells the files of one run from those of another run of this process."""
    return f"{time.time_ns():x}"
