"""An opening-range breakout for vectorbt, as somebody writes it who has never heard of us.

It has no resting orders, so it buys at the close of the bar that breaks out.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import vectorbt as vbt

from pytest_zacperf.examples.bars import ALL_SYMBOLS, frame_of

FLATTEN = dt.time(15, 50)
QUANTITY = 50
BELOW_VWAP = 0.003


def build(start, end, symbols=ALL_SYMBOLS, opening=15):
    """Return a function that computes the portfolio of the data it has read."""
    frames = {name: frame_of(name, start, end) for name in symbols.split(",")}
    high, low, close, volume = (
        pd.DataFrame({name: frame[column] for name, frame in frames.items()})
        for column in ("high", "low", "close", "volume")
    )

    def compute():
        day = close.index.date
        number = pd.Series(1, index=close.index).groupby(day).cumsum()
        is_opening = number <= opening
        top = high.where(is_opening, axis=0).groupby(day).transform("max")
        bottom = low.where(is_opening, axis=0).groupby(day).transform("min")
        value = (close * volume).groupby(day).cumsum()
        vwap = value / volume.groupby(day).cumsum()
        is_late = pd.Series(close.index.time >= FLATTEN, index=close.index)
        may_enter = ~is_opening & ~is_late
        first = (close > top).mul(may_enter, axis=0)
        entries = first & (first.groupby(day).cumsum() == 1)
        below = (close < bottom) | (close < vwap * (1 - BELOW_VWAP))
        exits = below.apply(lambda column: column | is_late)
        return vbt.Portfolio.from_signals(
            close, entries, exits, size=QUANTITY, init_cash=20_000, freq="1min"
        )

    return compute
