from __future__ import annotations

import datetime as dt
import math
import re

import msgspec
import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from support.timed_runs import timed_run

from pytest_zacperf.errors import ScalingError
from pytest_zacperf.records import FunctionProfile, Window
from pytest_zacperf.scaling import (
    Axis,
    Exponent,
    FullRange,
    Measured,
    Point,
    Scaling,
    axis_of,
    distinct_sizes,
    fit,
    fit_points,
    full_size,
    measured,
    outcome_of,
    require_sizes,
    scaling_of,
    size_of,
)
from pytest_zacperf.verdict import Operator, Outcome

MONDAY = dt.date(2025, 10, 6)
SIZES = (390.0, 1_950.0, 7_800.0, 8_190.0)
positive = st.floats(min_value=1, max_value=1e12)
points_lists = st.lists(st.tuples(positive, positive), min_size=3, max_size=12).filter(
    lambda points: distinct_sizes(size for size, _ in points) >= 3
)


def function(name: str, own_ns: int, *, calls: int = 1, line: int = 1) -> FunctionProfile:
    return FunctionProfile(
        module="gold.py", name=name, line=line, calls=calls, own_ns=own_ns, total_ns=own_ns
    )


def window(
    days: int, *functions: FunctionProfile, bars: int | None = None, cpu_ns: int = 5, name: str = ""
) -> Measured:
    return Measured(
        window=name or f"days-{days}",
        days=days,
        data_points=bars,
        wall_ns=1_000 * days,
        cpu_ns=cpu_ns,
        peak_memory_bytes=1_000_000,
        functions=functions,
    )


def exponent(value: float, low: float | None, high: float | None) -> Exponent:
    return Exponent(exponent=value, low=low, high=high, log_factor=0.0, windows=4, scatter=0.1)


@pytest.mark.parametrize("power", [-1, 0, 0.5, 1, 2, 3])
def test_a_cost_that_follows_a_power_law_has_its_exponent_and_no_doubt(power: float) -> None:
    found = fit([(size, 7 * size**power) for size in SIZES])
    assert found.exponent == pytest.approx(power)
    assert found.low == found.high == found.exponent
    assert (found.scatter, found.windows) == (0, 4)
    assert found.at(100_000) == pytest.approx(7 * 100_000.0**power)


def test_a_cost_that_never_changes_has_the_exponent_zero() -> None:
    found = fit([(size, 1_234_567) for size in SIZES])
    assert (found.exponent, math.copysign(1, found.exponent)) == (0, 1)


@given(points_lists)
def test_the_interval_is_that_of_least_squares(points: list[tuple[float, float]]) -> None:
    found = fit(points)
    x, y = np.log(np.array(points)).T
    expected = scipy.stats.linregress(x, y)
    assume(math.isfinite(expected.stderr))  # of costs that are all the same it has none
    reach = scipy.stats.t.ppf(0.975, len(points) - 2) * expected.stderr
    assert found.exponent == pytest.approx(expected.slope, rel=1e-6, abs=1e-9)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.exponent <= found.high
    # linregress takes the error from 1 - r^2, which rounds where the fit is all but exact.
    assert found.high - found.low == pytest.approx(2 * reach, rel=1e-3, abs=1e-5)


@given(points_lists, st.floats(min_value=0.01, max_value=1e6))
def test_the_unit_of_a_cost_does_not_matter(
    points: list[tuple[float, float]], factor: float
) -> None:
    one, other = fit(points), fit([(size, cost * factor) for size, cost in points])
    assert other.exponent == pytest.approx(one.exponent, rel=1e-6, abs=1e-9)


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=6), positive)
def test_no_points_whatever_break_the_fit(points: list[tuple[float, float]], size: float) -> None:
    try:
        found = fit(points)
    except ScalingError:
        return
    assert 0 < found.at(size) < math.inf


def test_the_more_windows_agree_the_narrower_the_interval() -> None:
    def width(sizes: tuple[int, ...]) -> float:
        found = fit([(size, size * (1.05 if n % 2 else 0.95)) for n, size in enumerate(sizes)])
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    assert width((1, 4, 16)) > 3 * width((1, 2, 4, 8, 16))


