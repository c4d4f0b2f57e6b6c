"""Sides of a comparison, and what two of them can be compared by; reads no file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import msgspec

from pytest_zacperf.foreign_events import bare
from pytest_zacperf.parity import OrderEvents
from pytest_zacperf.parity_report import origin_of
from pytest_zacperf.records import EquityPoint, OrderEvent, Origin, Run, StatisticValue, Trade

# Who wrote it: we, another program, or LEAN into its main file or its summary.
Kind: TypeAlias = Literal["ours", "foreign", "lean", "lean summary"]
ORDER_EVENTS = "order events"
OF_LEAN = {"lean", "lean summary"}
# What every program writes in its own way.
OWN = ("trades", "equity", "statistics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: As somebody named it.
        order_events: What it did; None for a summary alone.
        kind: Who wrote it.
        run: Its record; None for what another program did.
        statistics: Its summary; None where there is none.
        trades: None for what another program did.
        equity: None where there is none.
        knows_orders: Whether its order events have the types and tags of their orders.
        notes: What a reader must know of it.

    """

    name: str
    order_events: OrderEvents | None
    kind: Kind = "ours"
    run: Run | None = None
    statistics: Mapping[str, StatisticValue] | None = None
    trades: Sequence[Trade] | None = None
    equity: Sequence[EquityPoint] | None = None
    knows_orders: bool = True
    notes: tuple[str, ...] = ()

    @property
    def origin(self) -> Origin | None:
        """Where it came from; None where nobody knows."""
        return origin_of(self.run) if self.run else None

    @property
    def noted(self) -> Iterator[str]:
        """What a reader must know, with the name of the side."""
        return (f"{self.name}: {note}" for note in self.notes)


def brought_together(first: Side, second: Side) -> tuple[Side, Side, tuple[str, ...]]:
    """Return two sides without what the other one cannot know, and what that was and why.

    Raises:
        ValueError: A line of order events is damaged.

    """
    reduced: list[str] = []
    sides = [first, second]
    if first.knows_orders != second.knows_orders:
        sides = [_bare(side) if side.knows_orders else side for side in sides]
        if any(after is not before for after, before in zip(sides, (first, second), strict=True)):
            reduced.append("order types and tags, which a file of order events alone does not have")
    if {first.kind, second.kind} == OF_LEAN:
        sides, lost = _without_summary_gaps(*sides)
        reduced += lost
    elif first.kind != second.kind:
        lost = [name for name in OWN if not _has_none([getattr(side, name) for side in sides])]
        sides = [replace(side, trades=None, equity=None, statistics=None) for side in sides]
        reduced += [f"{name}, which two programs do not put down alike" for name in lost]
    if _is_of_lean(sides[0]) != _is_of_lean(sides[1]):
        return _as_one_program(sides[0], sides[1], reduced)
    return sides[0], sides[1], tuple(reduced)


def _bare(side: Side) -> Side:
    events = list(side.order_events or ())
    plain = [bare(event) for event in events]
    return side if plain == events else replace(side, order_events=OrderEvents.of(plain))


def _without_summary_gaps(first: Side, second: Side) -> tuple[list[Side], list[str]]:
    lost = []
    names = (first.statistics or {}).keys() & (second.statistics or {}).keys()
    sides = [
        replace(
            side,
            equity=None,
            statistics=side.statistics
            and {name: value for name, value in side.statistics.items() if name in names},
        )
        for side in (first, second)
    ]
    if first.equity is not None and second.equity is not None:
        lost.append("equity, of which a summary has one point in 7 days")
    if any(len(side.statistics or ()) > len(names) for side in (first, second)):
        lost.append("statistics that a summary does not have")
    return sides, lost


def _is_of_lean(side: Side) -> bool:
    # A file of order events alone that does not know orders is LEAN's.
    return side.kind in OF_LEAN or not side.knows_orders


def _as_one_program(
    expected: Side, actual: Side, reduced: list[str]
) -> tuple[Side, Side, tuple[str, ...]]:
    # LEAN's side and that of another program, without the ways each has of its own.
    if expected.order_events is None or actual.order_events is None:
        return expected, actual, tuple(reduced)
    both = [list(expected.order_events), list(actual.order_events)]
    first, second = ({name for event in events for name in event.extra or ()} for events in both)
    own = first ^ second
    sides = [
        replace(side, order_events=OrderEvents.of(_with_tags_of_orders(events, own)))
        for side, events in zip((expected, actual), both, strict=True)
    ]
    lost = f"{', '.join(sorted(own))} of order events, which one of two programs does not put down"
    return sides[0], sides[1], (*reduced, *([lost] if own else []))


def _with_tags_of_orders(
    events: Sequence[OrderEvent], own: Collection[str]
) -> Iterator[OrderEvent]:
    # LEAN's orders have one tag, the last; other programs may put it down with one event alone.
    tags = {event.order_id: event.tag for event in events if event.tag is not None}
    for event in events:
        extra = {name: value for name, value in (event.extra or {}).items() if name not in own}
        tag = tags.get(event.order_id)
        yield msgspec.structs.replace(event, extra=extra or None, tag=tag)


def in_common(first: Side, second: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what both sides have, and what one of them alone has, in words."""
    sides = {
        ORDER_EVENTS: (first.order_events, second.order_events),
        "trades": (first.trades, second.trades),
        "equity": (first.equity, second.equity),
        "statistics": (first.statistics, second.statistics),
    }
    both = [name for name, values in sides.items() if not _has_none(values)]
    one = [name for name, (a, b) in sides.items() if (a is None) != (b is None)]
    return tuple(both), tuple(one)


def _has_none(values: Sequence[object]) -> bool:
    return any(value is None for value in values)
