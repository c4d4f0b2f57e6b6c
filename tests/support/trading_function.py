"""A backtest that is a plain function: it buys at noon of each day."""

from __future__ import annotations

import datetime as dt

from pytest_zacperf.engines import BacktestOutput, Capabilities
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.examples.bars import bars_of, days_of
from pytest_zacperf.records import EquityPoint, OrderEvent

NOON = dt.time(12)


def run(start: dt.date, end: dt.date, quantity: int = 10) -> BacktestOutput:
    """Buy ten shares a day."""
    events: list[OrderEvent] = []
    equity: list[EquityPoint] = []
    count = 0
    for day in days_of(start, end):
        for bar in bars_of("GLD", day):
            count += 1
            if bar.start.time() == NOON:
                events += _bought(bar.start, bar.close_cents / 100, len(events) // 2 + 1, quantity)
        equity.append(EquityPoint(ts_ns=events[-1].ts_event_ns, equity=100_000.0))
    return BacktestOutput(order_events=events, equity=equity, data_points=count)


def _bought(when: dt.datetime, price: float, order_id: int, quantity: int) -> list[OrderEvent]:
    order = OrderEvent(
        ts_event_ns=int(when.timestamp()) * 1_000_000_000,
        symbol="GLD",
        order_id=order_id,
        event_id=1,
        status="submitted",
        type="market",
        side="buy",
        quantity=quantity,
    )
    fill = OrderEvent(
        ts_event_ns=order.ts_event_ns,
        symbol="GLD",
        order_id=order_id,
        event_id=2,
        status="filled",
        type="market",
        side="buy",
        quantity=quantity,
        fill_quantity=quantity,
        fill_price=price,
    )
    return [order, fill]


engine = FunctionEngine(
    "support.trading_function:run", capabilities=Capabilities(order_events="full", equity=True)
)
