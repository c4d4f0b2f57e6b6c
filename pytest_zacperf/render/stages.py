"""The stages of two runs beside each other; judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_zacperf.render.text import Table, escape
from pytest_zacperf.stage_comparison import StageSides
from pytest_zacperf.units import format_count, format_ns

DIFFERENT_COUNTS = "counts differ"
NUMBERS = frozenset(range(1, 8))


def stage_sides_table(stages: Sequence[StageSides], names: tuple[str, str]) -> Table:
    """Return a table of both runs' stages; where they were entered less often, no mean is shown."""
    first, second = names
    header = (
        *("stage", first, second, "ratio"),
        *(f"count {first}", f"count {second}", f"mean {first}", f"mean {second}"),
    )
    return Table(header=header, rows=tuple(map(_cells, stages)), numbers=NUMBERS)


def _cells(stage: StageSides) -> tuple[str, ...]:
    first, second = stage.first, stage.second
    means = (DIFFERENT_COUNTS, DIFFERENT_COUNTS)
    if stage.has_same_count:
        means = (_mean(first.total_ns, first.count), _mean(second.total_ns, second.count))
    return (
        escape(stage.name),
        format_ns(first.total_ns),
        format_ns(second.total_ns),
        f"{second.total_ns / max(first.total_ns, 1):.2f}",
        format_count(first.count),
        format_count(second.count),
        *means,
    )


def _mean(total_ns: int, count: int) -> str:
    return format_ns(total_ns / count) if count else "-"
