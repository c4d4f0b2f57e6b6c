"""What the metrics are; that incremental ones equal them is in tests/properties."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.metrics import IncrementalMetrics, RollingExtreme
from pytest_zacperf.zacqc.reading import gap_percent, max_down, mean_range, volume_per_second
from pytest_zacperf.zacqc.recompute import FullMetrics

TICKS = 10_000
START = 1_759_325_400


def _bar(start: int, ticks: tuple[int, int, int, int]) -> Bar:
    opened, closed, above, below = ticks
    high, low = max(opened, closed) + above, max(1, min(opened, closed) - below)
    return Bar(start, opened / TICKS, high / TICKS, low / TICKS, closed / TICKS, 0)


def _daily(ticks: tuple[int, int, int, int], volume: int) -> DailyBar:
    bar = _bar(0, ticks)
    return DailyBar(
        day=dt.date(2025, 1, 2),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=volume,
    )


@given(st.lists(st.integers(-5, 5), min_size=1), st.integers(1, 6))
def test_rolling_extreme_is_the_lowest_of_the_last_values(values: list[int], size: int) -> None:
    rolling = RollingExtreme(size)
    for index, value in enumerate(values):
        assert rolling.add(value) == min(values[max(0, index - size + 1) : index + 1])


def test_range_has_two_roundings() -> None:
    # 5.1231/17.0837: the two orders of operations differ in the last bit.
    metrics = FullMetrics()
    metrics.add_bar(Bar(START, 17.0837, 20.5, 15.3769, 17.0837, 0))
    reading = metrics.read(17.0)
    assert reading.range == ((20.5 - 15.3769) / 17.0837) * 100
    assert reading.range_of_open == (20.5 - 15.3769) * 100 / 17.0837


def test_without_a_day_the_range_is_one_percent_and_nothing_moved() -> None:
    reading = IncrementalMetrics().read(100.0)
    assert (reading.range, reading.range_of_open, reading.range_multiple) == (1.0, 0.0, 1.0)
    assert (reading.from_open, reading.price_from_open, reading.gap) == (0.0, 0.0, 0.0)


def test_bars_after_the_reset_seed_the_next_session() -> None:
    metrics = IncrementalMetrics()
    metrics.add_bar(Bar(START, 100.0, 110.0, 90.0, 100.0, 0))
    metrics.reset_day()
    metrics.add_bar(Bar(START + 15, 50.0, 51.0, 49.0, 50.0, 0))
    metrics.add_bar(Bar(START + 30, 60.0, 61.0, 59.0, 60.0, 0))
    reading = metrics.read(60.0)
    assert reading.day_range == 61.0 - 49.0
    assert reading.from_open == (60.0 - 50.0) * 100 / 50.0


def test_gap_looks_two_sessions_back() -> None:
    daily = [_daily((close, close, 0, 0), 1) for close in (1_000_000, 2_000_000)]
    assert gap_percent(103.456, daily) == 3.46
    assert gap_percent(103.456, daily[:1]) == 0.0


def test_mean_range_takes_the_last_thirty_days() -> None:
    old, new = (
        _daily((1_000_000, 1_000_000, 90_000, 0), 1),
        _daily((1_000_000,) * 2 + (20_000, 0), 1),
    )
    assert mean_range([old] * 3 + [new] * 30) == 2.0


def test_mean_range_is_one_percent_when_it_would_not_be_positive() -> None:
    assert mean_range([]) == 1.0
    assert mean_range([_daily((1_000_000, 1_000_000, 0, 0), 1)]) == 1.0


def test_volume_is_the_mean_of_seven_days_per_session_second() -> None:
    daily = [_daily((1, 1, 0, 0), volume) for volume in (10**9, *[23_400] * 7)]
    assert volume_per_second(daily) == 1.0
    assert volume_per_second([]) == 0.0


def test_max_down_compares_lows_with_highs_of_the_same_and_newer_bars() -> None:
    fall_then_rise = [
        Bar(START, 100.0, 100.0, 80.0, 80.0, 0),
        Bar(START + 15, 80.0, 160.0, 80.0, 160.0, 0),
    ]
    assert max_down(fall_then_rise, START + 30) == (80.0 - 160.0) * 100 / 160.0


def test_max_down_stops_at_a_bar_older_than_half_an_hour() -> None:
    bars = [
        Bar(START - 2000, 100.0, 100.0, 10.0, 100.0, 0),
        Bar(START, 100.0, 100.0, 99.0, 100.0, 0),
    ]
    assert max_down(bars, START + 15) == -1.0


def test_max_down_of_nothing_is_zero() -> None:
    assert max_down([], START) == 0.0
