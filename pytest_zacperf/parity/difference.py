"""Two lists of order events that are not the same: where they part, and all that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity.canonical_form import decode_events
from pytest_zacperf.parity.changes import Changes, changes_between
from pytest_zacperf.parity.contents import Content, SharedEnds, blocks_of_lines, shared_ends
from pytest_zacperf.parity.counts import (
    Counts,
    count_events,
    count_orders,
    count_renumbered,
    first_by_symbol,
)
from pytest_zacperf.parity.divergence import Divergence, first_divergence
from pytest_zacperf.parity.order_events import OrderEvents
from pytest_zacperf.parity.tolerance import Tolerance
from pytest_zacperf.parity.totals import Tally, Totals
from pytest_zacperf.records import OrderEvent

# How much is read, and how much shown, of what both sides share next to a difference.
NEAR_BYTES = 1 << 16
NEAR_EVENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two lists of order events that are not the same.

    Attributes:
        divergence: Where they part; None where both hold the same events in other bytes.
        expected_totals: What the expected side amounts to.
        actual_totals: What the actual side amounts to.
        before: How many events both sides share before all that differs.
        shared_before: The last few of these.
        shared_after: The first few events after all that differs.
        expected: The events from there until both sides are the same again.
        actual: The same of the actual side.
        changes: What became of each of these.

    """

    divergence: Divergence | None
    expected_totals: Totals
    actual_totals: Totals
    before: int
    shared_before: Sequence[OrderEvent]
    shared_after: Sequence[OrderEvent]
    expected: Sequence[OrderEvent]
    actual: Sequence[OrderEvent]
    changes: Changes

    @property
    def orders(self) -> Counts:
        """How many orders are what."""
        return count_orders(self.changes, self.expected_totals.orders)

    @property
    def events(self) -> Counts:
        """How many events are what; one that only has another place is equal."""
        return count_events(self.changes, self.expected_totals.order_events)

    @property
    def renumbered_orders(self) -> int:
        """How many orders have another number."""
        return count_renumbered(self.changes, self.expected, self.actual)

    @property
    def moved_events(self) -> int:
        """How many events have another place."""
        return len(self.changes.moved)

    @property
    def by_symbol(self) -> Mapping[str, int]:
        """Number of the first event that differs, by symbol, ascending."""
        first = first_by_symbol(self.changes, self.expected, self.actual)
        return {symbol: self.before + at + 1 for symbol, at in first.items()}


def difference(
    expected: OrderEvents,
    actual: OrderEvents,
    *,
    tolerances: Mapping[str, Tolerance] | None = None,
) -> Difference | None:
    """Return how two lists of order events differ, or None where they are equal.

    Only what lies between their shared ends is decoded as a whole.

    Args:
        expected: The accepted side.
        actual: The side under test.
        tolerances: By field; none compares bit for bit.

    Raises:
        ValueError: A line holds no order event; it says which.

    """
    left, right = expected.content, actual.content
    ends = shared_ends(left, right)
    if ends.before_bytes == left.size_bytes == right.size_bytes:
        return None
    middle = _between(left, ends), _between(right, ends)
    before, after = _tallies(left, ends)
    ids = before.order_ids | after.order_ids
    changes = changes_between(*middle, shared_ids=ids, tolerances=tolerances)
    divergence = first_divergence(changes, *middle, before=ends.before_lines)
    if divergence is None and tolerances:
        return None
    return Difference(
        divergence=divergence,
        expected_totals=before.followed_by(_tally(left, ends)).followed_by(after).totals(),
        actual_totals=before.followed_by(_tally(right, ends)).followed_by(after).totals(),
        before=ends.before_lines,
        shared_before=_last_before(left, ends),
        shared_after=_first_after(left, ends),
        expected=middle[0],
        actual=middle[1],
        changes=changes,
    )


def _between(content: Content, ends: SharedEnds) -> list[OrderEvent]:
    data = content.read(ends.before_bytes, content.size_bytes - ends.after_bytes)
    return decode_events(data, lines_before=ends.before_lines)


def _last_before(content: Content, ends: SharedEnds) -> list[OrderEvent]:
    start = max(0, ends.before_bytes - NEAR_BYTES)
    lines = content.read(start, ends.before_bytes).splitlines(keepends=True)
    whole = lines if start == 0 else lines[1:]
    return decode_events(b"".join(whole[-NEAR_EVENTS:]))


def _first_after(content: Content, ends: SharedEnds) -> list[OrderEvent]:
    start = content.size_bytes - ends.after_bytes
    data = content.read(start, min(start + NEAR_BYTES, content.size_bytes))
    whole = [line for line in data.splitlines(keepends=True) if line.endswith(b"\n")]
    return decode_events(b"".join(whole[:NEAR_EVENTS]))


def _tallies(content: Content, ends: SharedEnds) -> tuple[Tally, Tally]:
    size = content.size_bytes
    before, after = Tally(), Tally()
    for lines in blocks_of_lines(content, 0, ends.before_bytes):
        before.add(lines)
    for lines in blocks_of_lines(content, size - ends.after_bytes, size):
        after.add(lines)
    return before, after


def _tally(content: Content, ends: SharedEnds) -> Tally:
    tally = Tally()
    between = ends.before_bytes, content.size_bytes - ends.after_bytes
    for lines in blocks_of_lines(content, *between):
        tally.add(lines)
    return tally
