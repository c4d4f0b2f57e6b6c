"""Every incremental metric of ZacQC equals its definition, after every bar of any stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from support import zacqc_plain as plain

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    Tolerance,
    bar_streams,
    check_incremental,
    exact,
    ulps,
)
from pytest_zacperf.zacqc import bars as zacqc
from pytest_zacperf.zacqc.metrics import IncrementalMetrics
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import (
    Extremes,
    IncrementalExtremes,
    Rally,
    Sample,
    judge_long,
    judge_short,
)
from pytest_zacperf.zacqc.reading import Reading, max_down

PARAMETERS = TradingParameters()
# Splits and single bad prints are no more than large moves to it.
STREAMS = bar_streams(interval_s=plain.BAR_S, max_size=150, splits=True)
# One bar a session.
LONG_SEARCH = settings(database=None, max_examples=2000, phases=[Phase.generate])
DAILY_STREAMS = bar_streams(interval_s=86_400, max_size=150, max_volume=10**9)


def _bar(bar: Bar) -> zacqc.Bar:
    start = bar.start_ns // plain.NS_PER_S
    return zacqc.Bar(start, bar.open, bar.high, bar.low, bar.close, bar.volume)


class Zacqc:
    """The metrics as the replay drives them: the day is reset at 15:59, the session ends."""

    def __init__(self, value: Callable[[Zacqc], object]) -> None:
        self.metrics = IncrementalMetrics()
        self.extremes = IncrementalExtremes(plain.RALLY_MEMORY_S)
        self.newest: Bar | None = None
        self._value = value

    def update(self, bar: Bar) -> object:
        before = self.newest
        if before is not None and before.session != bar.session:
            self.metrics.end_session()
        if before is not None and plain.trading_day(before) != plain.trading_day(bar):
            self.metrics.reset_day()
            self.extremes.clear()
        self.newest = bar
        self.metrics.add_bar(_bar(bar))
        self.extremes.add(Sample(plain.end_s(bar), bar.high, bar.low))
        return self._value(self)

    @property
    def reading(self) -> Reading:
        assert self.newest is not None
        return self.metrics.read(self.newest.close)

    @property
    def max_down(self) -> float:
        assert self.newest is not None
        return max_down(self.metrics.window(), plain.end_s(self.newest))


def _extremes(found: Extremes | None) -> tuple[float, float, int, int]:
    assert found is not None
    return found.low, found.high, found.origin_time, found.count


def _judged(rally: Rally) -> tuple[bool, bool]:
    return rally.is_ready, rally.is_overdone


METRICS = {
    "day open": (lambda z: z.metrics.day().open, plain.day_open),
    "day high": (lambda z: z.metrics.day().high, plain.day_high),
    "day low": (lambda z: z.metrics.day().low, plain.day_low),
    "day close": (lambda z: z.metrics.day().close, plain.day_close),
    "day volume": (lambda z: z.metrics.day().volume, plain.day_volume),
    "VWAP": (lambda z: z.metrics.day().vwap, plain.vwap),
    "range": (lambda z: z.reading.range, plain.day_range),
    "range of open": (lambda z: z.reading.range_of_open, plain.range_of_open),
    "from open": (lambda z: z.reading.from_open, plain.from_open),
    "sharp move": (lambda z: z.reading.sharp_move, plain.sharp_move),
    "max down": (lambda z: z.max_down, plain.max_down),
    "low that is broken": (
        lambda z: (z.reading.previous_low, z.reading.older_low),
        plain.breaks_low,
    ),
    "high that is broken": (
        lambda z: (z.reading.previous_high, z.reading.older_high),
        plain.breaks_high,
    ),
    "low that cancels": (
        lambda z: (z.reading.second_oldest_low, z.reading.newer_low),
        plain.cancel_low,
    ),
    "high that cancels": (
        lambda z: (z.reading.second_oldest_high, z.reading.newer_high),
        plain.cancel_high,
    ),
    "rally long": (lambda z: _extremes(z.extremes.long()), plain.rally_long),
    "rally short": (lambda z: _extremes(z.extremes.short()), plain.rally_short),
    "judged rally long": (
        lambda z: _judged(judge_long(z.extremes.long(), z.reading, PARAMETERS)),
        plain.judged_long,
    ),
    "judged rally short": (
        lambda z: _judged(judge_short(z.extremes.short(), z.reading, PARAMETERS)),
        plain.judged_short,
    ),
}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_the_day_equals_its_definition_bit_for_bit(name: str) -> None:
    value, definition = METRICS[name]
    check_incremental(lambda: Zacqc(value), definition, data=STREAMS, tolerance=exact())


class ZacqcDaily:
    """The metrics that change once a day; each bar is one daily bar."""

    def __init__(self, value: Callable[[ZacqcDaily, Bar], object]) -> None:
        self.metrics = IncrementalMetrics()
        self._value = value

    def update(self, bar: Bar) -> object:
        # The open of today is known before today's daily bar is.
        self.metrics.reset_day()
        self.metrics.add_bar(_bar(bar))
        self.gap = self.metrics.read(bar.close).gap
        self.metrics.add_daily_bar(
            zacqc.DailyBar(
                day=bar.session,
                open=bar.open,
                high=bar.high,
                low=bar.low,
                close=bar.close,
                volume=bar.volume,
            )
        )
        return self._value(self, bar)


DAILY_METRICS: dict[str, tuple[Any, Callable[[Sequence[Bar]], object], Tolerance]] = {
    # The mean rounds twice, the sum and the division; volume three times, liquidity four.
    "30-day range mean": (
        lambda z, bar: z.metrics.read(bar.close).mean_range,
        plain.mean_range,
        ulps(1),
    ),
    "7-day volume": (
        lambda z, _: z.metrics.read(1e6).liquidity,
        plain.volume_per_second,
        ulps(3),
    ),
    "7-day liquidity": (
        lambda z, bar: z.metrics.read(bar.close).liquidity,
        plain.liquidity,
        ulps(4),
    ),
    "gap": (lambda z, _: z.gap, plain.gap, exact()),
}


@pytest.mark.parametrize("name", DAILY_METRICS)
def test_a_metric_of_daily_bars_keeps_its_bound(name: str) -> None:
    value, definition, tolerance = DAILY_METRICS[name]
    check_incremental(
        lambda: ZacqcDaily(value), definition, data=DAILY_STREAMS, tolerance=tolerance
    )


def _has_full_window_of_yesterday(stream: BarStream) -> bool:
    sessions = [bar.session for bar in stream]
    return any(
        sessions[n] != sessions[n - 1] and sessions.count(sessions[n - 1]) >= plain.WINDOW
        for n in range(1, len(sessions))
    )


def _has_range_of_zero(stream: BarStream) -> bool:
    day = plain.of_day(list(stream))
    return len(day) >= 10 and plain.day_range(day) == 0


def _seeds_the_next_day(stream: BarStream) -> bool:
    return any(
        plain.trading_day(before) == plain.trading_day(after) and before.session != after.session
        for before, after in pairwise(stream)
    )


def _turns_around(stream: BarStream) -> bool:
    kept = plain.window(list(stream))
    return len({bar.session for bar in kept}) == 2 and kept != list(stream)[-len(kept) :]


def _heals(stream: BarStream) -> bool:
    newest = list(stream)[-plain.WINDOW :]
    return stream[0].session != newest[0].session == newest[-1].session and len(newest) == 45


def _ends_at_the_close(stream: BarStream) -> bool:
    return any((bar.local_time.hour, bar.local_time.minute) == (15, 59) for bar in stream)


def _forgets_samples(stream: BarStream) -> bool:
    return len(plain.samples(list(stream))) < len(plain.of_day(list(stream)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(_has_full_window_of_yesterday, id="window still holding yesterday"),
        pytest.param(_has_range_of_zero, id="zero range"),
        pytest.param(_seeds_the_next_day, id="bars after 15:59 seed the next day"),
        pytest.param(_turns_around, id="window turned around after 16:00"),
        pytest.param(_heals, id="window healed by the 45th bar"),
        pytest.param(_ends_at_the_close, id="last bars of a session"),
        pytest.param(_forgets_samples, id="samples older than four hours"),
    ],
)
def test_the_streams_reach_the_latent_edges(edge: Callable[[BarStream], bool]) -> None:
    found = find(STREAMS, edge, settings=LONG_SEARCH)
    assert edge(found)
