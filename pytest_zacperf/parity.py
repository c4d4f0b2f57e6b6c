"""Order events: their canonical form, equality, and the first place where two lists part."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, get_args, overload

import msgspec

from pytest_zacperf.records import OrderEvent, OrderSide, OrderStatus
from pytest_zacperf.sentences import cut

INTEGERS = ("ts_event_ns", "order_id", "event_id")
NUMBERS = ("quantity", "limit_price", "stop_price", "fill_quantity", "fill_price", "fee")
OPTIONAL = tuple(f.name for f in msgspec.structs.fields(OrderEvent) if f.default is None)
LONGEST_VALUE = 100
CHOICES = {"status": get_args(OrderStatus), "side": get_args(OrderSide)}

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(OrderEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first event at which two lists part; what follows may be its echo.

    Attributes:
        index: Number of the event, from 1.
        fields: Names of the fields that differ, in the order of the record; empty when one side
            has no such event.
        expected: The recorded event; None when the recording has ended.
        actual: The event of this run; None when the run has ended.

    """

    index: int
    fields: tuple[str, ...]
    expected: OrderEvent | None
    actual: OrderEvent | None


class OrderEvents(Sequence[OrderEvent]):
    """The order events of a run or a recording: compared by bytes, decoded when looked at.

    Args:
        read: Returns the canonical JSON Lines; called anew for each comparison, so that no copy
            of a long list stays in memory.

    """

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read

    @classmethod
    def of(cls, events: Iterable[OrderEvent]) -> OrderEvents:
        """Return order events that are in memory already; they must be canonical."""
        return cls(partial(bytes, encode_events(events)))

    def encoded(self) -> bytes:
        """Return the canonical JSON Lines."""
        return self._read()

    def detached(self) -> OrderEvents:
        """Return the same order events without what was decoded so far."""
        return OrderEvents(self._read)

    @cached_property
    def _events(self) -> tuple[OrderEvent, ...]:
        return tuple(decode_events(self._read()))

    @cached_property
    def totals(self) -> str:
        """How much there is, such as ``157 orders, 456 order events``."""
        orders = len({event.order_id for event in self._events})
        return f"{_count(orders, 'order')}, {_count(len(self._events), 'order event')}"

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
        return self._read() == other.encoded()

    # Equal by content, and the content may be a file that changes.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        try:
            return f"<{self.totals}>"
        except (OSError, ValueError) as e:
            return f"<order events that cannot be read: {e}>"


def canonical(events: Iterable[OrderEvent], volatile: Collection[str]) -> list[OrderEvent]:
    """Return order events in the form that is stored and compared.

    Args:
        events: In the order in which they happened.
        volatile: Fields that differ between equal runs: ``order_id`` is renumbered from 1 by first
            appearance, an optional field is left out.

    Raises:
        ValueError: Something that is no order event, or whose fields cannot be right; a number
            that is none, NaN or infinite; a volatile field that must not be.

    """
    dropped = sorted(set(volatile) - {"order_id"})
    for name in dropped:
        if name not in OPTIONAL:
            raise ValueError(
                f"{name!r} cannot be volatile; these can: order_id, {', '.join(OPTIONAL)}"
            )
    numbers: dict[int, int] = {}
    result = []
    for position, event in enumerate(events, start=1):
        _require_order_event(event, position)
        changes: dict[str, Any] = {name: _integer(event, name) for name in INTEGERS}
        changes |= {name: _float(event, name) for name in NUMBERS}
        changes["extra"] = _extra(event)
        if "order_id" in volatile:
            changes["order_id"] = numbers.setdefault(changes["order_id"], len(numbers) + 1)
        changes |= dict.fromkeys(dropped)
        result.append(_validated(msgspec.structs.replace(event, **changes)))
    return result


def encode_events(events: Iterable[OrderEvent]) -> bytes:
    """Return canonical order events as JSON Lines: one a line, keys in the order of the record."""
    return _ENCODER.encode_lines(events)


