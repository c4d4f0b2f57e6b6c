"""The canonical form of order events, and the lines it is stored in."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args

import msgspec

from pytest_zacperf.records import OrderEvent, OrderSide, OrderStatus
from pytest_zacperf.sentences import cut, one_line

INTEGERS = ("ts_event_ns", "order_id", "event_id")
NUMBERS = ("quantity", "limit_price", "stop_price", "fill_quantity", "fill_price", "fee")
OPTIONAL = tuple(f.name for f in msgspec.structs.fields(OrderEvent) if f.default is None)
LONGEST_VALUE = 100
CHOICES = {"status": get_args(OrderStatus), "side": get_args(OrderSide)}

DAMAGED = (msgspec.DecodeError, UnicodeDecodeError)
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(OrderEvent)


def canonical(events: Iterable[OrderEvent], volatile: Collection[str]) -> list[OrderEvent]:
    """Return order events in the form that is stored and compared.

    Args:
        events: In the order in which they happened.
        volatile: Fields that differ between equal runs: ``order_id`` is renumbered from 1 by first
            appearance, an optional field is left out.

    Raises:
        ValueError: Something that is no order event, or whose fields cannot be right; a number
            that is none, NaN or infinite; a volatile field that must not be.

    """
    dropped = sorted(set(volatile) - {"order_id"})
    for name in dropped:
        if name not in OPTIONAL:
            raise ValueError(
                f"{name!r} cannot be volatile; these can: order_id, {', '.join(OPTIONAL)}"
            )
    numbers: dict[int, int] = {}
    result = []
    for position, event in enumerate(events, start=1):
        _require_order_event(event, position)
        changes: dict[str, Any] = {name: _integer(event, name) for name in INTEGERS}
        changes |= {name: _float(event, name) for name in NUMBERS}
        changes["extra"] = _extra(event)
        if "order_id" in volatile:
            changes["order_id"] = numbers.setdefault(changes["order_id"], len(numbers) + 1)
        changes |= dict.fromkeys(dropped)
        result.append(_validated(msgspec.structs.replace(event, **changes)))
    return result


def encode_events(events: Iterable[OrderEvent]) -> bytes:
    """Return canonical order events as JSON Lines: one a line, keys in the order of the record."""
    return _ENCODER.encode_lines(events)


def decode_events(data: bytes, *, lines_before: int = 0) -> list[OrderEvent]:
    """Return the order events in JSON Lines.

    Args:
        data: Whole lines.
        lines_before: How many come before them in their file.

    Raises:
        ValueError: A line that holds no order event, with its number.

    """
    try:
        return _DECODER.decode_lines(data)
    except DAMAGED:
        for number, line in enumerate(data.split(b"\n"), start=lines_before + 1):
            try:
                _DECODER.decode(line or b"{}")
            except DAMAGED as e:
                # What it quotes of the line may be anything.
                raise ValueError(f"line {number} holds no order event: {one_line(str(e))}") from e
        raise


def are_canonical(beginning: bytes) -> bool:
    """Return whether a file that begins like this is one of ours, to the byte."""
    line, end, _ = beginning.partition(b"\n")
    try:
        return bool(end) and _ENCODER.encode(_DECODER.decode(line)) == line
    except msgspec.DecodeError:
        return False


def _require_order_event(event: object, position: int) -> None:
    if not isinstance(event, OrderEvent):
        # Not a TypeError: whatever is wrong with order events is one kind of error.
        raise ValueError(  # noqa: TRY004
            f"order event {position} is a {type(event).__name__}; "
            "build it with pytest_zacperf.records.OrderEvent"
        )


def _validated(event: OrderEvent) -> OrderEvent:
    """Return the event; a struct checks the types of its fields only when it is decoded."""
    try:
        return msgspec.convert(msgspec.structs.asdict(event), OrderEvent)
    except msgspec.ValidationError as e:
        problem, _, path = str(e).partition(" - at `$.")
        name = path.rstrip("`").partition("[")[0]
        reason = f"is none of {', '.join(CHOICES[name])}" if name in CHOICES else problem.lower()
        raise ValueError(f"{_place(event, name)}: {reason}") from e


def _integer(event: OrderEvent, name: str) -> int:
    try:
        return operator.index(getattr(event, name))
    except TypeError as e:
        raise ValueError(f"{_place(event, name)} is not a whole number") from e


def _float(event: OrderEvent, name: str) -> float | None:
    value: Any = getattr(event, name)
    if value is None and name in OPTIONAL:
        return None
    try:
        # A text would be converted too, but an engine that gives one has mixed up its fields.
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError) as e:
        raise ValueError(f"{_place(event, name)} is not a number") from e
    if not math.isfinite(number):
        raise ValueError(f"{_place(event, name)} is not a finite number")
    return number


def _extra(event: OrderEvent) -> dict[str, Any] | None:
    extra: object = event.extra
    if extra is None or extra == {}:
        return None
    if not isinstance(extra, Mapping) or not all(isinstance(key, str) for key in extra):
        raise ValueError(f"{_place(event, 'extra')} is no mapping of names to values")
    for key, value in extra.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(
                f"order {event.order_id}, event {event.event_id}: extra[{key!r}] = {value!r} "
                "is not a finite number"
            )
    # Sorted, so that equal runs are equal bytes however the engine filled it.
    return dict(sorted(extra.items()))


def _place(event: OrderEvent, name: str) -> str:
    value = cut(repr(getattr(event, name)), LONGEST_VALUE)
    return f"order {event.order_id}, event {event.event_id}: {name} = {value}"
