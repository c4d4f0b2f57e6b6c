"""Order events as a sequence: compared as bytes, decoded when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

from pytest_zacperf.parity.canonical_form import decode_events, encode_events
from pytest_zacperf.parity.contents import Content, InMemory, are_same, blocks_of_lines
from pytest_zacperf.parity.totals import Tally, Totals
from pytest_zacperf.records import OrderEvent, Origin
from pytest_zacperf.units import format_bytes, format_count

COUNTED_BYTES = 1 << 20


class OrderEvents(Sequence[OrderEvent]):
    """The order events of a run or a recording.

    Args:
        content: Their canonical JSON Lines; read anew for each comparison, so that no copy of a
            long list stays in memory.
        origin: The run they came from; None where nobody knows it.

    """

    def __init__(self, content: Content, *, origin: Origin | None = None) -> None:
        self.content = content
        self.origin = origin

    @classmethod
    def of(cls, events: Iterable[OrderEvent]) -> OrderEvents:
        """Return order events that are in memory already; they must be canonical."""
        return cls(InMemory(bytes(encode_events(events))))

    def blocks(self) -> Iterator[bytes]:
        """Yield the canonical JSON Lines, some whole lines at a time."""
        return blocks_of_lines(self.content, 0, self.content.size_bytes)

    def detached(self) -> OrderEvents:
        """Return the same order events without what was decoded so far."""
        return OrderEvents(self.content, origin=self.origin)

    @cached_property
    def _events(self) -> tuple[OrderEvent, ...]:
        return tuple(decode_events(self.content.read(0, self.content.size_bytes)))

    @cached_property
    def totals(self) -> Totals:
        """What they amount to.

        Raises:
            ValueError: A line holds no order event.

        """
        tally = Tally()
        for lines in self.blocks():
            tally.add(lines)
        return tally.totals()

    @overload
    def __getitem__(self, index: int) -> OrderEvent: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[OrderEvent]: ...

    def __getitem__(self, index: int | slice) -> OrderEvent | Sequence[OrderEvent]:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[OrderEvent]:
        return iter(self._events)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OrderEvents):
            # The other side decides; False would end a comparison with syrupy in a KeyError.
            return NotImplemented
        return are_same(self.content, other.content)

    # Equal by content, and the content may be a file that changes.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        try:
            size_bytes = self.content.size_bytes
            if size_bytes > COUNTED_BYTES:  # nobody shall wait for a name
                return f"<order events, {format_bytes(size_bytes)}>"
            return f"<{size_text(self.totals)}>"
        except (OSError, ValueError) as e:
            return f"<order events that cannot be read: {e}>"


def size_text(totals: Totals) -> str:
    """Return how much there is, such as ``157 orders, 456 order events``."""
    return f"{_count(totals.orders, 'order')}, {_count(totals.order_events, 'order event')}"


def _count(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"
