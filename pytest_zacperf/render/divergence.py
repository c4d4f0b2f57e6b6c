"""Where two lists of order events part, in the few lines that pytest shows."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping

from pytest_zacperf.parity import Counts, Difference, Divergence, Kind, Totals
from pytest_zacperf.records import OrderEvent
from pytest_zacperf.render.text import cut, escape, value_text
from pytest_zacperf.units import NS_PER_S, format_count

EXCHANGE_ZONE = "America/New_York"
LONGEST_NAME = 20
LONGEST_LIST = 48
LONGEST_LINE = 120
MOST_SYMBOLS = 4
MOST_CURRENCIES = 2

WHAT = {
    Kind.CHANGED: "order events diverge at event {}",
    Kind.SHIFTED: "order events diverge at event {}: its order has another time",
    Kind.MISSING_ORDER: "order event {} is missing, and with it all of its order",
    Kind.EXTRA_ORDER: "order event {} is extra, and so is all of its order",
    Kind.MISSING_EVENT: "order event {} is missing from its order",
    Kind.EXTRA_EVENT: "order event {} is extra in its order",
    Kind.MOVED: "order event {} comes at another place",
    Kind.RENUMBERED: "order event {} has another order number, and nothing else differs",
}


def difference_lines(
    difference: Difference, *, words: tuple[str, str] = ("expected", "was")
) -> list[str]:
    """Return how two lists of order events differ: at most 5 lines of 120 characters.

    pytest cuts an explanation after 8 lines or 640 characters, and its callers need some of them;
    `fitted` makes room for theirs.

    Args:
        difference: What was found.
        words: For a value of the expected side, and of the other.

    """
    divergence = difference.divergence
    if divergence is None:
        return [
            "the recording holds the same order events in other bytes",
            "  its line ends or its formatting were changed; restore it from git",
        ]
    lines = [
        WHAT[divergence.kind].format(format_count(divergence.index)),
        *_where(divergence),
        *_values(divergence, words),
        f"  {_counts(difference)}",
        f"  {_money(difference.expected_totals, difference.actual_totals)}",
    ]
    if len(difference.by_symbol) > 1:
        lines[-1] += f"; first by symbol: {_by_symbol(difference.by_symbol)}"
    return [cut(line, LONGEST_LINE) for line in lines]


def time_text(ts_event_ns: int) -> str:
    """Return a time in New York and in UTC; in UTC alone where no time zones are known."""
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
        local = moment.astimezone(zoneinfo.ZoneInfo(EXCHANGE_ZONE))
    except (OverflowError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return _utc(ts_event_ns)
    day = "" if local.date() == moment.date() else f"{moment:%Y-%m-%d} "
    fraction = _fraction(ts_event_ns)
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction} New York, {day}{moment:%H:%M:%S}{fraction} UTC"


def change_text(difference: Difference) -> str:
    """Return how large a difference is, in one line."""
    orders, events = difference.orders, difference.events
    expected, actual = difference.expected_totals, difference.actual_totals
    profit_loss = _both(f"{expected.profit_loss:,.2f}", f"{actual.profit_loss:,.2f}")
    return f"orders {_few(orders)}; events {_few(events)}; P&L {profit_loss}"


def _few(counts: Counts) -> str:
    named = (("added", counts.added), ("removed", counts.removed), ("changed", counts.changed))
    return ", ".join(f"{format_count(number)} {name}" for name, number in named)


def _where(divergence: Divergence) -> Iterator[str]:
    event = divergence.actual or divergence.expected
    if event is not None:
        symbol = cut(escape(event.symbol), LONGEST_NAME)
        yield (
            f"  {time_text(event.ts_event_ns)}, {symbol}, order {event.order_id}, "
            f"event {event.event_id}: {event.side} {event.status}"
        )


def _values(divergence: Divergence, words: tuple[str, str]) -> Iterator[str]:
    if not (divergence.fields and divergence.expected and divergence.actual):
        return
    name, *others = divergence.fields
    shown = _shown(name, divergence.expected, divergence.actual)
    pairs = ", ".join(f"{word} {value}" for word, value in zip(words, shown, strict=True))
    also = f"; also {cut(', '.join(others), LONGEST_LIST)}" if others else ""
    yield f"  {name}: {pairs}{also}"


def _counts(difference: Difference) -> str:
    orders, events = difference.orders, difference.events
    parts = [
        f"{format_count(of_orders)} ({format_count(of_events)}) {what}"
        for what, of_orders, of_events in (
            ("equal", orders.equal, events.equal),
            ("changed", orders.changed, events.changed),
            ("added", orders.added, events.added),
            ("removed", orders.removed, events.removed),
        )
    ]
    moved = difference.moved_events
    echoes = (
        (difference.renumbered_orders, "with another number"),
        (moved, f"event{'' if moved == 1 else 's'} at another place"),
    )
    also = "".join(f"; {format_count(number)} {what}" for number, what in echoes if number)
    return f"orders (events): {', '.join(parts)}{also}"


def _money(expected: Totals, actual: Totals) -> str:
    fills = _both(format_count(expected.fills), format_count(actual.fills))
    profit_loss = _both(f"{expected.profit_loss:,.2f}", f"{actual.profit_loss:,.2f}")
    fees = _both(_fees(expected.fees), _fees(actual.fees))
    return f"fills {fills}, P&L {profit_loss}, fees {fees}"


def _both(expected: str, actual: str) -> str:
    return expected if expected == actual else f"{expected} -> {actual}"


def _fees(fees: Mapping[str, float]) -> str:
    amounts = [
        f"{amount:,.2f} {cut(escape(currency), LONGEST_NAME)}".rstrip()
        for currency, amount in fees.items()
    ]
    more = f" and {len(amounts) - MOST_CURRENCIES} more" if len(amounts) > MOST_CURRENCIES else ""
    return " + ".join(amounts[:MOST_CURRENCIES]) + more or "none"


def _by_symbol(first: Mapping[str, int]) -> str:
    shown = [
        f"{cut(escape(symbol), LONGEST_NAME)} {format_count(index)}"
        for symbol, index in list(first.items())[:MOST_SYMBOLS]
    ]
    more = f" and {len(first) - MOST_SYMBOLS} more" if len(first) > MOST_SYMBOLS else ""
    return ", ".join(shown) + more


def _shown(name: str, expected: OrderEvent, actual: OrderEvent) -> list[str]:
    values = [getattr(event, name) for event in (expected, actual)]
    if name == "ts_event_ns":
        return [_utc(value) for value in values]
    return [value_text(value) for value in values]


def _utc(ts_event_ns: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ts_event_ns} ns since 1970 UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(ts_event_ns)} UTC"


def _fraction(ts_event_ns: int) -> str:
    digits = f"{ts_event_ns % NS_PER_S:09}".rstrip("0")
    return f".{digits}" if digits else ""
