from __future__ import annotations

import time
from collections import Counter
from random import Random

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.order_events import event

from pytest_zacperf.parity import (
    Counts,
    Difference,
    Divergence,
    InMemory,
    Kind,
    OrderChange,
    OrderEvents,
    canonical,
    changed_orders,
    difference,
    encode_events,
)
from pytest_zacperf.parity.canonical_form import NUMBERS
from pytest_zacperf.parity.keys import content_key
from pytest_zacperf.records import OrderEvent

changed = msgspec.structs.replace
# What something is called from the other side.
MIRRORED = {
    Kind.MISSING_EVENT: Kind.EXTRA_EVENT,
    Kind.EXTRA_EVENT: Kind.MISSING_EVENT,
    Kind.MISSING_ORDER: Kind.EXTRA_ORDER,
    Kind.EXTRA_ORDER: Kind.MISSING_ORDER,
}


def found(expected: list[OrderEvent], actual: list[OrderEvent], **tolerances: float) -> Difference:
    between = difference(
        OrderEvents.of(expected), OrderEvents.of(actual), tolerances=tolerances or None
    )
    assert between is not None
    return between


def order(number: int, *, symbol: str = "MCD", price: float = 297.0) -> list[OrderEvent]:
    """Return an order that is submitted and filled a second later."""
    ts_event_ns = 1_737_470_703_000_000_000 + number * 60_000_000_000
    shared = {"symbol": symbol, "order_id": number}
    return [
        event(ts_event_ns=ts_event_ns, event_id=1, status="submitted", **shared),
        event(
            ts_event_ns=ts_event_ns + 1_000_000_000,
            event_id=2,
            fill_quantity=10.0,
            fill_price=price,
            fee=1.0,
            **shared,
        ),
    ]


ORDERS = [
    *order(1),
    *order(2, symbol="V", price=310.0),
    *order(3, price=298.0),
    *order(4, symbol="V", price=311.0),
]


def test_equal_order_events_do_not_differ() -> None:
    assert difference(OrderEvents.of(ORDERS), OrderEvents.of(ORDERS)) is None
    assert difference(OrderEvents.of([]), OrderEvents.of([])) is None


def test_a_changed_price_is_one_changed_event_of_one_changed_order() -> None:
    actual = [*ORDERS]
    actual[3] = changed(ORDERS[3], fill_price=309.0)
    between = found(ORDERS, actual)
    assert between.divergence == Divergence(
        index=4, kind=Kind.CHANGED, fields=("fill_price",), expected=ORDERS[3], actual=actual[3]
    )
    assert between.orders == Counts(equal=3, changed=1, added=0, removed=0)
    assert between.events == Counts(equal=7, changed=1, added=0, removed=0)
    assert (between.renumbered_orders, between.moved_events) == (0, 0)
    assert between.by_symbol == {"V": 4}
    assert between.actual_totals.profit_loss - between.expected_totals.profit_loss == 10.0


def test_one_bit_is_a_difference() -> None:
    actual = [*ORDERS]
    actual[1] = changed(ORDERS[1], fee=-0.0)
    expected = [ORDERS[0], changed(ORDERS[1], fee=0.0), *ORDERS[2:]]
    assert found(expected, actual).divergence == Divergence(
        index=2, kind=Kind.CHANGED, fields=("fee",), expected=expected[1], actual=actual[1]
    )


def test_an_extra_order_does_not_make_every_later_one_changed() -> None:
    extra = [changed(one, order_id=99) for one in order(5, symbol="KO")]
    actual = canonical([*ORDERS[:2], *extra, *ORDERS[2:]], {"order_id"})
    between = found(ORDERS, actual)
    assert between.divergence == Divergence(
        index=3, kind=Kind.EXTRA_ORDER, fields=(), expected=None, actual=actual[2]
    )
    assert between.orders == Counts(equal=4, changed=0, added=1, removed=0)
    assert between.events == Counts(equal=8, changed=0, added=2, removed=0)
    assert between.renumbered_orders == 3
    assert between.by_symbol == {"KO": 3}


