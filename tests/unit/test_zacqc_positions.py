"""The open position: its exits, how they move, when it is closed."""

from __future__ import annotations

import pytest
from support.zacqc_stand import FALLEN, NEUTRAL, RISEN, Stand


def test_an_entry_fill_submits_the_stop_loss_and_then_the_target() -> None:
    stand = Stand()
    stand.enter()
    price = stand.account.average_price("V")
    loss, profit = price * 1.25 * 4.0 / 100, price * 0.20 * 4.0 / 100
    assert stand.open_prices == [round(price - loss, 2), round(price + profit, 2)]
    assert stand.open_tags == [f"SL-cond1-V-{price}", f"TP-cond1-V-{price}"]


def test_a_short_position_has_its_exits_mirrored() -> None:
    stand = Stand()
    stand.enter(RISEN)
    price = stand.account.average_price("V")
    loss, profit = price * 1.25 * 4.0 / 100, price * 0.20 * 4.0 / 100
    assert stand.open_prices == [round(price + loss, 2), round(price - profit, 2)]


def test_a_trailed_entry_is_managed_as_condition_2() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.move(95.1)
    stand.bar(FALLEN)
    stand.high = 95.6
    stand.bar(NEUTRAL, after_s=1)
    assert [tag[:8] for tag in stand.open_tags] == ["SL-cond2", "TP-cond2"]


def test_an_exit_cancels_the_other_one() -> None:
    stand = Stand()
    stand.enter()
    stand.move(97.0)
    stand.bar(NEUTRAL)
    assert stand.account.quantity("V") == 0
    assert stand.statuses[-3:] == [(3, "filled"), (2, "cancel_pending"), (2, "canceled")]


@pytest.mark.parametrize(
    ("after_s", "condition_cooldown_s", "is_entered"),
    [
        pytest.param(240 * 60 - 31, 600, False, id="240 minutes for the symbol"),
        pytest.param(240 * 60, 600, True, id="then it may"),
    ],
)
def test_an_exit_starts_the_cooldown_of_the_symbol(
    after_s: int, condition_cooldown_s: int, *, is_entered: bool
) -> None:
    stand = Stand(condition_cooldown_s=condition_cooldown_s)
    stand.enter()
    stand.move(97.0)
    stand.bar(NEUTRAL)
    stand.move(95.0)
    stand.bar(FALLEN, after_s=after_s)
    stand.bar(FALLEN)
    assert bool(stand.open_tags) is is_entered


def test_an_exit_lets_its_condition_rest() -> None:
    stand = Stand(symbol_cooldown_s=0, condition_cooldown_s=0)
    stand.enter()
    stand.move(97.0)
    stand.bar(NEUTRAL)
    stand.move(95.0)
    stand.bar(FALLEN, after_s=600)
    assert not stand.open_tags, "600 s is not more than 600 s"
    stand.bar(FALLEN, after_s=1)
    assert stand.open_tags, "armed all the time, it fires at once"


def test_both_exits_may_fill_in_one_scan_and_turn_the_position_until_the_day_ends() -> None:
    stand = Stand()
    stand.enter()
    held = stand.account.quantity("V")
    stand.low, stand.high = 80.0, 120.0
    stand.bar(NEUTRAL)
    assert stand.account.quantity("V") == -held
    assert stand.open_tags == []
    stand.move(95.0)
    stand.strategy.end_day()
    stand.broker.process_requests()
    assert stand.account.quantity("V") == 0


def test_a_winning_position_locks_profit_in_once() -> None:
    stand = Stand()
    stand.enter()
    average = stand.account.average_price("V")
    stand.move(average * (1 + 0.41 / 100))
    for _ in range(3):
        stand.bar(NEUTRAL)
    locked = round((1 + 0.08 / 100) * average, 2)
    assert stand.statuses[-3:] == [(2, "cancel_pending"), (2, "canceled"), (4, "submitted")]
    assert stand.open_prices[-1] == locked
    assert stand.open_tags[-1] == "SL-cond1-V-Updated"


def test_below_half_the_target_the_stop_stays() -> None:
    stand = Stand()
    stand.enter()
    stand.move(stand.account.average_price("V") * (1 + 0.39 / 100))
    stand.bar(NEUTRAL)
    assert stand.statuses[-1] == (3, "submitted")


