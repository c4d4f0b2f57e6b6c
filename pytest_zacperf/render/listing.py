"""The kept runs as one table, in full width or with several values in a cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.records import Environment, Run, Workload
from pytest_zacperf.render.costs import cpu_text, memory_text, wall_text
from pytest_zacperf.render.run import engine_text
from pytest_zacperf.render.text import Table, cut, escape, stacked_table
from pytest_zacperf.run_names import short_id
from pytest_zacperf.units import format_count

LONGEST_ENGINE = 80
REVISION_DIGITS = 8
HEADER = (
    *("run", "started", "window", "engine", "status", "orders"),
    *("wall", "CPU", "peak memory", "machine", "revision"),
)
NUMBERS = frozenset({5, 6, 7, 8})
# Indices of HEADER that share a cell where the terminal is narrow.
STACKS = ((0, 1, 10), (2, 3), (4, 9), (5, 8), (6, 7))
STACKED_NUMBERS = frozenset({3, 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A run to be listed.

    Attributes:
        id: Its name.
        status: ``done``, ``error``, ``running`` or ``interrupted``.
        start: When it was started, as far as anybody knows, in the zone to be shown.
        workload: What was asked for, or what was run.
        run: Its record; None as long as there is none.

    """

    id: str
    status: str
    start: dt.datetime
    workload: Workload
    run: Run | None


def listing_table(runs: Sequence[Listed]) -> Table:
    """Return a table with a row for each run."""
    return Table(header=HEADER, rows=tuple(map(_cells, runs)), numbers=NUMBERS)


def stacked(table: Table) -> Table:
    """Return the table of ``listing_table`` with several values in a cell, one below the other."""
    return stacked_table(table, STACKS, STACKED_NUMBERS)


def _cells(listed: Listed) -> tuple[str, ...]:
    run = listed.run
    work, costs = (run.work, run.costs) if run else (None, None)
    return (
        short_id(listed.id),
        f"{listed.start:%Y-%m-%d %H:%M}",
        escape(listed.workload.window.id),
        cut(escape(engine_text(listed.workload)), LONGEST_ENGINE),
        listed.status,
        format_count(work.orders) if work else "-",
        wall_text(costs),
        cpu_text(costs),
        memory_text(costs),
        run.machine if run else "-",
        _revision(run.environment if run else None),
    )


def _revision(environment: Environment | None) -> str:
    if environment is None or environment.git_revision is None:
        return "-"
    dirty = "-dirty" if environment.git_dirty else ""
    return f"{escape(environment.git_revision[:REVISION_DIGITS])}{dirty}"
