"""What a finished LumiBot backtest says: order events, equity, statistics, bars."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pytest_zacperf.engines.fills import Contract, closed_trades
from pytest_zacperf.engines.lumibot.watching import OrderState
from pytest_zacperf.engines.plain import plain_scalar, plain_statistics, time_ns
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import EquityPoint, OrderEvent, OrderStatus, StatisticValue, Trade

STATUSES: Mapping[str, OrderStatus] = {
    "unprocessed": "submitted",
    "new": "submitted",
    "submitted": "submitted",
    "open": "accepted",
    "fill": "filled",
    "partial_fill": "partially_filled",
    "cancelling": "cancel_pending",
    "canceled": "canceled",
    "cancelled": "canceled",
    "error": "rejected",
    "expired": "expired",
    "modified": "updated",
    "cash_settled": "filled",
    "assigned": "filled",
    "exercised": "filled",
}
TYPES: Mapping[str, str] = {"stop": "stop_market", "trailing_stop": "trailing_stop"}
SIDES = ("buy", "sell")
FILLS = ("filled", "partially_filled")
EXERCISED = ("assigned", "exercised")
CASHED = (*EXERCISED, "cash_settled")
TRAILING = ("trail_price", "trail_percent")
# What an order's own fields do not say; the others of a row are the same in every row of it.
EXTRA = ("price_source", "multiplier", "trade_slippage")
USUAL: Mapping[str, object] = {"multiplier": 1, "trade_slippage": 0.0}


def order_events(broker: Any, states: Mapping[int, OrderState]) -> list[OrderEvent]:  # noqa: ANN401
    """Return the trade events of a broker; ids are numbers, by first appearance.

    Children of a bracket have random identifiers, and no event of their own before the first one
    that happens to them.

    Args:
        broker: Of LumiBot.
        states: Of the orders, by row of its log; those that are missing are as they are now.

    Raises:
        EngineError: This version of LumiBot keeps them elsewhere.

    """
    now = {str(order.identifier): OrderState.of(order) for order in broker.get_all_orders()}
    numbers: dict[str, int] = {}
    counts: Counter[str] = Counter()
    events = []
    for index, row in enumerate(_rows(broker)):
        if row.get("event_kind", "trade") != "trade":
            continue
        name = str(row["identifier"])
        counts[name] += 1
        number = numbers.setdefault(name, len(numbers) + 1)
        state = states.get(index) or now.get(name)
        events.append(_event(row, state, number, counts[name]))
    return events


def _rows(broker: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - of LumiBot
    log = getattr(broker, "_trade_event_log_df", None)  # public is only a CSV file of it
    if log is None:
        raise EngineError(
            "this version of LumiBot keeps its trade events elsewhere",
            "install a LumiBot that the extra lumibot of this package allows",
        )
    rows: list[Mapping[str, Any]] = log.to_dict("records")
    return rows


def _event(
    row: Mapping[str, Any], state: OrderState | None, order_id: int, event_id: int
) -> OrderEvent:
    raw, side, order_type = (_text(row[name]) for name in ("status", "side", "type"))
    filled = _number(row["filled_quantity"])
    status = _status(raw, state, event_id)
    is_fill = status in FILLS
    if status == "updated" and state is not None:
        state = _moved(state, order_type, _number(row["price"]))
    return OrderEvent(
        ts_event_ns=time_ns(row["time"]),
        symbol=_symbol(row),
        order_id=order_id,
        event_id=event_id,
        status=status,
        type=TYPES.get(order_type, order_type),
        side="buy" if side.startswith("buy") else "sell",
        quantity=state.quantity if state else filled or 0.0,
        limit_price=state.limit_price if state else None,
        stop_price=state.stop_price if state else None,
        fill_quantity=filled if is_fill else None,
        fill_price=_number(row["price"]) if is_fill else None,
        fee=_number(row["trade_cost"]) if is_fill else None,
        extra=dict(_extra(row, raw, side, state)) or None,
    )


def _moved(state: OrderState, order_type: str, price: float | None) -> OrderState:
    """Return an order with its new price: LumiBot tells of the change before it makes it."""
    if price is not None and order_type == "limit":
        return dataclasses.replace(state, limit_price=price)
    if price is not None and order_type == "stop":
        return dataclasses.replace(state, stop_price=price)
    return state


def _status(raw: str, state: OrderState | None, event_id: int) -> OrderStatus:
    word = _text(state.event) if state else ""
    if word == "modified" or (raw == "new" and event_id > 1):  # a change is a new order to it
        return "updated"
    return STATUSES.get(raw, "updated")


def _extra(
    row: Mapping[str, Any], raw: str, side: str, state: OrderState | None
) -> Iterator[tuple[str, StatisticValue]]:
    if raw in CASHED or raw not in STATUSES:
        yield "status", raw
    if side not in SIDES:
        yield "side", side
    for name in TRAILING:
        distance = getattr(state, name, None)
        if distance is not None:
            yield name, distance
    for name in EXTRA:
        value = plain_scalar(row.get(name))
        if value is not None and value != USUAL.get(name):
            yield name, value


def _symbol(row: Mapping[str, Any]) -> str:
    """Return the symbol, of a future or an option with what tells it from others."""
    parts = (row["symbol"], row.get("asset.expiration"), row.get("asset.strike"))
    right = row.get("asset.right")
    given = [str(part) for part in (*parts, right) if part and not _is_nan(part)]
    return " ".join(given)


def trades(broker: Any, events: Sequence[OrderEvent]) -> list[Trade]:  # noqa: ANN401 - of LumiBot
    """Return the closed trades: an option that was exercised or assigned has brought no cash."""
    contracts = {
        _symbol(row): Contract(point_value=_number(row.get("multiplier")) or 1.0)
        for row in _rows(broker)
        if row.get("event_kind", "trade") == "trade"
    }
    worthless = [
        msgspec.structs.replace(one, fill_price=0.0)
        if (one.extra or {}).get("status") in EXERCISED
        else one
        for one in events
    ]
    return closed_trades(worthless, contracts)


def equity(strategy: Any) -> list[EquityPoint]:  # noqa: ANN401 - of LumiBot
    """Return the value of the portfolio after each iteration."""
    stats = strategy.stats
    if stats is None or "portfolio_value" not in stats:
        return []
    # An iteration may be noted twice at the same moment: the last one counts.
    values = {time_ns(moment): float(value) for moment, value in stats["portfolio_value"].items()}
    return [EquityPoint(ts_ns=ns, equity=value) for ns, value in values.items()]


def statistics(result: object) -> dict[str, StatisticValue]:
    """Return what LumiBot computed from the returns."""
    return plain_statistics(result) if isinstance(result, Mapping) else {}


def bars(broker: Any, start: dt.datetime, end: dt.datetime) -> int | None:  # noqa: ANN401
    """Return the bars within a window that the data source has; None where it does not say."""
    data = getattr(broker.data_source, "_data_store", None)
    if not isinstance(data, Mapping):
        return None
    return sum(_bars_between(one, start, end) for one in data.values())


def _bars_between(data: Any, start: dt.datetime, end: dt.datetime) -> int:  # noqa: ANN401
    frame = getattr(data, "df", None)
    index: Iterable[dt.datetime] = getattr(frame, "index", ())
    return sum(start <= _aware(moment, start) <= end for moment in index)


def _aware(moment: dt.datetime, like: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=like.tzinfo)


def _text(value: object) -> str:
    return str(getattr(value, "value", value)).lower()


def _number(value: Any) -> float | None:  # noqa: ANN401 - of LumiBot
    return None if value is None or _is_nan(value) else float(value)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
