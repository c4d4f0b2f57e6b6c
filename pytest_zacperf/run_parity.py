"""What two runs did, held against each other: order events, statistics, work; and stage times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity import Difference, OrderEvents, Tolerance, difference
from pytest_zacperf.parity.tolerance import STATISTICS_PREFIX, is_within
from pytest_zacperf.parity_report import origin_of, same_inputs
from pytest_zacperf.records import Origin, Run, StatisticValue
from pytest_zacperf.work import WORK_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: As somebody named it.
        order_events: What it did.
        run: Its record; None for what another program did.
        statistics: Its summary; None where there is none.

    """

    name: str
    order_events: OrderEvents
    run: Run | None = None
    statistics: Mapping[str, StatisticValue] | None = None

    @property
    def origin(self) -> Origin | None:
        """Where it came from; None where nobody knows."""
        return origin_of(self.run) if self.run else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """A figure that is not the same on both sides; None where a side has none."""

    name: str
    expected: StatisticValue
    actual: StatisticValue


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRatio:
    """What a stage took on both sides; a report of costs, never part of parity."""

    name: str
    expected_ns: int
    actual_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParity:
    """Two sides, held against each other.

    Attributes:
        names: Of both sides.
        order_events: How these differ; None where they are equal.
        statistics: Those that differ beyond their tolerances.
        work: Data points, equity and counts that differ.
        stages: What the stages took that both sides have.
        has_statistics: Whether both sides have a summary.
        same_inputs: The remark that both sides are the same workload, if they are.

    """

    names: tuple[str, str]
    order_events: Difference | None
    statistics: tuple[ChangedValue, ...]
    work: tuple[ChangedValue, ...]
    stages: tuple[StageRatio, ...]
    has_statistics: bool
    same_inputs: str | None

    @property
    def is_identical(self) -> bool:
        """Whether both sides did the same, as far as they say."""
        return self.order_events is None and not self.statistics and not self.work


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
    fields = {name: one for name, one in allowed.items() if not name.startswith(STATISTICS_PREFIX)}
    runs = expected.run, actual.run
    return RunParity(
        names=(expected.name, actual.name),
        order_events=difference(expected.order_events, actual.order_events, tolerances=fields),
        statistics=tuple(_statistics(expected, actual, allowed)),
        work=tuple(_work(*runs)),
        stages=tuple(_stages(*runs)),
        has_statistics=expected.statistics is not None and actual.statistics is not None,
        same_inputs=same_inputs(expected.origin, actual.origin),
    )


def why_not_comparable(expected: Run | None, actual: Run | None) -> str | None:
    """Return why two runs say nothing about each other, or None."""
    for run in (expected, actual):
        if run is not None and run.status == "error":
            return f"run {run.id} has no result: {run.reason}"
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


def _statistics(
    expected: Side, actual: Side, tolerances: Mapping[str, Tolerance]
) -> Iterator[ChangedValue]:
    if expected.statistics is not None and actual.statistics is not None:
        yield from changed_values(expected.statistics, actual.statistics, tolerances)


def _work(expected: Run | None, actual: Run | None) -> Iterator[ChangedValue]:
    if expected is None or actual is None or expected.work is None or actual.work is None:
        return
    for name in WORK_FIELDS:
        values = getattr(expected.work, name), getattr(actual.work, name)
        if values[0] != values[1]:
            yield ChangedValue(name=name, expected=values[0], actual=values[1])


def _stages(expected: Run | None, actual: Run | None) -> Iterator[StageRatio]:
    sides: Sequence[dict[str, int]] = [
        {stage.name: stage.total_ns for stage in run.costs.stages} if run and run.costs else {}
        for run in (expected, actual)
    ]
    for name, expected_ns in sides[0].items():
        if name in sides[1]:
            yield StageRatio(name=name, expected_ns=expected_ns, actual_ns=sides[1][name])
