"""What two runs did, held against each other: order events, statistics, work; and stage times."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity import (
    Difference,
    RowsDifference,
    Tolerance,
    difference,
    equity_key,
    rows_difference,
    trade_key,
)
from pytest_zacperf.parity.canonical_form import NUMBERS
from pytest_zacperf.parity.rows import Row
from pytest_zacperf.parity.tolerance import STATISTICS_PREFIX, is_within
from pytest_zacperf.parity_report import same_inputs
from pytest_zacperf.parity_sides import Side, brought_together, in_common
from pytest_zacperf.records import EquityPoint, Run, StatisticValue, Trade
from pytest_zacperf.stage_comparison import StageSides, stage_sides
from pytest_zacperf.work import WORK_FIELDS

FINAL_EQUITY = "final_equity"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """A figure that is not the same on both sides; None where a side has none."""

    name: str
    expected: StatisticValue
    actual: StatisticValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParity:
    """Two sides, held against each other.

    Attributes:
        names: Of both sides.
        order_events: How these differ; None where they are equal.
        trades: How these differ; None where they are equal, or a side has none.
        equity: The same of the equity.
        statistics: Those that differ beyond their tolerances.
        work: Data points, equity and counts that differ.
        stages: What the stages took that both sides have.
        compared: What both sides have, in words.
        only_one_has: What one side alone has.
        not_compared: What both have and cannot be compared by, with the reason.
        notes: What a reader must know of either side.
        tolerances: Whether any were given.
        same_inputs: The remark that both sides are the same workload, if they are.

    """

    names: tuple[str, str]
    order_events: Difference | None
    trades: RowsDifference[Trade] | None
    equity: RowsDifference[EquityPoint] | None
    statistics: tuple[ChangedValue, ...]
    work: tuple[ChangedValue, ...]
    stages: tuple[StageSides, ...]
    compared: tuple[str, ...]
    only_one_has: tuple[str, ...]
    not_compared: tuple[str, ...]
    notes: tuple[str, ...]
    tolerances: bool
    same_inputs: str | None

    @property
    def is_identical(self) -> bool:
        """Whether both sides did the same, as far as they say."""
        rows = self.order_events, self.trades, self.equity
        return rows == (None, None, None) and not self.statistics and not self.work


def parity_between(
    expected: Side, actual: Side, tolerances: Mapping[str, Tolerance] | None = None
) -> RunParity:
    """Return how two sides differ in what they did.

    Args:
        expected: The accepted side.
        actual: The side under test.
        tolerances: By field, or ``statistics.<name>``.

    Raises:
        ValueError: A line of order events is damaged.

    """
    allowed = tolerances or {}
    notes = [note for side in (expected, actual) for note in side.noted]
    _, only_one_has = in_common(expected, actual)
    expected, actual, reduced = brought_together(expected, actual)
    runs = expected.run, actual.run
    compared, _ = in_common(expected, actual)
    return RunParity(
        names=(expected.name, actual.name),
        order_events=_order_events(expected, actual, allowed),
        trades=_rows(expected.trades, actual.trades, allowed, trade_key),
        equity=_rows(expected.equity, actual.equity, allowed, equity_key),
        statistics=tuple(_statistics(expected, actual, allowed)),
        work=tuple(_work(*runs, allowed)),
        stages=stage_sides(*runs),
        compared=compared,
        only_one_has=only_one_has,
        not_compared=reduced,
        notes=tuple(notes),
        tolerances=bool(allowed),
        same_inputs=same_inputs(expected.origin, actual.origin),
    )


def why_not_comparable(expected: Run | None, actual: Run | None) -> str | None:
    """Return why two runs say nothing about each other, or None."""
    for run in (expected, actual):
        if run is not None and run.status == "error":
            return f"run {run.id} has no result: {run.reason}"
        if run is not None and run.partial:
            return f"run {run.id} was stopped at its time limit"
    if expected is None or actual is None:
        return None
    windows = expected.workload.window, actual.workload.window
    spans = [f"{window.start} to {window.end}" for window in windows]
    return None if spans[0] == spans[1] else f"one ran {spans[0]}, the other {spans[1]}"


def changed_values(
    expected: Mapping[str, StatisticValue],
    actual: Mapping[str, StatisticValue],
    tolerances: Mapping[str, Tolerance] | None = None,
) -> Iterator[ChangedValue]:
    """Yield the figures that are not the same, bit for bit or within their tolerances, by name.

    Args:
        expected: Name to value.
        actual: Name to value.
        tolerances: By ``statistics.<name>``.

    """
    for name in dict.fromkeys([*expected, *actual]):
        values = expected.get(name), actual.get(name)
        # Not == alone, which takes 1 for 1.0 and -0.0 for 0.0.
        if repr(values[0]) == repr(values[1]) and (name in expected) == (name in actual):
            continue
        if not is_within(*values, (tolerances or {}).get(f"{STATISTICS_PREFIX}{name}")):
            yield ChangedValue(name=name, expected=values[0], actual=values[1])


def _order_events(
    expected: Side, actual: Side, tolerances: Mapping[str, Tolerance]
) -> Difference | None:
    if expected.order_events is None or actual.order_events is None:
        return None
    fields = {name: tolerances[name] for name in NUMBERS if name in tolerances}
    found = difference(expected.order_events, actual.order_events, tolerances=fields)
    # The same events in other bytes are the same events.
    return found if found is not None and found.divergence is not None else None


def _rows(
    expected: Sequence[Row] | None,
    actual: Sequence[Row] | None,
    tolerances: Mapping[str, Tolerance],
    key: Callable[[Row], Hashable],
) -> RowsDifference[Row] | None:
    if expected is None or actual is None:
        return None
    return rows_difference(expected, actual, key, tolerances)


def _statistics(
    expected: Side, actual: Side, tolerances: Mapping[str, Tolerance]
) -> Iterator[ChangedValue]:
    if expected.statistics is not None and actual.statistics is not None:
        yield from changed_values(expected.statistics, actual.statistics, tolerances)


def _work(
    expected: Run | None, actual: Run | None, tolerances: Mapping[str, Tolerance]
) -> Iterator[ChangedValue]:
    if expected is None or actual is None or expected.work is None or actual.work is None:
        return
    for name in WORK_FIELDS:
        values = getattr(expected.work, name), getattr(actual.work, name)
        tolerance = tolerances.get("equity") if name == FINAL_EQUITY else None
        if values[0] != values[1] and not is_within(*values, tolerance):
            yield ChangedValue(name=name, expected=values[0], actual=values[1])
