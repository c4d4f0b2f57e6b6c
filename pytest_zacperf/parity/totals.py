"""How much a list of order events amounts to: orders, fills, fees, profit and loss; in one pass."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from pytest_zacperf.records import OrderSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a list of order events amounts to.

    Attributes:
        orders: Number of orders.
        order_events: Number of events.
        fills: Events with a fill.
        fees: By currency; what has no currency is under an empty name.
        profit_loss: Of all fills before fees, quantity times price without any multiplier; what is
            still held is valued at the last fill of its symbol.
        open_symbols: How many symbols are still held.

    """

    orders: int
    order_events: int
    fills: int
    fees: Mapping[str, float]
    profit_loss: float
    open_symbols: int


class _Line(msgspec.Struct):
    """The fields of an order event that totals need; the others are not even decoded."""

    symbol: str
    order_id: int
    side: OrderSide
    fill_quantity: float | None = None
    fill_price: float | None = None
    fee: float | None = None
    fee_currency: str | None = None


@dataclass(slots=True)
class _Position:
    quantity: float = 0.0
    cash: float = 0.0
    last_price: float = 0.0


_DECODER = msgspec.json.Decoder(_Line)


@dataclass(slots=True)
class Tally:
    """Totals in the making.

    Attributes:
        order_ids: Of all orders so far.
        order_events: How many so far.
        fills: How many of them have a fill.
        fees: By currency.
        positions: By symbol.

    """

    order_ids: set[int] = field(default_factory=set)
    order_events: int = 0
    fills: int = 0
    fees: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    positions: defaultdict[str, _Position] = field(default_factory=lambda: defaultdict(_Position))

    def add(self, lines: bytes) -> None:
        """Add some whole lines of canonical JSON Lines.

        Raises:
            ValueError: One holds no order event.

        """
        found = _DECODER.decode_lines(lines)
        self.order_events += len(found)
        self.order_ids.update([line.order_id for line in found])
        for line in found:
            if line.fee:
                self.fees[line.fee_currency or ""] += line.fee
            if line.fill_quantity is not None and line.fill_price is not None:
                self._fill(line, line.fill_quantity, line.fill_price)

    def _fill(self, line: _Line, quantity: float, price: float) -> None:
        self.fills += 1
        position = self.positions[line.symbol]
        signed = quantity if line.side == "buy" else -quantity
        position.quantity += signed
        position.cash -= signed * price
        position.last_price = price

    def followed_by(self, later: Tally) -> Tally:
        """Return the tally of these lines and, after them, of those of another."""
        found = copy.deepcopy(self)
        found.order_ids |= later.order_ids
        found.order_events += later.order_events
        found.fills += later.fills
        for currency, fee in later.fees.items():
            found.fees[currency] += fee
        for symbol, after in later.positions.items():
            position = found.positions[symbol]
            position.quantity += after.quantity
            position.cash += after.cash
            position.last_price = after.last_price
        return found

    def totals(self) -> Totals:
        """Return what was added so far."""
        held = [p for p in self.positions.values() if p.quantity]
        values = [p.cash + p.quantity * p.last_price for p in self.positions.values()]
        return Totals(
            orders=len(self.order_ids),
            order_events=self.order_events,
            fills=self.fills,
            fees=dict(sorted(self.fees.items())),
            profit_loss=sum(values),
            open_symbols=len(held),
        )
