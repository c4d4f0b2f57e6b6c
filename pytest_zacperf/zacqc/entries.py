"""One symbol's entries: conditions arm and fire, a stop order is placed, trailed, watched, dropped.

What happens after the fill is in ``exits.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.conditions import CONDITIONS, Condition, MaxDown, is_beyond_gate
from pytest_zacperf.zacqc.orders import Order, Tag
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import NO_RALLY_NEEDED, Rally
from pytest_zacperf.zacqc.reading import Reading
from pytest_zacperf.zacqc.risk import RiskManager

JudgeRally = Callable[[Condition, Reading], Rally]
# Nobody tracks an order that was trailed; the reference strategy takes its fill for condition 2.
ORPHAN_CONDITION = "cond2"


@dataclass(slots=True, kw_only=True)
class ConditionState:
    """One condition's memory: armed or not, and when it last let go of a position."""

    condition: Condition
    exit_time: int
    is_armed: bool = False


@dataclass(slots=True, kw_only=True)
class PendingEntry:
    """The entry order that is tracked, with what trailing it needs."""

    order: Order
    condition: Condition
    trail_percent: float
    reference_price: float


class EntryManager:
    """Finds entries of one symbol and looks after the orders until they are filled or dropped.

    Args:
        symbol: The ticker.
        parameters: Of the strategy.
        broker: Shared by all symbols.
        risk: Shared by all symbols.
        start_time: Midnight of the first day in seconds since 1970 UTC: every condition's first
            exit time.
        stages: Where risk is timed.

    """

    def __init__(  # noqa: PLR0913 - each named at the one call
        self,
        symbol: str,
        *,
        parameters: TradingParameters,
        broker: Broker,
        risk: RiskManager,
        start_time: int,
        stages: StageTimer,
    ) -> None:
        self._symbol = symbol
        self._parameters = parameters
        self._broker = broker
        # All of them: an orphan's exit belongs to condition 2, whether that is in use or not.
        self._states = {
            name: ConditionState(condition=condition, exit_time=start_time)
            for name, condition in CONDITIONS.items()
        }
        self._states_in_use = [self._states[name] for name in parameters.conditions]
        # The specification's sent-flag lives exactly as long as this, so it is not kept apart.
        self._pending: PendingEntry | None = None
        self._last_exit_time = start_time - parameters.symbol_cooldown_s
        self._size = stages.wrap("risk", risk.size)

    @property
    def is_waiting(self) -> bool:
        """Whether an entry was sent and is tracked."""
        return self._pending is not None

    def trail(self, cached_price: float) -> None:
        """Move a tracked long entry up when the cached price rose since the last bar.

        Submitting carries out the queued cancellation first, and that ends the tracking: an entry
        trails at most once.
        """
        pending = self._pending
        if pending is None or pending.order.quantity < 0:
            return
        reference = pending.reference_price
        # The reference follows the price down as well as up.
        pending.reference_price = cached_price
        if cached_price <= reference:
            return
        condition = pending.condition.name
        text = f"Trail-Update-{condition}-{self._symbol}"
        self._broker.cancel(pending.order)
        self._broker.submit(
            self._symbol,
            pending.order.quantity,
            type="stop_market",
            price=cached_price * (1 + pending.trail_percent / 100),
            tag=Tag(purpose="trailed_entry", condition=condition, text=text),
        )

    def walk(self, reading: Reading, price: float, *, judge: JudgeRally, down: MaxDown) -> None:
        """Arm, disarm or fire each condition; a bar in which one changes does no more to it."""
        now, rest_s = self._broker.now, self._parameters.condition_rest_s
        ratio = self._parameters.vwap_gate_percent / 100
        for state in self._states_in_use:
            if now - state.exit_time <= rest_s:
                continue
            condition = state.condition
            if not state.is_armed:
                state.is_armed = condition.arms(reading, self._parameters, down)
                continue
            rally = judge(condition, reading) if condition.needs_rally else NO_RALLY_NEEDED
            if rally.is_overdone:
                state.is_armed = False
            elif rally.is_ready and is_beyond_gate(reading, condition.direction, ratio):
                self._place(state, reading, price)

    def monitor(self, reading: Reading) -> None:
        """Cancel pending entries that the price came too close to, or whose extreme moved.

        The distance gate is inclusive, as it is for placing. The extreme's check needs a full
        window of bars.
        """
        parameters = self._parameters
        kept = (parameters.vwap_gate_percent - parameters.vwap_gate_margin_percent) / 100
        for order in self._open_entries():
            if not is_beyond_gate(reading, 1 if order.quantity > 0 else -1, kept):
                self._broker.cancel(order)
        for order in self._open_entries():
            if self._has_extreme_moved(order, reading):
                state = self._states[order.tag.condition]
                self._broker.cancel(order)
                state.is_armed = False

    def claim_fill(self, order: Order) -> str | None:
        """Return the condition whose entry was filled; None when the order is no entry."""
        if self._pending and order is self._pending.order:
            condition = self._pending.condition.name
            self._pending = None
            return condition
        return ORPHAN_CONDITION if order.tag.is_entry else None

    def on_canceled(self, order: Order) -> None:
        """Stop tracking an entry that is gone."""
        if self._pending and order is self._pending.order:
            self._pending = None

    def start_cooldown(self, condition: str) -> None:
        """Take note of an exit by stop loss or profit target."""
        self._last_exit_time = self._broker.now
        self._states[condition].exit_time = self._broker.now

    def cancel(self) -> None:
        """Cancel every pending entry and stop tracking."""
        for order in self._open_entries():
            self._broker.cancel(order)
        self._pending = None

    def disarm(self) -> None:
        """Disarm every condition."""
        for state in self._states.values():
            state.is_armed = False

    def end_day(self) -> None:
        """Disarm every condition, stop tracking, and let the conditions rest."""
        self._pending = None
        self.disarm()
        for state in self._states.values():
            state.exit_time = self._broker.now

    def _open_entries(self) -> list[Order]:
        """Return the open entries that nobody has canceled yet; cancellation blanks the tag."""
        return [order for order in self._broker.open_orders(self._symbol) if order.tag.is_entry]

    def _has_extreme_moved(self, order: Order, reading: Reading) -> bool:
        if order.quantity > 0:
            old, new = reading.second_oldest_low, reading.newer_low
        else:
            old, new = reading.second_oldest_high, reading.newer_high
        if old is None or new is None:
            return False
        return abs(old - new) > self._parameters.range_cancel_margin

    def _place(self, state: ConditionState, reading: Reading, price: float) -> None:
        if not self._may_place(state):
            return
        quantity = self._size(price)
        if not quantity:
            return
        condition = state.condition
        trail_percent = self._trail_percent(condition, reading, price)
        side = "Buy" if condition.direction > 0 else "Short"
        text = f"{side}-{condition.name}-Trail-{self._symbol}"
        order = self._broker.submit(
            self._symbol,
            condition.direction * quantity,
            type="stop_market",
            price=price * (1 + condition.direction * trail_percent / 100),
            tag=Tag(purpose="entry", condition=condition.name, text=text),
        )
        self._pending = PendingEntry(
            order=order, condition=condition, trail_percent=trail_percent, reference_price=price
        )

    def _may_place(self, state: ConditionState) -> bool:
        now, parameters = self._broker.now, self._parameters
        is_c3 = state.condition.name == "cond3"
        cooldown_s = (
            parameters.c3_condition_cooldown_s if is_c3 else parameters.condition_cooldown_s
        )
        if now - self._last_exit_time < parameters.symbol_cooldown_s:
            return False
        if now - state.exit_time < cooldown_s or self.is_waiting:
            return False
        if self._broker.account.quantity(self._symbol):
            return False
        return not self._broker.has_open_order(self._symbol)

    def _trail_percent(self, condition: Condition, reading: Reading, price: float) -> float:
        parameters = self._parameters
        if condition.name == "cond3":
            return parameters.c3_trail_percent
        if reading.day_range <= 0:
            return parameters.trail_without_range_percent
        return (parameters.trail_range_ratio * reading.day_range / price) * 100
