"""How many orders and events are equal, changed, added and removed between two lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity.changes import Changes
from pytest_zacperf.records import OrderEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many are equal, changed, added (only the actual side has them) and removed."""

    equal: int
    changed: int
    added: int
    removed: int


def count_orders(changes: Changes, expected_orders: int) -> Counts:
    """Return how many orders are what.

    Args:
        changes: What became of each event.
        expected_orders: How many orders the expected side has in all.

    """
    different = (
        {*(one.expected for one in changes.changed), *changes.removed},
        {*(one.actual for one in changes.changed), *changes.added},
    )
    changed = added = removed = 0
    for order in changes.orders:
        if order.is_whole and not order.expected:
            added += 1
        elif order.is_whole and not order.actual:
            removed += 1
        elif not (
            different[0].isdisjoint(order.expected) and different[1].isdisjoint(order.actual)
        ):
            changed += 1
    equal = expected_orders - changed - removed
    return Counts(equal=equal, changed=changed, added=added, removed=removed)


def count_events(changes: Changes, expected_events: int) -> Counts:
    """Return how many events are what; one that only has another place is equal.

    Args:
        changes: What became of each event.
        expected_events: How many events the expected side has in all.

    """
    changed, removed = len(changes.changed), len(changes.removed)
    equal = expected_events - changed - removed
    return Counts(equal=equal, changed=changed, added=len(changes.added), removed=removed)


def count_renumbered(
    changes: Changes, expected: Sequence[OrderEvent], actual: Sequence[OrderEvent]
) -> int:
    """Return how many orders have another number."""
    return sum(
        expected[order.expected[0]].order_id != actual[order.actual[0]].order_id
        for order in changes.orders
        if order.expected and order.actual
    )


def first_by_symbol(
    changes: Changes, expected: Sequence[OrderEvent], actual: Sequence[OrderEvent]
) -> dict[str, int]:
    """Return the place of the first event that differs, on the side that has it, by symbol."""
    first: dict[str, int] = {}
    for at, symbol in sorted(_places(changes, expected, actual)):
        first.setdefault(symbol, at)
    return first


def _places(
    changes: Changes, expected: Sequence[OrderEvent], actual: Sequence[OrderEvent]
) -> Iterator[tuple[int, str]]:
    yield from ((at, expected[at].symbol) for at in changes.removed)
    yield from ((at, actual[at].symbol) for at in changes.added)
    for i, j in [*((one.expected, one.actual) for one in changes.changed), *changes.moved]:
        yield i, expected[i].symbol
        yield j, actual[j].symbol
