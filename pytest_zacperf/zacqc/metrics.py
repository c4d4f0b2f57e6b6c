"""What the strategy looks at, and the rolling state that keeps it up to date bar by bar.

The plain definitions stand in ``recompute.py``; both give the same readings, bit for bit. That is
possible because nothing here adds floats over a moving window: extremes, firsts and lasts are
exact, and the means over daily bars change once a day and are then taken afresh.
"""

from __future__ import annotations

from collections import deque
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
    return round((open_price - close) / close * 100, 2)


class RollingExtreme:
    """The lowest value of the last *size* ones, in constant time a value on average.

    Keeps the values that can still become the lowest, oldest and lowest first. Negate values on
    the way in and out for the highest.
    """

    __slots__ = ("_count", "_size", "_values")

    def __init__(self, size: int) -> None:
        self._size = size
        self._count = 0
        self._values: deque[tuple[float, int]] = deque()

    def add(self, value: float) -> float:
        """Take the newest value and return the lowest of the window."""
        values = self._values
        while values and values[-1][0] >= value:
            values.pop()
        self._count = count = self._count + 1
        values.append((value, count))
        if values[0][1] <= count - self._size:
            values.popleft()
        return values[0][0]


class IncrementalMetrics:
    """Keeps every metric up to date as bars arrive."""

    def __init__(self) -> None:
        self._window: deque[Bar] = deque(maxlen=WINDOW_BARS)
        self._daily: deque[DailyBar] = deque(maxlen=DAILY_BARS)
        self._mean_range = 1.0
        self._volume_per_second = 0.0
        self._open = self._high = self._low = self._close = 0.0
        self._range = self._range_of_open = self._day_range = self._gap = 0.0
        self._is_range_stale = True
        # The bars between the two oldest and none: at the newest bar the ones newer than the
        # second-oldest, two bars later the ones older than the second-newest.
        self._low_extreme = RollingExtreme(WINDOW_BARS - 2)
        self._high_extreme = RollingExtreme(WINDOW_BARS - 2)
        self._sharp_low = RollingExtreme(SHARP_MOVE_BARS)
        self._sharp_high = RollingExtreme(SHARP_MOVE_BARS)
        self._lowest = self._lowest_1 = self._lowest_2 = 0.0
        self._highest = self._highest_1 = self._highest_2 = 0.0
        self._sharp_lowest = self._sharp_highest = 0.0

    def add_bar(self, bar: Bar) -> None:
        """Take the newest 15-second bar."""
        high, low = bar.high, bar.low
        self._window.append(bar)
        self._close = bar.close
        if self._open == 0:
            self._open, self._high, self._low = bar.open, high, low
            self._is_range_stale = True
        elif high > self._high or low < self._low:
            self._high = max(self._high, high)
            self._low = min(self._low, low)
            self._is_range_stale = True
        self._lowest_2, self._lowest_1 = self._lowest_1, self._lowest
        self._highest_2, self._highest_1 = self._highest_1, self._highest
        self._lowest = self._low_extreme.add(low)
        self._highest = -self._high_extreme.add(-high)
        self._sharp_lowest = self._sharp_low.add(low)
        self._sharp_highest = -self._sharp_high.add(-high)

    def add_daily_bar(self, bar: DailyBar) -> None:
        """Take the newest daily bar."""
        self._daily.append(bar)
        daily = list(self._daily)
        self._mean_range = mean_range(daily)
        self._volume_per_second = volume_per_second(daily)
        self._is_range_stale = True

    def reset_day(self) -> None:
        """Forget the day's open, high, low and close; the window of bars stays."""
        self._open = self._high = self._low = self._close = 0.0
        self._is_range_stale = True

    def window(self) -> Sequence[Bar]:
        """Return the last 45 bars, oldest first; fewer if there are fewer."""
        return list(self._window)

    def read(self, price: float) -> Reading:
        """Return all metrics for the newest bar and a price in dollars."""
        if self._is_range_stale:
            self._refresh_day()
        window, opened = self._window, self._open
        size = len(window)
        has_older, is_full = size > 2, size == WINDOW_BARS  # noqa: PLR2004 - older than the last two
        sharp_low = self._sharp_lowest
        return Reading(
            self._mean_range,
            self._range,
            self._range_of_open,
            self._range / self._mean_range if opened > 0 else 1.0,
            self._day_range,
            (self._close - opened) * 100 / opened if opened > 0 else 0.0,
            ((price - opened) / opened) * 100 if opened > 0 else 0.0,
            self._gap,
            abs(self._sharp_highest - sharp_low) / sharp_low * 100
            if size >= SHARP_MOVE_BARS
            else None,
            self._volume_per_second * price / 1e6,
            window[-2].low if has_older else None,
            self._lowest_2 if has_older else None,
            window[-2].high if has_older else None,
            self._highest_2 if has_older else None,
            window[1].low if is_full else None,
            self._lowest if is_full else None,
            window[1].high if is_full else None,
            self._highest if is_full else None,
        )

    def _refresh_day(self) -> None:
        """Take what changes with the day's extremes alone."""
        opened = self._open
        self._day_range = self._high - self._low
        self._range = (self._day_range / opened) * 100 if opened > 0 else 1.0
        self._range_of_open = self._day_range * 100 / opened if opened > 0 else 0.0
        self._gap = gap_percent(opened, list(self._daily))
        self._is_range_stale = False
