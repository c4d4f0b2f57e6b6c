"""Exits at exact limits, where the last bit of a price decides."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.exits import ExitManager, OpenTrade
from pytest_zacperf.zacqc.orders import Order, Tag
from pytest_zacperf.zacqc.parameters import TradingParameters

MEAN_RANGE = 4.0


@dataclass
class FixedMarket:
    """One price, and nobody who listens."""

    price: float

    def cached_price(self, symbol: str) -> float:
        assert symbol
        return self.price

    def touches(self, symbol: str) -> tuple[float, float]:
        raise AssertionError(symbol)

    def on_filled(self, order: Order, price: float) -> None:
        """Take no note."""

    def on_canceled(self, order: Order) -> None:
        """Take no note."""


def _opened(price: float, quantity: int) -> tuple[Broker, ExitManager, OpenTrade]:
    """Return a position opened at *price*, with its exits."""
    market = FixedMarket(price)
    broker = Broker(Account(10**6), market, market)
    exits = ExitManager(broker, TradingParameters())
    tag = Tag(purpose="entry", condition="cond1")
    entry = broker.submit("V", quantity, type="market", price=None, tag=tag)
    trade = exits.open_trade(entry, price, condition="cond1", mean_range=MEAN_RANGE)
    return broker, exits, trade


@pytest.mark.parametrize(
    ("quantity", "price", "stop"),
    [
        # Half the target of 0.8 % is 0.4 %, which 0.5 of 125 is without any rounding.
        pytest.param(10, 125.5, 125.1, id="long, at the threshold"),
        pytest.param(10, 125.49, 118.75, id="long, below"),
        pytest.param(-10, 124.5, 124.9, id="short, at the threshold"),
        pytest.param(-10, 124.51, 131.25, id="short, below"),
    ],
)
def test_the_stop_moves_at_half_the_target(quantity: int, price: float, stop: float) -> None:
    broker, exits, trade = _opened(125.0, quantity)
    exits.manage(trade, price, MEAN_RANGE)
    assert trade.stop_loss.price == stop
    assert len(broker.open_orders("V")) == 2


def test_the_moved_stop_locks_a_tenth_of_the_target_in() -> None:
    _, exits, trade = _opened(1000.0, 10)
    exits.manage(trade, 1004.5, MEAN_RANGE)
    assert trade.stop_loss.price == 1000.8


def test_exits_stand_at_their_distances_from_the_fill() -> None:
    _, _, trade = _opened(1000.0, 10)
    assert (trade.stop_loss.price, trade.profit_take.price) == (950.0, 1008.0)


def test_a_position_without_loss_or_gain_is_not_losing() -> None:
    broker, exits, trade = _opened(125.0, 10)
    broker.now += TradingParameters().action1_s
    exits.manage(trade, 125.0, MEAN_RANGE)
    broker.process_requests()
    assert (trade.stop_loss.price, trade.profit_take.price) == (125.0, 126.0)


def test_the_stop_moves_again_after_it_was_moved_to_break_even() -> None:
    broker, exits, trade = _opened(1000.0, 10)
    broker.now += TradingParameters().action1_s
    exits.manage(trade, 1000.0, MEAN_RANGE)
    broker.process_requests()
    assert trade.stop_loss.price == 1000.0
    exits.manage(trade, 1004.5, MEAN_RANGE)
    assert trade.stop_loss.price == 1000.8


def test_nothing_held_is_nothing_to_close() -> None:
    market = FixedMarket(100.0)
    broker = Broker(Account(1000), market, market)
    ExitManager(broker, TradingParameters()).close_position("V")
    assert broker.events == []
