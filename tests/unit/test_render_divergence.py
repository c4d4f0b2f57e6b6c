from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from support.order_events import event

from pytest_zacperf.parity import InMemory, OrderEvents, difference, encode_events
from pytest_zacperf.records import OrderEvent
from pytest_zacperf.render import difference_lines
from pytest_zacperf.render.divergence import time_text


def numbered(**changes: Any) -> OrderEvent:  # noqa: ANN401 - any field of the record
    return event(**{"order_id": 82, "event_id": 2} | changes)


def lines_of(expected: list[OrderEvent], actual: list[OrderEvent]) -> list[str]:
    found = difference(OrderEvents.of(expected), OrderEvents.of(actual))
    assert found is not None
    return difference_lines(found)


def test_a_changed_fill_is_told_in_five_lines() -> None:
    fill = {"fill_quantity": 10.0, "fee_currency": "USD"}
    shared = [numbered(event_id=1, status="submitted")]
    assert lines_of(
        [*shared, numbered(fill_price=297.12, fee=1.0, **fill)],
        [*shared, numbered(fill_price=297.13, fee=1.5, **fill)],
    ) == [
        "order events diverge at event 2",
        "  2025-01-21 09:45:03 New York, 14:45:03 UTC, MCD, order 82, event 2: buy filled",
        "  fill_price: expected 297.12, was 297.13; also fee",
        "  orders (events): 0 (1) equal, 1 (1) changed, 0 (0) added, 0 (0) removed",
        "  fills 1, P&L 0.00, fees 1.00 USD -> 1.50 USD",
    ]


def test_what_diverges_first_is_told_by_symbol() -> None:
    expected = [numbered(symbol=symbol, order_id=at) for at, symbol in enumerate("ABCDEFA")]
    lines = lines_of(expected, [event_ for event_ in expected if event_.symbol == "G"])
    assert lines[0] == "order event 1 is missing, and with it all of its order"
    assert lines[-1] == (
        "  fills 0, P&L 0.00, fees none; first by symbol: A 1, B 2, C 3, D 4 and 2 more"
    )


def test_numbers_that_follow_from_an_extra_order_are_told_as_such() -> None:
    orders = [numbered(order_id=at, symbol=symbol) for at, symbol in ((1, "A"), (2, "B"))]
    lines = lines_of(
        [orders[0], numbered(order_id=2, symbol="B", tag="x")],
        [
            orders[0],
            orders[1],
            numbered(order_id=3, symbol="B", tag="x"),
        ],
    )
    assert lines[0] == "order event 2 is extra, and so is all of its order"
    assert lines[2] == (
        "  orders (events): 2 (2) equal, 0 (0) changed, 1 (1) added, 0 (0) removed; "
        "1 with another number"
    )


@pytest.mark.parametrize(
    ("expected", "actual", "first"),
    [
        pytest.param(
            [numbered(order_id=1), numbered(order_id=2, tag="x")],
            [numbered(order_id=2, tag="x"), numbered(order_id=1)],
            "order event 1 comes at another place",
            id="moved",
        ),
        pytest.param(
            [numbered(order_id=1)],
            [numbered(order_id=7)],
            "order event 1 has another order number, and nothing else differs",
            id="renumbered",
        ),
        pytest.param(
            [numbered(ts_event_ns=10)],
            [numbered(ts_event_ns=20)],
            "order events diverge at event 1: its order has another time",
            id="shifted",
        ),
        pytest.param(
            [numbered(), numbered(tag="x")],
            [numbered()],
            "order event 2 is missing from its order",
            id="missing event",
        ),
        pytest.param(
            [numbered()],
            [numbered(), numbered(tag="x")],
            "order event 2 is extra in its order",
            id="extra event",
        ),
    ],
)
def test_what_happened_to_the_first_event_is_said(
    expected: list[OrderEvent], actual: list[OrderEvent], first: str
) -> None:
    assert lines_of(expected, actual)[0] == first


def test_a_changed_time_is_told_in_utc_to_the_nanosecond() -> None:
    lines = lines_of([numbered()], [numbered(ts_event_ns=1_737_470_703_000_000_500)])
    assert lines[2] == (
        "  ts_event_ns: expected 2025-01-21 14:45:03 UTC, was 2025-01-21 14:45:03.0000005 UTC"
    )


def test_a_day_that_has_begun_in_utc_is_told() -> None:
    lines = lines_of([numbered(ts_event_ns=1_737_507_600_000_000_000)], [])
    assert lines[1].startswith("  2025-01-21 20:00:00 New York, 2025-01-22 01:00:00 UTC, MCD")


def test_other_bytes_of_the_same_events_are_told() -> None:
    one = OrderEvents.of([numbered()])
    other = OrderEvents(InMemory(encode_events([numbered()]).replace(b"\n", b"\r\n")))
    found = difference(one, other)
    assert found is not None
    assert difference_lines(found) == [
        "the recording holds the same order events in other bytes",
        "  its line ends or its formatting were changed; restore it from git",
    ]


def test_the_longest_divergence_fits_what_pytest_shows() -> None:
    fill = {"fill_quantity": 1e15, "fill_price": 1e-7, "fee": 1 / 3}
    left = [
        numbered(symbol=f"{at}" + "S" * 99, limit_price=1 / 3, fee_currency=f"{at}" * 99, **fill)
        for at in range(9)
    ]
    right = [
        numbered(symbol=f"{at}" + "R" * 99, status="partially_filled", tag="t" * 999, message="m")
        for at in range(9)
    ]
    lines = lines_of(left, right)
    assert len(lines) <= 5
    assert max(map(len, lines)) <= 120


def test_control_characters_are_escaped() -> None:
    lines = lines_of(
        [numbered(symbol="A\x1b[31m", tag="a")], [numbered(symbol="A\x1b[31m", tag="\r\u202e")]
    )
    assert r", A\x1b[31m, order 82, event 2: buy filled" in lines[1]
    assert lines[2] == r"  tag: expected 'a', was '\r\u202e'"


def test_a_time_beyond_the_calendar_is_told_in_ns() -> None:
    assert lines_of([numbered(ts_event_ns=10**18 * 9)], [])[1].startswith("  2255-")
    assert time_text(10**30) == f"{10**30} ns since 1970 UTC"


def test_without_a_time_zone_database_utc_is_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(key: str) -> zoneinfo.ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    assert lines_of([numbered()], [])[1].startswith("  2025-01-21 14:45:03 UTC, MCD")


def test_what_moved_is_counted_apart() -> None:
    orders = [numbered(order_id=1), numbered(order_id=2, tag="x")]
    lines = lines_of(orders, orders[::-1])
    assert lines[2].endswith(
        "2 (2) equal, 0 (0) changed, 0 (0) added, 0 (0) removed; 1 event at another place"
    )
