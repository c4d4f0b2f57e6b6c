"""What is recorded beside order events: how two recordings of it differ, from their bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from pytest_zacperf import render, store
from pytest_zacperf.parity import Tolerance, equity_key, rows_difference, trade_key
from pytest_zacperf.parity.tolerance import STATISTICS_PREFIX
from pytest_zacperf.records import StatisticValue, Trade
from pytest_zacperf.run_parity import changed_values
from pytest_zacperf.values import nearest

Tolerances: TypeAlias = Mapping[str, Tolerance]
Words: TypeAlias = tuple[str, str]
Explain: TypeAlias = Callable[[bytes, bytes, Tolerances, Words], list[str]]


def value_difference_lines(
    kind: str,
    expected: bytes,
    actual: bytes,
    tolerances: Tolerances,
    *,
    words: Words = ("expected", "was"),
) -> list[str]:
    """Return how two recordings of trades, equity or statistics differ, in at most 6 lines.

    Args:
        kind: Of both.
        expected: The accepted side.
        actual: The side under test.
        tolerances: By field, or ``statistics.<name>``.
        words: For a value of the expected side, and of the other.

    Returns:
        Nothing where they are the same.

    Raises:
        ValueError: One of them cannot be read.
        ZacperfError: polars is not installed.

    """
    try:
        return [] if expected == actual else EXPLAIN[kind](expected, actual, tolerances, words)
    except msgspec.DecodeError as e:
        raise ValueError(store.first_line(e)) from e


def _trades(expected: bytes, actual: bytes, tolerances: Tolerances, words: Words) -> list[str]:
    decoder = msgspec.json.Decoder(Trade)
    found = rows_difference(
        decoder.decode_lines(expected),
        decoder.decode_lines(actual),
        trade_key,
        tolerances,
    )
    return render.rows_lines(found, "trade", "entry_ts_ns", words=words) if found else []


def _equity(expected: bytes, actual: bytes, tolerances: Tolerances, words: Words) -> list[str]:
    found = rows_difference(
        store.equity_of(expected), store.equity_of(actual), equity_key, tolerances
    )
    return render.rows_lines(found, "equity point", "ts_ns", words=words) if found else []


def _statistics(expected: bytes, actual: bytes, tolerances: Tolerances, words: Words) -> list[str]:
    kind = dict[str, StatisticValue]
    recorded = msgspec.json.decode(expected, type=kind)
    received = msgspec.json.decode(actual, type=kind)
    names = [*recorded, *received]
    for name in tolerances:
        statistic = name.removeprefix(STATISTICS_PREFIX)
        if name.startswith(STATISTICS_PREFIX) and statistic not in names:
            return [
                f"{name!r} has a tolerance and is no statistic",
                f"  {nearest(statistic, names)}",
            ]
    changed = list(changed_values(recorded, received, tolerances))
    return render.figures_lines(changed, recorded, words=words) if changed else []


EXPLAIN: Mapping[str, Explain] = {
    "trades": _trades,
    "equity": _equity,
    "statistics": _statistics,
}
