"""What the strategy looks at: the reading of one symbol at one bar, and shared definitions.

``metrics.py`` keeps readings up to date bar by bar, ``recompute.py`` computes them afresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pytest_zacperf.zacqc.bars import Bar, DailyBar

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


class Metrics(Protocol):
    """One symbol's metrics; ``IncrementalMetrics`` and ``FullMetrics`` keep this protocol."""

    def add_bar(self, bar: Bar) -> None:
        """Take the newest 15-second bar."""
        ...

    def add_daily_bar(self, bar: DailyBar) -> None:
        """Take the newest daily bar."""
        ...

    def reset_day(self) -> None:
        """Forget the day's open, high, low and close; the window of bars stays."""
        ...

    def window(self) -> Sequence[Bar]:
        """Return the last 45 bars, oldest first; fewer if there are fewer."""
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


def mean_range(daily: Sequence[DailyBar]) -> float:
    """Return the mean daily range in percent of the last 30 daily bars; 1.0 if not positive."""
    ranges = [
        (bar.high - bar.low) * 100 / bar.open if bar.open > 0 else 0.0
        for bar in daily[-MEAN_RANGE_DAYS:]
    ]
    mean = sum(ranges) / len(ranges) if ranges else 0.0
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
