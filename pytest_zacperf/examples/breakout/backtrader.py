"""An opening-range breakout for backtrader, as somebody writes it who has never heard of us."""

from __future__ import annotations

import datetime as dt

import backtrader as bt

from pytest_zacperf.examples.bars import ALL_SYMBOLS, frame_of

FLATTEN = dt.time(15, 50)


class Breakout(bt.Strategy):
    """Buys what rises above its opening range, and sells below it."""

    params = (("opening", 15), ("quantity", 50), ("below_vwap", 0.003))

    def __init__(self):
        self.state = {data: State() for data in self.datas}

    def next(self):
        for data in self.datas:
            if len(data):
                self.on_bar(data, self.state[data])

    def on_bar(self, data, state):
        state.add(data, self.p.opening)
        if state.bars == self.p.opening:
            state.entry = self.buy(
                data, size=self.p.quantity, exectype=bt.Order.Stop, price=state.high + 0.01
            )
        is_long = self.getposition(data).size > 0
        is_below = data.close[0] < state.vwap * (1 - self.p.below_vwap)
        if data.datetime.time() >= FLATTEN or (is_long and is_below):
            self.leave(data, state)

    def leave(self, data, state):
        for order in (state.entry, state.stop):
            if order is not None and order.alive():
                self.cancel(order)
        if self.getposition(data).size and not state.leaves:
            state.leaves = True
            self.close(data)

    def notify_order(self, order):
        state = self.state[order.data]
        if order is state.entry and order.status == order.Completed:
            state.stop = self.sell(
                order.data, size=order.executed.size, exectype=bt.Order.Stop, price=state.low - 0.01
            )


class State:
    """What one symbol has done today."""

    def __init__(self):
        self.day = None

    def add(self, data, opening):
        if data.datetime.date() != self.day:
            self.day, self.bars, self.value, self.volume = data.datetime.date(), 0, 0.0, 0.0
            self.high, self.low = data.high[0], data.low[0]
            self.entry = self.stop = None
            self.leaves = False
        self.bars += 1
        self.value += data.close[0] * data.volume[0]
        self.volume += data.volume[0]
        if self.bars <= opening:
            self.high, self.low = max(self.high, data.high[0]), min(self.low, data.low[0])

    @property
    def vwap(self):
        return self.value / self.volume


def build(start, end, symbols=ALL_SYMBOLS, opening=15):
    """Return a Cerebro with data, strategy and account."""
    cerebro = bt.Cerebro(stdstats=False)
    for symbol in symbols.split(","):
        frame = frame_of(symbol, start, end).tz_localize(None)
        feed = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=1)
        cerebro.adddata(feed, name=symbol)
    cerebro.addstrategy(Breakout, opening=opening)
    cerebro.broker.setcash(100_000)
    cerebro.addanalyzer(bt.analyzers.DrawDown, _name="drawdown")
    return cerebro