def test_a_missing_order_is_removed_and_the_later_ones_are_renumbered() -> None:
    between = found(ORDERS, canonical([*ORDERS[:2], *ORDERS[4:]], {"order_id"}))
    assert between.divergence == Divergence(
        index=3, kind=Kind.MISSING_ORDER, fields=(), expected=ORDERS[2], actual=None
    )
    assert between.orders == Counts(equal=3, changed=0, added=0, removed=1)
    assert between.events == Counts(equal=6, changed=0, added=0, removed=2)
    assert between.renumbered_orders == 2


def test_an_order_that_is_late_as_a_whole_is_shifted_in_time() -> None:
    late = [changed(one, ts_event_ns=one.ts_event_ns + 1) for one in ORDERS[2:4]]
    between = found(ORDERS, [*ORDERS[:2], *late, *ORDERS[4:]])
    assert between.divergence is not None
    assert (between.divergence.kind, between.divergence.index) == (Kind.SHIFTED, 3)
    assert between.events == Counts(equal=6, changed=2, added=0, removed=0)


def test_an_order_of_which_one_event_is_late_is_changed() -> None:
    actual = [*ORDERS]
    actual[3] = changed(ORDERS[3], ts_event_ns=ORDERS[3].ts_event_ns + 1)
    divergence = found(ORDERS, actual).divergence
    assert divergence is not None
    assert (divergence.kind, divergence.fields) == (Kind.CHANGED, ("ts_event_ns",))


def test_other_numbers_and_nothing_else_are_a_renumbering() -> None:
    actual = [changed(one, order_id=one.order_id + 70) for one in ORDERS]
    between = found(ORDERS, actual)
    assert between.divergence == Divergence(
        index=1,
        kind=Kind.RENUMBERED,
        fields=("order_id",),
        expected=ORDERS[0],
        actual=actual[0],
    )
    assert between.orders == Counts(equal=4, changed=0, added=0, removed=0)
    assert between.events == Counts(equal=8, changed=0, added=0, removed=0)
    assert between.renumbered_orders == 4


def test_an_extra_fill_of_an_order_shifts_the_numbers_of_its_events_and_changes_none() -> None:
    whole, part = ORDERS[3], changed(ORDERS[3], status="partially_filled", fill_quantity=4.0)
    actual = [*ORDERS[:3], part, changed(whole, event_id=3), *ORDERS[4:]]
    between = found(ORDERS, actual)
    assert between.divergence == Divergence(
        index=4, kind=Kind.EXTRA_EVENT, fields=(), expected=None, actual=part
    )
    assert between.orders == Counts(equal=3, changed=1, added=0, removed=0)
    assert between.events == Counts(equal=8, changed=0, added=1, removed=0)


def test_an_order_that_ends_in_another_way_is_changed() -> None:
    actual = [*ORDERS]
    actual[3] = changed(ORDERS[3], status="canceled", fill_price=None, fill_quantity=None, fee=None)
    divergence = found(ORDERS, actual).divergence
    assert divergence is not None
    assert divergence.kind is Kind.CHANGED
    assert divergence.fields == ("status", "fill_quantity", "fill_price", "fee")


def test_all_events_are_missing_from_an_empty_list() -> None:
    between = found(ORDERS, [])
    assert between.divergence == Divergence(
        index=1, kind=Kind.MISSING_ORDER, fields=(), expected=ORDERS[0], actual=None
    )
    assert between.orders == Counts(equal=0, changed=0, added=0, removed=4)
    assert found([], ORDERS).events == Counts(equal=0, changed=0, added=8, removed=0)


def test_what_is_within_its_tolerance_is_equal() -> None:
    actual = [*ORDERS]
    actual[3] = changed(ORDERS[3], fill_price=310.25)
    sides = OrderEvents.of(ORDERS), OrderEvents.of(actual)
    assert difference(*sides, tolerances={"fill_price": 0.25}) is None
    between = found(ORDERS, actual, fill_price=0.125)
    assert between.divergence is not None
    assert between.divergence.fields == ("fill_price",)


