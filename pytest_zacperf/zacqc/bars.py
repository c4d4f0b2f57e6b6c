"""What a bar is: one-second bars as arrays, 15-second bars, daily bars. Computes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

BAR_SECONDS = 15
TICKS_PER_DOLLAR = 10_000

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondBars:
    """One symbol's one-second trade bars of one day; a second without a trade has no row.

    All arrays have shape (n,).

    Attributes:
        start_second: Start of the bar in seconds since New York midnight, strictly increasing.
        open: In 1/10 000 dollar, like the three other prices.
        high: Highest trade.
        low: Lowest trade.
        close: Last trade.
        volume: Shares.

    """

    start_second: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBar:
    """One trading day of one symbol; prices in dollars, volume in shares."""

    day: dt.date
    open: float
    high: float
    low: float
    close: float
    volume: int


class Bar(msgspec.Struct, frozen=True, gc=False):
    """One 15-second bar; *start* in seconds since 1970 UTC, prices in dollars, volume in shares.

    A struct and not a dataclass: a run makes hundreds of thousands of them.
    """

    start: int
    open: float
    high: float
    low: float
    close: float
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBars:
    """What one symbol shows during one session of n seconds, m = n / 15.

    Lists have length m and are indexed by bar; entry k belongs to the slice at which bar k ends.
    Arrays have shape (n,) and hold 1/10 000 dollar.

    Attributes:
        bars: 15-second bars of the fill-forward stream; None before the symbol's first row ever.
        slice_high: High of the last one-second bar of each bar, fill-forward included.
        slice_low: Its low.
        slice_close: Its close: the price of the strategy.
        cached_price: Close of the last real regular-hours bar; fill-forward does not move it.
        touch_high: Highest of the last real bars' highs over the bar: what can touch a buy stop.
        touch_low: Lowest of their lows.
        real_high: High of the last real regular-hours bar at each second.
        real_low: Its low.
        real_close: Its close.
        daily: The session as a daily bar; None when the symbol has no bar at all.
        real_bars: Number of real regular-hours one-second bars.

    """

    bars: list[Bar | None]
    slice_high: list[float]
    slice_low: list[float]
    slice_close: list[float]
    cached_price: list[float]
    touch_high: list[float]
    touch_low: list[float]
    real_high: Ints
    real_low: Ints
    real_close: Ints
    daily: DailyBar | None
    real_bars: int
