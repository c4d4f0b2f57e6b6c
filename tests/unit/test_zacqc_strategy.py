"""One symbol's strategy, rule by rule, those included that no recorded run exercises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.orders import Order
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import Extremes, Sample
from pytest_zacperf.zacqc.reading import Reading
from pytest_zacperf.zacqc.risk import RiskManager
from pytest_zacperf.zacqc.strategy import Slice, SymbolStrategy

MIDNIGHT = 1_759_291_200
NOON = MIDNIGHT + 12 * 3600
# The price fell from 100 to 95 on a day with a range of 6; the mean daily range is 4 %.
FALLEN = Reading(
    mean_range=4.0,
    range=6.0,
    range_of_open=6.0,
    range_multiple=1.5,
    day_range=6.0,
    from_open=-5.0,
    price_from_open=-5.0,
    gap=0.0,
    sharp_move=0.1,
    liquidity=1.0,
    previous_low=None,
    older_low=None,
    previous_high=None,
    older_high=None,
    second_oldest_low=94.0,
    newer_low=94.0,
    second_oldest_high=96.0,
    newer_high=96.0,
)
RISEN = msgspec.structs.replace(FALLEN, from_open=5.0, price_from_open=5.0)
NEUTRAL = msgspec.structs.replace(FALLEN, from_open=0.0, price_from_open=0.0)
LAST = Sample(NOON, 94.5, 94.4)
# A tenth of the range from 94 up to 94.6, half of it given back.
RALLY_UP = Extremes(94.0, 94.6, NOON - 600, Sample(NOON, 94.4, 94.3), 100)
RALLY_DOWN = Extremes(95.4, 96.0, NOON - 600, Sample(NOON, 95.7, 95.6), 100)
OVERDONE = Extremes(94.0, 96.0, NOON - 600, Sample(NOON, 95.7, 95.6), 100)
NO_EXTREMES = Extremes(94.0, 94.0, NOON - 600, Sample(NOON, 94.0, 94.0), 100)


@dataclass
class ScriptedMetrics:
    """Metrics that read what the test wants."""

    reading: Reading = NEUTRAL
    bars: list[Bar] = field(default_factory=list)
    resets: int = 0

    def add_bar(self, bar: Bar) -> None:
        self.bars.append(bar)

    def add_daily_bar(self, bar: DailyBar) -> None:
        raise AssertionError(bar)

    def reset_day(self) -> None:
        self.resets += 1

    def window(self) -> Sequence[Bar]:
        return self.bars

    def read(self, price: float) -> Reading:
        assert price > 0
        return self.reading


@dataclass
class ScriptedExtremes:
    """Rally extremes that are what the test wants."""

    up: Extremes = RALLY_UP
    down: Extremes = RALLY_DOWN
    samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)

    def clear(self) -> None:
        self.samples.clear()

    def long(self) -> Extremes:
        return self.up

    def short(self) -> Extremes:
        return self.down


class Stand:
    """A strategy with a real broker, whose market and metrics the test sets bar by bar."""

    def __init__(self, **switches: object) -> None:
        parameters = msgspec.convert({"symbols": ("V",), **switches}, TradingParameters)
        self.low, self.high, self.price = 94.9, 95.1, 95.0
        self.metrics, self.extremes = ScriptedMetrics(), ScriptedExtremes()
        self.account = Account(parameters.initial_cash)
        self.broker = Broker(self.account, self, self)
        self.risk = RiskManager(self.account, parameters, self.cached_price)
        self.broker.now = NOON
        self.strategy = SymbolStrategy(
            "V",
            parameters=parameters,
            metrics=self.metrics,
            extremes=self.extremes,
            broker=self.broker,
            risk=self.risk,
            start_time=MIDNIGHT,
            stages=StageTimer(enabled=False),
        )
        self.bar(NEUTRAL)

    def cached_price(self, symbol: str) -> float:
        assert symbol == "V"
        return self.price

    def touches(self, symbol: str) -> tuple[float, float]:
        assert symbol == "V"
        return self.low, self.high

    def on_filled(self, order: Order, price: float) -> None:
        self.strategy.on_filled(order, price)

    def on_canceled(self, order: Order) -> None:
        self.strategy.on_canceled(order)

    def bar(self, reading: Reading, *, after_s: int = 15, is_entry_time: bool = True) -> None:
        """Go on to the next bar: fills, the bar, its evaluation, requests, fills."""
        self.broker.now += after_s
        self.broker.scan()
        self.metrics.reading = reading
        bar = Bar(self.broker.now - 15, self.price, self.high, self.low, self.price)
        self.strategy.add_bar(bar)
        self.strategy.trail(self.price)
        now = Slice(self.broker.now, self.price, self.high, self.low, self.price, is_entry_time)
        self.strategy.evaluate(now)
        self.broker.process_requests()
        self.broker.scan()

    def move(self, price: float) -> None:
        """Move the market to *price*, with a narrow bar around it."""
        self.low, self.high, self.price = price - 0.1, price + 0.1, price

    def enter(self, reading: Reading = FALLEN) -> None:
        """Arm, fire, and fill an entry at 95.48 (95 + 8 % of the range of 6)."""
        self.bar(reading)
        self.bar(reading)
        self.low, self.high = (94.9, 95.6) if reading is FALLEN else (94.4, 95.1)
        self.bar(NEUTRAL, after_s=1)
        self.move(95.0)
        assert self.account.quantity("V")

    @property
    def statuses(self) -> list[tuple[int, str]]:
        return [(event.order_id, event.status) for event in self.broker.events]

    @property
    def open_prices(self) -> list[float | None]:
        return [order.price for order in self.broker.open_orders("V")]

    @property
    def open_tags(self) -> list[str]:
        return [order.tag.text for order in self.broker.open_orders("V")]


def _without_rally(stand: Stand) -> Stand:
    stand.extremes.up = stand.extremes.down = NO_EXTREMES
    return stand


# --- entering ---------------------------------------------------------------------------------


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


# --- the guard --------------------------------------------------------------------------------


@pytest.mark.parametrize(("guard", "samples"), [(True, 0), (False, 1)])
def test_the_guard_keeps_the_rally_detector_from_samples(*, guard: bool, samples: int) -> None:
    stand = Stand(guard=guard)
    stand.extremes.clear()
    stand.bar(NEUTRAL, is_entry_time=False)
    assert len(stand.extremes.samples) == samples


def test_the_guard_lets_a_position_be_evaluated_outside_the_window() -> None:
    stand = Stand()
    stand.enter()
    stand.extremes.clear()
    stand.bar(NEUTRAL, is_entry_time=False)
    assert len(stand.extremes.samples) == 1


def test_the_first_bar_is_not_evaluated() -> None:
    stand = Stand()
    assert stand.extremes.samples == []
    stand.bar(NEUTRAL)
    assert len(stand.extremes.samples) == 1


def test_a_stale_bar_is_not_evaluated() -> None:
    stand = Stand()
    stand.bar(NEUTRAL)
    stand.extremes.clear()
    newest = stand.broker.now - 15
    for age_s in (300, 301):
        stand.strategy.evaluate(Slice(newest + age_s, 95.0, 95.0, 95.0, 95.0, True))  # noqa: FBT003
    assert len(stand.extremes.samples) == 1


# --- the pending entry ------------------------------------------------------------------------


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


# --- the position -----------------------------------------------------------------------------


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
