"""The pending entry: trailed once, watched by two monitors, dropped at the end of the window."""

from __future__ import annotations

import msgspec
import pytest
from support.zacqc_stand import FALLEN, NEUTRAL, RISEN, Stand


def test_a_long_entry_trails_a_rising_price_once() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    quantity = stand.broker.events[0].quantity
    for price in (95.1, 95.2, 95.3):
        stand.move(price)
        stand.bar(FALLEN)
    expected = [(1, "submitted"), (1, "cancel_pending"), (1, "canceled"), (2, "submitted")]
    assert stand.statuses == expected
    assert stand.open_prices == [95.1 * (1 + (0.08 * 6.0 / 95.0) * 100 / 100)]
    assert stand.open_tags == ["Trail-Update-cond1-V"]
    assert stand.broker.events[-1].quantity == quantity


def test_the_trailing_reference_follows_the_price_down() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    for price in (94.8, 94.9):
        stand.move(price)
        stand.bar(FALLEN)
    assert stand.open_tags == ["Trail-Update-cond1-V"]


def test_a_short_entry_does_not_trail() -> None:
    stand = Stand()
    stand.bar(RISEN)
    stand.bar(RISEN)
    for price in (94.9, 95.0, 95.1):
        stand.move(price)
        stand.bar(RISEN)
    assert stand.statuses == [(1, "submitted")]


@pytest.mark.parametrize(
    ("distance", "is_kept"),
    [
        pytest.param(-1.93, True, id="within the margin"),
        pytest.param(-1.92, True, id="at the margin, which is inclusive"),
        pytest.param(-1.91, False, id="beyond"),
        pytest.param(3.0, False, id="on the other side of the open"),
    ],
)
def test_an_entry_is_canceled_when_the_price_comes_near_the_open(
    distance: float, *, is_kept: bool
) -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.bar(msgspec.structs.replace(NEUTRAL, price_from_open=distance))
    assert bool(stand.open_tags) is is_kept


@pytest.mark.parametrize(
    ("newer_low", "is_kept"),
    [
        pytest.param(93.5, True, id="half a dollar is not more than the margin"),
        pytest.param(93.49, False, id="a new extreme below"),
        pytest.param(94.51, False, id="the old extreme leaves the window"),
        pytest.param(None, True, id="the window is not full"),
    ],
)
def test_an_entry_is_canceled_when_the_range_moves(
    newer_low: float | None, *, is_kept: bool
) -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.bar(msgspec.structs.replace(FALLEN, newer_low=newer_low))
    assert bool(stand.open_tags) is is_kept


def test_a_short_entry_looks_at_the_highs() -> None:
    stand = Stand()
    stand.bar(RISEN)
    stand.bar(RISEN)
    stand.bar(msgspec.structs.replace(RISEN, newer_low=90.0))
    assert stand.open_tags
    stand.bar(msgspec.structs.replace(RISEN, newer_high=96.6))
    assert not stand.open_tags


def test_the_range_cancel_disarms_its_condition_and_the_distance_cancel_does_not() -> None:
    for reading, bars_to_the_next_order in (
        (msgspec.structs.replace(FALLEN, newer_low=93.0), 2),
        (msgspec.structs.replace(FALLEN, price_from_open=-1.0), 1),
    ):
        stand = Stand()
        stand.bar(FALLEN)
        stand.bar(FALLEN)
        stand.bar(reading)
        assert not stand.open_tags
        for _ in range(bars_to_the_next_order):
            assert not stand.open_tags
            stand.bar(FALLEN)
        assert stand.open_tags


def test_the_monitors_look_at_an_entry_of_the_same_bar() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(msgspec.structs.replace(FALLEN, newer_low=93.0))
    assert stand.statuses == [(1, "submitted"), (1, "cancel_pending"), (1, "canceled")]


def test_the_end_of_the_window_cancels_entries_and_disarms() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.strategy.end_entries()
    stand.broker.process_requests()
    assert stand.statuses[-1] == (1, "canceled")
    stand.bar(FALLEN)
    assert not stand.open_tags
    stand.bar(FALLEN)
    assert stand.open_tags