def test_the_divergence_is_the_first_one_beyond_its_tolerance() -> None:
    actual = [*ORDERS]
    actual[1] = changed(ORDERS[1], fill_price=297.25)
    actual[5] = changed(ORDERS[5], fill_price=298.25, fee=2.0)
    between = found(ORDERS, actual, fill_price=0.5)
    assert between.divergence is not None
    assert (between.divergence.index, between.divergence.fields) == (6, ("fee",))
    assert between.events == Counts(equal=7, changed=1, added=0, removed=0)


def test_an_extra_order_beside_one_within_its_tolerance_is_one_added_order() -> None:
    extra = [changed(one, order_id=99, quantity=5.0) for one in ORDERS[:2]]
    meant = [changed(one, fill_price=one.fill_price and 297.001) for one in ORDERS[:2]]
    actual = canonical([*extra, *meant, *ORDERS[2:]], {"order_id"})
    between = found(ORDERS, actual, fill_price=0.005)
    assert between.divergence is not None
    assert between.divergence.kind is Kind.EXTRA_ORDER
    assert between.orders == Counts(equal=4, changed=0, added=1, removed=0)
    assert between.events == Counts(equal=8, changed=0, added=2, removed=0)


def test_of_two_orders_of_the_same_size_the_one_within_its_tolerance_is_meant() -> None:
    extra = [
        changed(one, order_id=99, message="x", fill_price=one.fill_price and 250.0)
        for one in ORDERS[:2]
    ]
    meant = [changed(one, fill_price=one.fill_price and 297.001) for one in ORDERS[:2]]
    actual = canonical([*extra, *meant, *ORDERS[2:]], {"order_id"})
    between = found(ORDERS, actual, fill_price=0.005)
    assert between.events == Counts(equal=8, changed=0, added=2, removed=0)


def test_a_fill_under_the_number_of_another_order_changes_one_order_either_way() -> None:
    expected = ORDERS[:2]
    actual = [expected[0], changed(expected[1], order_id=7)]
    there, back = found(expected, actual), found(actual, expected)
    assert there.orders == Counts(equal=0, changed=1, added=1, removed=0)
    assert back.orders == Counts(equal=0, changed=1, added=0, removed=1)


def test_orders_that_are_replaced_by_as_many_others_are_changed_ones() -> None:
    others = [
        changed(one, symbol="KO", order_id=one.order_id + 50, side="sell", quantity=3.0)
        for one in ORDERS[2:6]
    ]
    between = found(ORDERS, canonical([*ORDERS[:2], *others, *ORDERS[6:]], {"order_id"}))
    assert between.orders == Counts(equal=2, changed=2, added=0, removed=0)
    assert between.events == Counts(equal=4, changed=4, added=0, removed=0)


def test_orders_that_are_all_late_are_all_changed() -> None:
    orders = [one for number in range(1, 31) for one in order(number)]
    late = [changed(one, ts_event_ns=one.ts_event_ns + 187_000_000_000) for one in orders]
    between = found(orders, late)
    assert between.orders == Counts(equal=0, changed=30, added=0, removed=0)


def test_the_same_events_in_other_bytes_have_no_divergence() -> None:
    other = OrderEvents(InMemory(encode_events(ORDERS).replace(b"\n", b"\r\n")))
    between = difference(OrderEvents.of(ORDERS), other)
    assert between is not None
    assert between.divergence is None


def test_what_a_damaged_line_holds_is_escaped_and_cut() -> None:
    line = encode_events(ORDERS[:1]).replace(b"submitted", b"\\u001b[31m" + b"x" * 10_000)
    with pytest.raises(ValueError, match="holds no order event") as raised:
        difference(OrderEvents.of(ORDERS), OrderEvents(InMemory(line)))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 600


