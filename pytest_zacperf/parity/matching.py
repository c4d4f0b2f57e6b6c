"""Which order of one side is which of the other, whatever their numbers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_zacperf.parity.alignment import matched
from pytest_zacperf.parity.keys import content_key, contents_within, timeless_key
from pytest_zacperf.parity.tolerance import Tolerance
from pytest_zacperf.records import OrderEvent

Positions: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPair:
    """An order as both sides have it.

    Attributes:
        expected: Positions of its events on the expected side; empty where it has none there.
        actual: The same on the actual side.
        is_whole: Whether these are all its events; otherwise both sides share the others.

    """

    expected: Positions
    actual: Positions
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    positions: Positions
    events: tuple[OrderEvent, ...]


def match_orders(
    expected: Sequence[OrderEvent],
    actual: Sequence[OrderEvent],
    *,
    shared_ids: Collection[int],
    tolerances: Mapping[str, Tolerance],
) -> list[OrderPair]:
    """Return the orders of two lists, each with its counterpart or without one.

    Orders are aligned by all that their events say except their numbers. Those that nothing equals
    are matched between their neighbors, first with what may differ a little, then with other times,
    then with other values.

    Args:
        expected: Events of one side.
        actual: Events of the other.
        shared_ids: Orders with further events that both sides share; their numbers are the same.
        tolerances: By how much a field may differ.

    """
    of_expected, of_actual = positions_by_order(expected), positions_by_order(actual)
    begun = [
        OrderPair(
            expected=of_expected.pop(order_id, ()),
            actual=of_actual.pop(order_id, ()),
            is_whole=False,
        )
        for order_id in dict.fromkeys([*of_expected, *of_actual])
        if order_id in shared_ids
    ]
    left, right = _orders(expected, of_expected), _orders(actual, of_actual)
    return [*begun, *_matched(left, right, tolerances)]


def positions_by_order(events: Sequence[OrderEvent]) -> dict[int, Positions]:
    """Return the positions of each order's events, by its number, in order of first appearance."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for at, event in enumerate(events):
        found[event.order_id].append(at)
    return {order_id: tuple(positions) for order_id, positions in found.items()}


def _orders(events: Sequence[OrderEvent], positions: Mapping[int, Positions]) -> list[_Order]:
    return [
        _Order(positions=found, events=tuple(events[at] for at in found))
        for found in positions.values()
    ]


def _matched(
    expected: Sequence[_Order], actual: Sequence[_Order], tolerances: Mapping[str, Tolerance]
) -> Iterator[OrderPair]:
    looser = (*map(_of_all_events, contents_within(tolerances)), *LOOSER)
    partner = dict(matched(expected, actual, _contents, looser))
    for i, order in enumerate(expected):
        j = partner.get(i)
        there = () if j is None else actual[j].positions
        yield OrderPair(expected=order.positions, actual=there)
    for j in sorted(set(range(len(actual))) - set(partner.values())):
        yield OrderPair(expected=(), actual=actual[j].positions)


def _contents(order: _Order) -> bytes:
    return b"\n".join(map(content_key, order.events))


def _of_all_events(key: Callable[[OrderEvent], Hashable]) -> Callable[[_Order], Hashable]:
    return lambda order: tuple(map(key, order.events))


def _contents_at_any_time(order: _Order) -> Hashable:
    return tuple(map(timeless_key, order.events))


def _same_request(order: _Order) -> Hashable:
    first = order.events[0]
    return _same_intent(order), first.quantity, first.limit_price, first.stop_price


def _same_intent(order: _Order) -> Hashable:
    first = order.events[0]
    return first.ts_event_ns, first.symbol, first.side, first.type


def _same_size(order: _Order) -> Hashable:
    first = order.events[0]
    return first.symbol, first.side, first.type, first.quantity


def _same_moment(order: _Order) -> Hashable:
    return order.events[0].ts_event_ns, order.events[0].symbol


# The strictest first: what has an order's time, symbol and direction is rather the same one than
# what has its size.
LOOSER = (_contents_at_any_time, _same_request, _same_intent, _same_moment, _same_size)
