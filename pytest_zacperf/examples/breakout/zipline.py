"""An opening-range breakout for zipline-reloaded, as somebody writes it who never heard of us."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from zipline.api import cancel_order, get_open_orders, order, order_target
from zipline.finance.commission import PerShare
from zipline.finance.execution import StopOrder

from pytest_zacperf.engines.zipline import ZiplineBacktest
from pytest_zacperf.examples.bars import ALL_SYMBOLS, frame_of

FLATTEN = dt.time(15, 51)  # a bar's label is its end
QUANTITY = 50
BELOW_VWAP = 0.003


class Breakout:
    """Buys what rises above its opening range, and sells below it."""

    def __init__(self, symbols, opening):
        self.symbols = symbols
        self.opening = opening

    def initialize(self, context):
        from zipline.api import set_commission, symbol

        set_commission(PerShare(cost=0.001, min_trade_cost=0))
        self.assets = [symbol(name) for name in self.symbols]

    def before_trading_start(self, context, data):
        self.states = {asset: State() for asset in self.assets}

    def handle_data(self, context, data):
        now = data.current_dt.tz_convert("America/New_York").time()
        for asset in self.assets:
            state = self.states[asset]
            fields = ["high", "low", "close", "volume"]
            state.add(data.current(asset, fields), self.opening)
            if state.bars == self.opening:
                order(asset, QUANTITY, style=StopOrder(state.high + 0.01))
            amount = context.portfolio.positions[asset].amount
            if amount > state.protected:  # an order may be filled in parts
                order(asset, state.protected - amount, style=StopOrder(state.low - 0.01))
                state.protected = amount
            is_below = state.close < state.vwap * (1 - BELOW_VWAP)
            if (now >= FLATTEN or (amount and is_below)) and not state.leaves:
                state.leaves = now >= FLATTEN or amount > 0
                for one in get_open_orders(asset):
                    cancel_order(one)
                order_target(asset, 0)


class State:
    """What one symbol has done today."""

    def __init__(self):
        self.bars, self.value, self.volume = 0, 0.0, 0.0
        self.protected, self.leaves = 0, False

    def add(self, bar, opening):
        self.bars += 1
        self.close = bar["close"]
        self.value += bar["close"] * bar["volume"]
        self.volume += bar["volume"]
        if self.bars == 1:
            self.high, self.low = bar["high"], bar["low"]
        if self.bars <= opening:
            self.high, self.low = max(self.high, bar["high"]), min(self.low, bar["low"])

    @property
    def vwap(self):
        return self.value / self.volume


def build(start, end, symbols=ALL_SYMBOLS, opening=15):
    """Return the backtest, with what its data are ingested from."""
    names = symbols.split(",")
    strategy = Breakout(names, opening)

    def ingest(
        environ, assets, minutes, days, adjustments, calendar, first, last, cache, progress, output
    ):
        sessions = calendar.sessions_in_range(pd.Timestamp(start), pd.Timestamp(end))
        times = calendar.sessions_minutes(sessions[0], sessions[-1])
        frames = {}
        for sid, name in enumerate(names):
            frame = frame_of(name, start, end).tz_convert("UTC")
            frame.index = frame.index + pd.Timedelta(minutes=1)  # a bar's label is its end
            frames[sid] = frame.reindex(times)  # no bars on holidays
        dates = {"start_date": sessions[0], "end_date": sessions[-1]}
        table = pd.DataFrame({"symbol": names, "exchange": "XNYS", **dates})
        assets.write(
            equities=table,
            exchanges=pd.DataFrame({
                "exchange": ["XNYS"],
                "canonical_name": ["XNYS"],
                "country_code": ["US"],
            }),
        )
        minutes.write(iter(frames.items()), show_progress=False)
        adjustments.write()

    return ZiplineBacktest(
        initialize=strategy.initialize,
        before_trading_start=strategy.before_trading_start,
        handle_data=strategy.handle_data,
        bundle="zacperf-example",
        ingest=ingest,
    )