def decode_events(data: bytes) -> list[OrderEvent]:
    """Return the order events in JSON Lines.

    Raises:
        ValueError: A line that holds no order event, with its number.

    """
    try:
        return _DECODER.decode_lines(data)
    except msgspec.DecodeError:
        for number, line in enumerate(data.splitlines(), start=1):
            try:
                _DECODER.decode(line or b"{}")
            except msgspec.DecodeError as e:
                raise ValueError(f"line {number} holds no order event: {e}") from e
        raise


def first_divergence(
    expected: Sequence[OrderEvent], actual: Sequence[OrderEvent]
) -> Divergence | None:
    """Return the first event that is not the same, bit for bit, on both sides."""
    for index, (left, right) in enumerate(zip(expected, actual, strict=False), start=1):
        # Not ==, which takes -0.0 for 0.0.
        if _ENCODER.encode(left) != _ENCODER.encode(right):
            fields = tuple(
                name for name in OrderEvent.__struct_fields__ if _parts(left, right, name)
            )
            return Divergence(index=index, fields=fields, expected=left, actual=right)
    shared = min(len(expected), len(actual))
    if len(expected) == len(actual):
        return None
    return Divergence(
        index=shared + 1,
        fields=(),
        expected=expected[shared] if shared < len(expected) else None,
        actual=actual[shared] if shared < len(actual) else None,
    )


def _require_order_event(event: object, position: int) -> None:
    if not isinstance(event, OrderEvent):
        # Not a TypeError: whatever is wrong with order events is one kind of error.
        raise ValueError(  # noqa: TRY004
            f"order event {position} is a {type(event).__name__}; "
            "build it with pytest_zacperf.records.OrderEvent"
        )


def _validated(event: OrderEvent) -> OrderEvent:
    """Return the event; a struct checks the types of its fields only when it is decoded."""
    try:
        return msgspec.convert(msgspec.structs.asdict(event), OrderEvent)
    except msgspec.ValidationError as e:
        problem, _, path = str(e).partition(" - at `$.")
        name = path.rstrip("`").partition("[")[0]
        reason = f"is none of {', '.join(CHOICES[name])}" if name in CHOICES else problem.lower()
        raise ValueError(f"{_place(event, name)}: {reason}") from e


def _parts(left: OrderEvent, right: OrderEvent, name: str) -> bool:
    return _ENCODER.encode(getattr(left, name)) != _ENCODER.encode(getattr(right, name))


def _integer(event: OrderEvent, name: str) -> int:
    try:
        return operator.index(getattr(event, name))
    except TypeError as e:
        raise ValueError(f"{_place(event, name)} is not a whole number") from e


def _float(event: OrderEvent, name: str) -> float | None:
    value: Any = getattr(event, name)
    if value is None and name in OPTIONAL:
        return None
    try:
        # A text would be converted too, but an engine that gives one has mixed up its fields.
        number = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError) as e:
        raise ValueError(f"{_place(event, name)} is not a number") from e
    if not math.isfinite(number):
        raise ValueError(f"{_place(event, name)} is not a finite number")
    return number


def _extra(event: OrderEvent) -> dict[str, Any] | None:
    extra: object = event.extra
    if extra is None or extra == {}:
        return None
    if not isinstance(extra, Mapping) or not all(isinstance(key, str) for key in extra):
        raise ValueError(f"{_place(event, 'extra')} is no mapping of names to values")
    for key, value in extra.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(
                f"order {event.order_id}, event {event.event_id}: extra[{key!r}] = {value!r} "
                "is not a finite number"
            )
    # Sorted, so that equal runs are equal bytes however the engine filled it.
    return dict(sorted(extra.items()))


def _place(event: OrderEvent, name: str) -> str:
    value = cut(repr(getattr(event, name)), LONGEST_VALUE)
    return f"order {event.order_id}, event {event.event_id}: {name} = {value}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
