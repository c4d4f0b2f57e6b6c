"""Order events of LEAN to ours, with what the main file's orders know and the events do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pytest_zacperf.engines.lean.reading.json_files import HINT, Object, camel, number, read_rows
from pytest_zacperf.errors import StoreError
from pytest_zacperf.foreign_events import FROM_ORDER, OF_ORDERS, order_events_of
from pytest_zacperf.records import OrderEvent, StatisticValue

# Common/Orders/OrderTypes.cs
TYPES = (
    *("market", "limit", "stop_market", "stop_limit", "market_on_open", "market_on_close"),
    *("option_exercise", "limit_if_touched", "combo_market", "combo_limit", "combo_leg_limit"),
    "trailing_stop",
)


def read_event_rows(path: Path) -> list[Object]:
    """Return the rows of a file of order events, with the keys of today.

    Raises:
        StoreError: It is damaged.

    """
    return [{camel(name): value for name, value in row.items()} for row in read_rows(path)]


def events_of(rows: Sequence[Object], path: Path) -> tuple[OrderEvent, ...]:
    """Return order events as the file alone has them; types are those that prices say.

    Raises:
        StoreError: A row is no order event.

    """
    try:
        return tuple(order_events_of(rows))
    except ValueError as e:
        raise StoreError(f"{path}: {e}", HINT) from e


def joined(events: Sequence[OrderEvent], orders: Mapping[int, Object]) -> Iterator[OrderEvent]:
    """Yield order events with type, tag and prices of their orders; ``bare`` takes them off again.

    Args:
        events: As the file of events has them.
        orders: As the main file has them, by number.

    """
    for event in events:
        order = orders.get(event.order_id)
        yield event if order is None else _joined(event, order)


def _joined(event: OrderEvent, order: Object) -> OrderEvent:
    changes: dict[str, Any] = {}
    kind = order.get("type")
    if isinstance(kind, int) and 0 <= kind < len(TYPES):
        changes["type"] = TYPES[kind]
    if order.get("tag"):
        changes["tag"] = str(order["tag"])
    # An event has the price of its time, an order the last one.
    prices = {
        field: price
        for field, name in (("limit_price", "limitPrice"), ("stop_price", "stopPrice"))
        if getattr(event, field) is None and (price := number(order.get(name))) is not None
    }
    own = event.extra or {}
    added: dict[str, StatisticValue] = {
        name: _scalar(order[name])
        for name in OF_ORDERS
        if name not in own and order.get(name) is not None
    }
    if prices or added:
        changes["extra"] = {**own, **added, FROM_ORDER: " ".join([*prices, *added])}
    return msgspec.structs.replace(event, **changes, **prices)


def _scalar(value: object) -> StatisticValue:
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str | int | float) else str(value)
