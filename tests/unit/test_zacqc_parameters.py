"""The reference values of the strategy, as the specification has them."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_zacperf.zacqc.parameters import TradingParameters

MINUTE_S = 60
REFERENCE = {
    "conditions": ("cond1", "cond2", "cond4", "cond5"),
    "arm_from_open_ratio": 1.2,
    "arm_range_ratio": 1.3,
    "arm_max_down_ratio": 3.0,
    "vwap_gate_percent": 55.0,
    "vwap_gate_margin_percent": 7.0,
    "trail_range_ratio": 0.08,
    "trail_without_range_percent": 1.0,
    "c3_trail_percent": 0.85,
    "rally_minimum": 0.04,
    "rally_maximum": 0.20,
    "retracement_minimum": 0.02,
    "rally_time_s": 7 * MINUTE_S,
    "rally_time_multiple": 1.3,
    "rally_samples_minimum": 10,
    "rally_memory_s": 240 * MINUTE_S,
    "stop_loss_percent": 125.0,
    "profit_take_percent": 20.0,
    "stop_update_profit_percent": 50.0,
    "stop_update_lock_percent": 10.0,
    "action1_s": 30 * MINUTE_S,
    "action2_s": 150 * MINUTE_S,
    "window_start_s": (10 * 60 + 57) * MINUTE_S,
    "window_end_s": 14 * 60 * MINUTE_S,
    "end_of_day_s": (15 * 60 + 59) * MINUTE_S,
    "risk_reset_s": (15 * 60 + 50) * MINUTE_S,
    "symbol_cooldown_s": 240 * MINUTE_S,
    "condition_cooldown_s": 10 * MINUTE_S,
    "c3_condition_cooldown_s": 30 * MINUTE_S,
    "condition_rest_s": 600,
    "cash_ratio": 0.6,
    "capital_ratio": 2.25,
    "daily_profit_limit_percent": 0.27,
    "range_cancel_margin": 0.5,
    "liquidity_minimum": 0.011,
    "gap_maximum_ratio": 0.9,
    "sharp_move_maximum_ratio": 0.75,
    "max_bar_age_s": 300,
    "initial_cash": 500_000,
    "guard": True,
}
SYMBOLS = "AAPL NVDA TSLA V AMZN META ABBV AMD GS HAL JNJ MCD OXY SHOP UBER"


def test_the_defaults_are_the_reference_values() -> None:
    defaults = dataclasses.asdict(TradingParameters())
    assert defaults.pop("symbols") == tuple(SYMBOLS.split())
    assert defaults == REFERENCE


@pytest.mark.parametrize(
    ("time", "allowed"),
    [("10:56:59", False), ("10:57:00", True), ("13:59:59", True), ("14:00:00", False)],
)
def test_the_entry_window_ends_before_two(time: str, *, allowed: bool) -> None:
    hours, minutes, seconds = map(int, time.split(":"))
    second_of_day = hours * 3600 + minutes * 60 + seconds
    assert TradingParameters().is_entry_time(second_of_day) is allowed
