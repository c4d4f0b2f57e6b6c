"""The rally detector: rolling extremes equal the search, and the rules of its judgment."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.zacqc.metrics import IncrementalMetrics
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import (
    Extremes,
    IncrementalExtremes,
    RallyExtremes,
    Sample,
    judge_long,
    judge_short,
)
from pytest_zacperf.zacqc.reading import Reading
from pytest_zacperf.zacqc.recompute import FullExtremes

MEMORY_S = 60
PARAMETERS = TradingParameters()
STEPS = st.tuples(
    st.sampled_from([15, 15, 15, 15, 30, 90]), st.integers(1, 12), st.integers(0, 4), st.booleans()
)


def _extremes(
    low: float, high: float, last: Sample, *, age_s: int = 420, count: int = 10
) -> Extremes:
    return Extremes(low, high, last.time - age_s, last, count)


def _reading(*, day_range: float = 10.0, mean: float = 5.0) -> Reading:
    """Return a reading of a day that opened at 100 with that range in dollars."""
    reading = IncrementalMetrics().read(100.0)
    values = {name: getattr(reading, name) for name in reading.__struct_fields__}
    return Reading(
        **values | {"range": day_range, "mean_range": mean, "range_multiple": day_range / mean}
    )


@given(st.lists(STEPS, max_size=60))
def test_rolling_extremes_equal_the_search(steps: list[tuple[int, int, int, bool]]) -> None:
    rolling, search = IncrementalExtremes(MEMORY_S), FullExtremes(MEMORY_S)
    time = 0
    for step_s, low, height, is_cleared in steps:
        time += step_s
        if is_cleared and low == 1:
            rolling.clear()
            search.clear()
        sample = Sample(time, float(low + height), float(low))
        rolling.add(sample)
        search.add(sample)
        assert rolling.long() == search.long()
        assert rolling.short() == search.short()


@pytest.mark.parametrize("make", [IncrementalExtremes, FullExtremes])
def test_without_samples_there_are_no_extremes(make: Callable[[int], RallyExtremes]) -> None:
    extremes = make(MEMORY_S)
    assert extremes.long() is None
    assert extremes.short() is None


def test_the_first_of_equal_lows_is_the_origin() -> None:
    extremes = FullExtremes(MEMORY_S)
    for time, high, low in ((15, 9.0, 5.0), (30, 8.0, 5.0)):
        extremes.add(Sample(time, high, low))
    found = extremes.long()
    assert found is not None
    assert (found.origin_time, found.high) == (15, 9.0)


@pytest.mark.parametrize(
    ("high", "last_low", "expected"),
    [
        pytest.param(101.0, 100.5, (True, False), id="a tenth of the range up, some of it back"),
        pytest.param(100.3, 100.0, (False, False), id="too small"),
        pytest.param(102.5, 102.0, (False, True), id="too large disarms"),
        pytest.param(101.0, 100.9, (False, False), id="no retracement"),
    ],
)
def test_long_rally(high: float, last_low: float, expected: tuple[bool, bool]) -> None:
    last = Sample(1000, last_low + 0.1, last_low)
    rally = judge_long(_extremes(100.0, high, last), _reading(), PARAMETERS)
    assert (rally.is_ready, rally.is_overdone) == expected


@pytest.mark.parametrize(
    ("low", "last_high", "expected"),
    [
        pytest.param(99.0, 99.5, (True, False), id="a tenth of the range down, some of it back"),
        pytest.param(99.7, 99.9, (False, False), id="too small"),
        pytest.param(97.5, 98.0, (False, True), id="too large disarms"),
        pytest.param(99.0, 99.1, (False, False), id="no retracement"),
    ],
)
def test_short_rally(low: float, last_high: float, expected: tuple[bool, bool]) -> None:
    last = Sample(1000, last_high, last_high - 0.1)
    rally = judge_short(_extremes(low, 100.0, last), _reading(), PARAMETERS)
    assert (rally.is_ready, rally.is_overdone) == expected


@pytest.mark.parametrize(
    ("age_s", "mean", "is_ready"),
    [
        pytest.param(419, 5.0, False, id="wide day, too early"),
        pytest.param(420, 5.0, True, id="wide day, seven minutes"),
        pytest.param(1, 10.0, True, id="the rule asks a wide day only"),
    ],
)
def test_time_rule(age_s: int, mean: float, is_ready: bool) -> None:
    last = Sample(1000, 100.6, 100.5)
    extremes = _extremes(100.0, 101.0, last, age_s=age_s)
    assert judge_long(extremes, _reading(mean=mean), PARAMETERS).is_ready is is_ready


EXACT = msgspec.structs.replace(_reading(), range=25.0, range_multiple=1.0)


@pytest.mark.parametrize(
    ("low", "high", "last_low", "expected"),
    [
        # One percent of 25 is 0.04 without any rounding, five are 0.20, a half is 0.02.
        pytest.param(100.0, 101.0, 100.0, (True, False), id="the smallest rally"),
        pytest.param(100.0, 105.0, 104.0, (True, False), id="the largest rally"),
        pytest.param(198.0, 200.0, 199.0, (True, False), id="the smallest retracement"),
    ],
)
def test_the_limits_of_a_rally_are_inclusive(
    low: float, high: float, last_low: float, expected: tuple[bool, bool]
) -> None:
    last = Sample(1000, last_low + 0.1, last_low)
    rally = judge_long(_extremes(low, high, last), EXACT, PARAMETERS)
    assert (rally.is_ready, rally.is_overdone) == expected


def test_the_time_rule_asks_above_its_multiple_only() -> None:
    last = Sample(1000, 100.6, 100.0)
    reading = msgspec.structs.replace(EXACT, range_multiple=1.3)
    assert judge_long(_extremes(100.0, 101.0, last, age_s=0), reading, PARAMETERS).is_ready


@pytest.mark.parametrize("make", [IncrementalExtremes, FullExtremes])
def test_four_hours_of_samples_are_remembered(make: Callable[[int], RallyExtremes]) -> None:
    extremes = make(PARAMETERS.rally_memory_s)
    for number in range(1000):
        extremes.add(Sample(15 * number, 1.0, 1.0))
    found = extremes.long()
    assert found is not None
    assert found.count == 960


def test_nine_samples_are_too_few() -> None:
    last = Sample(1000, 100.6, 100.5)
    extremes = _extremes(100.0, 102.5, last, count=9)
    rally = judge_long(extremes, _reading(), PARAMETERS)
    assert (rally.is_ready, rally.is_overdone) == (False, False)


def test_a_day_without_range_has_no_rally_and_disarms_nothing() -> None:
    last = Sample(1000, 100.6, 100.5)
    rally = judge_long(_extremes(100.0, 102.5, last), _reading(day_range=0.0), PARAMETERS)
    assert (rally.is_ready, rally.is_overdone) == (False, False)
