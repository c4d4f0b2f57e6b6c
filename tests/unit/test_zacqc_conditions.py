"""When conditions arm and fire, and what keeps an entry from being placed."""

from __future__ import annotations

import msgspec
import pytest
from support.zacqc_stand import FALLEN, NEUTRAL, NO_EXTREMES, OVERDONE, RALLY_UP, RISEN, Stand


def _without_rally(stand: Stand) -> Stand:
    stand.extremes.up = stand.extremes.down = NO_EXTREMES
    return stand


def test_a_condition_arms_in_one_bar_and_fires_in_the_next() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    assert stand.statuses == []
    stand.bar(FALLEN)
    assert stand.statuses == [(1, "submitted")]
    assert stand.open_prices == [95.0 * (1 + (0.08 * 6.0 / 95.0) * 100 / 100)]
    assert stand.open_tags == ["Buy-cond1-Trail-V"]
    assert stand.broker.events[0].quantity == int(300_000 / 95.0)


def test_a_rise_enters_short_below_the_price() -> None:
    stand = Stand()
    stand.bar(RISEN)
    stand.bar(RISEN)
    assert stand.open_prices == [95.0 * (1 - (0.08 * 6.0 / 95.0) * 100 / 100)]
    assert (stand.broker.events[0].side, stand.open_tags) == ("sell", ["Short-cond4-Trail-V"])


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        pytest.param({"previous_low": 93.9, "older_low": 94.0}, "Buy-cond2-Trail-V", id="new low"),
        pytest.param({"previous_low": 94.0, "older_low": 94.0}, None, id="equal low"),
        pytest.param(
            {"previous_low": 93.9, "older_low": 94.0, "range_of_open": 5.1}, None, id="narrow day"
        ),
    ],
)
def test_condition_2_arms_on_a_new_low_of_a_wide_day(
    changes: dict[str, float], tag: str | None
) -> None:
    reading = msgspec.structs.replace(FALLEN, from_open=0.0, **changes)
    stand = Stand()
    stand.bar(reading)
    stand.bar(reading)
    assert stand.open_tags == ([tag] if tag else [])


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        pytest.param(
            {"previous_high": 96.1, "older_high": 96.0}, "Short-cond5-Trail-V", id="new high"
        ),
        pytest.param({"previous_high": 96.0, "older_high": 96.0}, None, id="equal high"),
        pytest.param({"previous_high": None, "older_high": None}, None, id="too few bars"),
    ],
)
def test_condition_5_arms_on_a_new_high_of_a_wide_day(
    changes: dict[str, float], tag: str | None
) -> None:
    reading = msgspec.structs.replace(RISEN, from_open=0.0, **changes)
    stand = Stand()
    stand.bar(reading)
    stand.bar(reading)
    assert stand.open_tags == ([tag] if tag else [])


@pytest.mark.parametrize(
    ("condition", "changes", "tag"),
    [
        # 1.2 and 1.3 times 5 and 10 are exact.
        pytest.param("cond1", {"from_open": -6.0, "mean_range": 5.0}, "Buy-cond1-", id="C1"),
        pytest.param("cond4", {"from_open": 6.0, "mean_range": 5.0}, "Short-cond4-", id="C4"),
        pytest.param(
            "cond2",
            {"range_of_open": 13.0, "mean_range": 10.0, "previous_low": 93.9, "older_low": 94.0},
            "Buy-cond2-",
            id="C2",
        ),
        pytest.param(
            "cond5",
            {"range_of_open": 13.0, "mean_range": 10.0, "previous_high": 96.1, "older_high": 96.0},
            "Short-cond5-",
            id="C5",
        ),
    ],
)
def test_arming_limits_are_inclusive(condition: str, changes: dict[str, float], tag: str) -> None:
    stand = Stand(conditions=(condition,), vwap_gate_percent=1.0)
    reading = FALLEN if tag.startswith("Buy") else RISEN
    reading = msgspec.structs.replace(reading, **changes)
    stand.bar(reading)
    stand.bar(reading)
    assert [text[: len(tag)] for text in stand.open_tags] == [tag]


@pytest.mark.parametrize(("low", "is_armed"), [(88.0, True), (88.1, False)])
def test_condition_3_arms_at_three_mean_ranges(low: float, *, is_armed: bool) -> None:
    stand = Stand(conditions=("cond3",))
    stand.metrics.bars.clear()
    # From 100 to 88 are 12 %, three times the mean range of 4 %.
    stand.low, stand.high = low, 100.0
    stand.bar(FALLEN)
    stand.move(95.0)
    stand.bar(FALLEN)
    assert bool(stand.open_tags) is is_armed


