"""Which recordings belong to a test, and which to none: asked of pytest, in its own process."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_zacperf import store
from pytest_zacperf.errors import StoreError
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.process import Command, run_process
from pytest_zacperf.records import Record
from pytest_zacperf.store import Recordings

NAMES_VARIABLE = "ZACPERF_RECORDING_NAMES"
PLUGIN = "pytest_zacperf.recording_names"
NO_TESTS = 5  # pytest's exit status
COLLECT = ("--collect-only", "-q", "-p", "no:cacheprovider", "-p", PLUGIN)
LINES = 3


class ExpectedRecording(Record, frozen=True, kw_only=True):
    """What a collected test would compare with.

    Attributes:
        test: Node id.
        folder: Of its recordings.
        names: File names that its first, second ... assertion would use.

    """

    test: str
    folder: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A recording, and the test it belongs to; None for an orphan."""

    path: Path
    test: str | None


def scan(root: Path, windows: Sequence[str]) -> list[Scanned]:
    """Return all recordings of a project, each with its test.

    Args:
        root: The project.
        windows: All windows of its plan, so that those which tests do not see by default count.

    Raises:
        StoreError: The tests cannot be collected, so nobody knows.

    """
    recordings = Recordings(root).all()
    if not recordings:
        return []
    owners = {
        Path(expected.folder, name): expected.test
        for expected in _collected(root, windows)
        for name in expected.names
    }
    return [Scanned(path=path, test=owners.get(path)) for path in recordings]


def _collected(root: Path, windows: Sequence[str]) -> list[ExpectedRecording]:
    narrowed = ("--zacperf-window", ",".join(windows)) if windows else ()
    with tempfile.TemporaryDirectory(prefix="zacperf-recordings-") as folder:
        names, stdout, stderr = (Path(folder, name) for name in ("names", "stdout", "stderr"))
        command = Command(
            arguments=(sys.executable, "-m", "pytest", *COLLECT, *narrowed),
            cwd=root,
            variables={**os.environ, NAMES_VARIABLE: str(names)},
            marker=f"recordings-{new_session_id()}",
            stdout=stdout,
            stderr=stderr,
        )
        ended = run_process(command, timeout_s=None, on_tick=lambda _: None)
        if ended.exit_status not in {0, NO_TESTS} or not names.exists():
            said = store.last_lines(stderr, LINES) or store.last_lines(stdout, LINES)
            raise StoreError(
                f"the tests cannot be collected, so nobody knows which recordings are used: {said}",
                "pytest --collect-only says more",
            )
        return msgspec.json.Decoder(ExpectedRecording).decode_lines(names.read_bytes())
