"""What a backtest is run for and what it did: windows, order events, trades, equity, coverage."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

import msgspec

from pytest_zacperf.records.base import Record, StatisticValue

OrderStatus: TypeAlias = Literal[
    "submitted",
    "accepted",
    "updated",
    "triggered",
    "cancel_pending",
    "canceled",
    "partially_filled",
    "filled",
    "rejected",
    "expired",
]
OrderSide: TypeAlias = Literal["buy", "sell"]
DAYS_OF_WEEK, WEEKDAYS = 7, 5
# Of 64 bits, as in every other program that reads the file.
Integer: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Window(Record, frozen=True, kw_only=True):
    """A span of simulated days, as the plan file names it.

    Attributes:
        id: Name of the window, unique within a plan.
        start: First day, inclusive.
        end: Last day, inclusive.
        label: Group of the window, such as ``week``.

    """

    id: str
    start: dt.date
    end: dt.date
    label: str = ""

    @property
    def weekdays(self) -> int:
        """Number of its days from Monday to Friday; holidays count."""
        weeks, rest = divmod((self.end - self.start).days + 1, DAYS_OF_WEEK)
        last = [(self.start.weekday() + day) % DAYS_OF_WEEK for day in range(rest)]
        return weeks * WEEKDAYS + sum(day < WEEKDAYS for day in last)

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"window {self.id!r} ends on {self.end}, before it starts, {self.start}"
            )


class OrderEvent(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one order, in the engine-neutral form that parity compares.

    The order of the fields is the order of the keys in ``order_events.jsonl``.

    Attributes:
        ts_event_ns: When it happened in the backtest, in ns since 1970-01-01 UTC.
        symbol: Ticker or instrument as the engine names it.
        order_id: Number of the order; from 1 by first appearance once it is canonical.
        event_id: Number of the event within its order, from 1.
        status: What the order became.
        type: Kind of order: market, limit, stop_market, stop_limit, trailing_stop, ...
        side: Direction.
        quantity: Ordered quantity, unsigned.
        limit_price: Limit in account currency, if the order has one.
        stop_price: Stop in account currency, if the order has one.
        fill_quantity: Quantity filled by this event alone, unsigned; None unless it is a fill.
        fill_price: Price of that fill in account currency; None unless it is a fill.
        fee: Fee of that fill in ``fee_currency``.
        fee_currency: Currency of the fee, such as USD.
        tag: The strategy's own text.
        message: The engine's own text.
        extra: What the engine adds beyond these fields; compared too.

    """

    ts_event_ns: Integer
    symbol: str
    order_id: Integer
    event_id: Integer
    status: OrderStatus
    type: str
    side: OrderSide
    quantity: float
    limit_price: float | None = None
    stop_price: float | None = None
    fill_quantity: float | None = None
    fill_price: float | None = None
    fee: float | None = None
    fee_currency: str | None = None
    tag: str | None = None
    message: str | None = None
    extra: dict[str, StatisticValue] | None = None


class Trade(Record, frozen=True, kw_only=True):
    """One closed position, from its entry fill to the fill that closed it.

    Attributes:
        symbol: Ticker or instrument.
        side: Direction of the entry.
        quantity: Unsigned.
        entry_ts_ns: Time of the entry fill, ns since 1970 UTC.
        exit_ts_ns: Time of the exit fill, ns since 1970 UTC.
        entry_price: In account currency.
        exit_price: In account currency.
        profit_loss: Before fees, in account currency.
        fees: Of both fills, in account currency.

    """

    symbol: str
    side: OrderSide
    quantity: float
    entry_ts_ns: int
    exit_ts_ns: int
    entry_price: float
    exit_price: float
    profit_loss: float
    fees: float


class EquityPoint(Record, frozen=True, kw_only=True):
    """Net liquidation value in account currency at a time in ns since 1970 UTC."""

    ts_ns: int
    equity: float


class Coverage(Record, frozen=True, kw_only=True):
    """How many real bars the run saw of one symbol on one trading day; 0 is worth a look."""

    symbol: str
    day: dt.date
    real_bars: int
