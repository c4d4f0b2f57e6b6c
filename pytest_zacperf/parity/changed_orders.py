"""Order by order what changed between two lists of order events, for a table."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_zacperf.parity.changes import ChangedEvent
from pytest_zacperf.parity.difference import Difference
from pytest_zacperf.parity.matching import OrderPair


class OrderChange(enum.StrEnum):
    """What became of an order."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedOrder:
    """An order that is not the same on both sides.

    Attributes:
        change: What became of it.
        symbol: As the expected side has it, or the only side.
        expected_order_id: Its number on the expected side; None where it has no event there.
        actual_order_id: Its number on the actual side; None where it has no event there.
        first_event: Number of its first event that differs, from 1.
        fields: Names of all fields that differ in its events.
        events_added: How many of its events only the actual side has.
        events_removed: How many of its events only the expected side has.

    """

    change: OrderChange
    symbol: str
    expected_order_id: int | None
    actual_order_id: int | None
    first_event: int
    fields: tuple[str, ...]
    events_added: int
    events_removed: int


def changed_orders(found: Difference) -> list[ChangedOrder]:
    """Return the orders that are not the same on both sides, by their first event that differs."""
    return sorted(_changed(found), key=lambda order: order.first_event)


def _changed(found: Difference) -> Iterator[ChangedOrder]:
    changed_by_order = _by_order(found)
    removed, added = set(found.changes.removed), set(found.changes.added)
    for number, order in enumerate(found.changes.orders):
        changed = changed_by_order[number]
        gone = [at for at in order.expected if at in removed]
        new = [at for at in order.actual if at in added]
        if not (changed or gone or new):
            continue
        first = min([*(one.expected for one in changed), *gone, *new])
        ids = [
            side[positions[0]].order_id if positions else None
            for side, positions in ((found.expected, order.expected), (found.actual, order.actual))
        ]
        yield ChangedOrder(
            change=_change(order),
            symbol=_symbol(found, order),
            expected_order_id=ids[0],
            actual_order_id=ids[1],
            first_event=found.before + first + 1,
            fields=tuple(dict.fromkeys(name for one in changed for name in one.fields)),
            events_added=len(new),
            events_removed=len(gone),
        )


def _by_order(found: Difference) -> defaultdict[int, list[ChangedEvent]]:
    orders = list(enumerate(found.changes.orders))
    of_expected = {at: number for number, order in orders for at in order.expected}
    of_actual = {at: number for number, order in orders for at in order.actual}
    changed: defaultdict[int, list[ChangedEvent]] = defaultdict(list)
    for one in found.changes.changed:
        # An event under the number of another order belongs to both.
        for number in {of_expected[one.expected], of_actual[one.actual]}:
            changed[number].append(one)
    return changed


def _change(order: OrderPair) -> OrderChange:
    if not order.is_whole or (order.expected and order.actual):
        return OrderChange.CHANGED
    return OrderChange.REMOVED if order.expected else OrderChange.ADDED


def _symbol(found: Difference, order: OrderPair) -> str:
    if order.expected:
        return found.expected[order.expected[0]].symbol
    return found.actual[order.actual[0]].symbol
