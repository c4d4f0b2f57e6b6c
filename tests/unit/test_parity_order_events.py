from __future__ import annotations

from dataclasses import dataclass

from support.order_events import event

from pytest_zacperf.parity import InMemory, OrderEvents
from pytest_zacperf.parity.order_events import COUNTED_BYTES


@dataclass(slots=True)
class Counting:
    """Content that counts how often somebody looked at it."""

    data: bytes
    looks: int = 0

    @property
    def size_bytes(self) -> int:
        self.looks += 1
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        self.looks += 1
        return self.data[start:end]


def test_order_events_are_a_sequence() -> None:
    events = OrderEvents.of([event(), event(event_id=2)])
    assert len(events) == 2
    assert events[1].event_id == 2
    assert list(events[:1]) == [event()]
    assert [e.event_id for e in events] == [1, 2]


def test_order_events_are_equal_by_their_bytes() -> None:
    assert OrderEvents.of([event(fee=0.0)]) == OrderEvents.of([event(fee=0.0)])
    assert OrderEvents.of([event(fee=0.0)]) != OrderEvents.of([event(fee=-0.0)])


def test_another_type_decides_itself_about_equality() -> None:
    assert OrderEvents.of([]).__eq__([]) is NotImplemented


def test_the_text_of_order_events_does_not_grow_with_them() -> None:
    assert repr(OrderEvents.of([event(), event(order_id=2)])) == "<2 orders, 2 order events>"
    assert repr(OrderEvents.of([event()])) == "<1 order, 1 order event>"


def test_the_text_of_many_order_events_is_their_size_and_counts_nothing() -> None:
    many = OrderEvents(InMemory(b"x" * (COUNTED_BYTES + 1)))
    assert repr(many) == "<order events, 1.05 MB>"


def test_the_text_of_damaged_order_events_is_the_reason() -> None:
    assert repr(OrderEvents(InMemory(b"x\n"))).startswith("<order events that cannot be read: ")


def test_order_events_are_read_at_first_use_and_anew_for_each_comparison() -> None:
    content = Counting(b"")
    events = OrderEvents(content)
    assert content.looks == 0
    assert (len(events), list(events)) == (0, [])
    looks = content.looks
    assert events.detached() == events
    assert content.looks > looks
