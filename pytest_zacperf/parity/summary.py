"""The summary that another program wrote of its run, to names and values; reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_zacperf.records import StatisticValue

STATISTICS = "statistics"
# When Lean itself ran; of two runs of the same, nothing else in a summary differs.
VOLATILE = frozenset({"state.StartTime", "state.EndTime"})


def figures_of(summary: object) -> dict[str, StatisticValue]:
    """Return all figures of a summary, such as Lean's, by name.

    Those below ``statistics`` keep their names; the others have where they lie before it, such as
    ``totalPerformance.tradeStatistics.winRate``. Texts stay texts: Lean writes ``"9.797%"``.

    Args:
        summary: Decoded JSON.

    """
    found = dict(_figures(summary, ""))
    return {
        name.removeprefix(f"{STATISTICS}."): value
        for name, value in found.items()
        if name not in VOLATILE
    }


def _figures(value: object, at: str) -> Iterator[tuple[str, StatisticValue]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _figures(below, f"{at}.{name}" if at else str(name))
    elif isinstance(value, list):
        for number, below in enumerate(value, start=1):
            yield from _figures(below, f"{at}.{number}" if at else str(number))
    elif isinstance(value, bool):
        yield at, str(value)
    elif value is None or isinstance(value, str | int | float):
        yield at, value
