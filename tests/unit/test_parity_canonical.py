import math
from typing import Any

import msgspec
import pytest
from support.order_events import event

from pytest_zacperf.parity import canonical, decode_events, encode_events


def test_volatile_order_ids_are_numbered_by_first_appearance() -> None:
    events = [event(order_id=order_id) for order_id in (82, 7, 82, 9)]
    assert [e.order_id for e in canonical(events, {"order_id"})] == [1, 2, 1, 3]


def test_order_ids_that_are_not_volatile_stay() -> None:
    assert [e.order_id for e in canonical([event(order_id=82)], ())] == [82]


def test_an_optional_volatile_field_is_left_out() -> None:
    assert canonical([event(message="at 12:01", tag="entry")], {"message"}) == [event(tag="entry")]


def test_a_required_field_cannot_be_volatile() -> None:
    with pytest.raises(ValueError, match="'symbol' cannot be volatile; these can: order_id, limit"):
        canonical([], {"symbol"})


def test_numbers_become_floats_so_that_equal_runs_are_equal_bytes() -> None:
    events = canonical([event(quantity=10, fee=1, fill_price=2)], ())
    assert encode_events(events) == encode_events([event(quantity=10.0, fee=1.0, fill_price=2.0)])
    assert type(events[0].quantity) is float


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fill_price": math.nan}, "order 7, event 2: fill_price = nan is not a finite number"),
        ({"fee": -math.inf}, "order 7, event 2: fee = -inf is not a finite number"),
        ({"quantity": "10"}, "order 7, event 2: quantity = '10' is not a finite number"),
        ({"quantity": None}, "order 7, event 2: quantity = None is not a number"),
        ({"limit_price": []}, r"order 7, event 2: limit_price = \[\] is not a number"),
        ({"ts_event_ns": 1.5}, "order 7, event 2: ts_event_ns = 1.5 is not a whole number"),
        ({"extra": {"mark": math.nan}}, r"order 7, event 2: extra\['mark'\] = nan is not a finite"),
    ],
)
def test_a_number_that_cannot_be_compared_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        canonical([event(order_id=7, event_id=2, **changes)], ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"status": "Filled"},
            "order 7, event 2: status = 'Filled': is none of submitted, accepted, updated",
        ),
        ({"side": "long"}, "order 7, event 2: side = 'long': is none of buy, sell"),
        ({"symbol": None}, "order 7, event 2: symbol = None: expected `str`, got `null`"),
        (
            {"extra": [("mark", 1)]},
            r"order 7, event 2: extra = \[\('mark', 1\)\] is no mapping of names to values",
        ),
        (
            {"extra": {1: 1}},
            "order 7, event 2: extra = {1: 1} is no mapping of names to values",
        ),
        (
            {"symbol": b"x" * 1_000},
            "order 7, event 2: symbol = b'x{95}[.]{3}: expected `str`, got `bytes`",
        ),
        ({"extra": {"mark": [1]}}, r"order 7, event 2: extra = .*: expected .*, got `array`"),
    ],
)
def test_a_field_that_could_not_be_read_again_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        canonical([event(order_id=7, event_id=2, **changes)], ())


def test_something_that_is_no_order_event_is_refused() -> None:
    events: list[Any] = [event(), {"symbol": "V"}]
    with pytest.raises(ValueError, match=r"order event 2 is a dict; build it with .*OrderEvent"):
        canonical(events, ())


def test_the_engines_own_fields_are_sorted_and_an_empty_one_is_left_out() -> None:
    first, second = canonical([event(extra={"b": 1, "a": "x"}), event(extra={})], ())
    assert encode_events([first]).endswith(b'"extra":{"a":"x","b":1}}\n')
    assert second.extra is None


def test_a_line_has_the_keys_of_the_record_in_its_order_without_what_is_empty() -> None:
    assert encode_events([event(fill_price=0.1 + 0.2)]) == (
        b'{"ts_event_ns":1737470703000000000,"symbol":"MCD","order_id":1,"event_id":1,'
        b'"status":"filled","type":"market","side":"buy","quantity":10.0,'
        b'"fill_price":0.30000000000000004}\n'
    )


def test_what_was_encoded_is_decoded() -> None:
    events = [event(), event(tag="\n", extra={"a": None})]
    assert decode_events(encode_events(events)) == events


def test_a_damaged_line_is_named() -> None:
    with pytest.raises(ValueError, match="line 2 holds no order event: JSON is malformed"):
        decode_events(encode_events([event()]) + b"<<<<<<< HEAD\n")


def test_an_event_that_was_not_canonical_is_still_refused_by_the_record() -> None:
    with pytest.raises(ValueError, match="line 1 holds no order event"):
        decode_events(msgspec.json.encode({"symbol": "MCD"}))
