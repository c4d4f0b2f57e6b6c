"""A difference from a recording to everybody who reads it: files, report section, approval."""

from __future__ import annotations

import contextlib
import datetime as dt
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

from pytest_zacperf import render, store
from pytest_zacperf.parity import Difference, OrderEvents
from pytest_zacperf.parity_report import is_with_itself, report_of, same_inputs
from pytest_zacperf.records import Origin, Received
from pytest_zacperf.session import SESSION
from pytest_zacperf.store import FileContent, Pending, ReceivedFiles, Recordings

SECTION = "zacperf"
NOT_ENDED = "its test did not end"
NOT_DETERMINISTIC = "  is it deterministic? {}"
SESSION_NOT_ENDED = "its session did not end"
PENDING = pytest.StashKey[list[Pending]]()
PROBLEM = pytest.StashKey[str]()
SEEN = pytest.StashKey[list[Path]]()
UPDATES = pytest.StashKey[bool]()


@runtime_checkable
class HasOrigin(Protocol):
    """A backtest that knows the run behind it."""

    @property
    def came_from(self) -> Origin | None:
        """Where what it did came from; None before it has run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hands on what one test received instead of one recording.

    Attributes:
        item: The test.
        kind: What is recorded.
        refused: Why an update that was asked for cannot be; None where it can, or nobody asked.

    """

    item: pytest.Item
    kind: str
    refused: str | None = None

    @property
    def test(self) -> str:
        """Node id."""
        return self.item.nodeid

    def forget(self, recording: Path) -> None:
        """Delete what the test received before: now it has met its recording."""
        self._received.forget(self._place(recording), self.kind)

    def differ(self, found: Difference, actual: OrderEvents, recording: Path) -> list[str]:
        """Keep what was received and write the reports; return what the failure adds to it."""
        lines = tuple(render.difference_lines(found))
        self.keep(actual, recording, change=render.change_text(found), lines=lines)
        report = report_of(
            found,
            test=self.test,
            expected=Recordings(self._root).origin(recording),
            actual=self._origin(actual),
        )
        markdown = render.parity_report_lines(report, found)
        self.item.add_report_section("call", SECTION, "\n".join(markdown))
        folder = self._received.folder_of(self._place(recording))
        what_now = self.what_now(recording, actual)
        try:
            path = store.write_parity_report(folder, "\n".join(markdown) + "\n", report)
        except OSError as e:  # a full disk changes no outcome
            return [f"  report not written: {e.strerror}", *what_now]
        return [f"  report: {path.relative_to(self._root)}", *what_now]

    def keep(
        self,
        actual: OrderEvents | Iterable[bytes],
        recording: Path,
        *,
        change: str,
        lines: tuple[str, ...] = (),
    ) -> None:
        """Keep what was received, so that it can be approved without a run.

        Args:
            actual: Order events, or the bytes of something else.
            recording: The file that it would become.
            change: How large the change is, in one line.
            lines: How it differs, as the failure says.

        """
        session = self.item.config.stash[SESSION]
        received = Received(
            test=self.test,
            kind=self.kind,
            recording=recording.relative_to(self._root).as_posix(),
            instead_of=Recordings(self._root).digest(recording),
            session=session.id,
            received_utc=dt.datetime.now(dt.UTC),
            change=change,
            origin=self._origin(actual),
            lines=lines,
            problem=NOT_ENDED,
        )
        blocks: FileContent | Iterable[bytes]
        if isinstance(actual, OrderEvents):
            content = actual.content
            blocks = content if isinstance(content, FileContent) else actual.blocks()
        else:
            blocks = actual
        with store.storing(self._root):
            pending = self._received.keep(self._place(recording), received, blocks)
        self.item.stash.setdefault(PENDING, []).append(pending)

    def _place(self, recording: Path) -> str:
        # A test may hold several lists against recordings of their own.
        seen = self.item.stash.setdefault(SEEN, [])
        if recording not in seen:
            seen.append(recording)
        number = seen.index(recording)
        return f"{self.test}.{number}" if number else self.test

    def what_now(self, recording: Path, actual: object) -> list[str]:
        """Return how to go on after a failure.

        Args:
            recording: What was expected.
            actual: What came instead.

        """
        if self.refused:
            return [self.refused]
        sides = Recordings(self._root).origin(recording), self._origin(actual)
        remark = same_inputs(*sides)
        lines = [] if remark is None else [f"  {remark}"]
        if is_with_itself(*sides) and sides[1] is not None:
            command = render.twice_command(sides[1].workload.window)
            return [*lines, NOT_DETERMINISTIC.format(command)]
        return [
            *lines,
            f'  if this run is right: zacperf approve {shlex.quote(self.test)} -m "..."',
        ]

    def _origin(self, actual: object) -> Origin | None:
        if isinstance(actual, OrderEvents) and actual.origin is not None:
            return actual.origin
        asked = getattr(self.item, "funcargs", {}).get("backtest")
        return asked.came_from if isinstance(asked, HasOrigin) else None

    @property
    def _root(self) -> Path:
        return self.item.config.rootpath

    @property
    def _received(self) -> ReceivedFiles:
        return ReceivedFiles(self._root)


def note_end(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Write down whether what a test received can be approved, as far as the test decides."""
    received = item.stash.get(PENDING, [])
    if not received:
        return
    # Not what the report says: a test that is expected to fail has not failed there.
    if (report.failed or call.excinfo is not None) and not _is_the_difference(item, call):
        reason = call.excinfo.typename if call.excinfo else "an error"
        item.stash.setdefault(PROBLEM, f"{reason} in its {report.when}, not only another recording")
    if report.when == "teardown":
        problem = item.stash.get(PROBLEM, SESSION_NOT_ENDED)
        for pending in received:
            # On a full disk its record goes on saying that it cannot be approved.
            with contextlib.suppress(OSError):
                ReceivedFiles(item.config.rootpath).note(pending, problem)


def _is_the_difference(item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    # Where an update was asked for, a difference fails no test.
    if call.when != "call" or call.excinfo is None or item.stash.get(UPDATES, False):
        return False
    return issubclass(call.excinfo.type, AssertionError)
