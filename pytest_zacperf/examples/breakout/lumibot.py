"""An opening-range breakout for LumiBot, as somebody writes it who has never heard of us."""

from __future__ import annotations

import datetime as dt

from lumibot.entities import Asset, Data
from lumibot.strategies import Strategy

from pytest_zacperf.examples.bars import ALL_SYMBOLS, frame_of

FLATTEN = dt.time(15, 50)


class Breakout(Strategy):
    """Buys what rises above its opening range, and sells below it."""

    parameters = {"symbols": ALL_SYMBOLS, "opening": 15, "quantity": 50, "below_vwap": 0.003}

    def initialize(self):
        self.sleeptime = "1M"
        self.assets = [Asset(name) for name in self.parameters["symbols"].split(",")]
        self.day = None

    def on_trading_iteration(self):
        now = self.get_datetime()
        if now.date() != self.day:
            self.day = now.date()
            self.states = {asset: State() for asset in self.assets}
        for asset in self.assets:
            self.on_bar(asset, self.states[asset], now)

    def on_bar(self, asset, state, now):
        bars = self.get_historical_prices(asset, 1, "minute")
        if bars is None or bars.df.index[-1].date() != now.date():
            return
        state.add(bars.df.iloc[-1], self.parameters["opening"])
        if state.bars == self.parameters["opening"]:
            # Its stop loss is a child of the order, which LumiBot makes when it is filled.
            state.entry = self.create_order(
                asset,
                self.parameters["quantity"],
                "buy",
                stop_price=state.high + 0.01,
                order_class="oto",
                secondary_stop_price=state.low - 0.01,
            )
            self.submit_order(state.entry)
        is_below = state.close < state.vwap * (1 - self.parameters["below_vwap"])
        position = self.get_position(asset)
        is_long = position is not None and position.quantity > 0
        if (now.time() >= FLATTEN or (is_long and is_below)) and not state.leaves:
            state.leaves = True
            for order in self.get_orders():
                if order.asset == asset and order.is_active():
                    self.cancel_order(order)
            if is_long:
                self.submit_order(self.create_order(asset, position.quantity, "sell"))


class State:
    """What one symbol has done today."""

    def __init__(self):
        self.bars, self.value, self.volume = 0, 0.0, 0.0
        self.leaves = False

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


def bars(start, end, symbols=ALL_SYMBOLS):
    """Return the data of a window by asset."""
    names = symbols.split(",")
    data = [Data(Asset(name), frame_of(name, start, end), timestep="minute") for name in names]
    return {one.asset: one for one in data}
