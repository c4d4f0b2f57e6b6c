"""What one run of Lean's client writes in folders of the user, and where its results go."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.engines import Context
from pytest_zacperf.engines.lean.attempt import Prepared
from pytest_zacperf.engines.lean.workspace import owned_name
from pytest_zacperf.errors import EngineError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """The two files that one run needs in folders of the user.

    Attributes:
        wrapper: In the project.
        config: Beside ``lean.json``.

    """

    wrapper: Path
    config: Path

    @classmethod
    def of(cls, prepared: Prepared) -> RunFiles:
        """Return where they are; their names say whose they are."""
        return cls(
            wrapper=prepared.project.folder / owned_name("", prepared.token, ".py"),
            config=prepared.workspace.root / owned_name("lean.", prepared.token, ".json"),
        )

    @contextlib.contextmanager
    def written_wrapper(self, text: str | None) -> Iterator[None]:
        """Keep the wrapper in the project while the block runs; None writes none."""
        if text is None:
            yield
            return
        try:
            self.wrapper.write_text(text, encoding="utf-8")
            yield
        finally:
            self.wrapper.unlink(missing_ok=True)


@contextlib.contextmanager
def temporary_folder(folder: Path) -> Iterator[None]:
    """Keep a folder while the block runs that nobody else may read."""
    folder.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def elsewhere(output: Path, context: Context) -> tuple[Path, ...]:
    """Return the folder of results when it is not the run's own."""
    return () if output.is_relative_to(context.working_folder) else (output,)


def moved(output: Path, own: Path) -> Path:
    """Return the run's own folder of results, into which they are moved.

    Raises:
        EngineError: They cannot be: of a container that was killed they are root's.

    """
    if output == own or not output.is_dir():
        return own
    try:
        shutil.move(output, own)
    except OSError as e:
        raise EngineError(
            f"the results in {output} cannot be moved to {own}: {e.strerror}",
            "run with a folder for runs below lean.json",
        ) from e
    return own


def output_folder(prepared: Prepared, context: Context) -> Path:
    """Return where results go: in the run's own folder when that lies below ``lean.json``."""
    own = context.working_folder / "lean"
    if own.resolve().is_relative_to(prepared.workspace.root.resolve()):
        return own
    ignored = prepared.workspace.root / ".zacperf"
    folder = ignored / "lean" / f"{os.getpid()}-{prepared.token}"
    folder.mkdir(parents=True)
    if not (ignored / ".gitignore").exists():
        (ignored / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder
