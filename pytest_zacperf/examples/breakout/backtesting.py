"""An opening-range breakout for backtesting.py, as somebody writes it who has never heard of us."""

from __future__ import annotations

import datetime as dt

from backtesting import Backtest, Strategy

from pytest_zacperf.examples.bars import ALL_SYMBOLS, frame_of

FLATTEN = dt.time(15, 50)


class Breakout(Strategy):
    """Buys what rises above its opening range, and sells below it."""

    opening = 15
    quantity = 50
    below_vwap = 0.003

    def init(self):
        self.day = None

    def next(self):
        now = self.data.index[-1]
        if now.date() != self.day:
            self.day, self.bars, self.value, self.volume = now.date(), 0, 0.0, 0.0
            self.range_high, self.range_low = self.data.High[-1], self.data.Low[-1]
        self.bars += 1
        self.value += self.data.Close[-1] * self.data.Volume[-1]
        self.volume += self.data.Volume[-1]
        if self.bars <= self.opening:
            self.range_high = max(self.range_high, self.data.High[-1])
            self.range_low = min(self.range_low, self.data.Low[-1])
        if self.bars == self.opening:
            stop_loss = self.range_low - 0.01
            self.buy(size=self.quantity, stop=self.range_high + 0.01, sl=stop_loss)
        below = self.data.Close[-1] < self.value / self.volume * (1 - self.below_vwap)
        if now.time() >= FLATTEN or (self.position and below):
            for order in self.orders:
                if not order.is_contingent:
                    order.cancel()
            self.position.close()


def build(start, end, symbols=ALL_SYMBOLS, opening=15):
    """Return a Backtest for each symbol, with data and account."""
    Breakout.opening = opening
    return {
        symbol: Backtest(
            frame_of(symbol, start, end).rename(columns=str.capitalize),
            Breakout,
            cash=20_000,
            finalize_trades=True,
        )
        for symbol in symbols.split(",")
    }