def test_a_damaged_line_is_named_by_its_number() -> None:
    damaged = OrderEvents(InMemory(encode_events(ORDERS[:5]) + b"=======\n"))
    with pytest.raises(ValueError, match="line 6 holds no order event"):
        difference(OrderEvents.of(ORDERS), damaged)


def test_a_difference_in_every_event_takes_time_in_proportion_to_their_number() -> None:
    def seconds(orders: int) -> float:
        expected = [one for number in range(1, orders + 1) for one in order(number)]
        late = [changed(one, ts_event_ns=one.ts_event_ns + 1) for one in expected]
        sides = OrderEvents.of(expected), OrderEvents.of(late)
        began_s = time.process_time()
        assert difference(*sides) is not None
        return time.process_time() - began_s

    # 8 times as much takes 8 times as long; 64 times where each event is held against all others.
    assert seconds(8000) / seconds(1000) < 30


@st.composite
def streams(draw: st.DrawFn) -> list[OrderEvent]:
    """Return a canonical stream: orders whose events may lie among those of others."""
    symbols = draw(st.lists(st.sampled_from(["MCD", "V", "KO"]), min_size=1, max_size=6))
    rest = [(number, draw(st.integers(1, 3))) for number in range(1, len(symbols) + 1)]
    events, ts_event_ns = [], 1_737_470_703_000_000_000
    done = dict.fromkeys(range(1, len(symbols) + 1), 0)
    while rest:
        at = draw(st.integers(0, len(rest) - 1))
        number, left = rest[at]
        done[number] += 1
        ts_event_ns += draw(st.integers(0, 2)) * 1_000_000_000
        events.append(
            event(
                ts_event_ns=ts_event_ns,
                symbol=symbols[number - 1],
                order_id=number,
                event_id=done[number],
                status="filled" if left == 1 else "partially_filled",
                fill_quantity=float(draw(st.integers(1, 3))),
                fill_price=float(draw(st.integers(100, 103))),
            )
        )
        rest = [*rest[:at], *([(number, left - 1)] if left > 1 else []), *rest[at + 1 :]]
    return canonical(events, {"order_id"})


@given(streams(), streams())
def test_nothing_is_found_exactly_when_the_bytes_are_equal(
    left: list[OrderEvent], right: list[OrderEvent]
) -> None:
    between = difference(OrderEvents.of(left), OrderEvents.of(right))
    assert (between is None) == (encode_events(left) == encode_events(right))


@given(streams(), streams())
def test_a_comparison_is_symmetric(left: list[OrderEvent], right: list[OrderEvent]) -> None:
    assume(left != right)
    there, back = found(left, right), found(right, left)
    assert there.expected_totals == back.actual_totals
    assert there.divergence is not None
    assert back.divergence is not None
    assert there.divergence.index == back.divergence.index
    assert there.divergence.kind == MIRRORED.get(back.divergence.kind, back.divergence.kind)
    assert there.divergence.expected == back.divergence.actual
    assert there.by_symbol == back.by_symbol
    for one, other in ((there.events, back.events), (there.orders, back.orders)):
        assert (one.equal, one.changed) == (other.equal, other.changed)
        assert (one.added, one.removed) == (other.removed, other.added)


@given(streams(), streams())
def test_what_is_counted_of_orders_is_what_their_table_lists(
    left: list[OrderEvent], right: list[OrderEvent]
) -> None:
    assume(left != right)
    between = found(left, right)
    listed = Counter(one.change for one in changed_orders(between))
    orders, events = between.orders, between.events
    assert listed[OrderChange.CHANGED] == orders.changed
    assert listed[OrderChange.ADDED] == orders.added
    assert listed[OrderChange.REMOVED] == orders.removed
    assert orders.equal + orders.changed + orders.removed == between.expected_totals.orders
    assert orders.equal + orders.changed + orders.added == between.actual_totals.orders
    assert events.equal + events.changed + events.added == between.actual_totals.order_events
    assert (orders.changed > 0) or not events.changed


