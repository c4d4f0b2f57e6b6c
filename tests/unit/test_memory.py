from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_zacperf.memory import MemorySlope, leak_warning, slope
from pytest_zacperf.records import MemoryPoint

if TYPE_CHECKING:
    from conftest import Project

MB = 1_000_000
# The embedded backtest, measured: a working set that takes some days, then what an allocator does.
CLEAN_MB = (109.2, 144.0, 166.7, 168.7, 170.3, 171.8, 171.4, 171.0, 171.8, 171.8)
LEAKING_MB = (109.2, 146.0, 171.6, 175.3, 178.1, 181.1, 182.5, 186.7, 188.3, 189.0)


def points(megabytes: Sequence[float]) -> list[MemoryPoint]:
    first = dt.date(2025, 3, 3)
    return [
        MemoryPoint(day=first + dt.timedelta(days=number), resident_bytes=round(amount * MB))
        for number, amount in enumerate(megabytes)
    ]


def growing(per_day_mb: float, days: int, *, start_mb: float = 100) -> list[MemoryPoint]:
    return points([start_mb + per_day_mb * day for day in range(days)])


def test_a_slope_is_a_number_of_bytes_a_day() -> None:
    found = slope(growing(2, 10))
    assert found is not None
    assert found == pytest.approx(2 * MB)
    assert found < 2.1 * MB
    assert found / MB == pytest.approx(2)
    assert (found.low, found.high, found.days) == pytest.approx((2 * MB, 2 * MB, 10))


def test_fewer_than_four_days_have_no_slope() -> None:
    assert slope(growing(2, 3)) is None
    assert slope(growing(2, 4)) == pytest.approx(2 * MB)


def test_too_few_days_have_a_slope_and_no_interval() -> None:
    found = slope(growing(2, 8))
    assert found is not None
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert repr(found) == (
        "<memory grows 2.00 MB [too few days for an interval] a simulated day, 8 days>"
    )


def test_the_interval_stands_in_the_repr() -> None:
    found = MemorySlope(2 * MB, low=1.95 * MB, high=2.05 * MB, days=10)
    assert repr(found) == "<memory grows 2.00 MB [1.95, 2.05] a simulated day, 10 days>"


def test_ends_of_the_interval_have_their_own_units_where_they_differ() -> None:
    found = MemorySlope(0.3 * MB, low=-20_000, high=6.4 * MB, days=10)
    assert repr(found) == "<memory grows 300 kB [-20.0 kB, 6.40 MB] a simulated day, 10 days>"


def test_the_first_quarter_of_the_days_does_not_count() -> None:
    found = slope(points([10, 60, *[100] * 8]))
    assert found is not None
    assert [float(found), found.low, found.high] == [0, 0, 0]


def test_one_dip_changes_a_slope_little() -> None:
    amounts = [100 + 2 * day for day in range(12)]
    amounts[8] -= 15
    found = slope(points(amounts))
    assert found is not None
    assert found == pytest.approx(2 * MB, rel=0.2)


def test_a_backtest_of_decades_is_thinned_out() -> None:
    found = slope(growing(0.5, 8_000))
    assert found == pytest.approx(0.5 * MB)
    assert found is not None
    assert found.days == 8_000


def test_a_leak_is_named_with_its_size() -> None:
    assert leak_warning(points(LEAKING_MB)) == (
        "memory grows 2.66 MB [1.60, 3.17] a simulated day and does not stop: 18.6 MB "
        "after the first 2 of 10 days, 10% of the peak of 189 MB"
    )


def test_a_working_set_and_an_allocator_are_no_leak() -> None:
    assert leak_warning(points(CLEAN_MB)) is None


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(growing(10, 8), id="too few days"),
        pytest.param(growing(0.2, 60), id="less than anybody minds a day"),
        pytest.param(growing(0.4, 10, start_mb=500), id="little of the peak"),
        pytest.param(points([100 + 40 * (1 - math.exp(-day)) for day in range(12)]), id="cache"),
        pytest.param(points([100, *[140] * 8, 180]), id="two steps"),
        pytest.param(points([200 - 2 * day for day in range(12)]), id="it shrinks"),
        pytest.param(
            points([100, 105, 110, 130, 112, 134, 115, 137, 118, 141]), id="too uncertain"
        ),
        pytest.param([], id="no days"),
    ],
)
def test_what_is_no_leak_raises_nothing(recorded: list[MemoryPoint]) -> None:
    assert leak_warning(recorded) is None


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(growing(0.3, 60), id="small and long"),
        pytest.param(growing(2, 9), id="as short as can be"),
        pytest.param(points([100 + 2 * day - 3 * (day == 7) for day in range(12)]), id="a dip"),
        pytest.param(points([100 + 4 * (day // 2) for day in range(20)]), id="in steps"),
    ],
)
def test_what_goes_on_growing_is_a_leak(recorded: list[MemoryPoint]) -> None:
    assert leak_warning(recorded) is not None


def test_a_cache_that_is_nearly_full_is_no_leak_although_its_growth_is_certain() -> None:
    filling = points([100 + 2 * min(day, 40) + 0.05 * max(day - 40, 0) for day in range(70)])
    found = slope(filling)
    assert found is not None
    assert found.low > 0.4 * MB
    assert leak_warning(filling) is None


def test_a_run_without_a_leak_loads_no_scipy() -> None:
    code = (
        "import sys, datetime as dt\n"
        "from pytest_zacperf.memory import leak_warning\n"
        "from pytest_zacperf.records import MemoryPoint\n"
        "day = dt.date(2025, 3, 3)\n"
        "amounts = [109, 143, 157, 161, 170, 167, 171, 172, 171, 167]\n"
        "leak_warning([MemoryPoint(day=day, resident_bytes=n * 10**6) for n in amounts])\n"
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "False"


LEAKING_STRATEGY = """
import datetime as dt
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("leaking:run")
kept = []
def run(start, end, context, n=10):
    for number in range(n):
        context.progress(start + dt.timedelta(days=number))
        kept.append(bytearray(b"x") * 2_000_000)
"""
SLOPE_TESTS = """
def test_leak(backtest):
    assert 1.9e6 < backtest.memory_slope_bytes_per_day < 2.1e6
    assert backtest.memory_slope_bytes_per_day.low > 1.5e6

def test_few_days(baseline_for):
    assert baseline_for(n=3).memory_slope_bytes_per_day is None
"""


def test_a_backtest_knows_its_slope_and_the_summary_warns(project: Project) -> None:
    project.configure('engine = "leaking:engine"')
    project.write("leaking.py", LEAKING_STRATEGY)
    project.write("test_slope.py", SLOPE_TESTS)
    result = project.run("--zacperf-window=wk-1")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*memory grows 2.0? MB * a simulated day and does not stop*"])
