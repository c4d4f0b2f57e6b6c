"""The strategy of order event streams: orders that live as orders do, several at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from pytest_zacperf.calendars import Session
from pytest_zacperf.properties.arguments import checked_sizes, checked_symbols
from pytest_zacperf.properties.lists import lists_of
from pytest_zacperf.properties.order_events import OrderEventStream
from pytest_zacperf.properties.prices import (
    MAX_PRICE,
    MIN_TICK,
    Grid,
    grid_of,
)
from pytest_zacperf.properties.sessions import MAX_DAY, MIN_DAY, positions, schedule_of
from pytest_zacperf.records import OrderEvent, OrderSide, OrderStatus
from pytest_zacperf.units import NS_PER_S

MAX_ORDERS = 20
MAX_SIZE = 100
MAX_QUANTITY = 10_000
# What becomes of an order, after it was submitted.
LIVES: tuple[tuple[OrderStatus, ...], ...] = (
    ("filled",),
    ("accepted", "filled"),
    ("cancel_pending", "canceled"),
    ("partially_filled", "filled"),
    ("partially_filled", "partially_filled", "filled"),
    ("partially_filled", "canceled"),
    ("updated", "filled"),
    ("accepted", "updated", "cancel_pending", "canceled"),
    ("accepted", "expired"),
    ("rejected",),
    (),
)
MOST_EVENTS = 2 + max(map(len, LIVES))  # submitted and triggered
# A minute, an hour, a session, a week.
LONG_WAITS_S = (60, 3_600, 23_400, 117_000)
# An order of these types is triggered first.
TRIGGERED = frozenset({"stop_limit", "trailing_stop"})
WITH_LIMIT = frozenset({"limit", "stop_limit"})
WITH_STOP = frozenset({"stop_market", "stop_limit", "trailing_stop"})
TYPES = ("market", "limit", "stop_market", "stop_limit", "trailing_stop")
FILLS = frozenset[OrderStatus]({"partially_filled", "filled"})


@dataclass(frozen=True, slots=True)
class Plan:
    """One order before it is numbered.

    Attributes:
        symbol: Ticker.
        type: Kind of order.
        side: Direction.
        quantity: Of the order.
        ticks: Its price, and that of its fills.
        life: What becomes of it.
        waits_s: Seconds of trading before each of its events, the first one's since the order
            before.
        fee: Of each fill in cents.

    """

    symbol: str
    type: str
    side: OrderSide
    quantity: int
    ticks: int
    life: tuple[OrderStatus, ...]
    waits_s: tuple[int, ...]
    fee: int


def order_event_streams(  # noqa: PLR0913 - each names one property of a stream
    *,
    min_size: int = 1,
    max_size: int = MAX_SIZE,
    symbols: Sequence[str] = ("A",),
    tick: float = MIN_TICK,
    min_price: float = MIN_TICK,
    max_price: float = MAX_PRICE,
    max_quantity: int = MAX_QUANTITY,
    calendar: str = "XNYS",
    min_day: dt.date = MIN_DAY,
    max_day: dt.date = MAX_DAY,
) -> st.SearchStrategy[OrderEventStream]:
    """Return a strategy of order events in order of time, several orders interleaved.

    Orders are numbered by first appearance, their events from 1. The first event of an order is
    submitted; the fills of one never exceed its quantity, and nothing follows its end. Orders may
    stay open for sessions, and a stream may end while they are. An example shrinks to one market
    order that is filled, and prints as a table.

    Args:
        min_size: Fewest events.
        max_size: Most events.
        symbols: Tickers.
        tick: Smallest price step.
        min_price: Lowest price.
        max_price: Highest price.
        max_quantity: Largest order.
        calendar: Exchange, as exchange_calendars names it, in whose sessions events are.
        min_day: First day.
        max_day: Last day; from the end of its session on time stands still.

    Raises:
        ValueError: An argument leaves no stream to draw.

    """
    checked_sizes(min_size, max_size, of="order event")
    tickers = checked_symbols(symbols)
    if max_quantity < 1:
        raise ValueError(f"max_quantity is 1 or more, not {max_quantity!r}")
    grid = grid_of(tick=tick, min_price=min_price, max_price=max_price)
    days = schedule_of(calendar, min_day, max_day, early_closes=True, daylight_saving=True)
    plans = lists_of(_plans(tickers, grid, max_quantity), max_size=MAX_ORDERS)
    simplest = _simplest(tickers[0], grid)

    def woven(first: int, drawn: Sequence[Plan]) -> OrderEventStream:
        orders = list(drawn)
        sessions = days.sessions[first:]
        while len(events := _events(orders, grid, sessions)) < min_size:
            orders.append(simplest)
        return OrderEventStream(events[:max_size])

    return st.builds(woven, positions(days), plans)


def _plans(symbols: tuple[str, ...], grid: Grid, max_quantity: int) -> st.SearchStrategy[Plan]:
    return st.builds(
        Plan,
        symbol=st.sampled_from(symbols),
        type=st.sampled_from(TYPES),
        side=st.sampled_from(("buy", "sell")),
        quantity=st.sampled_from([n for n in (100, 1, 10) if n <= max_quantity])
        | st.integers(1, max_quantity),
        ticks=st.sampled_from(grid.levels()) | st.integers(grid.lowest, grid.highest),
        life=st.sampled_from(LIVES),
        waits_s=st.tuples(*[st.integers(0, 3) | st.sampled_from(LONG_WAITS_S)] * MOST_EVENTS),
        fee=st.integers(0, 1000),
    )


def _simplest(symbol: str, grid: Grid) -> Plan:
    """Return a market order that is filled at once."""
    return Plan(
        symbol=symbol,
        type="market",
        side="buy",
        quantity=1,
        ticks=grid.levels()[0],
        life=LIVES[0],
        waits_s=(0,) * MOST_EVENTS,
        fee=0,
    )


def _events(plans: Sequence[Plan], grid: Grid, sessions: Sequence[Session]) -> Sequence[OrderEvent]:
    """Return the events of all orders, by time and then by order, numbered."""
    timed: list[tuple[int, int, dict[str, Any]]] = []
    now_s = 0
    for number, plan in enumerate(plans):
        now_s += plan.waits_s[0]
        at_s = now_s
        for wait_s, event in zip((0, *plan.waits_s[1:]), _life(plan, grid), strict=False):
            at_s += wait_s
            timed.append((at_s, number, event))
    timed.sort(key=lambda entry: entry[:2])
    ids: dict[int, int] = {}
    for _, number, _ in timed:
        ids.setdefault(number, len(ids) + 1)
    return [
        OrderEvent(ts_event_ns=_instant(sessions, at_s), order_id=ids[number], **event)
        for at_s, number, event in timed
    ]


def _instant(sessions: Sequence[Session], trading_s: int) -> int:
    """Return when so many seconds of trading are over, in ns since 1970 UTC."""
    left_ns = trading_s * NS_PER_S
    for session in sessions:
        length_ns = session.close_ns - session.open_ns
        if left_ns < length_ns:
            return session.open_ns + left_ns
        left_ns -= length_ns
    return sessions[-1].close_ns


def _life(plan: Plan, grid: Grid) -> Iterator[dict[str, Any]]:
    """Yield the fields of the events of one order, without time and number of the order."""
    price, left = grid.price(plan.ticks), plan.quantity
    shared: dict[str, Any] = {
        "symbol": plan.symbol,
        "type": plan.type,
        "side": plan.side,
        "quantity": float(plan.quantity),
        "limit_price": price if plan.type in WITH_LIMIT else None,
        "stop_price": price if plan.type in WITH_STOP else None,
    }
    for number, status in enumerate(_statuses(plan), start=1):
        event = {**shared, "event_id": number, "status": status}
        if status in FILLS:
            filled = left if status == "filled" else left // 2
            left -= filled
            event |= {"fill_quantity": float(filled), "fill_price": price}
            event |= {"fee": plan.fee / 100, "fee_currency": "USD"}
        yield event


def _statuses(plan: Plan) -> Iterator[OrderStatus]:
    yield "submitted"
    left = plan.quantity
    is_waiting = plan.type in TRIGGERED
    for status in plan.life:
        if status in FILLS and is_waiting:
            yield "triggered"
            is_waiting = False
        if status == "partially_filled":
            if left == 1:
                continue  # one share is not filled in parts
            left -= left // 2
        yield status
