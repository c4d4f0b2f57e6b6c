"""What makes two order events the same one: all they say but their numbers, or their times too."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from pytest_zacperf.records import OrderEvent

_ENCODER = msgspec.json.Encoder()


def content_key(event: OrderEvent) -> bytes:
    """Return all that an event says except the numbers of order and event; bit for bit."""
    before, after = _without_numbers(event)
    return before + after


def timeless_key(event: OrderEvent) -> bytes:
    """Return all that an event says except its time and the numbers of order and event."""
    before, after = _without_numbers(event)
    return before.partition(b",")[2] + after


def content_within(tolerances: Collection[str]) -> Callable[[OrderEvent], bytes]:
    """Return a key of all that an event says except its numbers and what has a tolerance.

    Args:
        tolerances: Names of the fields that have one.

    """
    # A quantity cannot be left out, so it is made the same.
    same = {name: 0.0 if name == "quantity" else None for name in tolerances}
    return lambda event: content_key(msgspec.structs.replace(event, **same))


def differing_fields(expected: OrderEvent, actual: OrderEvent) -> tuple[str, ...]:
    """Return the names of the fields that are not the same, bit for bit, in the record's order."""
    if _ENCODER.encode(expected) == _ENCODER.encode(actual):
        return ()
    return tuple(
        name
        for name in OrderEvent.__struct_fields__
        if not _is_same(getattr(expected, name), getattr(actual, name))
    )


def _is_same(expected: object, actual: object) -> bool:
    # Not == alone, which takes -0.0 for 0.0, and within a mapping 1 for 1.0 as well.
    if expected == 0 or isinstance(expected, dict):
        return _ENCODER.encode(expected) == _ENCODER.encode(actual)
    return expected == actual


def _without_numbers(event: OrderEvent) -> tuple[bytes, bytes]:
    # As the record orders its keys: ts_event_ns, symbol, order_id, event_id, status. A quote within
    # a text is escaped, so that none of these names can begin in one.
    before, _, rest = _ENCODER.encode(event).partition(b',"order_id":')
    return before, rest.partition(b',"status":')[2]
