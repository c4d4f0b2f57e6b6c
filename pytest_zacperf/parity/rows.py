"""Two lists of rows, such as trades or points of an equity curve: how they differ."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from pytest_zacperf.parity.alignment import matched
from pytest_zacperf.parity.counts import Counts
from pytest_zacperf.parity.tolerance import Tolerance, is_within
from pytest_zacperf.records import EquityPoint, Trade

Row = TypeVar("Row", bound=msgspec.Struct)

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsDifference(Generic[Row]):
    """Two lists of rows that are not the same.

    Attributes:
        index: Number of the first row that differs, from 1, on the side that has it.
        fields: Names of its fields that differ; empty where one side has no such row.
        expected: The row that was expected; None where nothing is expected there.
        actual: The row that came; None where nothing came.
        rows: How many rows are what.

    """

    index: int
    fields: tuple[str, ...]
    expected: Row | None
    actual: Row | None
    rows: Counts


def trade_key(trade: Trade) -> Hashable:
    """Return what makes two trades the same one: symbol and time of entry."""
    return trade.symbol, trade.entry_ts_ns


def equity_key(point: EquityPoint) -> Hashable:
    """Return what makes two points of equity the same one: their time."""
    return point.ts_ns


def rows_difference(
    expected: Sequence[Row],
    actual: Sequence[Row],
    same: Callable[[Row], Hashable],
    tolerances: Mapping[str, Tolerance] | None = None,
) -> RowsDifference[Row] | None:
    """Return how two lists of rows differ, or None where they are equal.

    Args:
        expected: The accepted side.
        actual: The side under test.
        same: What makes two rows that are not equal the same one, such as their time.
        tolerances: By field; none compares bit for bit.

    """
    pairs = matched(expected, actual, _ENCODER.encode, [same])
    met = {i for i, _ in pairs}, {j for _, j in pairs}
    removed = [i for i in range(len(expected)) if i not in met[0]]
    added = [j for j in range(len(actual)) if j not in met[1]]
    fields = {i: _fields(expected[i], actual[j], tolerances or {}) for i, j in pairs}
    changed = [(i, j) for i, j in pairs if fields[i]]
    moved = [one for one, following in itertools.pairwise(pairs) if following[1] < one[1]]
    places = [
        *((i, expected[i], None) for i in removed[:1]),
        *((j, None, actual[j]) for j in added[:1]),
        *((i, expected[i], actual[j]) for i, j in (*changed[:1], *moved[:1])),
    ]
    if not places:
        return None
    at, one, other = min(places, key=operator.itemgetter(0))
    equal = len(expected) - len(changed) - len(removed)
    return RowsDifference(
        index=at + 1,
        fields=fields.get(at, ()) if one is not None and other is not None else (),
        expected=one,
        actual=other,
        rows=Counts(equal=equal, changed=len(changed), added=len(added), removed=len(removed)),
    )


def _fields(one: Row, other: Row, tolerances: Mapping[str, Tolerance]) -> tuple[str, ...]:
    if _ENCODER.encode(one) == _ENCODER.encode(other):
        return ()
    values: list[tuple[str, Any, Any]] = [
        (name, getattr(one, name), getattr(other, name)) for name in one.__struct_fields__
    ]
    return tuple(
        name
        for name, left, right in values
        if _ENCODER.encode(left) != _ENCODER.encode(right)
        and not is_within(left, right, tolerances.get(name))
    )
