"""The runs of a profiling plan as one table; lays nothing out."""

from __future__ import annotations

from pytest_zacperf.plan import Plan, PlannedRun, RunResult
from pytest_zacperf.plan.queue import result_of
from pytest_zacperf.render.text import Table, cut, escape, stacked_table
from pytest_zacperf.units import format_bytes, format_seconds

HEADER = (
    *("id", "window", "label", "status", "wall", "CPU"),
    *("peak memory", "top function", "when", "revision", "notes"),
)
NUMBERS = frozenset({4, 5, 6})
# Indices of HEADER that share a cell where the terminal is narrow.
STACKS = ((0, 1, 2), (3, 8, 9), (4, 5, 6), (7, 10))
STACKED_NUMBERS = frozenset({2})
LONGEST_FUNCTION = 60
LONGEST_NOTE = 80
REVISION_DIGITS = 8
DIRTY = "-dirty"


def status_table(plan: Plan) -> Table:
    """Return a row for each run of the queue, in the order of the file."""
    rows = tuple(_cells(run, result_of(plan, run.id)) for run in plan.runs)
    return Table(header=HEADER, rows=rows, numbers=NUMBERS)


def stacked_status(table: Table) -> Table:
    """Return the table of ``status_table`` with several values in a cell, one below the other."""
    return stacked_table(table, STACKS, STACKED_NUMBERS)


def tally_line(plan: Plan) -> str:
    """Return how many runs are in which state."""
    states = [run.status for run in plan.runs]
    counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    if not states:
        return "the plan has no runs"
    return f"{len(states)} run{'' if len(states) == 1 else 's'}: {', '.join(counts)}"


def _cells(run: PlannedRun, result: RunResult) -> tuple[str, ...]:
    return (
        escape(run.id),
        f"{run.start} to {run.end}",
        escape(run.label),
        _status(run, result),
        format_seconds(result.wall_seconds_total),
        format_seconds(result.cpu_seconds),
        "-" if result.peak_memory_bytes is None else format_bytes(result.peak_memory_bytes),
        cut(escape(result.top_function or "-"), LONGEST_FUNCTION),
        escape(result.timestamp_utc or "-"),
        _revision(result.git_rev),
        cut(escape(result.notes or "-"), LONGEST_NOTE),
    )


def _status(run: PlannedRun, result: RunResult) -> str:
    if run.status == "running" and run.running is not None:
        return f"running ({run.running.pid} on {escape(run.running.host)})"
    return f"{run.status}, partial" if result.partial else run.status


def _revision(revision: str | None) -> str:
    if not revision:
        return "-"
    commit, dirty, _ = revision.partition(DIRTY)
    return f"{escape(commit[:REVISION_DIGITS] if ' ' not in commit else commit)}{dirty}"
