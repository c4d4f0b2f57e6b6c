"""Closed trades from fills, for engines that do not say which fill closed which."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pytest_zacperf.records import OrderEvent, OrderSide, Trade

# Of a fill: less is left by floats that do not add up, and no position.
LEAST_SHARE = Decimal("1e-9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a position in a symbol is worth.

    Attributes:
        point_value: Of one unit, when the price moves by 1.
        is_inverse: Whether the contract is worth a fixed amount of the quote currency, and its
            profit is in the base currency.

    """

    point_value: float = 1.0
    is_inverse: bool = False

    def profit(self, entry_price: float, exit_price: float, quantity: float) -> float:
        """Return the profit of a long position, before fees."""
        if self.is_inverse:
            return (1 / entry_price - 1 / exit_price) * quantity * self.point_value
        return (exit_price - entry_price) * quantity * self.point_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """From a time on, in ns since 1970 UTC, prices of a symbol are multiplied by a ratio."""

    ts_ns: int
    symbol: str
    ratio: float


SHARE = Contract()


@dataclass(slots=True, kw_only=True)
class _Lot:
    """A fill, and what of it is left to close."""

    side: OrderSide
    ts_ns: int
    price: float
    quantity: Decimal
    filled: float
    fee: float

    @classmethod
    def of(cls, event: OrderEvent) -> _Lot:
        quantity = float(event.fill_quantity or 0.0)
        return cls(
            side=event.side,
            ts_ns=event.ts_event_ns,
            price=event.fill_price or 0.0,
            # As it is written, so that 0.1 and 0.2 close 0.3.
            quantity=Decimal(repr(quantity)),
            filled=quantity,
            fee=event.fee or 0.0,
        )

    @property
    def is_open(self) -> bool:
        return self.quantity > LEAST_SHARE * Decimal(self.filled)

    def fee_of(self, quantity: float) -> float:
        """Return the part of the fee that falls to a quantity; all of it, exactly, to all."""
        return self.fee * (quantity / self.filled)

    def split(self, ratio: float) -> None:
        """Have more units at a lower price, or fewer at a higher one."""
        self.price *= ratio
        self.filled /= ratio
        self.quantity /= Decimal(repr(ratio))


def closed_trades(
    events: Iterable[OrderEvent],
    contracts: Mapping[str, Contract] | None = None,
    *,
    positions: Sequence[str] | None = None,
    splits: Iterable[Split] = (),
) -> list[Trade]:
    """Return the trades that fills have closed, first in, first out, in the order of their exit.

    Args:
        events: In the order in which they happened; only those with a fill are looked at.
        contracts: By symbol; others are shares.
        positions: Name of the position of each event, where a symbol may have several.
        splits: In the order in which they happened.

    """
    open_lots: dict[tuple[str, str], deque[_Lot]] = {}
    waiting = deque(splits)
    trades: list[Trade] = []
    for index, event in enumerate(events):
        while waiting and waiting[0].ts_ns <= event.ts_event_ns:
            _split(open_lots, waiting.popleft())
        if event.fill_quantity:
            position = positions[index] if positions else ""
            lots = open_lots.setdefault((event.symbol, position), deque())
            trades.extend(_closed_by(event, lots, (contracts or {}).get(event.symbol, SHARE)))
    return trades


def _split(open_lots: Mapping[tuple[str, str], deque[_Lot]], split: Split) -> None:
    for (symbol, _), lots in open_lots.items():
        for lot in lots:
            if symbol == split.symbol:
                lot.split(split.ratio)


def _closed_by(event: OrderEvent, lots: deque[_Lot], contract: Contract) -> Iterator[Trade]:
    fill = _Lot.of(event)
    while fill.is_open and lots and lots[0].side != fill.side:
        entry = lots[0]
        quantity = min(entry.quantity, fill.quantity)
        yield _trade(event.symbol, entry, fill, float(quantity), contract)
        entry.quantity -= quantity
        fill.quantity -= quantity
        if not entry.is_open:
            lots.popleft()
    if fill.is_open:
        lots.append(fill)


def _trade(symbol: str, entry: _Lot, leave: _Lot, quantity: float, contract: Contract) -> Trade:
    profit = contract.profit(entry.price, leave.price, quantity)
    return Trade(
        symbol=symbol,
        side=entry.side,
        quantity=quantity,
        entry_ts_ns=entry.ts_ns,
        exit_ts_ns=leave.ts_ns,
        entry_price=entry.price,
        exit_price=leave.price,
        profit_loss=profit if entry.side == "buy" else -profit,
        fees=entry.fee_of(quantity) + leave.fee_of(quantity),
    )
