"""Bars: one-second trade bars as arrays, daily bars, and the 15-second bars made of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TICKS_PER_DOLLAR = 10_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
