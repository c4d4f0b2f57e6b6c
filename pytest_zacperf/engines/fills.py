"""Closed trades from fills, for engines that do not say which fill closed which."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pytest_zacperf.records import OrderEvent, OrderSide, Trade


@dataclass(slots=True, kw_only=True)
class _Lot:
    """A fill, and what of it is left to close."""

    side: OrderSide
    ts_ns: int
    price: float
    quantity: Decimal
    filled: float
    fee: float

    def fee_of(self, quantity: float) -> float:
        """Return the part of the fee that falls to a quantity; all of it, exactly, to all."""
        return self.fee * (quantity / self.filled)


def closed_trades(
    events: Iterable[OrderEvent], point_values: Mapping[str, float] | None = None
) -> list[Trade]:
    """Return the trades that fills have closed, first in, first out, in the order of their exit.

    Args:
        events: In the order in which they happened; only those with a fill are looked at.
        point_values: What a move of the price by 1 is worth for one unit, by symbol; 1 for others.

    """
    values = point_values or {}
    open_lots: dict[str, deque[_Lot]] = {}
    trades: list[Trade] = []
    for event in events:
        if event.fill_quantity:
            lots = open_lots.setdefault(event.symbol, deque())
            trades.extend(_closed_by(event, lots, values.get(event.symbol, 1.0)))
    return trades


def _closed_by(event: OrderEvent, lots: deque[_Lot], point_value: float) -> Iterator[Trade]:
    fill = _lot_of(event)
    while fill.quantity and lots and lots[0].side != fill.side:
        entry = lots[0]
        quantity = min(entry.quantity, fill.quantity)
        yield _trade(event.symbol, entry, fill, float(quantity), point_value)
        entry.quantity -= quantity
        fill.quantity -= quantity
        if not entry.quantity:
            lots.popleft()
    if fill.quantity:
        lots.append(fill)


def _lot_of(event: OrderEvent) -> _Lot:
    quantity = event.fill_quantity or 0.0
    return _Lot(
        side=event.side,
        ts_ns=event.ts_event_ns,
        price=event.fill_price or 0.0,
        # As it is written, so that 0.1 and 0.2 close 0.3.
        quantity=Decimal(repr(float(quantity))),
        filled=float(quantity),
        fee=event.fee or 0.0,
    )


def _trade(symbol: str, entry: _Lot, leave: _Lot, quantity: float, point_value: float) -> Trade:
    direction = 1 if entry.side == "buy" else -1
    return Trade(
        symbol=symbol,
        side=entry.side,
        quantity=quantity,
        entry_ts_ns=entry.ts_ns,
        exit_ts_ns=leave.ts_ns,
        entry_price=entry.price,
        exit_price=leave.price,
        profit_loss=direction * (leave.price - entry.price) * quantity * point_value,
        fees=entry.fee_of(quantity) + leave.fee_of(quantity),
    )
