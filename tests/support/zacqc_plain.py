"""The metrics of ZacQC from the words of its specification: each from all bars, nothing kept.

None of the package's own definitions are used here, only its records.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from pytest_zacperf.properties import Bar, Summed, mean_of

BAR_S = 15
WINDOW = 45
END_OF_DAY = dt.time(15, 59)
RALLY_MEMORY_S = 4 * 3600
NS_PER_S = 1_000_000_000


def end_s(bar: Bar) -> int:
    return bar.start_ns // NS_PER_S + BAR_S


@functools.cache
def trading_day(bar: Bar) -> dt.date:
    """Return the day whose values a bar counts for: from 15:59 on it is the next calendar day's."""
    ended = bar.local_time + dt.timedelta(seconds=BAR_S)
    return ended.date() + dt.timedelta(days=ended.time() >= END_OF_DAY)


def of_day(bars: Sequence[Bar]) -> list[Bar]:
    day = trading_day(bars[-1])
    return [bar for bar in bars if trading_day(bar) == day]


def window(bars: Sequence[Bar]) -> list[Bar]:
    """Return the last 45 bars; the end of each session turns them around."""
    kept: list[Bar] = []
    for session, group in groupby(bars, key=lambda bar: bar.session):
        kept = [*kept, *group][-WINDOW:]
        if session != bars[-1].session:
            kept.reverse()
    return kept


# The day.


def day_open(bars: Sequence[Bar]) -> float:
    return of_day(bars)[0].open


def day_high(bars: Sequence[Bar]) -> float:
    return max(bar.high for bar in of_day(bars))


def day_low(bars: Sequence[Bar]) -> float:
    return min(bar.low for bar in of_day(bars))


def day_close(bars: Sequence[Bar]) -> float:
    return bars[-1].close


def day_volume(bars: Sequence[Bar]) -> int:
    return sum(bar.volume for bar in of_day(bars))


def exact(price: float) -> Fraction:
    """Return a price as it is written, a whole number of ten-thousandths."""
    return Fraction(repr(price))


def vwap(bars: Sequence[Bar]) -> float:
    """Return the mean without any rounding but the last one."""
    day = [bar for bar in of_day(bars) if bar.volume]
    if not day:
        return bars[-1].close
    turnover = sum((exact(b.high) + exact(b.low) + exact(b.close)) / 3 * b.volume for b in day)
    return float(turnover / sum(bar.volume for bar in day))


def day_range(bars: Sequence[Bar]) -> float:
    return ((day_high(bars) - day_low(bars)) / day_open(bars)) * 100


def range_of_open(bars: Sequence[Bar]) -> float:
    return (day_high(bars) - day_low(bars)) * 100 / day_open(bars)


def from_open(bars: Sequence[Bar]) -> float:
    return (bars[-1].close - day_open(bars)) * 100 / day_open(bars)


# The window of 45 bars.


def sharp_move(bars: Sequence[Bar]) -> float | None:
    newest = window(bars)[-16:]
    if len(newest) < 16:
        return None
    low = min(bar.low for bar in newest)
    return abs(max(bar.high for bar in newest) - low) / low * 100


def max_down(bars: Sequence[Bar]) -> float:
    """Return the deepest of all drops from a high to a low of the same or an older bar."""
    recent: list[Bar] = []
    for bar in reversed(window(bars)):
        if end_s(bars[-1]) - bar.start_ns // NS_PER_S > 1800:
            break
        recent.append(bar)
    drops = (
        (bar.low - max(newer.high for newer in recent[: n + 1]))
        * 100
        / max(newer.high for newer in recent[: n + 1])
        for n, bar in enumerate(recent)
    )
    return min(0.0, *drops)


def breaks_low(bars: Sequence[Bar]) -> tuple[float | None, float | None]:
    kept = window(bars)
    if len(kept) < 3:
        return None, None
    return kept[-2].low, min(bar.low for bar in kept[:-2])


