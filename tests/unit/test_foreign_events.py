from __future__ import annotations

from typing import Any

import pytest

from pytest_zacperf.foreign_events import order_events_of
from pytest_zacperf.records import OrderEvent

LEAN_FILL = {
    "id": "1446662437-16-2",
    "algorithmId": "1446662437",
    "orderId": 16,
    "orderEventId": 2,
    "symbol": "MCD 2T",
    "symbolValue": "MCD",
    "symbolPermtick": "MCD",
    "time": 1759333969.0,
    "status": "filled",
    "orderFeeAmount": 5.015,
    "orderFeeCurrency": "USD",
    "fillPrice": 299.48,
    "fillPriceCurrency": "USD",
    "fillQuantity": -1003.0,
    "direction": "sell",
    "isAssignment": False,
    "quantity": -1003.0,
    "stopPrice": 299.48,
}
LEAN_SUBMITTED = LEAN_FILL | {"status": "submitted", "fillPrice": 0.0, "fillQuantity": 0.0}


def converted(**changes: Any) -> OrderEvent:  # noqa: ANN401 - whatever a file holds
    (found,) = order_events_of([
        {
            "time": 1_737_470_703,
            "symbol": "MCD",
            "order_id": 1,
            "status": "filled",
            "quantity": 10,
        }
        | changes
    ])
    return found


def test_a_fill_of_lean_is_ours() -> None:
    assert order_events_of([LEAN_FILL]) == [
        OrderEvent(
            ts_event_ns=1_759_333_969_000_000_000,
            symbol="MCD",
            order_id=16,
            event_id=2,
            status="filled",
            type="stop_market",
            side="sell",
            quantity=1003.0,
            stop_price=299.48,
            fill_quantity=1003.0,
            fill_price=299.48,
            fee=5.015,
            fee_currency="USD",
            extra={"isAssignment": 0},
        )
    ]


def test_where_lean_writes_zero_nothing_was_filled() -> None:
    (found,) = order_events_of([LEAN_SUBMITTED])
    assert (found.fill_quantity, found.fill_price) == (None, None)


def test_the_ids_of_a_run_of_lean_are_no_part_of_what_happened() -> None:
    other = LEAN_FILL | {"id": "7-16-2", "algorithmId": "7"}
    assert order_events_of([other]) == order_events_of([LEAN_FILL])


def test_names_may_be_written_in_any_way() -> None:
    older = {"order-id": 16, "Order Event ID": 2, "fill-price": 0.5, "fill-quantity": 2}
    found = converted(**older)
    assert (found.event_id, found.fill_price, found.fill_quantity) == (2, 0.5, 2.0)


@pytest.mark.parametrize(
    ("time", "ts_event_ns"),
    [
        (1_737_470_703, 1_737_470_703_000_000_000),
        (1_737_470_703.25, 1_737_470_703_250_000_000),
        ("1737470703.1", 1_737_470_703_100_000_000),
        (1_737_470_703_001, 1_737_470_703_001_000_000),
        (1_737_470_703_000_001, 1_737_470_703_000_001_000),
        (1_737_470_703_000_000_001, 1_737_470_703_000_000_001),
        ("2025-01-21T14:45:03Z", 1_737_470_703_000_000_000),
        ("2025-01-21 09:45:03-05:00", 1_737_470_703_000_000_000),
        ("2025-01-21 14:45:03.123456789", 1_737_470_703_123_456_789),
        ("2025-01-21T14:45:03.5+00:00", 1_737_470_703_500_000_000),
        ("2025-01-21T14:45:03,25Z", 1_737_470_703_250_000_000),
        ("20250121T144503.000000001Z", 1_737_470_703_000_000_001),
        ("20250121T144503-0500", 1_737_488_703_000_000_000),
        ("20250121", 1_737_417_600_000_000_000),
        pytest.param(20_250_121, 1_737_417_600_000_000_000, id="date as a number"),
    ],
)
def test_a_time_is_read_whatever_its_unit(time: object, ts_event_ns: int) -> None:
    assert converted(time=time).ts_event_ns == ts_event_ns


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("partiallyFilled", "partially_filled"),
        ("CANCELLED", "canceled"),
        ("cancelPending", "cancel_pending"),
        ("new", "submitted"),
        ("invalid", "rejected"),
        ("updateSubmitted", "updated"),
    ],
)
def test_a_status_is_read_whatever_it_is_called(given: str, status: str) -> None:
    assert converted(status=given).status == status


def test_without_a_side_the_sign_of_the_quantity_says_it() -> None:
    assert (converted(quantity=-10).side, converted(quantity=10).side) == ("sell", "buy")
    assert converted(side="SHORT").side == "sell"
    assert converted(quantity=-10).quantity == 10.0


@pytest.mark.parametrize(
    ("prices", "kind"),
    [
        ({}, "market"),
        ({"limitPrice": 1}, "limit"),
        ({"stopPrice": 1}, "stop_market"),
        ({"limitPrice": 1, "stopPrice": 1}, "stop_limit"),
        ({"orderType": "trailing_stop", "stopPrice": 1}, "trailing_stop"),
    ],
)
def test_without_a_type_the_prices_say_it(prices: dict[str, object], kind: str) -> None:
    assert converted(**prices).type == kind


def test_without_their_numbers_the_events_of_an_order_are_counted() -> None:
    row = {"time": 1, "symbol": "MCD", "status": "filled", "quantity": 1}
    found = order_events_of([row | {"order_id": at} for at in (7, 8, 7)])
    assert [(event.order_id, event.event_id) for event in found] == [(7, 1), (8, 1), (7, 2)]


def test_what_no_field_means_is_extra_and_compared() -> None:
    found = converted(isAssignment=True, venue="XNYS", legs=[{"b": 1, "a": 2}], empty="", gone=None)
    assert found.extra == {"isAssignment": 1, "venue": "XNYS", "legs": '[{"a":2,"b":1}]'}


def test_a_fill_price_without_a_fill_quantity_is_kept() -> None:
    assert converted(fill_price=100.5).fill_price == 100.5
    assert converted(fill_price=100.5, fill_quantity=0).fill_price is None


def test_the_number_of_an_order_is_not_rounded_to_a_float() -> None:
    assert converted(order_id=2**53 + 1).order_id == 2**53 + 1
    assert converted(order_id=str(2**53 + 1)).order_id == 2**53 + 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"symbol": None},
            "order event 1: it has no symbol; it has time, symbol, order_id, status",
        ),
        ({"quantity": "ten"}, "order event 1: quantity = 'ten' is no number"),
        ({"order_id": 1.5}, "order event 1: order_id = 1.5 is no whole number"),
        ({"time": "soon"}, "order event 1: time = 'soon' is no time; write ISO 8601, or ns"),
        ({"time": True}, "order event 1: time = True is no time"),
        ({"status": "done"}, "order event 1: Invalid enum value 'done'"),
        ({"extra": 1}, "order event 1: extra is no mapping of names to values"),
        ({"quantity": 10**400}, "order event 1: quantity = 1000000"),
    ],
)
def test_what_cannot_be_an_order_event_is_told(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match="order") as raised:
        converted(**changes)
    assert str(raised.value).startswith(message)
    assert len(str(raised.value)) < 300


def test_no_escape_sequence_is_printed() -> None:
    with pytest.raises(ValueError, match=r"quantity = '\\x1b\[31m' is no number"):
        converted(quantity="\x1b[31m")
