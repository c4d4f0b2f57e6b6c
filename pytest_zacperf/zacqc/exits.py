"""What happens to an open position: stop loss, profit target, the moved stop, the timed actions.

Entries are in ``entries.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.orders import Order, Purpose, Tag
from pytest_zacperf.zacqc.parameters import TradingParameters


@dataclass(slots=True, kw_only=True)
class OpenTrade:
    """A position that is managed, with its two exits.

    Attributes:
        symbol: What is held.
        direction: 1 long, -1 short.
        condition: The entry condition, such as ``cond1``.
        start_time: Time of the entry fill in seconds since 1970 UTC.
        stop_loss: The live stop loss order.
        profit_take: The live profit target.

    """

    symbol: str
    direction: int
    condition: str
    start_time: int
    stop_loss: Order
    profit_take: Order
    has_moved_exit: bool = False


class ExitManager:
    """Places and moves the exits of all symbols' positions."""

    def __init__(self, broker: Broker, parameters: TradingParameters) -> None:
        self._broker = broker
        self._parameters = parameters

    def open_trade(
        self, entry: Order, price: float, *, condition: str, mean_range: float
    ) -> OpenTrade:
        """Submit stop loss, then profit target, for an entry filled at *price* dollars."""
        parameters, direction = self._parameters, 1 if entry.quantity > 0 else -1
        loss = price * parameters.stop_loss_percent * (mean_range / 100) / 100
        profit = price * parameters.profit_take_percent * (mean_range / 100) / 100
        suffix = f"{condition}-{entry.symbol}-{price}"
        stop_loss = self._broker.submit(
            entry.symbol,
            -entry.quantity,
            type="stop_market",
            price=round(price - direction * loss, 2),
            tag=_exit_tag("stop_loss", condition, f"SL-{suffix}"),
        )
        profit_take = self._broker.submit(
            entry.symbol,
            -entry.quantity,
            type="limit",
            price=round(price + direction * profit, 2),
            tag=_exit_tag("profit_take", condition, f"TP-{suffix}"),
        )
        return OpenTrade(
            symbol=entry.symbol,
            direction=direction,
            condition=condition,
            start_time=self._broker.now,
            stop_loss=stop_loss,
            profit_take=profit_take,
        )

    def manage(self, trade: OpenTrade, price: float, mean_range: float) -> None:
        """Move the stop once in profit, then take the timed actions; *price* is the cached one."""
        self._update_stop(trade, price, mean_range)
        held_s = self._broker.now - trade.start_time
        if held_s >= self._parameters.action1_s and not trade.has_moved_exit:
            self._move_to_break_even(trade, price)
        if held_s >= self._parameters.action2_s:
            self._broker.cancel_all(trade.symbol)
            self.close_position(trade.symbol)

    def close_position(self, symbol: str) -> None:
        """Sell or cover everything at the market."""
        quantity = self._broker.account.quantity(symbol)
        if quantity:
            tag = Tag(purpose="close", text=f"Close-{symbol}")
            self._broker.submit(symbol, -quantity, type="market", price=None, tag=tag)

    def _update_stop(self, trade: OpenTrade, price: float, mean_range: float) -> None:
        parameters = self._parameters
        average = self._broker.account.average_price(trade.symbol)
        profit_percent = trade.direction * (price - average) * 100 / average
        target = (parameters.profit_take_percent / 100) * (mean_range / 100)
        if profit_percent < parameters.stop_update_profit_percent * target:
            return
        locked_percent = parameters.stop_update_lock_percent * target
        stop = round((1 + trade.direction * locked_percent / 100) * average, 2)
        old = trade.stop_loss
        if stop == old.price:
            return
        text = f"SL-{trade.condition}-{trade.symbol}-Updated"
        self._broker.cancel(old)
        trade.stop_loss = self._broker.submit(
            trade.symbol,
            old.quantity,
            type="stop_market",
            price=stop,
            tag=_exit_tag("stop_loss", trade.condition, text),
        )

    def _move_to_break_even(self, trade: OpenTrade, price: float) -> None:
        """Move the target of a losing position, the stop of any other, to the average price."""
        trade.has_moved_exit = True
        account = self._broker.account
        is_losing = account.open_profit(trade.symbol, price) < 0
        order = trade.profit_take if is_losing else trade.stop_loss
        self._broker.update(order, round(account.average_price(trade.symbol), 2))


def _exit_tag(purpose: Purpose, condition: str, text: str) -> Tag:
    return Tag(purpose=purpose, condition=condition, text=text)