def test_two_sizes_give_an_exponent_without_an_interval() -> None:
    found = fit([(1, 10), (10, 1_000), (10.5, 1_102.5)])
    assert found.exponent == pytest.approx(2)
    assert (found.low, found.high, found.scatter) == (None, None, None)


def test_several_windows_of_one_size_count_all() -> None:
    found = fit([(1, 10), (1, 12), (4, 44), (16, 176), (16, 170)])
    assert found.windows == 5
    assert found.low is not None
    assert found.low < found.exponent < 1.1


def test_what_has_no_logarithm_is_left_out() -> None:
    points = [(1, 10.0), (2, 20.0), (4, 40.0), (8, 0.0), (0, 5.0), (-1, 5.0), (9, -3.0)]
    found = fit([*points, (3, math.nan), (math.inf, 1)])
    assert found.exponent == pytest.approx(1)
    assert found.windows == 3


def test_one_size_has_no_exponent() -> None:
    with pytest.raises(ScalingError) as caught:
        fit([(100, 5), (101, 6), (200, 0)])
    assert caught.value.problem == (
        "an exponent takes costs above zero at 2 different sizes, and 2 of 3 points are usable, "
        "of 1 different size"
    )
    assert caught.value.hint == (
        "take windows of other lengths as well, such as a day, a week and a month: "
        "3 different sizes give an exponent with an interval"
    )


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([0, 0], 0, id="nothing"),
        pytest.param([1_950, 1_948, 2_000], 1, id="weeks"),
        pytest.param([5, 4], 2, id="a week with a holiday"),
        pytest.param([16, 1, 4, 1], 3, id="any order"),
        pytest.param([100, 109, 118], 2, id="from one to the next"),
    ],
)
def test_sizes_that_differ_by_little_are_one(sizes: list[float], expected: int) -> None:
    assert distinct_sizes(sizes) == expected


@pytest.mark.parametrize(
    ("bars", "axis", "sizes"),
    [
        pytest.param((390, 1_950), "bars", [390, 1_950], id="all have bars"),
        pytest.param((390, None), "trading days", [1, 5], id="one has none"),
        pytest.param((390, 0), "trading days", [1, 5], id="one saw no bar"),
    ],
)
def test_sizes_are_bars_where_every_window_has_them(
    bars: tuple[int, int | None], axis: Axis, sizes: list[float]
) -> None:
    windows = [window(days, bars=n) for days, n in zip((1, 5), bars, strict=True)]
    assert axis_of(windows) == axis
    assert [size_of(one, axis) for one in windows] == sizes


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((0, 0), 1, id="a Monday"),
        pytest.param((0, 6), 5, id="a week"),
        pytest.param((5, 6), 0, id="a weekend"),
        pytest.param((3, 8), 4, id="over a weekend"),
        pytest.param((0, 29), 22, id="a month"),
    ],
)
def test_trading_days_are_those_from_monday_to_friday(days: tuple[int, int], expected: int) -> None:
    start, end = (MONDAY + dt.timedelta(days=n) for n in days)
    assert Window(id="w", start=start, end=end).weekdays == expected


@given(st.dates(), st.dates())
def test_trading_days_of_any_window_are_those_of_numpy(one: dt.date, other: dt.date) -> None:
    start, end = sorted((one, other))
    expected = np.busday_count(start, end) + np.is_busday(end)
    assert Window(id="w", start=start, end=end).weekdays == expected


def test_the_bars_of_the_full_range_are_its_days_times_the_median_of_a_day() -> None:
    windows = [window(1, bars=390), window(5, bars=1_900), window(10, bars=3_900)]
    assert full_size(windows, 250) == 97_500
    assert full_size([*windows, window(0, bars=3)], 250) == 97_500


def test_the_full_range_is_counted_in_days_where_there_are_no_bars() -> None:
    assert full_size([window(1), window(5)], 250) == 250


