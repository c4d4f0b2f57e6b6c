"""A stream of order events as data: it prints as a table that is Python again; draws nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from pytest_zacperf.properties.tables import (
    Printer,
    format_table,
    parse_table,
    print_call,
    table_error,
)
from pytest_zacperf.records import OrderEvent

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NS_PER_MICROSECOND = 1_000
NOTHING = "-"
TIME = "UTC"
# What a drawn event has. It has no tag, no message and nothing extra.
FIELDS = tuple(
    name
    for name in OrderEvent.__struct_fields__
    if name not in {"ts_event_ns", "tag", "message", "extra"}
)
HEADER = (TIME, *FIELDS)


class OrderEventStream(tuple[OrderEvent, ...]):
    """Order events in the order in which they happened."""

    __slots__ = ()

    def __repr__(self) -> str:
        lines = format_table(HEADER, [row_of(event) for event in self])
        return "\n".join(['order_event_table("""', *(f"    {line}" for line in lines), '""")'])

    def _repr_pretty_(self, printer: Printer, _: bool) -> None:
        print_call(repr(self), printer)


def row_of(event: OrderEvent) -> tuple[str, ...]:
    """Return an event as the cells of its row, its time in UTC."""
    values = (getattr(event, name) for name in FIELDS)
    return (_time(event.ts_event_ns), *(_cell(value) for value in values))


def order_event_table(text: str) -> OrderEventStream:
    """Return the events that a printed table shows.

    Args:
        text: A line of column names, then a line for each event, as a failed check prints it.

    Raises:
        ValueError: A line is not one of such a table.

    """
    header, *rows = parse_table(text, columns=len(HEADER))
    if tuple(header) != HEADER:
        raise table_error(header, f"a table begins with {' '.join(HEADER)}")
    return OrderEventStream(map(_event, rows))


def _event(cells: Sequence[str]) -> OrderEvent:
    time, *others = cells
    values: dict[str, object] = {
        name: cell for name, cell in zip(FIELDS, others, strict=True) if cell != NOTHING
    }
    try:
        since = dt.datetime.fromisoformat(time) - EPOCH
        values["ts_event_ns"] = since // dt.timedelta(microseconds=1) * NS_PER_MICROSECOND
        return msgspec.convert(values, OrderEvent, strict=False)
    except (ValueError, TypeError, msgspec.ValidationError) as e:
        raise table_error(cells, str(e)) from e


def _time(ts_ns: int) -> str:
    return (EPOCH + dt.timedelta(microseconds=ts_ns // NS_PER_MICROSECOND)).isoformat()


def _cell(value: object) -> str:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else repr(value)