def test_a_short_position_locks_profit_in_below_its_price() -> None:
    stand = Stand()
    stand.enter(RISEN)
    average = stand.account.average_price("V")
    stand.move(average * (1 - 0.41 / 100))
    stand.bar(NEUTRAL)
    assert stand.open_prices[-1] == round((1 - 0.08 / 100) * average, 2)


@pytest.mark.parametrize(
    ("price", "moved"),
    [
        pytest.param(95.0, "limit", id="losing: the target moves to break-even"),
        pytest.param(95.5, "stop_market", id="not losing: the stop does"),
    ],
)
def test_after_thirty_minutes_one_exit_moves_to_break_even(price: float, moved: str) -> None:
    stand = Stand()
    stand.enter()
    entered = stand.broker.now
    average = round(stand.account.average_price("V"), 2)
    stand.move(price)
    # The moved exit shall not fill in this very slice.
    stand.low, stand.high = (price - 0.1, price + 0.1) if moved == "limit" else (95.49, 95.6)
    stand.bar(NEUTRAL, after_s=1799)
    assert stand.statuses[-1] == (3, "submitted")
    stand.bar(NEUTRAL, after_s=entered + 1800 - stand.broker.now)
    updated = stand.broker.events[-1]
    assert (updated.status, updated.type) == ("updated", moved)
    assert average in (updated.limit_price, updated.stop_price)
    stand.bar(NEUTRAL)
    assert stand.broker.events[-1] is updated, "once"


def test_an_updated_exit_is_scanned_in_the_same_slice() -> None:
    stand = Stand()
    stand.enter()
    stand.move(95.45)
    stand.bar(NEUTRAL, after_s=1800)
    assert stand.statuses[-3:] == [(3, "updated"), (3, "filled"), (2, "cancel_pending")]
    assert stand.account.quantity("V") == 0


def test_after_a_hundred_and_fifty_minutes_the_position_is_closed_at_the_market() -> None:
    stand = Stand(action1_s=10**6)
    stand.enter()
    entered = stand.broker.now
    stand.bar(NEUTRAL, after_s=9000 - 1)
    assert stand.account.quantity("V")
    stand.bar(NEUTRAL, after_s=entered + 9000 - stand.broker.now)
    assert stand.account.quantity("V") == 0
    assert stand.statuses[-6:] == [
        (2, "cancel_pending"),
        (3, "cancel_pending"),
        (2, "canceled"),
        (3, "canceled"),
        (4, "submitted"),
        (4, "filled"),
    ]


def test_the_end_of_the_day_closes_cancels_and_resets() -> None:
    stand = Stand()
    stand.enter()
    stand.strategy.end_day()
    stand.broker.process_requests()
    assert stand.account.quantity("V") == 0
    assert stand.open_tags == []
    assert (stand.metrics.resets, stand.extremes.samples) == (1, [])


def test_conditions_rest_after_the_end_of_the_day() -> None:
    stand = Stand()
    stand.strategy.end_day()
    for _ in range(2):
        stand.bar(FALLEN, after_s=300)
    stand.bar(NEUTRAL, after_s=1)
    stand.bar(FALLEN)
    assert not stand.open_tags, "armed just now, 600 s after the day's end"


def test_a_close_at_the_market_starts_no_cooldown() -> None:
    stand = Stand()
    stand.enter()
    stand.strategy.end_day()
    stand.broker.process_requests()
    stand.bar(FALLEN, after_s=601)
    stand.bar(FALLEN)
    assert stand.open_tags == ["Buy-cond1-Trail-V"]


def test_entries_and_positions_are_ended_apart() -> None:
    stand = Stand()
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.strategy.cancel_entries()
    stand.broker.process_requests()
    assert stand.statuses[-1] == (1, "canceled")
    stand = Stand()
    stand.enter()
    stand.strategy.close_position()
    assert stand.account.quantity("V") == 0


def test_an_orphan_exits_as_condition_2_even_where_that_is_not_in_use() -> None:
    stand = Stand(conditions=("cond1",))
    stand.bar(FALLEN)
    stand.bar(FALLEN)
    stand.move(95.1)
    stand.bar(FALLEN)
    stand.high = 95.6
    stand.bar(NEUTRAL, after_s=1)
    stand.move(97.0)
    stand.bar(NEUTRAL)
    assert stand.account.quantity("V") == 0