def test_bars_of_weekends_alone_project_nothing() -> None:
    with pytest.raises(ScalingError) as caught:
        full_size([window(0, bars=390)], 250)
    assert caught.value.problem == (
        "how many bars a day has is not known: no finished window has a trading day"
    )
    assert caught.value.hint == "finish a window with at least one weekday"


def test_a_range_of_no_size_is_refused() -> None:
    with pytest.raises(ScalingError) as caught:
        FullRange(window="weekend", size=0)
    assert caught.value.problem == "nothing is projected to 'weekend', whose size is 0"
    assert caught.value.hint == "name a window with at least one trading day"


def test_a_run_says_what_its_window_cost() -> None:
    run = timed_run(1_000, wall_ms=2_000)
    found = measured(run, [function("mean", 5)])
    assert run.work is not None
    assert found == Measured(
        window=run.workload.window.id,
        days=run.workload.window.weekdays,
        data_points=run.work.data_points,
        wall_ns=2_000_000_000,
        cpu_ns=1_000_000_000,
        peak_memory_bytes=80_000_000,
        functions=[function("mean", 5)],
    )


def test_a_run_that_failed_measured_nothing() -> None:
    run = msgspec.structs.replace(timed_run(), costs=None, reason="ValueError: no data")
    with pytest.raises(ScalingError) as caught:
        measured(run)
    name = run.workload.window.id
    assert caught.value.problem == f"the run of {name!r} has no result: ValueError: no data"
    assert caught.value.hint == "run the window again"


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        pytest.param({}, "there are 0: no window is finished", id="none"),
        pytest.param({"wk-1": 1_950}, "there is 1: wk-1 (1,950 bars)", id="one"),
        pytest.param(
            {f"wk-{n}": 1_950 + n for n in range(7)},
            "there is 1: wk-0 (1,950 bars), wk-1 (1,951 bars), wk-2 (1,952 bars), "
            "wk-3 (1,953 bars), wk-4 (1,954 bars) and 2 more",
            id="many of one size",
        ),
    ],
)
def test_windows_of_one_size_are_refused_by_name(sizes: dict[str, float], problem: str) -> None:
    with pytest.raises(ScalingError) as caught:
        require_sizes(sizes, "bars")
    assert (
        caught.value.problem
        == f"how a cost grows takes windows of 2 different sizes, and {problem}"
    )
    require_sizes({"day": 390, "week": 1_950}, "bars")


def test_one_day_is_no_days() -> None:
    with pytest.raises(ScalingError, match=re.escape("there is 1: day (1 trading day)")):
        require_sizes({"day": 1}, "trading days")


def test_costs_have_exponents_and_are_projected_to_the_full_range() -> None:
    windows = [window(4, cpu_ns=16), window(1, cpu_ns=1), window(16, cpu_ns=256)]
    found = scaling_of(windows, FullRange(window="year", size=250))
    assert (found.axis, found.sizes, found.full.window) == ("trading days", (1, 4, 16), "year")
    assert found.wall is not None
    assert found.cpu is not None
    assert found.peak_memory is not None
    costs = (found.wall, found.cpu, found.peak_memory)
    assert [one.exponent for one in costs] == pytest.approx([1, 2, 0])
    assert [one.at(250) for one in costs] == pytest.approx([250_000, 62_500, 1_000_000])


def test_costs_are_projected_to_the_largest_window_when_nothing_else_is_said() -> None:
    found = scaling_of([window(5, bars=1_950), window(1, bars=390)])
    assert found.full == FullRange(window="days-5", size=1_950)


def test_a_cost_of_nothing_has_no_exponent() -> None:
    found = scaling_of([window(1, cpu_ns=0), window(5, cpu_ns=0), window(10)])
    assert found.cpu is None
    assert found.wall is not None


def test_windows_of_one_size_have_no_scaling() -> None:
    with pytest.raises(ScalingError, match=re.escape("days-5 (5 trading days), other (5 ")):
        scaling_of([window(5), window(5, name="other")])


