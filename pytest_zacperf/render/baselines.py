"""Stored baselines as tables, and what their recording says; decides nothing, prints nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pytest_zacperf.baselines import (
    MEMORY_GROWTH_LIMIT,
    growth_text,
    median_cpu_ns,
    median_memory_bytes,
    median_wall_ns,
    round_name,
)
from pytest_zacperf.comparability import one_line_difference
from pytest_zacperf.records import Baseline, Costs, Environment
from pytest_zacperf.render.run import engine_text
from pytest_zacperf.render.text import Table, cut, escape
from pytest_zacperf.sentences import one_line
from pytest_zacperf.units import format_bytes, format_ns

HEADER = (
    *("window", "engine", "revision", "recorded", "samples"),
    *("CPU", "wall", "peak memory", "environment", "reason"),
)
NUMBERS = frozenset({4, 5, 6, 7})
LONGEST_TEXT = 80
REVISION_DIGITS = 8
NOTE = "CPU, wall and peak memory are medians; an environment that differs: baseline / here"


def baselines_table(
    baselines: Sequence[Baseline], here: Environment, zone: dt.tzinfo | None = None
) -> Table:
    """Return a table with a row for each baseline.

    Args:
        baselines: At least one.
        here: The environment that theirs are compared with.
        zone: The zone of the times that are shown; None for that of the machine.

    """
    rows = tuple(_cells(baseline, here, zone) for baseline in baselines)
    return Table(header=HEADER, rows=rows, numbers=NUMBERS, note=NOTE)


def one_by_one(table: Table) -> list[Table]:
    """Return the table of ``baselines_table`` as one of names and values for each baseline."""
    return [Table(rows=tuple(zip(table.header, row, strict=True))) for row in table.rows]


def round_line(window: str, number: int, rounds: int, costs: Costs) -> str:
    """Return what a round of a recording cost; number 0 is the warm-up."""
    name = f"{round_name(number)} of {rounds}" if number else f"{round_name(number)}, not counted"
    return (
        f"{escape(window)}: {name}: CPU {format_ns(costs.cpu_ns)}, "
        f"wall {format_ns(costs.wall_ns)}, peak memory {format_bytes(costs.peak_memory_bytes)}"
    )


def recorded_line(baseline: Baseline, change: str) -> str:
    """Return that a baseline was stored: its medians, and how it is to the previous one."""
    return (
        f"{escape(baseline.workload.window.id)}: recorded {len(baseline.samples)} samples, median "
        f"CPU {format_ns(median_cpu_ns(baseline))}, wall {format_ns(median_wall_ns(baseline))}, "
        f"peak memory {format_bytes(median_memory_bytes(baseline))}; {escape(change)}"
    )


def refused_line(previous: Baseline, new: Baseline, growth: float) -> str:
    """Return that a baseline was not stored because its peak memory grew."""
    sizes = [format_bytes(median_memory_bytes(baseline)) for baseline in (previous, new)]
    return (
        f"{escape(new.workload.window.id)}: refused: peak memory is {growth_text(growth)} of the "
        f"previous baseline ({sizes[1]}, was {sizes[0]}), and more than {MEMORY_GROWTH_LIMIT:.2f} "
        "needs approval; the previous baseline stays"
    )


def dropped_line(baseline: Baseline, here: Environment, zone: dt.tzinfo | None = None) -> str:
    """Return that a baseline was dropped."""
    return (
        f"dropped {escape(baseline.workload.window.id)}, {_engine(baseline)}, "
        f"recorded {_time(baseline, zone)}, {_place(baseline, here)}"
    )


def _cells(baseline: Baseline, here: Environment, zone: dt.tzinfo | None) -> tuple[str, ...]:
    return (
        escape(baseline.workload.window.id),
        _engine(baseline),
        _revision(baseline.environment),
        _time(baseline, zone),
        str(len(baseline.samples)),
        format_ns(median_cpu_ns(baseline)),
        format_ns(median_wall_ns(baseline)),
        format_bytes(median_memory_bytes(baseline)),
        _place(baseline, here),
        one_line(baseline.reason, LONGEST_TEXT),
    )


def _engine(baseline: Baseline) -> str:
    return cut(escape(engine_text(baseline.workload)), LONGEST_TEXT)


def _time(baseline: Baseline, zone: dt.tzinfo | None) -> str:
    return f"{baseline.recorded_utc.astimezone(zone):%Y-%m-%d %H:%M}"


def _place(baseline: Baseline, here: Environment) -> str:
    return one_line_difference(baseline.environment, here) or "this machine"


def _revision(environment: Environment) -> str:
    if environment.git_revision is None:
        return "none"
    dirty = "-dirty" if environment.git_dirty else ""
    return f"{escape(environment.git_revision[:REVISION_DIGITS])}{dirty}"