def breaks_high(bars: Sequence[Bar]) -> tuple[float | None, float | None]:
    kept = window(bars)
    if len(kept) < 3:
        return None, None
    return kept[-2].high, max(bar.high for bar in kept[:-2])


def cancel_low(bars: Sequence[Bar]) -> tuple[float | None, float | None]:
    kept = window(bars)
    if len(kept) < WINDOW:
        return None, None
    return kept[1].low, min(bar.low for bar in kept[2:])


def cancel_high(bars: Sequence[Bar]) -> tuple[float | None, float | None]:
    kept = window(bars)
    if len(kept) < WINDOW:
        return None, None
    return kept[1].high, max(bar.high for bar in kept[2:])


# Daily bars: here each bar is one.


def mean_range(bars: Sequence[Bar]) -> Summed:
    mean = mean_of((bar.high - bar.low) * 100 / bar.open for bar in bars[-30:])
    return mean if mean.value > 0 else Summed(1.0, 1.0)


def volume_per_second(bars: Sequence[Bar]) -> float:
    week = bars[-7:]
    return float(Fraction(sum(bar.volume for bar in week), len(week) * 23_400))


def liquidity(bars: Sequence[Bar]) -> float:
    week = bars[-7:]
    mean = Fraction(sum(bar.volume for bar in week), len(week))
    return float(mean / 23_400 * Fraction(bars[-1].close) / 10**6)


def gap(bars: Sequence[Bar]) -> float:
    """Return the gap of today's open, that of the newest bar, to the close two sessions back."""
    if len(bars) < 3:
        return 0.0
    close = bars[-3].close
    return round((bars[-1].open - close) * 100 / close, 2)


# The rally: a sample is high and low of a bar at its end, of the same day, four hours back.


def samples(bars: Sequence[Bar]) -> list[Bar]:
    return [bar for bar in of_day(bars) if end_s(bar) > end_s(bars[-1]) - RALLY_MEMORY_S]


def rally_long(bars: Sequence[Bar]) -> tuple[float, float, int, int]:
    """Return first minimum low, first maximum high at or after it, when it began, the count."""
    seen = samples(bars)
    low = min(bar.low for bar in seen)
    first = next(n for n, bar in enumerate(seen) if bar.low == low)
    return low, max(bar.high for bar in seen[first:]), end_s(seen[first]), len(seen)


def rally_short(bars: Sequence[Bar]) -> tuple[float, float, int, int]:
    seen = samples(bars)
    high = max(bar.high for bar in seen)
    first = next(n for n, bar in enumerate(seen) if bar.high == high)
    return min(bar.low for bar in seen[first:]), high, end_s(seen[first]), len(seen)


def judge(move: float, back: float, *, age_s: int, multiple: float) -> tuple[bool, bool]:
    waited = multiple <= 1.3 or age_s >= 7 * 60
    return 0.04 <= move <= 0.20 and back >= 0.02 and waited, move > 0.20


def judged_long(bars: Sequence[Bar]) -> tuple[bool, bool]:
    """Judge the rally for a mean range of 1 percent; a range of zero is no rally."""
    low, high, began_s, count = rally_long(bars)
    percent = day_range(bars)
    if count < 10 or percent <= 0:
        return False, False
    return judge(
        ((high - low) * 100 / low) / percent,
        abs((high - bars[-1].low) * 100 / high) / percent,
        age_s=end_s(bars[-1]) - began_s,
        multiple=percent,
    )


def judged_short(bars: Sequence[Bar]) -> tuple[bool, bool]:
    low, high, began_s, count = rally_short(bars)
    percent = day_range(bars)
    if count < 10 or percent <= 0:
        return False, False
    return judge(
        ((high - low) * 100 / high) / percent,
        abs((bars[-1].high - low) * 100 / low) / percent,
        age_s=end_s(bars[-1]) - began_s,
        multiple=percent,
    )
