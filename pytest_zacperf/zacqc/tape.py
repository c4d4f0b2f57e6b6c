"""The tape: all symbols' bars of one session, and the second and bar the replay has come to."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_zacperf.zacqc.bars import TICKS_PER_DOLLAR, SessionBars


class Tape:
    """Answers what prices are now, and how far they went during the current bar."""

    def __init__(self) -> None:
        self.second = 0
        self.bar = 0
        self.symbols: Mapping[str, SessionBars] = {}

    def cached_price(self, symbol: str) -> float:
        """Return the close of the last real bar."""
        return int(self.symbols[symbol].real_close[self.second]) / TICKS_PER_DOLLAR

    def touches(self, symbol: str) -> tuple[float, float]:
        """Return low and high of the last real bar."""
        bars = self.symbols[symbol]
        low, high = int(bars.real_low[self.second]), int(bars.real_high[self.second])
        return low / TICKS_PER_DOLLAR, high / TICKS_PER_DOLLAR

    def lowest(self, symbol: str) -> float:
        """Return the lowest of the last real bars' lows during the current bar."""
        return self.symbols[symbol].touch_low[self.bar]

    def highest(self, symbol: str) -> float:
        """Return the highest of the last real bars' highs during the current bar."""
        return self.symbols[symbol].touch_high[self.bar]
