"""What the strategy looks at: the reading of one symbol at one bar, and shared definitions.

``metrics.py`` keeps readings up to date bar by bar, ``recompute.py`` computes them afresh.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

from pytest_zacperf.zacqc.bars import TICKS_PER_DOLLAR, Bar, DailyBar

WINDOW_BARS = 45
SHARP_MOVE_BARS = 16
DAILY_BARS = 35
MEAN_RANGE_DAYS = 30
MEAN_VOLUME_DAYS = 7
SECONDS_PER_SESSION = 23_400
MAX_DOWN_AGE_S = 1800


class Reading(msgspec.Struct, frozen=True, gc=False):
    """All metrics of one symbol at one bar, for a price; percentages are in percent.

    Attributes:
        mean_range: Mean daily range of the last 30 days; 1.0 where it would not be positive.
        range: The day's range relative to its open, ((high - low) / open) * 100; 1.0 without open.
        range_of_open: The same value in the other order of operations, (high - low) * 100 / open;
            0 without open. The strategy uses both, and they may differ in the last bit.
        range_multiple: ``range`` in mean ranges; 1.0 without open.
        day_range: The day's high minus its low in dollars.
        from_open: The day's close relative to its open, (close - open) * 100 / open.
        price_from_open: The price relative to the open, ((price - open) / open) * 100; the
            strategy's "VWAP" gate looks at this.
        gap: The open relative to the close two sessions back, rounded to two digits.
        sharp_move: Range of the last 16 bars relative to their low; None for fewer bars.
        liquidity: Mean volume a second of the last 7 days times price, in million dollars.
        previous_low: Low of the second-newest bar; None without older bars to compare it with.
        older_low: Lowest low of the window's bars before that one.
        previous_high: High of the second-newest bar.
        older_high: Highest high of the bars before that one.
        second_oldest_low: Low of the second-oldest bar of a full window; None until it is full.
        newer_low: Lowest low of all bars after that one.
        second_oldest_high: High of the second-oldest bar of a full window.
        newer_high: Highest high of all bars after that one.

    """

    mean_range: float
    range: float
    range_of_open: float
    range_multiple: float
    day_range: float
    from_open: float
    price_from_open: float
    gap: float
    sharp_move: float | None
    liquidity: float
    previous_low: float | None
    older_low: float | None
    previous_high: float | None
    older_high: float | None
    second_oldest_low: float | None
    newer_low: float | None
    second_oldest_high: float | None
    newer_high: float | None


class Day(msgspec.Struct, frozen=True, gc=False):
    """What the day has shown so far; prices in dollars, all 0 without a bar.

    No order depends on volume and VWAP.

    Attributes:
        open: Open of the first bar since the day was reset.
        high: Highest high.
        low: Lowest low.
        close: Close of the newest bar.
        volume: Shares.
        vwap: Typical price, (high + low + close) / 3, weighted by volume: the exact mean of prices
            that are whole ten-thousandths of a dollar, correctly rounded; ``close`` while nothing
            has traded.

    """

    open: float
    high: float
    low: float
    close: float
    volume: int
    vwap: float


class Metrics(Protocol):
    """One symbol's metrics; ``IncrementalMetrics`` and ``FullMetrics`` keep this protocol."""

    def add_bar(self, bar: Bar) -> None:
        """Take the newest 15-second bar."""
        ...

    def add_daily_bar(self, bar: DailyBar) -> None:
        """Take the newest daily bar."""
        ...

    def reset_day(self) -> None:
        """Forget the day's prices, volume and VWAP; the window of bars stays."""
        ...

    def end_session(self) -> None:
        """Turn the window around: the original takes its bars out and puts them back so at 16:00.

        No order depends on it with entries from 10:57: from the 45th bar of a session on the
        window holds bars of that session alone.
        """
        ...

    def window(self) -> Sequence[Bar]:
        """Return the last 45 bars as they came, or turned around; fewer if there are fewer."""
        ...

    def read(self, price: float) -> Reading:
        """Return all metrics for the newest bar and a price in dollars."""
        ...


def max_down(window: Sequence[Bar], now: int) -> float:
    """Return the deepest drop in percent, 0 or negative, as condition 3 defines it.

    The pass goes from the newest bar to the oldest and stops at one that started more than 1800 s
    ago; each bar's low is compared with the highest high of itself and all newer bars. Both forms
    of the metrics share it: condition 3 is off by default, and alone asks.
    """
    highest = deepest = 0.0
    for bar in reversed(window):
        if now - bar.start > MAX_DOWN_AGE_S:
            break
        highest = max(highest, bar.high)
        deepest = min(deepest, (bar.low - highest) * 100 / highest)
    return deepest


def three_prices(bar: Bar) -> int:
    """Return high, low and close added up, in ten-thousandths of a dollar.

    Exact for prices on that grid up to a billion dollars: two additions and a multiplication of
    doubles round three times, each by at most 2**-53 of the result, and so by far less than the
    half tick that ``round`` takes away.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 3.1.
    """
    return round((bar.high + bar.low + bar.close) * TICKS_PER_DOLLAR)


def vwap(weighted_ticks: int, volume: int, close: float) -> float:
    """Return the mean typical price from the sum of ``three_prices`` times volume."""
    return weighted_ticks / (3 * TICKS_PER_DOLLAR * volume) if volume else close


def mean_range(daily: Sequence[DailyBar]) -> float:
    """Return the mean daily range in percent of the last 30 daily bars; 1.0 if not positive.

    Taken afresh for each daily bar and by ``math.fsum``: no error of an earlier day is left in it,
    and the sum is correctly rounded on every Python (3.12 changed what ``sum`` does).

    Source: Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997, for ``math.fsum``.
    """
    ranges = [
        (bar.high - bar.low) * 100 / bar.open if bar.open > 0 else 0.0
        for bar in daily[-MEAN_RANGE_DAYS:]
    ]
    mean = math.fsum(ranges) / len(ranges) if ranges else 0.0
    return mean if mean > 0 else 1.0


def volume_per_second(daily: Sequence[DailyBar]) -> float:
    """Return the mean volume of the last 7 daily bars per second of a full session."""
    volumes = [bar.volume for bar in daily[-MEAN_VOLUME_DAYS:]]
    return sum(volumes) / len(volumes) / SECONDS_PER_SESSION if volumes else 0.0


def gap_percent(open_price: float, daily: Sequence[DailyBar]) -> float:
    """Return the gap of the open to the close two sessions back, rounded to two digits.

    Two sessions and not one: the newest daily bar is yesterday's, and the one before is used.
    """
    if len(daily) < 2 or open_price <= 0:  # noqa: PLR2004 - the bar before the newest one
        return 0.0
    close = daily[-2].close
    return round((open_price - close) * 100 / close, 2)