def test_condition_3_rests_half_an_hour_after_its_exit() -> None:
    stand = Stand(conditions=("cond3",), symbol_cooldown_s=0)
    stand.low = 80.0
    stand.bar(FALLEN)
    stand.move(95.0)
    stand.bar(FALLEN)
    stand.high = 96.5
    stand.bar(NEUTRAL, after_s=1)
    stand.move(99.0)
    stand.bar(NEUTRAL, after_s=1)
    exit_time = stand.broker.now
    assert stand.account.quantity("V") == 0
    stand.move(95.0)
    stand.bar(FALLEN, after_s=1799)
    assert not stand.open_tags
    stand.bar(FALLEN, after_s=exit_time + 1800 - stand.broker.now)
    assert stand.open_tags == ["Buy-cond3-Trail-V"]


def test_condition_3_fires_after_a_sharp_drop_without_a_rally() -> None:
    stand = _without_rally(Stand(conditions=("cond3",)))
    reading = msgspec.structs.replace(FALLEN, from_open=0.0)
    stand.bar(reading)
    assert stand.open_tags == []
    # 13 % down within the window is more than three times the mean range of 4 %.
    stand.low = 83.0
    stand.bar(reading)
    stand.low = 94.9
    stand.bar(reading)
    assert stand.open_tags == ["Buy-cond3-Trail-V"]
    assert stand.open_prices == [95.0 * (1 + 0.85 / 100)]


def test_an_overdone_rally_disarms_and_nothing_more_happens_in_that_bar() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.extremes.up = OVERDONE
    stand.bar(FALLEN)
    stand.extremes.up = RALLY_UP
    stand.bar(FALLEN)
    assert stand.open_tags == [], "this bar armed again"
    stand.bar(FALLEN)
    assert stand.open_tags == ["Buy-cond1-Trail-V"]


def test_a_condition_stays_armed_after_firing() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.broker.cancel(stand.broker.open_orders("V")[0])
    stand.broker.process_requests()
    stand.bar(FALLEN)
    assert stand.open_tags == ["Buy-cond1-Trail-V"]


def test_arming_goes_on_while_an_order_is_open_and_only_placing_is_refused() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    both = msgspec.structs.replace(FALLEN, previous_low=93.9, older_low=94.0)
    stand.bar(both)
    stand.bar(both)
    assert stand.open_tags == ["Buy-cond1-Trail-V"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"gap": 3.61}, id="gap above 0.9 mean ranges"),
        pytest.param({"gap": -3.61}, id="gap down"),
        pytest.param({"sharp_move": 3.01}, id="sharp move above 0.75 mean ranges"),
        pytest.param({"liquidity": 0.011}, id="liquidity not above the minimum"),
        pytest.param({"price_from_open": -2.19}, id="price too near the open"),
        pytest.param({"price_from_open": 5.0}, id="price on the wrong side of the open"),
    ],
)
def test_no_entry(changes: dict[str, float]) -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(msgspec.structs.replace(FALLEN, **changes))
    assert stand.statuses == []
    stand.bar(FALLEN)
    assert stand.statuses == [(1, "submitted")], "it was that value and nothing else"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"gap": 3.6}, id="gap at the limit"),
        pytest.param({"sharp_move": 3.0}, id="sharp move at the limit"),
        pytest.param({"sharp_move": None}, id="too few bars for a sharp move"),
        pytest.param({"price_from_open": -2.2}, id="distance at the gate"),
    ],
)
def test_entry_at_a_limit(changes: dict[str, float]) -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(msgspec.structs.replace(FALLEN, **changes))
    assert stand.statuses == [(1, "submitted")]


def test_no_entry_outside_the_window() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN, is_entry_time=False)
    assert stand.statuses == []


def test_no_entry_once_the_day_is_stopped() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.risk.is_stopped = True
    stand.bar(FALLEN)
    assert stand.statuses == []


def test_no_entry_beyond_the_capital_cap() -> None:
    # 0.6 of the value and nothing held is more than a cap of 0.59.
    stand = Stand(capital_ratio=0.59)
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    assert stand.statuses == []


def test_without_a_range_the_entry_stands_one_percent_away() -> None:
    stand = Stand()
    reading = msgspec.structs.replace(FALLEN, day_range=0.0)
    stand.bar(reading)
    stand.bar(reading)
    assert stand.open_prices == [95.0 * 1.01]
