"""Order events without a backtest."""

from __future__ import annotations

from typing import Any

from pytest_zacperf.records import OrderEvent


def event(**changes: Any) -> OrderEvent:  # noqa: ANN401 - any field of the record
    fields: dict[str, Any] = {
        "ts_event_ns": 1_737_470_703_000_000_000,
        "symbol": "MCD",
        "order_id": 1,
        "event_id": 1,
        "status": "filled",
        "type": "market",
        "side": "buy",
        "quantity": 10.0,
    }
    return OrderEvent(**fields | changes)
