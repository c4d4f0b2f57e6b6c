"""Order events as other programs write them: their names and units, to ours; reads no file."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, get_args

import msgspec

from pytest_zacperf.records import OrderEvent, OrderStatus
from pytest_zacperf.sentences import cut, escape

Row: TypeAlias = Mapping[str, object]

NUMBERS = ("quantity", "limit_price", "stop_price", "fill_quantity", "fill_price", "fee")

# What a field of ours is called elsewhere, in small letters and without dashes: the first name that
# a row has is taken. Lean's `symbol` is an identifier that changes with its data.
NAMES: Mapping[str, tuple[str, ...]] = {
    "ts_event_ns": ("tseventns", "tsevent", "time", "timestamp", "datetime", "utctime"),
    "symbol": ("symbolvalue", "symbol", "ticker", "instrument", "instrumentid", "asset"),
    "order_id": ("orderid",),
    "event_id": ("eventid", "ordereventid"),
    "status": ("status", "state"),
    "type": ("type", "ordertype"),
    "side": ("side", "direction", "action"),
    "quantity": ("quantity", "qty", "size"),
    "limit_price": ("limitprice",),
    "stop_price": ("stopprice", "triggerprice"),
    "fill_quantity": ("fillquantity", "filledquantity", "fillqty", "lastqty"),
    "fill_price": ("fillprice", "filledprice", "lastpx"),
    "fee": ("fee", "orderfeeamount", "commission"),
    "fee_currency": ("feecurrency", "orderfeecurrency"),
    "tag": ("tag",),
    "message": ("message",),
    "extra": ("extra",),
}
# Names of the run, not of what happened; and the same said a second time.
LEFT_OUT = frozenset({"id", "algorithmid", "symbol", "symbolpermtick", "fillpricecurrency"})
STATUSES: Mapping[str, str] = {
    **{status.replace("_", ""): status for status in get_args(OrderStatus)},
    "new": "submitted",
    "none": "submitted",  # Lean: no state yet
    "updatesubmitted": "updated",
    "invalid": "rejected",
    "cancelled": "canceled",
    "partialfilled": "partially_filled",
    "partial": "partially_filled",
}
SIDES = {"buy": "buy", "b": "buy", "long": "buy", "sell": "sell", "s": "sell", "short": "sell"}
NEEDED = ("ts_event_ns", "symbol", "order_id", "status", "quantity")
# What the prices of an order say about its type: whether it has a stop, and a limit.
TYPES: Mapping[tuple[bool, bool], str] = {
    (True, True): "stop_limit",
    (True, False): "stop_market",
    (False, True): "limit",
    (False, False): "market",
}
# What Lean's orders have and its events do not; joined, it is under ``extra``.
OF_ORDERS = ("trailingAmount", "trailingAsPercentage", "triggerPrice")
# Names, under ``extra``, of prices and of the above that an order gave to its event.
FROM_ORDER = "fromOrder"
# Below these a number of time is in s, ms or us; none of them is a date between 1973 and 5138.
UNITS = ((100_000_000_000, 1_000_000_000), (10**14, 1_000_000), (10**17, 1_000))
FRACTION = re.compile(r"(?P<start>.*\d)[.,](?P<fraction>\d+)(?P<zone>[Zz]|[+-].*|)")
NUMBER = re.compile(r"\s*-?\d+(\.\d*)?([eE][+-]?\d+)?\s*")
# A number of seconds like this would be a time in 1970.
DATE = re.compile(r"\s*(19|20)\d\d[01]\d[0-3]\d\s*")
LONGEST_VALUE = 60


def order_events_of(rows: Iterable[Row]) -> list[OrderEvent]:
    """Return order events for rows of another program, as they come: not yet canonical.

    Names may be written in any way (``orderId``, ``order-id``, ``Order ID``) and be those of
    QuantConnect Lean. A time is ns, us, ms or s since 1970 UTC, or ISO 8601; one without a zone is
    UTC. Without a number of the event within its order, events are counted. A quantity may have the
    sign of its side. What no field of ours means goes under ``extra``, but for ids of the run.

    Raises:
        ValueError: A row lacks a field or holds what cannot be one, with its number.

    """
    counts: dict[object, int] = {}
    events = []
    for number, row in enumerate(rows, start=1):
        try:
            fields = _fields(row)
            count = counts[fields["order_id"]] = counts.get(fields["order_id"], 0) + 1
            fields.setdefault("event_id", count)
            events.append(msgspec.convert(fields, OrderEvent))
        except (ValueError, ArithmeticError) as e:
            raise ValueError(f"order event {number}: {_reason(e)}") from e
    return events


def bare(event: OrderEvent) -> OrderEvent:
    """Return an event as a file of order events alone has it: its type is what its prices say."""
    given = str((event.extra or {}).get(FROM_ORDER, "")).split()
    stop_price = None if "stop_price" in given else event.stop_price
    limit_price = None if "limit_price" in given else event.limit_price
    left_out = {FROM_ORDER, *given}
    extra = {name: value for name, value in (event.extra or {}).items() if name not in left_out}
    return msgspec.structs.replace(
        event,
        type=TYPES[stop_price is not None, limit_price is not None],
        stop_price=stop_price,
        limit_price=limit_price,
        tag=None,
        extra=extra or None,
    )


def _fields(row: Row) -> dict[str, Any]:
    given = {
        _plain(name): value for name, value in row.items() if value is not None and value != ""
    }
    found: dict[str, Any] = {}
    used = set(LEFT_OUT)
    for field, names in NAMES.items():
        name = next((name for name in names if name in given), None)
        if name is not None:
            found[field] = given[name]
            used.add(name)
    lacking = [field for field in NEEDED if field not in found]
    if lacking:
        raise ValueError(
            f"it has no {lacking[0]}; it has {', '.join(map(escape, row)) or 'nothing'}"
        )
    found["extra"] = {**_scalars(found.get("extra", {})), **_rest(row, used)}
    return _converted(found)


def _converted(found: dict[str, Any]) -> dict[str, Any]:
    for field in NUMBERS:
        if field in found:
            found[field] = _number(field, found[field])
    for field in ("order_id", "event_id"):
        if field in found:
            found[field] = _integer(field, found[field])
    signed = found["quantity"]
    found["ts_event_ns"] = _time_ns(found["ts_event_ns"])
    found["symbol"] = str(found["symbol"])
    found["status"] = STATUSES.get(_plain(str(found["status"])), str(found["status"]))
    side = str(found.get("side", "")).lower()
    found["side"] = SIDES.get(
        side, "sell" if signed < 0 else "buy" if side in {"", "hold"} else side
    )
    found["quantity"] = abs(signed)
    if found.get("fill_quantity") == 0:
        # Lean writes 0 where nothing was filled.
        del found["fill_quantity"]
        found.pop("fill_price", None)
    elif "fill_quantity" in found:
        found["fill_quantity"] = abs(found["fill_quantity"])
    found.setdefault("type", _type(found))
    return found


def _type(found: Mapping[str, object]) -> str:
    has = ("stop_price" in found, "limit_price" in found)
    return TYPES[has]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _rest(row: Row, used: set[str]) -> dict[str, object]:
    return _scalars({name: value for name, value in row.items() if _plain(name) not in used})


def _scalars(values: object) -> dict[str, object]:
    if not isinstance(values, Mapping):
        raise ValueError("extra is no mapping of names to values")  # noqa: TRY004 - bad input
    return {
        str(name): _scalar(value)
        for name, value in values.items()
        if value is not None and value != ""
    }


def _scalar(value: object) -> str | int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str | int | float):
        return value
    return msgspec.json.encode(value, order="deterministic").decode()


def _number(field: str, value: object) -> float:
    try:
        return float(str(value)) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field} = {_shown(value)} is no number") from None


def _integer(field: str, value: object) -> int:
    if isinstance(value, int):  # as it is, not as the float nearest to it
        return value
    number = _number(field, value)
    if not number.is_integer():
        raise ValueError(f"{field} = {_shown(value)} is no whole number")
    return int(str(value)) if isinstance(value, str) and value.strip().isdigit() else int(number)


def _time_ns(value: object) -> int:
    if DATE.fullmatch(str(value)) or (isinstance(value, str) and not NUMBER.fullmatch(value)):
        return _iso_ns(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"time = {_shown(value)} is no time")  # noqa: TRY004 - bad input
    # As it is written, not as the float nearest to it.
    try:
        number = decimal.Decimal(str(value))
        factor = next((factor for below, factor in UNITS if abs(number) < below), 1)
        return int((number * factor).to_integral_value())
    except ArithmeticError:
        raise ValueError(f"time = {_shown(value)} is no time") from None


def _iso_ns(text: str) -> int:
    match = FRACTION.fullmatch(text.strip())
    fraction = match["fraction"] if match else ""
    seconds = f"{match['start']}{match['zone']}" if match else text.strip()
    try:
        moment = dt.datetime.fromisoformat(seconds)
    except ValueError:
        raise ValueError(f"time = {_shown(text)} is no time; write ISO 8601, or ns") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    whole_s = (aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    return whole_s * 1_000_000_000 + int(f"{fraction:0<9}"[:9])


def _shown(value: object) -> str:
    return cut(escape(repr(value)), LONGEST_VALUE)


def _reason(error: Exception) -> str:
    return cut(escape(str(error)), 3 * LONGEST_VALUE)
