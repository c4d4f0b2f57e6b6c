"""The rolling state that keeps a symbol's reading up to date bar by bar.

The plain definitions stand in ``recompute.py``; both give the same readings, bit for bit. That is
possible because nothing here adds floats: extremes, firsts and lasts are exact, the means over
daily bars change once a day and are then taken afresh, and VWAP adds whole ten-thousandths of a
dollar times shares, in integers, which cannot round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.reading import (
    DAILY_BARS,
    SHARP_MOVE_BARS,
    WINDOW_BARS,
    Day,
    Reading,
    gap_percent,
    mean_range,
    three_prices,
    volume_per_second,
    vwap,
)


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
        self._volume = self._weighted_ticks = 0
        self._forget_extremes()

    def _forget_extremes(self) -> None:
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
        high, low, volume = bar.high, bar.low, bar.volume
        self._window.append(bar)
        self._close = bar.close
        if volume:
            self._volume += volume
            self._weighted_ticks += three_prices(bar) * volume
        if self._open == 0:
            self._open, self._high, self._low = bar.open, high, low
            self._is_range_stale = True
        elif high > self._high or low < self._low:
            self._high = max(self._high, high)
            self._low = min(self._low, low)
            self._is_range_stale = True
        self._roll(high, low)

    def _roll(self, high: float, low: float) -> None:
        """Take a bar into the extremes of the window."""
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
        """Forget the day's prices, volume and VWAP; the window of bars stays."""
        self._open = self._high = self._low = self._close = 0.0
        self._volume = self._weighted_ticks = 0
        self._is_range_stale = True

    def end_session(self) -> None:
        """Turn the window around."""
        self._window.reverse()
        self._forget_extremes()
        for bar in self._window:
            self._roll(bar.high, bar.low)

    def window(self) -> Sequence[Bar]:
        """Return the last 45 bars as they came, or turned around; fewer if there are fewer."""
        return list(self._window)

    def day(self) -> Day:
        """Return the day's prices, its volume and VWAP."""
        return Day(
            self._open,
            self._high,
            self._low,
            self._close,
            self._volume,
            vwap(self._weighted_ticks, self._volume, self._close),
        )

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