@given(streams(), st.randoms(use_true_random=False))
def test_where_only_the_order_is_another_the_first_event_of_it_is_named(
    stream: list[OrderEvent], random: Random
) -> None:
    distinct = [changed(one, order_id=at, event_id=1, tag=str(at)) for at, one in enumerate(stream)]
    shuffled = random.sample(distinct, len(distinct))
    assume(shuffled != distinct)
    between = found(distinct, shuffled)
    first = next(at for at, one in enumerate(distinct) if one != shuffled[at])
    assert between.divergence is not None
    assert (between.divergence.index, between.divergence.kind) == (first + 1, Kind.MOVED)
    assert between.events == Counts(equal=len(stream), changed=0, added=0, removed=0)
    assert min(between.by_symbol.values()) == first + 1


@given(streams(), streams())
def test_the_divergence_is_at_the_first_event_that_is_not_the_same(
    left: list[OrderEvent], right: list[OrderEvent]
) -> None:
    assume(left != right)
    shortest = min(len(left), len(right))
    first = next((at for at in range(shortest) if left[at] != right[at]), shortest)
    divergence = found(left, right).divergence
    assert divergence is not None
    assert divergence.index == first + 1


@given(streams(), st.data(), st.sampled_from([*NUMBERS, "tag", "symbol", "event_id", "order_id"]))
def test_one_changed_field_is_one_changed_event(
    stream: list[OrderEvent], data: st.DataObject, field: str
) -> None:
    at = data.draw(st.integers(0, len(stream) - 1))
    value = {"tag": "x", "symbol": "X", "event_id": 9, "order_id": 99}.get(field, 9.5)
    mutated = changed(stream[at], **{field: value})
    between = found(stream, [*stream[:at], mutated, *stream[at + 1 :]])
    assert between.divergence is not None
    assert between.divergence.index == at + 1
    assert between.divergence.fields == (field,)
    alone = sum(one.order_id == stream[at].order_id for one in stream) == 1
    if field == "order_id" and alone:
        assert between.divergence.kind is Kind.RENUMBERED
    else:
        assert between.divergence.kind is Kind.CHANGED
        assert between.events == Counts(equal=len(stream) - 1, changed=1, added=0, removed=0)


@given(streams(), st.data())
def test_a_dropped_event_is_one_removed_event(
    stream: list[OrderEvent], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(stream) - 1))
    between = found(stream, [*stream[:at], *stream[at + 1 :]])
    assert between.divergence is not None
    assert between.divergence.kind in {Kind.MISSING_EVENT, Kind.MISSING_ORDER}
    assert between.divergence.expected == stream[at]
    assert between.events == Counts(equal=len(stream) - 1, changed=0, added=0, removed=1)


@given(streams(), st.data())
def test_an_inserted_event_is_one_added_event(
    stream: list[OrderEvent], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(stream) - 1))
    inserted = changed(stream[at], event_id=9, tag="x")
    between = found(stream, [*stream[:at], inserted, *stream[at:]])
    assert between.divergence is not None
    assert between.divergence.kind is Kind.EXTRA_EVENT
    assert between.divergence.actual == inserted
    assert between.events == Counts(equal=len(stream), changed=0, added=1, removed=0)


@given(streams(), st.data())
def test_a_swapped_pair_of_events_is_out_of_sequence(
    stream: list[OrderEvent], data: st.DataObject
) -> None:
    assume(len(stream) > 1)
    at = data.draw(st.integers(0, len(stream) - 2))
    # Two that say the same but for their numbers have not moved: they are numbered otherwise.
    assume(content_key(stream[at]) != content_key(stream[at + 1]))
    swapped = [*stream[:at], stream[at + 1], stream[at], *stream[at + 2 :]]
    between = found(stream, swapped)
    assert between.divergence is not None
    assert between.divergence.kind is Kind.MOVED
    assert between.events == Counts(equal=len(stream), changed=0, added=0, removed=0)
    assert between.moved_events == 1
