"""talipp, an incremental library as users have it, against full recomputation by NumPy.

Each tolerance is the bound that holds, and why is beside it. docs/properties.md has the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from talipp.indicators import ATR, BB, EMA, SMA, VWAP
from talipp.ohlcv import OHLCV

from pytest_zacperf.properties import (
    Bar,
    IncrementalMismatch,
    Summed,
    Tolerance,
    bar_streams,
    check_incremental,
    conditioned,
    ulps,
)

pytestmark = pytest.mark.slow
PERIOD = 5
MAX_BARS = 120
STREAMS = bar_streams(max_size=MAX_BARS)
Floats = NDArray[np.float64]


class OfClose:
    """The two lines that fit an indicator of talipp to the check."""

    def __init__(self, indicator: Any) -> None:  # noqa: ANN401 - of talipp
        self.indicator = indicator

    def update(self, bar: Bar) -> object:
        self.indicator.add(bar.close)
        return self.indicator[-1]


class OfBar(OfClose):
    def update(self, bar: Bar) -> object:
        self.indicator.add(OHLCV(bar.open, bar.high, bar.low, bar.close, bar.volume))
        return self.indicator[-1]


def closes(bars: Sequence[Bar]) -> Floats:
    return np.array([bar.close for bar in bars])


def sma(bars: Sequence[Bar]) -> Summed | None:
    """Return the mean, measured by the window: what a mean can promise."""
    window = closes(bars)[-PERIOD:]
    return Summed(float(window.mean()), float(window.mean())) if len(window) == PERIOD else None


def sma_since_start(bars: Sequence[Bar]) -> Summed | None:
    """Return the mean, measured by all that was ever in it."""
    mean = sma(bars)
    return None if mean is None else Summed(mean.value, float(closes(bars).sum()))


def smoothed(values: Floats, weight: float) -> Summed | None:
    """Return the exponential mean from explicit weights, seeded with the mean of a period.

    Measured by all that was ever in it: where values fall, its error is of the size that it had.
    """
    if len(values) < PERIOD:
        return None
    later = values[PERIOD:]
    decay = (1 - weight) ** np.arange(len(later) - 1, -1, -1)
    seed = values[:PERIOD].mean() * (1 - weight) ** len(later)
    return Summed(float(seed + weight * (decay * later).sum()), float(values.sum()))


def ema(bars: Sequence[Bar]) -> Summed | None:
    return smoothed(closes(bars), 2 / (PERIOD + 1))


def atr(bars: Sequence[Bar]) -> Summed | None:
    high, low = (np.array([getattr(bar, side) for bar in bars]) for side in ("high", "low"))
    before = closes(bars)[:-1]
    ranges = high - low
    ranges[1:] = np.maximum.reduce([ranges[1:], abs(high[1:] - before), abs(low[1:] - before)])
    return smoothed(ranges, 1 / PERIOD)


def vwap(bars: Sequence[Bar]) -> float | None:
    """Return the average since the start: that of talipp knows no session."""
    columns = np.array([[bar.high, bar.low, bar.close, bar.volume] for bar in bars])
    volume = columns[:, 3]
    if not volume.any():
        return None
    return float((columns[:, :3].sum(axis=1) / 3 * volume).sum() / volume.sum())


def bands(bars: Sequence[Bar]) -> dict[str, Summed] | None:
    """Return the bands, measured by all that was ever in the mean."""
    mean, window = sma_since_start(bars), closes(bars)[-PERIOD:]
    if mean is None:
        return None
    width = 2 * float(window.std())
    edges = {"lb": mean.value - width, "cb": mean.value, "ub": mean.value + width}
    return {name: Summed(edge, mean.magnitude) for name, edge in edges.items()}


HOLDS: dict[str, tuple[Callable[[], Any], Callable[[Sequence[Bar]], object], Tolerance]] = {
    # Each step rounds twice, at the size of the mean of that time, and nothing takes it back.
    "SMA": (lambda: OfClose(SMA(PERIOD)), sma_since_start, conditioned(2)),
    # A few roundings a step, which fade as the values do.
    "EMA": (lambda: OfClose(EMA(PERIOD)), ema, conditioned(2)),
    "ATR": (lambda: OfBar(ATR(PERIOD)), atr, conditioned(2)),
    # Positive terms, added in turn by talipp and in pairs by NumPy: a rounding a bar at worst.
    "VWAP": (lambda: OfBar(VWAP()), vwap, ulps(MAX_BARS)),
    # The central band is an SMA; the deviation is taken afresh, and is as near as a price is.
    "Bollinger": (lambda: OfClose(BB(PERIOD, 2)), bands, conditioned(4)),
}


@pytest.mark.parametrize("name", HOLDS)
def test_an_indicator_of_talipp_keeps_the_bound_that_its_sums_have(name: str) -> None:
    make, full, tolerance = HOLDS[name]
    check_incremental(make, full, data=STREAMS, tolerance=tolerance)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("SMA", id="SMA: what left the window is still in its error"),
        pytest.param("Bollinger", id="Bollinger: neither is the central band taken afresh"),
    ],
)
def test_what_a_mean_can_promise_that_of_talipp_does_not_keep(name: str) -> None:
    make, _, _ = HOLDS[name]
    full = sma if name == "SMA" else lambda bars: None if sma(bars) is None else {"cb": sma(bars)}
    adapter = make if name == "SMA" else lambda: CentralBand(BB(PERIOD, 2))
    with pytest.raises(IncrementalMismatch, match="ulps"):
        check_incremental(adapter, full, data=STREAMS, tolerance=conditioned(8))


class CentralBand(OfClose):
    def update(self, bar: Bar) -> object:
        self.indicator.add(bar.close)
        newest = self.indicator[-1]
        return None if newest is None else {"cb": newest.cb}
