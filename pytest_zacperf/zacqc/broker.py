"""The broker as Lean simulates it: orders, the request queue, the fill scan, order events.

It decides when an order fills and at what price. It knows nothing of conditions or metrics; what
happened is handed to a listener.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from pytest_zacperf.records import OrderEvent, OrderStatus
from pytest_zacperf.units import NS_PER_S
from pytest_zacperf.zacqc.account import (
    Account,
    Fill,
    fee_of,
    to_decimal,
    to_double,
)
from pytest_zacperf.zacqc.orders import BLANK_TAG, Order, OrderType, Tag, is_touched

PriceOf = Callable[[str], float]


class Quotes(Protocol):
    """What the broker fills against: the last real bar of a symbol, however old."""

    def cached_price(self, symbol: str) -> float:
        """Return the close of the last real bar."""
        ...

    def touches(self, symbol: str) -> tuple[float, float]:
        """Return low and high of the last real bar."""
        ...


class OrderListener(Protocol):
    """Who is told what became of an order, at once and inside the broker's own step."""

    def on_filled(self, order: Order, price: float) -> None:
        """Learn that an order was filled; the account has it already."""
        ...

    def on_canceled(self, order: Order) -> None:
        """Learn that a cancellation was carried out."""
        ...


class Broker:
    """Takes orders and requests for all symbols.

    Args:
        account: Where fills are booked.
        quotes: What orders are filled against.
        listener: Who is told.

    """

    def __init__(self, account: Account, quotes: Quotes, listener: OrderListener) -> None:
        self.account = account
        self.events: list[OrderEvent] = []
        self.now = 0
        self._quotes = quotes
        self._listener = listener
        self._orders: dict[int, Order] = {}
        self._queue: deque[tuple[Order, float | None]] = deque()
        self._last_id = 0

    @property
    def has_open_orders(self) -> bool:
        """Whether any order is open; the scan can be left out when none is."""
        return bool(self._orders)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the open orders by order number; one whose cancellation is pending is open."""
        if symbol is None:
            return list(self._orders.values())
        return [order for order in self._orders.values() if order.symbol == symbol]

    def has_open_order(self, symbol: str) -> bool:
        """Return whether an order of the symbol is open."""
        return any(order.symbol == symbol for order in self._orders.values())

    def submit(
        self,
        symbol: str,
        quantity: int,
        *,
        type: OrderType,  # noqa: A002 - the field's standard name
        price: float | None,
        tag: Tag,
    ) -> Order:
        """Submit an order; all waiting requests are carried out first.

        A market order is filled at once at the cached price.
        """
        self._last_id += 1
        # The number is taken before the queue runs, the event is written after it.
        order = Order(
            id=self._last_id,
            symbol=symbol,
            type=type,
            quantity=quantity,
            price=price,
            tag=tag,
            submitted_at=self.now,
        )
        self.process_requests()
        self._orders[order.id] = order
        self._record(order, "submitted")
        if type == "market":
            self._fill(order, self._quotes.cached_price(symbol))
        return order

    def cancel(self, order: Order) -> None:
        """Request the cancellation of one order, which blanks its tag."""
        if order.is_open and not order.is_cancel_pending:
            order.tag = BLANK_TAG
            self._request_cancel(order)

    def cancel_all(self, symbol: str) -> None:
        """Request the cancellation of all open orders of a symbol; their tags stay."""
        for order in self.open_orders(symbol):
            if not order.is_cancel_pending:
                self._request_cancel(order)

    def update(self, order: Order, price: float) -> None:
        """Request a new stop or limit price."""
        self._queue.append((order, price))

    def process_requests(self) -> None:
        """Carry out what waits in the queue, first come first served, for all symbols."""
        while self._queue:
            order, price = self._queue.popleft()
            if not order.is_open:
                continue
            if price is not None:
                order.price = price
                self._record(order, "updated")
                continue
            self._close(order)
            self._record(order, "canceled")
            self._listener.on_canceled(order)

    def may_touch(self, lowest: PriceOf, highest: PriceOf) -> bool:
        """Return whether a bar between *lowest* and *highest* of its symbol fills any order."""
        return any(
            is_touched(order, lowest(order.symbol), highest(order.symbol))
            for order in self._orders.values()
        )

    def scan(self) -> None:
        """Fill every order that the last real bar of its symbol touches, by order number.

        An order never fills in the slice in which it was submitted. One whose cancellation is
        pending still can, so that stop loss and profit target may both fill in one scan.
        """
        for order in self.open_orders():
            if order.is_open and order.submitted_at < self.now and order.price is not None:
                low, high = self._quotes.touches(order.symbol)
                if is_touched(order, low, high):
                    self._fill(order, order.price)

    def _request_cancel(self, order: Order) -> None:
        order.is_cancel_pending = True
        self._record(order, "cancel_pending")
        self._queue.append((order, None))

    def _close(self, order: Order) -> None:
        order.is_open = False
        del self._orders[order.id]

    def _fill(self, order: Order, price: float) -> None:
        self._close(order)
        exact = to_decimal(price)
        fee = fee_of(order.quantity, exact)
        self.account.apply(
            Fill(symbol=order.symbol, time=self.now, quantity=order.quantity, price=exact, fee=fee)
        )
        shown = to_double(exact)
        self._record(order, "filled", fill_price=shown, fee=fee)
        self._listener.on_filled(order, shown)

    def _record(
        self,
        order: Order,
        status: OrderStatus,
        *,
        fill_price: float | None = None,
        fee: Decimal | None = None,
    ) -> None:
        order.event_count += 1
        quantity = float(abs(order.quantity))
        self.events.append(
            OrderEvent(
                ts_event_ns=self.now * NS_PER_S,
                symbol=order.symbol,
                order_id=order.id,
                event_id=order.event_count,
                status=status,
                type=order.type,
                side="buy" if order.quantity > 0 else "sell",
                quantity=quantity,
                limit_price=order.price if order.type == "limit" else None,
                stop_price=order.price if order.type == "stop_market" else None,
                fill_quantity=None if fill_price is None else quantity,
                fill_price=fill_price,
                fee=None if fee is None else float(fee),
                fee_currency=None if fee is None else "USD",
                tag=order.tag.text or None,
            )
        )
