"""What makes two order events the same one: all they say but their numbers, or their times too."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping

import msgspec

from pytest_zacperf.parity.tolerance import Tolerance, cell
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


def contents_within(
    tolerances: Mapping[str, Tolerance],
) -> tuple[Callable[[OrderEvent], Hashable], ...]:
    """Return keys of which at least one is the same for two events within their tolerances.

    Of a field with a tolerance a key has the cell of a grid that is twice as wide; whatever lies
    within the tolerance shares a cell of this grid, or of the one that is half a cell further.

    Args:
        tolerances: By field; without any there are no keys.

    """

    def key(event: OrderEvent, offset: float) -> Hashable:
        # A quantity cannot be left out, so it is made the same.
        same = {name: 0.0 if name == "quantity" else None for name in tolerances}
        cells = (
            cell(getattr(event, name), tolerance, offset) for name, tolerance in tolerances.items()
        )
        return content_key(msgspec.structs.replace(event, **same)), *cells

    grids = (0.0, 0.5) if tolerances else ()
    return tuple(functools.partial(key, offset=offset) for offset in grids)


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
