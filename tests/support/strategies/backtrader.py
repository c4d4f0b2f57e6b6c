"""For backtrader: a short sale, a limit order that is canceled, a stop limit, one too large."""

import backtrader as bt

from pytest_zacperf.examples.bars import frame_of


class Odd(bt.Strategy):
    def next(self):
        price = self.data.close[0]
        number = len(self)
        if number == 5:
            self.sell(size=10)
        if number == 10:
            self.waits = self.buy(size=10, exectype=bt.Order.Limit, price=1.0)
        if number == 20:
            self.cancel(self.waits)
        if number == 25:
            self.buy(size=10)
        if number == 30:
            self.buy(size=5, exectype=bt.Order.StopLimit, price=price - 1, plimit=price + 1)
        if number == 40:
            self.buy(size=1_000_000)
        if number == 50:
            self.buy(size=5, exectype=bt.Order.StopTrail, trailamount=1000.0)
        if number == 60:
            self.close()


def build(start, end, trade=True):
    cerebro = bt.Cerebro()
    frame = frame_of("GLD", start, end).tz_localize(None)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes), name="GLD")
    cerebro.addstrategy(Odd if trade else bt.Strategy)
    cerebro.broker.setcash(10_000)
    cerebro.broker.setcommission(
        commission=0.5, commtype=bt.CommInfoBase.COMM_FIXED, stocklike=True
    )
    return cerebro


def optimizing(start, end):
    cerebro = build(start, end)
    cerebro.strats.clear()
    cerebro.p.maxcpus = 1
    cerebro.optstrategy(Odd)
    return cerebro


class Other(bt.Strategy):
    def next(self):
        if len(self) == 7:
            self.buy(size=3)


class Trailing(bt.Strategy):
    def next(self):
        if len(self) == 5:
            self.buy(size=3)
            self.sell(size=3, exectype=bt.Order.StopTrail, trailamount=0.05)


class Replacing(bt.Strategy):
    def next(self):
        if len(self) == 5:
            self.waits = self.buy(size=1, exectype=bt.Order.Limit, price=1.0)
        if len(self) == 7:
            self.cancel(self.waits)
            self.buy(size=2)


def replacing(start, end):
    cerebro = build(start, end)
    cerebro.strats.clear()
    cerebro.addstrategy(Replacing)
    return cerebro


def two_strategies(start, end):
    cerebro = build(start, end)
    cerebro.addstrategy(Other)
    return cerebro


def trailing(start, end):
    cerebro = build(start, end)
    cerebro.strats.clear()
    cerebro.addstrategy(Trailing)
    return cerebro


def unnamed_future(start, end):
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame_of("GLD", start, end).tz_localize(None)))
    cerebro.addstrategy(Odd)
    cerebro.broker.setcommission(margin=100.0, mult=50.0)
    return cerebro


def with_zone(start, end):
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame_of("GLD", start, end)), name="GLD")
    cerebro.addstrategy(Odd)
    return cerebro


def without_data(start, end):
    cerebro = bt.Cerebro()
    cerebro.addstrategy(Odd)
    return cerebro
