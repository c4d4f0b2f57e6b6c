"""Orders of two lists that are compared place by place: which one has whose places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from pytest_zacperf.parity.matching import OrderPair, positions_by_order
from pytest_zacperf.records import OrderEvent

Node: TypeAlias = tuple[int, int]  # side, and number of an order there
EXPECTED, ACTUAL = 0, 1


def orders_in_place(
    expected: Sequence[OrderEvent], actual: Sequence[OrderEvent], shared_ids: Collection[int]
) -> tuple[OrderPair, ...]:
    """Return the orders of two lists of one length, each with the one that has its places.

    Where an event is under the number of another order, all orders that share places are paired by
    their numbers, then by their first events; what is left over is one side's alone.

    Args:
        expected: Events of one side.
        actual: Events of the other.
        shared_ids: Orders with further events that both sides share; their numbers are the same.

    """
    positions = positions_by_order(expected), positions_by_order(actual)
    shared = frozenset(shared_ids)
    together = _Groups()
    for one, other in zip(expected, actual, strict=True):
        together.join((EXPECTED, one.order_id), (ACTUAL, other.order_id))
    for order_id in shared:
        if order_id in positions[EXPECTED] and order_id in positions[ACTUAL]:
            together.join((EXPECTED, order_id), (ACTUAL, order_id))
    groups: defaultdict[Node, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side in (EXPECTED, ACTUAL):
        for order_id in positions[side]:
            groups[together.root((side, order_id))][side].append(order_id)
    return tuple(
        OrderPair(
            expected=() if left is None else positions[EXPECTED][left],
            actual=() if right is None else positions[ACTUAL][right],
            is_whole=left not in shared and right not in shared,
        )
        for of_expected, of_actual in groups.values()
        for left, right in _paired(of_expected, of_actual, shared)
    )


def _paired(
    of_expected: Sequence[int], of_actual: Sequence[int], shared_ids: frozenset[int]
) -> Iterator[tuple[int | None, int | None]]:
    both = {*of_expected} & {*of_actual}
    yield from ((order_id, order_id) for order_id in of_expected if order_id in both)
    # One that both sides share is no other one, even where only one has events of it here.
    yield from ((order_id, None) for order_id in of_expected if order_id in shared_ids - both)
    yield from ((None, order_id) for order_id in of_actual if order_id in shared_ids - both)
    left = [order_id for order_id in of_expected if order_id not in both | shared_ids]
    right = [order_id for order_id in of_actual if order_id not in both | shared_ids]
    for at in range(max(len(left), len(right))):
        yield left[at] if at < len(left) else None, right[at] if at < len(right) else None


class _Groups:
    """Nodes that are joined, one pair after the other: a disjoint-set forest."""

    def __init__(self) -> None:
        self._parents: dict[Node, Node] = {}

    def root(self, node: Node) -> Node:
        """Return the node that stands for all that are joined with *node*."""
        path = []
        while (parent := self._parents.get(node, node)) != node:
            path.append(node)
            node = parent
        for passed in path:
            self._parents[passed] = node
        return node

    def join(self, one: Node, other: Node) -> None:
        """Join two nodes and all that are joined with them."""
        roots = self.root(one), self.root(other)
        if roots[0] != roots[1]:
            self._parents[roots[1]] = roots[0]
