"""The first order event at which two lists part, and what kind of change that is."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.parity.changes import ChangedEvent, Changes
from pytest_zacperf.parity.keys import content_key
from pytest_zacperf.parity.matching import OrderPair
from pytest_zacperf.records import OrderEvent


class Kind(enum.StrEnum):
    """What happened to the event at which two lists part."""

    CHANGED = "changed"
    SHIFTED = "shifted in time"
    MISSING_ORDER = "missing order"
    EXTRA_ORDER = "extra order"
    MISSING_EVENT = "missing event"
    EXTRA_EVENT = "extra event"
    MOVED = "out of sequence"
    RENUMBERED = "renumbered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first event at which two lists part; what follows may be its echo.

    Attributes:
        index: Number of the event, from 1, on the side that has it; on the expected side where
            both have it.
        kind: What happened to it.
        fields: Names of the fields that differ, in the order of the record.
        expected: The event that was expected; None where nothing is expected there.
        actual: The event that came instead; None where nothing came.

    """

    index: int
    kind: Kind
    fields: tuple[str, ...]
    expected: OrderEvent | None
    actual: OrderEvent | None


def first_divergence(
    changes: Changes,
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    *,
    before: int = 0,
) -> Divergence | None:
    """Return where two lists part, or None where nothing is left that differs.

    Args:
        changes: What became of each event.
        expected: Events of one side.
        actual: Events of the other.
        before: How many events both sides share before these.

    """
    places = [
        *((at, _missing_kind(changes, at)) for at in changes.removed[:1]),
        *((at, _extra_kind(changes, at)) for at in changes.added[:1]),
        *(
            (one.expected, _changed_kind(changes, one, expected, actual))
            for one in _first_in_place(changes)
        ),
        *((min(pair), Kind.MOVED) for pair in changes.moved),
    ]
    if not places:
        renumbered = next(
            (i for i, j in changes.pairs if expected[i].order_id != actual[j].order_id), None
        )
        places = [] if renumbered is None else [(renumbered, Kind.RENUMBERED)]
    if not places:
        return None
    found = (_at(at, kind, changes, expected, actual, before) for at, kind in _first(places))
    return min(found, key=_moment)


def _first(places: Sequence[tuple[int, Kind]]) -> list[tuple[int, Kind]]:
    first = min(at for at, _ in places)
    return [(at, kind) for at, kind in places if at == first]


def _first_in_place(changes: Changes) -> list[ChangedEvent]:
    # Where its places are not the same, something came or went before it.
    in_place = (one for one in changes.changed if one.expected == one.actual)
    return list(itertools.islice(in_place, 1))


def _moment(divergence: Divergence) -> tuple[bool, int, bytes]:
    # Where an event is missing and another one is extra, the earlier one is named, and from either
    # side the same; where both sides have it, that comes first.
    event = divergence.expected or divergence.actual
    one_sided = divergence.expected is None or divergence.actual is None
    return one_sided, event.ts_event_ns if event else 0, content_key(event) if event else b""


def _at(  # noqa: PLR0913, PLR0917 - a place in two lists
    at: int,
    kind: Kind,
    changes: Changes,
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    before: int,
) -> Divergence:
    one = expected[at] if at < len(expected) else None
    other = actual[at] if at < len(actual) else None
    fields: tuple[str, ...] = ()
    if kind in {Kind.CHANGED, Kind.SHIFTED}:
        change = next(change for change in changes.changed if change.expected == at)
        other, fields = actual[change.actual], change.fields
    elif kind is Kind.RENUMBERED:
        other = actual[dict(changes.pairs)[at]]
        fields = ("order_id",)
    elif kind in {Kind.EXTRA_ORDER, Kind.EXTRA_EVENT}:
        one = None
    elif kind in {Kind.MISSING_ORDER, Kind.MISSING_EVENT}:
        other = None
    return Divergence(index=before + at + 1, kind=kind, fields=fields, expected=one, actual=other)


def _missing_kind(changes: Changes, at: int) -> Kind:
    order = next(order for order in changes.orders if at in order.expected)
    return Kind.MISSING_ORDER if _is_one_sided(order) else Kind.MISSING_EVENT


def _extra_kind(changes: Changes, at: int) -> Kind:
    order = next(order for order in changes.orders if at in order.actual)
    return Kind.EXTRA_ORDER if _is_one_sided(order) else Kind.EXTRA_EVENT


def _is_one_sided(order: OrderPair) -> bool:
    return order.is_whole and not (order.expected and order.actual)


def _changed_kind(
    changes: Changes,
    change: ChangedEvent,
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
) -> Kind:
    if change.fields != ("ts_event_ns",):
        return Kind.CHANGED
    # Part of an order that is late as a whole, by the same time; or of an order with other times.
    order = next(order for order in changes.orders if change.expected in order.expected)
    late = [
        (expected[one.expected].ts_event_ns - actual[one.actual].ts_event_ns)
        for one in changes.changed
        if one.expected in order.expected
    ]
    is_whole = order.is_whole and len(late) == len(order.expected) == len(order.actual)
    return Kind.SHIFTED if is_whole and len(set(late)) == 1 else Kind.CHANGED