def functions_of(days: int) -> list[FunctionProfile]:
    return [
        function("linear", 100 * days, calls=10 * days, line=days),
        function("square", days**2, calls=10 * days),
        function("once", 50),
    ]


def scaled(*windows: Measured) -> Scaling:
    return scaling_of(windows, FullRange(window="year", size=250))


def test_functions_are_ranked_by_what_they_cost_at_the_full_range() -> None:
    # In the largest window the linear one takes six times as much.
    found = scaled(*(window(days, *functions_of(days)) for days in (16, 1, 4))).functions
    assert [one.name for one in found] == ["square", "linear", "once"]
    assert [one.time.exponent for one in found] == pytest.approx([2, 1, 0])
    assert [one.calls and one.calls.exponent for one in found] == pytest.approx([1, 1, 0])
    assert [one.projected_own_ns for one in found] == pytest.approx([62_500, 25_000, 50])
    assert sum(one.share for one in found) == pytest.approx(1)
    assert found[0].share == pytest.approx(62_500 / 87_550)
    assert (found[1].module, found[1].line) == ("gold.py", 16)


def test_a_function_needs_windows_of_three_sizes() -> None:
    windows = [window(days, *functions_of(days)) for days in (1, 4, 16)]
    late = [window(one.days, *one.functions, function("late", 9)) for one in windows[1:]]
    assert "late" not in {one.name for one in scaled(windows[0], *late).functions}
    idle = [window(one.days, *one.functions, function("idle", 0)) for one in windows]
    assert "idle" not in {one.name for one in scaled(*idle).functions}
    assert scaled(*windows[1:]).functions == ()


def test_a_window_in_which_a_function_took_no_time_is_left_out() -> None:
    times = {1: 0, 4: 40, 16: 160, 64: 640}
    (found,) = scaled(*(window(days, function("a", ns)) for days, ns in times.items())).functions
    assert found.time.exponent == pytest.approx(1)
    assert found.time.windows == 3


def test_functions_of_one_name_are_one() -> None:
    def lambdas(days: int) -> list[FunctionProfile]:
        return [function("<lambda>", days, line=line) for line in (3, 7)]

    (found,) = scaled(*(window(days, *lambdas(days)) for days in (1, 4, 16))).functions
    assert found.projected_own_ns == pytest.approx(500)
    assert found.line == 3


def test_functions_never_called_have_no_exponent_of_calls() -> None:
    windows = [window(days, function("a", days, calls=0)) for days in (1, 4, 16)]
    assert scaled(*windows).functions[0].calls is None


@pytest.mark.parametrize(
    ("op", "limit", "expected"),
    [
        ("<=", 1.2, Outcome.PASS),
        ("<=", 0.8, Outcome.FAIL),
        ("<=", 1.0, Outcome.INCONCLUSIVE),
        ("<=", 1.1, Outcome.PASS),
        ("<", 1.1, Outcome.INCONCLUSIVE),
        (">=", 0.8, Outcome.PASS),
        (">=", 0.9, Outcome.PASS),
        (">", 0.9, Outcome.INCONCLUSIVE),
        (">", 1.2, Outcome.FAIL),
        (">=", -1, Outcome.PASS),
    ],
)
def test_the_side_of_the_limit_on_which_the_interval_lies_decides(
    op: Operator, limit: float, expected: Outcome
) -> None:
    assert outcome_of(exponent(1.0, 0.9, 1.1), op, limit) is expected


def test_without_an_interval_nothing_is_decided() -> None:
    assert outcome_of(exponent(1.0, None, None), "<=", 5) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("limit", [math.nan, math.inf])
def test_a_limit_is_finite(limit: float) -> None:
    with pytest.raises(ValueError, match=f"is a number such as 1.2, got {limit}"):
        outcome_of(exponent(1.0, 0.9, 1.1), "<=", limit)


def test_windows_are_points_of_size_and_cost() -> None:
    points = [Point(window=f"w{n}", size=n, cost=3 * n) for n in (1, 4, 16)]
    assert fit_points(points) == fit([(1, 3), (4, 12), (16, 48)])
