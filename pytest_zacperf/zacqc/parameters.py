"""The strategy's parameters with their reference values; no behavior."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_S = 60
HOUR_S = 3600

REFERENCE_SYMBOLS = (
    *("AAPL", "NVDA", "TSLA", "V", "AMZN", "META", "ABBV", "AMD"),
    *("GS", "HAL", "JNJ", "MCD", "OXY", "SHOP", "UBER"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingParameters:
    """All switches of the strategy; times of day are seconds since New York midnight.

    Attributes:
        symbols: In the order in which they are evaluated.
        conditions: The entry conditions in use, in order of evaluation.
        arm_from_open_ratio: C1 and C4 arm when the move from the open reaches this multiple of
            the mean daily range.
        arm_range_ratio: C2 and C5 arm when the day's range reaches this multiple.
        arm_max_down_ratio: C3 arms when the drop within the window reaches this multiple.
        vwap_gate_percent: Distance of the price from the open that an entry needs, in percent of
            the mean daily range.
        vwap_gate_margin_percent: How much of that distance a pending entry may lose.
        trail_range_ratio: Distance of an entry stop from the price, in day ranges.
        trail_without_range_percent: The same where the day has no range yet, in percent of price.
        c3_trail_percent: The same for C3.
        rally_minimum: Smallest rally that allows an entry, in day ranges (X).
        rally_maximum: Largest; above it the condition is disarmed.
        retracement_minimum: Smallest retracement after the rally, in day ranges (Y).
        rally_time_s: Time since the extreme that a wide day asks for.
        rally_time_multiple: Above this range multiple the time rule applies.
        rally_samples_minimum: Fewer samples give no rally.
        rally_memory_s: Samples of this age are forgotten: 960 of them, one each 15 s, remain.
        stop_loss_percent: Distance of the stop loss from the fill, in percent of the mean range.
        profit_take_percent: Distance of the profit target, in percent of the mean range.
        stop_update_profit_percent: Part of the profit target at which the stop moves.
        stop_update_lock_percent: Part of the profit target that the moved stop locks in.
        action1_s: Time after the entry fill at which one exit is moved to break-even.
        action2_s: Time after the entry fill at which the position is closed.
        window_start_s: Entries from this time of day on, inclusive.
        window_end_s: Entries until this time of day, exclusive; pending ones are canceled then.
        end_of_day_s: Positions are closed and the day's values reset.
        risk_reset_s: The daily limit is lifted.
        symbol_cooldown_s: Time after an exit without entry in the same symbol.
        condition_cooldown_s: Time after an exit without entry by the same condition.
        c3_condition_cooldown_s: The same for C3.
        condition_rest_s: A condition is not looked at for this long after its exit time.
        cash_ratio: Part of the net liquidation value that one position takes.
        capital_ratio: All positions together at most, in net liquidation values.
        daily_profit_limit_percent: Profit of the day at which trading stops.
        range_cancel_margin: Change of an extreme, in dollars, that cancels a pending entry.
        liquidity_minimum: In million dollars a second.
        gap_maximum_ratio: Largest gap that is traded, in mean daily ranges.
        sharp_move_maximum_ratio: Largest move within four minutes that is traded.
        max_bar_age_s: A newest bar that started longer ago is stale.
        initial_cash: In dollars.
        guard: Skip the evaluation of idle symbols outside the entry window. It is no pure
            optimization: the rally detector then has no samples from before the window.

    """

    symbols: tuple[str, ...] = REFERENCE_SYMBOLS
    conditions: tuple[str, ...] = ("cond1", "cond2", "cond4", "cond5")
    arm_from_open_ratio: float = 1.2
    arm_range_ratio: float = 1.3
    arm_max_down_ratio: float = 3.0
    vwap_gate_percent: float = 55.0
    vwap_gate_margin_percent: float = 7.0
    trail_range_ratio: float = 0.08
    trail_without_range_percent: float = 1.0
    c3_trail_percent: float = 0.85
    rally_minimum: float = 0.04
    rally_maximum: float = 0.20
    retracement_minimum: float = 0.02
    rally_time_s: int = 7 * MINUTE_S
    rally_time_multiple: float = 1.3
    rally_samples_minimum: int = 10
    rally_memory_s: int = 4 * HOUR_S
    stop_loss_percent: float = 125.0
    profit_take_percent: float = 20.0
    stop_update_profit_percent: float = 50.0
    stop_update_lock_percent: float = 10.0
    action1_s: int = 30 * MINUTE_S
    action2_s: int = 150 * MINUTE_S
    window_start_s: int = 10 * HOUR_S + 57 * MINUTE_S
    window_end_s: int = 14 * HOUR_S
    end_of_day_s: int = 15 * HOUR_S + 59 * MINUTE_S
    risk_reset_s: int = 15 * HOUR_S + 50 * MINUTE_S
    symbol_cooldown_s: int = 240 * MINUTE_S
    condition_cooldown_s: int = 10 * MINUTE_S
    c3_condition_cooldown_s: int = 30 * MINUTE_S
    condition_rest_s: int = 600
    cash_ratio: float = 0.6
    capital_ratio: float = 2.25
    daily_profit_limit_percent: float = 0.27
    range_cancel_margin: float = 0.50
    liquidity_minimum: float = 0.011
    gap_maximum_ratio: float = 0.90
    sharp_move_maximum_ratio: float = 0.75
    max_bar_age_s: int = 300
    initial_cash: int = 500_000
    guard: bool = True

    def is_entry_time(self, second_of_day: int) -> bool:
        """Return whether entries are allowed at a second since New York midnight."""
        return self.window_start_s <= second_of_day < self.window_end_s
