"""How far the queue has come: a bar on a terminal, a line for each event anywhere else."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from pytest_zacperf.plan import PlannedRun, RunResult, Status
from pytest_zacperf.queue import QueueWatch
from pytest_zacperf.render import escape
from pytest_zacperf.run_names import short_id
from pytest_zacperf.units import format_bytes, format_seconds


@contextlib.contextmanager
def shown_progress(total: int) -> Iterator[QueueWatch]:
    """Show progress in the block, in the way that suits where the output goes.

    Args:
        total: How many runs are to be executed.

    """
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield LineWatch(total)
        return
    watch = BarWatch(total)
    with watch.bars:
        yield watch


class LineWatch(QueueWatch):
    """Prints a line when something happens, and nothing in between."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun: dict[str, None] = {}
        self._ended = 0

    def begins(self, planned: PlannedRun, what: str) -> None:
        """Print which pass of which run begins."""
        self._begun[planned.id] = None
        number = len(self._begun)
        # A side of the cache probe brings the other one along.
        self.says(f"[{number}/{max(number, self._total)}] {escape(planned.id)}: {what}")

    def comes_to(self, day: dt.date | None) -> None:
        """Print nothing."""

    def ends(self, planned: PlannedRun, status: Status, result: RunResult) -> None:
        """Print how a run ended and what it cost."""
        self._ended += 1
        self.says(result_line(planned, status, result))

    def says(self, text: str) -> None:
        """Print a sentence."""
        try:
            click.echo(text)
        except BrokenPipeError:  # who reads no more, as `head`, is no reason to stop
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end


class BarWatch(LineWatch):
    """Shows two bars below the lines: the days of the run, and the runs of the queue."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        # Given to rich as text without markup: what a user wrote is no markup.
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[where]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._queue = self.bars.add_task("queue", total=total, where=f"0/{total}")
        self._run: TaskID | None = None
        self._planned: PlannedRun | None = None

    def begins(self, planned: PlannedRun, what: str) -> None:
        """Show a new bar for the pass."""
        if self._run is not None:
            self.bars.remove_task(self._run)
        self._planned = planned
        # Without a total it shows that it is alive, until the engine reports a day.
        self._run = self.bars.add_task(f"{escape(planned.id)}: {what}", total=None, where="")

    def comes_to(self, day: dt.date | None) -> None:
        """Move the bar to a simulated day."""
        if day is None or self._run is None or self._planned is None:
            return
        days = (self._planned.end - self._planned.start).days + 1
        passed = (day - self._planned.start).days
        self.bars.update(self._run, total=days, completed=passed, where=str(day))

    def ends(self, planned: PlannedRun, status: Status, result: RunResult) -> None:
        """Move the bar of the queue, and print how the run ended."""
        super().ends(planned, status, result)
        self.bars.update(self._queue, completed=self._ended, where=f"{self._ended}/{self._total}")

    def says(self, text: str) -> None:
        """Print a sentence above the bars."""
        self.bars.console.print(text)


def result_line(planned: PlannedRun, status: Status, result: RunResult) -> str:
    """Return how a run ended in one line: its costs and where its report is, or why it failed."""
    name = escape(planned.id)
    if status == "error":
        run_id = (result.run or {}).get("id")
        more = f" (`zacperf show {short_id(run_id)}`)" if run_id else ""
        return f"{name}: error: {escape(result.notes or '')}{more}"
    facts = [
        f"wall {format_seconds(result.wall_seconds_total)}",
        f"CPU {format_seconds(result.cpu_seconds)}",
        f"peak memory {format_bytes(result.peak_memory_bytes or 0)}",
        f"top {escape(result.top_function or 'none')}",
        *([escape(result.notes)] if result.notes else []),
        f"report {escape(result.report or '')}",
    ]
    return f"{name}: {'partial' if result.partial else 'done'}: {', '.join(facts)}"
