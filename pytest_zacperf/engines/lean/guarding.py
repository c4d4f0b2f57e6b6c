"""Starts and stops the process that cleans up after a worker; see ``guard``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_zacperf.engines.lean import guard

# The runner ends whatever carries it: see ``process.MARKER``, which no engine may import.
MARKER = "ZACPERF_PROCESS_TREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """What a run leaves when its worker dies.

    Attributes:
        container: Its name; None for none.
        files: Whatever is not there is passed over.
        folders: The same.
        restored: JSON files to the text that they had; None for one that was not there.

    """

    container: str | None = None
    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    restored: Mapping[Path, str | None] = field(default_factory=dict)

    @property
    def plan(self) -> str:
        """The same as text for the other process."""
        return json.dumps({
            "container": self.container,
            "files": [str(path) for path in self.files],
            "folders": [str(path) for path in self.folders],
            "restored": {str(path): text for path, text in self.restored.items()},
        })


@contextlib.contextmanager
def guarded(left: LeftOver) -> Iterator[None]:
    """Have everything removed if the block does not end well, or this process dies."""
    variables = {name: value for name, value in os.environ.items() if name != MARKER}
    process = subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-I", guard.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=variables,
        start_new_session=True,
    )
    pipe = process.stdin
    if pipe is None:
        raise AssertionError
    pipe.write(f"{left.plan}\n".encode())
    pipe.flush()
    process.wait()  # its first part ends when the second one stands on its own
    try:
        yield
        # Not after an error: then something may be left.
        with contextlib.suppress(OSError):
            pipe.write(guard.DONE)
            pipe.flush()
    finally:
        with contextlib.suppress(OSError):
            pipe.close()
