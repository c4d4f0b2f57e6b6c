"""A Lean project: its algorithm, its sources, its parameters; writes nothing and runs nothing."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from pytest_zacperf.engines.lean import guard
from pytest_zacperf.engines.lean.workspace import OWNED
from pytest_zacperf.errors import EngineError

ALGORITHM_FILES: Mapping[str, Literal["Python", "CSharp"]] = {
    "main.py": "Python",
    "Main.cs": "CSharp",
}
# What Lean's client copies to `code` in the output folder.
SOURCE_SUFFIXES = frozenset({".py", ".cs", ".ipynb", ".css", ".html"})
# Folders that Lean's client leaves out; so it does all whose names begin with a dot.
NOT_SOURCES = frozenset({
    *("bin", "obj", "__pycache__"),
    *("backtests", "live", "optimizations", "storage", "report"),
    # What Windows has for devices.
    *("CON", "PRN", "AUX", "NUL"),
    *(f"{device}{number}" for device in ("COM", "LPT") for number in range(1, 10)),
})
CONFIG_NAME = "config.json"
VIRTUAL_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanProject:
    """A folder with an algorithm.

    Attributes:
        folder: Absolute path.
        algorithm: Its file in it.
        language: What it is written in.
        parameters: Of its ``config.json``; a command line that gives one replaces all of them.

    """

    folder: Path
    algorithm: Path
    language: Literal["Python", "CSharp"]
    parameters: Mapping[str, str]

    @classmethod
    def at(cls, folder: Path) -> LeanProject:
        """Return the project in a folder.

        Raises:
            EngineError: There is no algorithm, or a ``config.json`` that cannot be read.

        """
        for name, language in ALGORITHM_FILES.items():
            if (folder / name).is_file():
                return cls(
                    folder=folder,
                    algorithm=folder / name,
                    language=language,
                    parameters=_parameters(folder / CONFIG_NAME),
                )
        if not folder.is_dir():
            raise EngineError(
                f"there is no Lean project at {folder}", "name the folder that holds main.py"
            )
        raise EngineError(
            f"{folder} holds neither main.py nor Main.cs", "name the folder of a Lean project"
        )

    @property
    def config(self) -> Path:
        """Its ``config.json``, which need not be there."""
        return self.folder / CONFIG_NAME

    @contextlib.contextmanager
    def unchanged_config(self) -> Iterator[None]:
        """Undo after the block what Lean's client adds to ``config.json``: an id of its own.

        Whatever else somebody changes there meanwhile stays.
        """
        before = self.config_text()
        try:
            yield
        finally:
            guard.restore(self.config, before)

    def config_text(self) -> str | None:
        """Return ``config.json`` as it is; None where there is none."""
        return guard.text_of(self.config)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other run of this project is under way, and keep others waiting.

        The client takes every Python file of the folder along: also the wrapper of another run,
        which is gone in the next moment.
        """
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            # On the folder itself, so that no file is left in it.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def require_python(self, engine: str) -> None:
        """Refuse an algorithm that would have to be built first.

        Raises:
            EngineError: It is written in C#.

        """
        if self.language != "Python":
            raise EngineError(
                f"{self.algorithm} is C#, which {engine} does not build", "use LeanEngine"
            )

    def sources(self) -> Iterator[Path]:
        """Yield every file of code that Lean's client takes along, and ``config.json``."""
        yield from sorted(_sources(self.folder))
        if self.config.is_file():
            yield self.config

    def snapshot(self) -> dict[str, str]:
        """Return the hash of each source by its path below the project."""
        return snapshot_of(self.folder, self.sources())


def snapshot_of(folder: Path, files: Iterator[Path]) -> dict[str, str]:
    """Return hashes of files by their paths below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            is_left_out = path.name in NOT_SOURCES or path.name.startswith(".")
            is_environment = any((path / name).exists() for name in VIRTUAL_ENVIRONMENTS)
            if not is_left_out and not is_environment:
                yield from _sources(path)
        elif path.suffix in SOURCE_SUFFIXES and not OWNED.fullmatch(path.name):
            yield path


def _parameters(file: Path) -> dict[str, str]:
    try:
        config = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as e:
        raise EngineError(f"{file} cannot be read: {e}", "correct it; it is JSON") from e
    given = config.get("parameters", {})
    if not isinstance(given, dict):
        raise EngineError(f'"parameters" in {file} is {given!r}', 'write {"name": "value"}')
    return {str(name): str(value) for name, value in given.items()}
