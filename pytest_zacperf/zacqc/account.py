"""The account: cash, positions, realized profit and closed trades, in exact decimals like Lean's.

Knows fills and prices; it knows no orders and takes no decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from pytest_zacperf.records import Trade
from pytest_zacperf.units import NS_PER_S

FEE_PER_SHARE = Decimal("0.005")
MINIMUM_FEE = Decimal(1)
MAXIMUM_FEE_RATIO = Decimal("0.005")
CENT = Decimal("0.01")


def to_decimal(price: float) -> Decimal:
    """Return the decimal that Lean makes of a Python float: its shortest representation."""
    return Decimal(repr(price))


def to_double(value: Decimal) -> float:
    """Return the double that Lean makes of a decimal: double(mantissa) / 10^scale.

    That is two roundings, so that 232.43599999999998 comes back as 232.436.
    """
    sign, digits, exponent = value.as_tuple()
    mantissa = float(int("".join(map(str, digits))))
    # The exponent of a finite decimal is an integer; a price with a positive one has no fraction.
    scale = -int(exponent)
    magnitude = mantissa / 10.0**scale if scale > 0 else float(abs(value))
    return -magnitude if sign else magnitude


def fee_of(quantity: int, price: Decimal) -> Decimal:
    """Return the fee in dollars of a fill of *quantity* shares, signed or not.

    Source:
        Lean's default equity fee model: 0.005 a share, at least 1.00, at most 0.5 % of the value;
        the plain reading where both limits apply is that the minimum is charged.
    """
    shares = abs(quantity)
    fee = FEE_PER_SHARE * shares
    if fee < MINIMUM_FEE:
        return MINIMUM_FEE
    return min(fee, MAXIMUM_FEE_RATIO * shares * price)


@dataclass(slots=True, kw_only=True)
class Position:
    """Shares held of one symbol, negative when short, and what opened them."""

    quantity: int = 0
    average_price: Decimal = Decimal(0)
    entry_time: int = 0
    fees: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One fill: signed quantity, decimal price and fee in dollars, time in seconds since 1970."""

    symbol: str
    time: int
    quantity: int
    price: Decimal
    fee: Decimal


class Account:
    """Cash and positions of a margin account.

    Args:
        initial_cash: In dollars.

    """

    def __init__(self, initial_cash: int) -> None:
        self.cash = Decimal(initial_cash)
        self.fees = Decimal(0)
        self.realized_today = 0.0
        self.trades: list[Trade] = []
        self._positions: dict[str, Position] = {}

    @property
    def held_symbols(self) -> tuple[str, ...]:
        """The symbols with a position, in the order in which they were first traded."""
        return tuple(symbol for symbol, held in self._positions.items() if held.quantity)

    def quantity(self, symbol: str) -> int:
        """Return the shares held, negative when short."""
        held = self._positions.get(symbol)
        return held.quantity if held else 0

    def average_price(self, symbol: str) -> float:
        """Return the average price of the position as a double; 0 without one."""
        held = self._positions.get(symbol)
        return to_double(held.average_price) if held and held.quantity else 0.0

    def open_profit(self, symbol: str, price: float) -> float:
        """Return the unrealized profit of a position in dollars, before fees."""
        return (price - self.average_price(symbol)) * self.quantity(symbol)

    def net_liquidation_value(self, prices: Mapping[str, float]) -> float:
        """Return cash and positions at *prices*, which must have every held symbol."""
        value = self.cash
        for symbol in self.held_symbols:
            value += self._positions[symbol].quantity * to_decimal(prices[symbol])
        return to_double(value)

    def capital_in_use(self) -> float:
        """Return the sum of |average price x quantity| of all positions in dollars."""
        return sum(abs(self.average_price(s) * self.quantity(s)) for s in self.held_symbols)

    def apply(self, fill: Fill) -> None:
        """Book a fill; what closes shares becomes a trade."""
        held = self._positions.setdefault(fill.symbol, Position())
        self.cash -= fill.quantity * fill.price + fill.fee
        self.fees += fill.fee
        closed = _closed_quantity(held.quantity, fill.quantity)
        if closed:
            self._close(held, fill, closed=closed)
        remaining = fill.quantity + closed
        if remaining:
            _open(held, fill, quantity=remaining, fee=fill.fee if not closed else Decimal(0))

    def _close(self, held: Position, fill: Fill, *, closed: int) -> None:
        profit = (fill.price - held.average_price) * closed
        self.realized_today += float(profit)
        self.trades.append(
            Trade(
                symbol=fill.symbol,
                side="buy" if closed > 0 else "sell",
                quantity=float(abs(closed)),
                entry_ts_ns=held.entry_time * NS_PER_S,
                exit_ts_ns=fill.time * NS_PER_S,
                entry_price=to_double(held.average_price),
                exit_price=to_double(fill.price),
                # Lean rounds the profit of a trade to cents.
                profit_loss=float(profit.quantize(CENT, ROUND_HALF_EVEN)),
                fees=float(held.fees + fill.fee),
            )
        )
        held.quantity -= closed
        if not held.quantity:
            held.average_price = held.fees = Decimal(0)


def _closed_quantity(held: int, traded: int) -> int:
    """Return the part of the held quantity, with its sign, that a trade closes."""
    if held * traded >= 0:
        return 0
    return min(held, -traded) if held > 0 else max(held, -traded)


def _open(held: Position, fill: Fill, *, quantity: int, fee: Decimal) -> None:
    if not held.quantity:
        held.entry_time = fill.time
    total = held.quantity + quantity
    value = held.average_price * held.quantity + fill.price * quantity
    held.average_price = value / total
    held.quantity = total
    held.fees += fee
