"""Streams of order events: orders live as orders do, and the table gives the stream again."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

from pytest_zacperf.calendars import sessions_of
from pytest_zacperf.parity import OrderEvents
from pytest_zacperf.parity.canonical_form import canonical
from pytest_zacperf.properties import OrderEventStream, order_event_streams, order_event_table
from pytest_zacperf.records import OrderEvent

SEARCH = settings(database=None, max_examples=2000, phases=[Phase.generate])
STREAMS = order_event_streams(symbols=("A", "B"))
DAYS = {
    session.day: session
    for session in sessions_of("XNYS", dt.date(2024, 1, 1), dt.date(2026, 12, 31))
}
ENDS = {"filled", "canceled", "rejected", "expired"}
FILLS = {"partially_filled", "filled"}


def _day(event: OrderEvent) -> dt.date:
    return dt.datetime.fromtimestamp(event.ts_event_ns // 10**9, dt.UTC).date()


@given(STREAMS)
def test_events_lie_within_sessions_of_the_exchange(stream: OrderEventStream) -> None:
    for event in stream:
        session = DAYS[_day(event)]
        assert session.open_ns <= event.ts_event_ns <= session.close_ns


def orders(stream: Iterable[OrderEvent]) -> dict[int, list[OrderEvent]]:
    found: dict[int, list[OrderEvent]] = defaultdict(list)
    for event in stream:
        found[event.order_id].append(event)
    return found


@given(STREAMS)
def test_events_come_in_order_of_time_and_orders_are_numbered_by_appearance(
    stream: OrderEventStream,
) -> None:
    assert all(a.ts_event_ns <= b.ts_event_ns for a, b in pairwise(stream))
    found = orders(stream)
    assert list(found) == list(range(1, len(found) + 1))
    for events in found.values():
        assert [event.event_id for event in events] == list(range(1, len(events) + 1))


@given(STREAMS)
def test_an_order_begins_submitted_and_nothing_follows_its_end(stream: OrderEventStream) -> None:
    for events in orders(stream).values():
        statuses = [event.status for event in events]
        assert statuses[0] == "submitted"
        assert "submitted" not in statuses[1:]
        assert not ENDS & set(statuses[:-1])


@given(STREAMS)
def test_fills_never_exceed_the_order_and_a_filled_one_is_filled_whole(
    stream: OrderEventStream,
) -> None:
    for events in orders(stream).values():
        filled = sum(event.fill_quantity or 0 for event in events)
        assert filled <= events[0].quantity
        if events[-1].status == "filled":
            assert filled == events[0].quantity
        for event in events:
            assert (event.status in FILLS) == bool(event.fill_quantity)
            assert (event.fill_price is None) == (event.fee is None) == (event.status not in FILLS)


@given(STREAMS)
def test_an_order_has_the_prices_of_its_type(stream: OrderEventStream) -> None:
    for event in stream:
        assert (event.limit_price is not None) == (event.type in {"limit", "stop_limit"})
        has_stop = event.type in {"stop_market", "stop_limit", "trailing_stop"}
        assert (event.stop_price is not None) == has_stop


@given(STREAMS)
def test_the_table_is_python_that_gives_the_stream_again(stream: OrderEventStream) -> None:
    again = eval(repr(stream), {"order_event_table": order_event_table})  # noqa: S307 - as pasted
    assert again == stream


@given(STREAMS)
def test_a_stream_is_canonical_and_a_recording_holds_it(stream: OrderEventStream) -> None:
    assert canonical(stream, {"order_id"}) == list(stream)
    recorded = OrderEvents.of(stream)
    assert list(recorded) == list(stream)
    assert recorded == OrderEvents.of(canonical(stream, {"order_id"}))


@pytest.mark.parametrize(("least", "most"), [(1, 1), (30, 40), (100, 100)])
def test_a_stream_has_as_many_events_as_asked_for(least: int, most: int) -> None:
    @given(order_event_streams(min_size=least, max_size=most))
    def check(stream: OrderEventStream) -> None:
        assert least <= len(stream) <= most

    check()


@pytest.mark.parametrize(
    "is_there",
    [
        pytest.param(
            lambda s: (
                any(len({e.order_id for e in s[n : n + 3]}) == 2 for n in range(len(s)))
                and any(
                    a.order_id == c.order_id != b.order_id
                    for a, b, c in zip(s, s[1:], s[2:], strict=False)
                )
            ),
            id="orders interleaved",
        ),
        pytest.param(lambda s: {e.symbol for e in s} == {"A", "B"}, id="two symbols"),
        pytest.param(
            lambda s: any(
                sum(e.status == "partially_filled" for e in events) == 2
                for events in orders(s).values()
            ),
            id="filled in three parts",
        ),
        pytest.param(lambda s: any(e.status == "triggered" for e in s), id="triggered"),
        pytest.param(lambda s: any(e.status == "updated" for e in s), id="updated"),
        pytest.param(lambda s: s[-1].status == "submitted", id="open at the end"),
        pytest.param(lambda s: len({_day(e) for e in s}) > 2, id="three days"),
        pytest.param(
            lambda s: any(len({_day(e) for e in events}) > 1 for events in orders(s).values()),
            id="an order held overnight",
        ),
        pytest.param(lambda s: _day(s[0]).month == 7, id="summer"),
    ],
)
def test_streams_have(is_there: Callable[[OrderEventStream], bool]) -> None:
    assert is_there(find(STREAMS, is_there, settings=SEARCH))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"min_size": 0}, "min_size=0, max_size=100"),
        ({"symbols": "A"}, "tickers without white space, not 'A'"),
        ({"max_quantity": 0}, "max_quantity is 1 or more, not 0"),
        ({"tick": -1}, "tick is more than 0, not -1"),
    ],
    ids=["size", "symbols", "quantity", "tick"],
)
def test_arguments_that_leave_nothing_to_draw_are_refused(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is below
        order_event_streams(**arguments)
    assert problem in str(refused.value)


HEADER = (
    "UTC symbol order_id event_id status type side quantity limit_price stop_price fill_quantity "
    "fill_price fee fee_currency"
)
ROW = "2024-01-02T14:30:00+00:00 A 1 1 submitted market buy 1.0 - - - - - -"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "here is nothing", id="nothing"),
        pytest.param("UTC symbol", "2 cells where a row has 14", id="another header"),
        pytest.param(HEADER.replace("UTC", "time"), "a table begins with UTC symbol", id="name"),
        pytest.param(f"{HEADER}\n{ROW} -", "15 cells where a row has 14", id="too many"),
        pytest.param(f"{HEADER}\n{ROW.replace('2024', 'noon')}", "cannot be read", id="time"),
        pytest.param(f"{HEADER}\n{ROW.replace('buy', 'hold')}", "'hold'", id="side"),
        pytest.param(f"{HEADER}\n{ROW.replace('+00:00', '')}", "offset-naive", id="no offset"),
    ],
)
def test_a_table_that_cannot_be_read_says_which_row(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is below
        order_event_table(text)
    assert problem in str(refused.value)
