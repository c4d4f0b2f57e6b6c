from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.order_events import event

from pytest_zacperf.parity import OrderEvents, encode_events, size_text
from pytest_zacperf.parity.totals import Tally, Totals
from pytest_zacperf.records import OrderEvent

PRICES = st.integers(1, 1000).map(float)


def fill(side: str, quantity: float, price: float, **changes: object) -> OrderEvent:
    return event(side=side, fill_quantity=quantity, fill_price=price, **changes)


def test_a_round_trip_has_its_profit_and_its_fees() -> None:
    events = OrderEvents.of([
        event(status="submitted"),
        fill("buy", 10.0, 100.0, fee=1.0, fee_currency="USD"),
        fill("sell", 10.0, 101.5, order_id=2, fee=1.25, fee_currency="USD"),
    ])
    assert events.totals == Totals(
        orders=2,
        order_events=3,
        fills=2,
        fees={"USD": 2.25},
        profit_loss=15.0,
        open_symbols=0,
    )
    assert size_text(events.totals) == "2 orders, 3 order events"


def test_what_is_still_held_is_valued_at_the_last_fill_of_its_symbol() -> None:
    events = [fill("sell", 10.0, 100.0), fill("buy", 4.0, 90.0), fill("buy", 1.0, 5.0, symbol="V")]
    totals = OrderEvents.of(events).totals
    assert (totals.profit_loss, totals.open_symbols) == (100.0, 2)


def test_fees_without_a_currency_are_a_sum_of_their_own() -> None:
    events = [event(fee=1.0), event(fee=2.0, fee_currency="USD"), event(fee=4.0)]
    assert OrderEvents.of(events).totals.fees == {"": 5.0, "USD": 2.0}


@given(
    st.lists(st.tuples(st.sampled_from(["buy", "sell"]), PRICES, PRICES), max_size=8),
    st.integers(0, 8),
)
def test_two_tallies_after_each_other_are_one(
    fills: list[tuple[str, float, float]], cut: int
) -> None:
    events = [fill(*one, order_id=at // 2) for at, one in enumerate(fills)]
    first, second, whole = Tally(), Tally(), Tally()
    first.add(encode_events(events[:cut]))
    second.add(encode_events(events[cut:]))
    whole.add(encode_events(events))
    assert first.followed_by(second).totals() == whole.totals()


def test_a_line_that_is_no_order_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="malformed"):
        Tally().add(b"<<<<<<<\n")
