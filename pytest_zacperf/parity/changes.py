"""What became of each order event from one list to another: equal, changed, moved, gone or new."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity.alignment import Pairs, common_subsequence, matched
from pytest_zacperf.parity.in_place import orders_in_place
from pytest_zacperf.parity.keys import content_key, contents_within, differing_fields, timeless_key
from pytest_zacperf.parity.matching import OrderPair, match_orders
from pytest_zacperf.parity.tolerance import Tolerance, is_within
from pytest_zacperf.records import OrderEvent

NUMBERS = frozenset({"order_id", "event_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEvent:
    """An event that both sides have, with other values.

    Attributes:
        expected: Its position on the expected side.
        actual: Its position on the actual side.
        fields: Names of those that differ; numbers of orders and events only where no order or
            event that came or went explains them.

    """

    expected: int
    actual: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Two lists of events, held against each other.

    Attributes:
        orders: Each order with its counterpart.
        pairs: Positions of the events that both sides have, equal or changed, ascending by the
            expected side.
        changed: Those of them that differ.
        moved: Those of them that come before others here and after them there.
        removed: Positions on the expected side that have no counterpart.
        added: Positions on the actual side that have no counterpart.

    """

    orders: tuple[OrderPair, ...]
    pairs: tuple[tuple[int, int], ...]
    changed: tuple[ChangedEvent, ...]
    moved: tuple[tuple[int, int], ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many events it takes to say what differs."""
        return len(self.changed) + len(self.moved) + len(self.removed) + len(self.added)


def changes_between(
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    *,
    shared_ids: Collection[int] = (),
    tolerances: Mapping[str, Tolerance] | None = None,
) -> Changes:
    """Return the changes that explain with the fewest events how two lists differ.

    Args:
        expected: Events of one side.
        actual: Events of the other.
        shared_ids: Orders with further events that both sides share.
        tolerances: By field; what differs by no more than that is equal.

    """
    allowed = tolerances or {}
    orders = match_orders(expected, actual, shared_ids=shared_ids, tolerances=allowed)
    aligned = _changes(orders, expected, actual, allowed)
    if len(expected) != len(actual):
        return aligned
    in_place = _in_place(orders_in_place(expected, actual, shared_ids), expected, actual, allowed)
    return in_place if in_place.count < aligned.count else aligned


def _in_place(
    orders: Sequence[OrderPair],
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    tolerances: Mapping[str, Tolerance],
) -> Changes:
    changed = [
        ChangedEvent(expected=at, actual=at, fields=fields)
        for at, (one, other) in enumerate(zip(expected, actual, strict=True))
        if (fields := _beyond(differing_fields(one, other), one, other, tolerances))
    ]
    return Changes(
        orders=tuple(orders),
        pairs=tuple((at, at) for at in range(len(expected))),
        changed=tuple(changed),
        moved=(),
        removed=(),
        added=(),
    )


def _changes(
    orders: Sequence[OrderPair],
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    tolerances: Mapping[str, Tolerance],
) -> Changes:
    pairs: Pairs = []
    changed: list[ChangedEvent] = []
    for order in orders:
        inner = _pairs_within(order, expected, actual, tolerances)
        pairs += inner
        changed += _changed_within(order, inner, expected, actual, tolerances)
    pairs.sort()
    met = {i for i, _ in pairs}, {j for _, j in pairs}
    return Changes(
        orders=tuple(orders),
        pairs=tuple(pairs),
        changed=tuple(sorted(changed, key=lambda one: one.expected)),
        moved=tuple(_moved(pairs)),
        removed=tuple(i for i in range(len(expected)) if i not in met[0]),
        added=tuple(j for j in range(len(actual)) if j not in met[1]),
    )


def _pairs_within(
    order: OrderPair,
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    tolerances: Mapping[str, Tolerance],
) -> Pairs:
    left, right = [expected[i] for i in order.expected], [actual[j] for j in order.actual]
    # An order that ends in another way has something else in the same place.
    looser: list[Callable[[OrderEvent], Hashable]] = [
        *contents_within(tolerances),
        timeless_key,
        operator.attrgetter("status"),
    ]
    pairs = matched(left, right, content_key, looser)
    return [(order.expected[i], order.actual[j]) for i, j in pairs]


def _changed_within(
    order: OrderPair,
    pairs: Pairs,
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    tolerances: Mapping[str, Tolerance],
) -> Iterator[ChangedEvent]:
    explained = _explained_steps(order, pairs)
    for pair in pairs:
        one, other = expected[pair[0]], actual[pair[1]]
        if one.event_id == other.event_id and content_key(one) == content_key(other):
            continue  # only the number of its order may differ
        fields = set(differing_fields(one, other)) - {"order_id"}
        if other.event_id - one.event_id in explained[pair]:
            fields -= {"event_id"}
        shown = tuple(name for name in OrderEvent.__struct_fields__ if name in fields)
        if beyond := _beyond(shown, one, other, tolerances):
            yield ChangedEvent(expected=pair[0], actual=pair[1], fields=beyond)


def _explained_steps(order: OrderPair, pairs: Pairs) -> dict[tuple[int, int], set[int]]:
    # Events that came or went before it in its order shift the number of an event.
    place = (
        {at: number for number, at in enumerate(order.expected)},
        {at: number for number, at in enumerate(order.actual)},
    )
    return {(i, j): {0, place[1][j] - place[0][i]} for i, j in pairs}


def _moved(pairs: Pairs) -> list[tuple[int, int]]:
    # As few as possible: all but a longest ascending subsequence. There may be several; which one
    # is taken shall not hang on the direction.
    there, back = [j for _, j in pairs], [i for i, _ in sorted(pairs, key=operator.itemgetter(1))]
    one_way, side = (there, 1) if there <= back else (back, 0)
    in_order = {one_way[at] for at, _ in common_subsequence(one_way, sorted(one_way))}
    return [pair for pair in pairs if pair[side] not in in_order]


def _beyond(
    fields: Sequence[str],
    expected: OrderEvent,
    actual: OrderEvent,
    tolerances: Mapping[str, Tolerance],
) -> tuple[str, ...]:
    if not tolerances:
        return tuple(fields)
    return tuple(
        name
        for name in fields
        if not is_within(getattr(expected, name), getattr(actual, name), tolerances.get(name))
    )
