"""Where two lists of order events part, in the few lines that pytest shows."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from pytest_zacperf.parity import Divergence, OrderEvents
from pytest_zacperf.records import OrderEvent
from pytest_zacperf.render.text import cut, escape
from pytest_zacperf.units import NS_PER_S

EXCHANGE_ZONE = "America/New_York"
LONGEST_VALUE = 48
LONGEST_NAME = 32
LONGEST_LIST = 80


def divergence_lines(
    divergence: Divergence | None, *, expected: OrderEvents, actual: OrderEvents
) -> list[str]:
    """Return where a run parts from its recording: at most 7 lines and 600 characters.

    pytest cuts an explanation after 8 lines or 640 characters, and syrupy takes some of them.
    """
    if divergence is None:
        return [
            "the recording holds the same order events in other bytes",
            "  its line ends or its formatting were changed; restore it from git",
        ]
    lines = difference_lines(divergence, expected=expected, actual=actual)
    return [*lines, "  if this run is right: pytest --snapshot-update, and commit the recording"]


def difference_lines(
    divergence: Divergence,
    *,
    expected: OrderEvents,
    actual: OrderEvents,
    sides: tuple[str, str] = ("the recording", "this run"),
    values: tuple[str, str] = ("expected", "was"),
) -> list[str]:
    """Return where two lists of order events part; *sides* and *values* are the words for them."""
    lines = [_place(divergence, *sides)]
    event = divergence.actual or divergence.expected
    if event is not None:
        symbol = cut(escape(event.symbol), LONGEST_NAME)
        order = f"order {event.order_id}, event {event.event_id}: {event.side} {event.status}"
        lines += [f"  {_times(event.ts_event_ns)}", f"  symbol {symbol}, {order}"]
    if divergence.fields and divergence.expected and divergence.actual:
        shown = _shown(divergence.fields[0], divergence.expected, divergence.actual)
        pairs = ", ".join(f"{word} {value}" for word, value in zip(values, shown, strict=True))
        lines.append(f"  {divergence.fields[0]}: {pairs}")
    if divergence.fields[1:]:
        others = ", ".join(divergence.fields[1:])
        lines.append(f"  also different in this event: {cut(others, LONGEST_LIST)}")
    left, right = (side.removeprefix("the ") for side in sides)
    lines.append(f"  {left}: {expected.totals}; {right}: {actual.totals}")
    return lines


def _place(divergence: Divergence, expected: str, actual: str) -> str:
    if divergence.actual is None:
        return f"order event {divergence.index:,} is missing: {actual} ended before it"
    if divergence.expected is None:
        return f"order event {divergence.index:,} is extra: {expected} has ended before it"
    return f"order events diverge at event {divergence.index:,}"


def _shown(name: str, expected: OrderEvent, actual: OrderEvent) -> list[str]:
    values = [getattr(event, name) for event in (expected, actual)]
    if name == "ts_event_ns":
        return [_utc(value) for value in values]
    return [cut(ascii(value) if _unsafe(value) else repr(value), LONGEST_VALUE) for value in values]


def _unsafe(value: object) -> bool:
    return isinstance(value, str) and not value.isprintable()


def _times(ts_event_ns: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
        local = moment.astimezone(zoneinfo.ZoneInfo(EXCHANGE_ZONE))
    except (OverflowError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return _utc(ts_event_ns)
    return f"{local:%Y-%m-%d %H:%M:%S}{_fraction(ts_event_ns)} New York, {_utc(ts_event_ns)}"


def _utc(ts_event_ns: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ts_event_ns} ns since 1970 UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(ts_event_ns)} UTC"


def _fraction(ts_event_ns: int) -> str:
    digits = f"{ts_event_ns % NS_PER_S:09}".rstrip("0")
    return f".{digits}" if digits else ""
