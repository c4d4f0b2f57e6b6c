"""For nautilus_trader: a short sale, a limit order that is changed and canceled, one too large."""

from datetime import timedelta

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from pytest_zacperf.examples.breakout import nautilus as example


class Odd(Strategy):
    def on_start(self):
        self.number = 0
        self.subscribe_bars(BarType.from_str("GLD.XNAS-1-MINUTE-LAST-EXTERNAL"))

    def on_bar(self, bar):
        self.number += 1
        gld, make = bar.bar_type.instrument_id, self.order_factory
        ten = Quantity.from_int(10)
        if self.number == 5:
            self.submit_order(make.market(gld, OrderSide.SELL, ten))
        if self.number == 10:
            self.waits = make.limit(gld, OrderSide.BUY, ten, Price.from_str("1.00"))
            self.submit_order(self.waits)
        if self.number == 15:
            self.modify_order(self.waits, price=Price.from_str("2.00"))
        if self.number == 20:
            self.cancel_order(self.waits)
        if self.number == 25:
            self.submit_order(make.market(gld, OrderSide.BUY, ten))
        if self.number == 40:
            self.submit_order(make.market(gld, OrderSide.BUY, Quantity.from_int(1_000_000)))


class Quiet(Strategy):
    pass


def build(start, end, trade=True):
    engine = example.build(start, end, "GLD")
    engine.trader.clear_strategies()
    engine.add_strategy(Odd() if trade else Quiet())
    return engine


class Opposite(Strategy):
    """Holds the same as another strategy, on the other side."""

    def __init__(self, config, side, bars):
        super().__init__(config)
        self.first, self.second, self.numbers = side, bars[0], bars

    def on_start(self):
        self.count = 0
        self.subscribe_bars(BarType.from_str("GLD.XNAS-1-MINUTE-LAST-EXTERNAL"))

    def on_bar(self, bar):
        self.count += 1
        gld, ten = bar.bar_type.instrument_id, Quantity.from_int(10)
        other = OrderSide.SELL if self.first == OrderSide.BUY else OrderSide.BUY
        side = {self.numbers[0]: self.first, self.numbers[1]: other}.get(self.count)
        if side is not None:
            self.submit_order(self.order_factory.market(gld, side, ten))


def two_positions(start, end):
    engine = build(start, end, trade=False)
    engine.trader.clear_strategies()
    for tag, side, bars in (("1", OrderSide.BUY, (5, 15)), ("2", OrderSide.SELL, (10, 20))):
        engine.add_strategy(Opposite(StrategyConfig(order_id_tag=tag), side, bars))
    return engine


def of_other_days(start, end):
    week = timedelta(days=7)
    return build(start - week, end - week)
