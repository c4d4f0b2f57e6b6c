"""Which recordings belong to a test, and which to none: asked of pytest, in its own process."""

from __future__ import annotations

import enum
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from pytest_zacperf import store
from pytest_zacperf.errors import StoreError
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.process import Command, run_process
from pytest_zacperf.records import Record
from pytest_zacperf.store import ENDINGS, SNAPSHOTS_FOLDER, Pending, ReceivedFiles, Recordings

NAMES_VARIABLE = "ZACPERF_RECORDING_NAMES"
PLUGIN = "pytest_zacperf.snapshots.names"
TESTS_FOLDER = "tests"
NO_TESTS = 5  # pytest's exit status
COLLECT = ("--collect-only", "-q", "-p", PLUGIN)
LINES = 3


class ExpectedRecordings(Record, frozen=True, kw_only=True):
    """What a collected test would compare with.

    Attributes:
        test: Node id.
        folder: Of its recordings.
        stems: What the names of its first, second ... recording begin with.

    """

    test: str
    folder: str
    stems: list[str]


class Collected(Record, frozen=True, kw_only=True):
    """What pytest collected.

    Attributes:
        tests: All of them, also those that are deselected.
        modules: Node ids of files whose tests are known.
        problem: Why the windows of a test are not known; None where they all are.

    """

    tests: list[ExpectedRecordings]
    modules: list[str]
    problem: str | None


class Owner(enum.Enum):
    """Whose a recording is, where no collected test has it."""

    GONE = "none: its test or window is gone"
    UNKNOWN = "not known: its module was not collected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A recording, and the test it belongs to."""

    path: Path
    test: str | Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a project has of recordings, and who wants it.

    Attributes:
        recordings: All of them.
        abandoned: What tests received that are gone.

    """

    recordings: tuple[Scanned, ...] = ()
    abandoned: tuple[Pending, ...] = ()

    @property
    def orphans(self) -> list[Path]:
        """The recordings whose test or window is gone."""
        return [one.path for one in self.recordings if one.test is Owner.GONE]


def scan(root: Path, windows: Sequence[str]) -> Scan:
    """Return all recordings of a project, each with its test, and what waits for no test.

    Args:
        root: The project.
        windows: All windows of its plan, so that those which tests do not see by default count.

    Raises:
        StoreError: The tests cannot be collected, or not their windows, so nobody knows.

    """
    recordings, waiting = Recordings(root).all(), list(ReceivedFiles(root).pending())
    if not (recordings or waiting):
        return Scan()
    owners = _Owners(root, _collected(root, windows))
    return Scan(
        recordings=tuple(Scanned(path=path, test=owners.of(path)) for path in recordings),
        abandoned=tuple(one for one in waiting if owners.has_abandoned(one)),
    )


class _Owners:
    """Finds the test of a recording: by what lies beside it, or else by its name."""

    def __init__(self, root: Path, collected: Collected) -> None:
        self._root = root
        self._collected = collected
        self._tests = {expected.test for expected in collected.tests}

    def of(self, recording: Path) -> str | Owner:
        """Return the test of a recording, or why it has none."""
        accepted = Recordings(self._root).accepted(recording)
        if accepted is not None and accepted.test in self._tests:
            return accepted.test
        named = self._by_name(recording)
        if named is not None:
            return named
        modules = [accepted.module] if accepted else _modules_of(self._root, recording)
        return Owner.GONE if self._are_known(modules) else Owner.UNKNOWN

    def has_abandoned(self, pending: Pending) -> bool:
        """Return whether the test that received something is gone."""
        test = pending.received.test if pending.received else ""
        return bool(test) and test not in self._tests and self._are_known([test.split("::")[0]])

    def _are_known(self, modules: Sequence[str]) -> bool:
        is_there = any((self._root / module).is_file() for module in modules)
        return not is_there or not set(self._collected.modules).isdisjoint(modules)

    def _by_name(self, recording: Path) -> str | None:
        found = self._exact.get(recording)
        if found is not None:
            return found
        # A recording may have a name of its own: test_it[wk-1][name].
        for expected in self._collected.tests:
            if Path(expected.folder) == recording.parent and recording.name.startswith(
                f"{expected.stems[0]}["
            ):
                return expected.test
        return None

    @cached_property
    def _exact(self) -> dict[Path, str]:
        return {
            Path(expected.folder, f"{stem}{ending}"): expected.test
            for expected in self._collected.tests
            for stem in expected.stems
            for ending in ENDINGS.values()
        }


def _modules_of(root: Path, recording: Path) -> list[str]:
    folder = recording.parent.relative_to(root / SNAPSHOTS_FOLDER).as_posix()
    return [f"{folder}.py", f"{TESTS_FOLDER}/{folder}.py"]


def _collected(root: Path, windows: Sequence[str]) -> Collected:
    narrowed = ("--zacperf-window", ",".join(windows)) if windows else ()
    with tempfile.TemporaryDirectory(prefix="zacperf-recordings-") as folder:
        names, stdout, stderr = (Path(folder, name) for name in ("names", "stdout", "stderr"))
        command = Command(
            arguments=(
                *(sys.executable, "-m", "pytest", *COLLECT, *narrowed),
                *("-o", f"cache_dir={folder}"),  # what failed last is no matter here, and stays
            ),
            cwd=root,
            variables={**os.environ, NAMES_VARIABLE: str(names)},
            marker=f"recordings-{new_session_id()}",
            stdout=stdout,
            stderr=stderr,
        )
        ended = run_process(command, timeout_s=None, on_tick=lambda _: None)
        if ended.exit_status not in {0, NO_TESTS} or not names.exists():
            said = store.last_lines(stderr, LINES) or store.last_lines(stdout, LINES)
            raise _unknown(said, "pytest --collect-only says more")
        collected = msgspec.json.decode(names.read_bytes(), type=Collected)
    if collected.problem is not None:
        problem, _, hint = collected.problem.partition("\n  hint: ")
        raise _unknown(problem, hint)
    return collected


def _unknown(reason: str, hint: str) -> StoreError:
    return StoreError(
        f"the tests cannot be collected, so nobody knows which recordings are used: {reason}", hint
    )
