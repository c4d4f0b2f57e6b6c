"""The plain definition of every metric: all of it from the stored bars, at each evaluation.

Written to be read and to be compared with. The rolling forms are in ``metrics.py`` and
``rally.py``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.rally import Extremes, Sample
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


class FullMetrics:
    """Stores bars, and computes every metric from them when asked."""

    def __init__(self) -> None:
        self._window: deque[Bar] = deque(maxlen=WINDOW_BARS)
        self._day: list[Bar] = []
        self._daily: deque[DailyBar] = deque(maxlen=DAILY_BARS)

    def add_bar(self, bar: Bar) -> None:
        """Take the newest 15-second bar."""
        self._window.append(bar)
        self._day.append(bar)

    def add_daily_bar(self, bar: DailyBar) -> None:
        """Take the newest daily bar."""
        self._daily.append(bar)

    def reset_day(self) -> None:
        """Forget the bars of the day; the window of bars stays."""
        self._day = []

    def end_session(self) -> None:
        """Turn the window around."""
        self._window.reverse()

    def window(self) -> Sequence[Bar]:
        """Return the last 45 bars as they came, or turned around; fewer if there are fewer."""
        return list(self._window)

    def day(self) -> Day:
        """Return the day's prices, its volume and VWAP."""
        bars = self._day
        if not bars:
            return Day(0.0, 0.0, 0.0, 0.0, 0, 0.0)
        volume = sum(bar.volume for bar in bars)
        weighted = sum(three_prices(bar) * bar.volume for bar in bars)
        return Day(
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            close=bars[-1].close,
            volume=volume,
            vwap=vwap(weighted, volume, bars[-1].close),
        )

    def read(self, price: float) -> Reading:
        """Return all metrics for the newest bar and a price in dollars."""
        opened = self._day[0].open if self._day else 0.0
        closed = self._day[-1].close if self._day else 0.0
        day_range = (
            max(b.high for b in self._day) - min(b.low for b in self._day) if opened else 0.0
        )
        daily, window = list(self._daily), list(self._window)
        mean = mean_range(daily)
        range_percent = (day_range / opened) * 100 if opened > 0 else 1.0
        older, previous, newer = window[:-2], window[-2:-1], window[2:]
        has_older, is_full = bool(older), len(window) == WINDOW_BARS
        return Reading(
            mean_range=mean,
            range=range_percent,
            range_of_open=day_range * 100 / opened if opened > 0 else 0.0,
            range_multiple=range_percent / mean if opened > 0 else 1.0,
            day_range=day_range,
            from_open=(closed - opened) * 100 / opened if opened > 0 else 0.0,
            price_from_open=((price - opened) / opened) * 100 if opened > 0 else 0.0,
            gap=gap_percent(opened, daily),
            sharp_move=self._sharp_move(),
            liquidity=volume_per_second(daily) * price / 1e6,
            previous_low=previous[0].low if has_older else None,
            older_low=min(b.low for b in older) if has_older else None,
            previous_high=previous[0].high if has_older else None,
            older_high=max(b.high for b in older) if has_older else None,
            second_oldest_low=window[1].low if is_full else None,
            newer_low=min(b.low for b in newer) if is_full else None,
            second_oldest_high=window[1].high if is_full else None,
            newer_high=max(b.high for b in newer) if is_full else None,
        )

    def _sharp_move(self) -> float | None:
        if len(self._window) < SHARP_MOVE_BARS:
            return None
        newest = self.window()[-SHARP_MOVE_BARS:]
        lowest = min(b.low for b in newest)
        return abs(max(b.high for b in newest) - lowest) / lowest * 100


class FullExtremes:
    """Stores rally samples, and searches their extremes when asked."""

    def __init__(self, memory_s: int) -> None:
        self._memory_s = memory_s
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample) -> None:
        """Take the newest sample and drop those older than the memory."""
        self._samples.append(sample)
        while self._samples[0].time <= sample.time - self._memory_s:
            self._samples.popleft()

    def clear(self) -> None:
        """Forget all samples."""
        self._samples.clear()

    def long(self) -> Extremes | None:
        """Return the first lowest low and the first highest high at or after it."""
        if not self._samples:
            return None
        low = min(self._samples, key=lambda sample: sample.low)
        later = (sample for sample in self._samples if sample.time >= low.time)
        high = max(later, key=lambda sample: sample.high)
        return self._extremes(low, low=low.low, high=high.high)

    def short(self) -> Extremes | None:
        """Return the first highest high and the first lowest low at or after it."""
        if not self._samples:
            return None
        high = max(self._samples, key=lambda sample: sample.high)
        later = (sample for sample in self._samples if sample.time >= high.time)
        low = min(later, key=lambda sample: sample.low)
        return self._extremes(high, low=low.low, high=high.high)

    def _extremes(self, origin: Sample, *, low: float, high: float) -> Extremes:
        return Extremes(
            low=low,
            high=high,
            origin_time=origin.time,
            last=self._samples[-1],
            count=len(self._samples),
        )
