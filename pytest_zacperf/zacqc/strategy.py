"""One symbol's strategy: what is done at each bar, and with each fill, in which order.

The parts have files of their own: ``metrics.py``, ``rally.py``, ``entries.py``, ``exits.py``.
"""

from __future__ import annotations

import msgspec

from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.bars import Bar
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.conditions import Condition
from pytest_zacperf.zacqc.entries import EntryManager
from pytest_zacperf.zacqc.exits import ExitManager, OpenTrade
from pytest_zacperf.zacqc.orders import Order, Tag
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import Rally, RallyExtremes, Sample, judge_long, judge_short
from pytest_zacperf.zacqc.reading import Metrics, Reading, max_down
from pytest_zacperf.zacqc.risk import RiskManager

MINIMUM_BARS = 2


class Slice(msgspec.Struct, frozen=True, gc=False):
    """What a symbol shows at the end of a 15-second bar; prices in dollars.

    Attributes:
        time: Seconds since 1970 UTC.
        price: Close of the newest one-second bar, fill-forward included.
        high: Its high.
        low: Its low.
        cached_price: Close of the last real one-second bar of regular hours.
        is_entry_time: Whether entries are allowed at this time of day.

    """

    time: int
    price: float
    high: float
    low: float
    cached_price: float
    is_entry_time: bool


class SymbolStrategy:
    """Trades one symbol.

    Args:
        symbol: The ticker.
        parameters: Of the strategy.
        metrics: Full or incremental.
        extremes: Full or incremental.
        broker: Shared by all symbols.
        risk: Shared by all symbols.
        start_time: Midnight of the first day in seconds since 1970 UTC.
        stages: Where metrics, rally, risk and strategy are timed.

    """

    def __init__(  # noqa: PLR0913 - the parts of a strategy, each named at the one call
        self,
        symbol: str,
        *,
        parameters: TradingParameters,
        metrics: Metrics,
        extremes: RallyExtremes,
        broker: Broker,
        risk: RiskManager,
        start_time: int,
        stages: StageTimer,
    ) -> None:
        self._symbol = symbol
        self._parameters = parameters
        self._metrics = metrics
        self._extremes = extremes
        self._broker = broker
        self._risk = risk
        self._entries = EntryManager(
            symbol,
            parameters=parameters,
            broker=broker,
            risk=risk,
            start_time=start_time,
            stages=stages,
        )
        self._exits = ExitManager(broker, parameters)
        self._trade: OpenTrade | None = None
        self._bar_count = 0
        self._newest_start = 0
        self._mean_range = 1.0
        self._read = stages.wrap("metrics", metrics.read)
        self._add_sample = stages.wrap("rally", extremes.add)
        self._judge = stages.wrap("rally", self._judge_rally)
        self._decide = stages.wrap("strategy", self._take_decisions)
        self.add_daily_bar = stages.wrap("metrics", metrics.add_daily_bar)

    def add_bar(self, bar: Bar) -> None:
        """Take the bar that just ended."""
        self._metrics.add_bar(bar)
        self._bar_count += 1
        self._newest_start = bar.start

    def end_session(self) -> None:
        """Take note that trading is over for the day."""
        self._metrics.end_session()

    def trail(self, cached_price: float) -> None:
        """Trail a pending entry after the cached price; due after each bar."""
        self._entries.trail(cached_price)

    def evaluate(self, now: Slice) -> None:
        """Look at the newest bar, unless it is stale or the guard lets an idle symbol rest."""
        if self._bar_count < MINIMUM_BARS:
            return
        if now.time - self._newest_start > self._parameters.max_bar_age_s:
            return
        if self._parameters.guard and not now.is_entry_time and self._is_idle():
            return
        self._add_sample(Sample(now.time, now.high, now.low))
        reading = self._read(now.price)
        self._mean_range = reading.mean_range
        self._decide(reading, now)

    def on_filled(self, order: Order, price: float) -> None:
        """Open the exits of a filled entry; clean up when a fill leaves no position.

        A second exit that fills in the same scan turns the position around. It is no entry: the
        turned position has no exits of its own and is closed at the end of the day.
        """
        condition = self._entries.claim_fill(order)
        if condition:
            self._trade = self._exits.open_trade(
                order, price, condition=condition, mean_range=self._mean_range
            )
        if self._broker.account.quantity(self._symbol) == 0:
            self._become_flat(order.tag)

    def on_canceled(self, order: Order) -> None:
        """Let go of an order that is gone."""
        self._entries.on_canceled(order)

    def end_entries(self) -> None:
        """End the entry window: cancel what is pending and disarm every condition."""
        self._entries.cancel()
        self._entries.disarm()

    def cancel_entries(self) -> None:
        """Cancel pending entries; conditions stay armed."""
        self._entries.cancel()

    def close_position(self) -> None:
        """Close the position at the market."""
        self._exits.close_position(self._symbol)

    def end_day(self) -> None:
        """Close the position at the market, cancel everything and forget the day."""
        self.close_position()
        self._broker.cancel_all(self._symbol)
        self._trade = None
        self._metrics.reset_day()
        self._extremes.clear()
        self._entries.end_day()

    def _is_idle(self) -> bool:
        """Return whether nothing of this symbol is pending or held."""
        return not (
            self._entries.is_waiting
            or self._broker.account.quantity(self._symbol)
            or self._broker.has_open_order(self._symbol)
        )

    def _take_decisions(self, reading: Reading, now: Slice) -> None:
        if now.is_entry_time and self._may_enter(reading):
            self._entries.walk(reading, now.price, judge=self._judge, down=self._max_down)
        if self._broker.has_open_order(self._symbol):
            # After the conditions: an entry of this very bar is subject to the monitors already.
            self._entries.monitor(reading)
        if self._trade and self._broker.account.quantity(self._symbol):
            self._exits.manage(self._trade, now.cached_price, reading.mean_range)

    def _may_enter(self, reading: Reading) -> bool:
        parameters = self._parameters
        if self._risk.is_stopped:
            return False
        if abs(reading.gap) > reading.mean_range * parameters.gap_maximum_ratio:
            return False
        sharp_move = reading.sharp_move or 0.0
        if sharp_move / reading.mean_range > parameters.sharp_move_maximum_ratio:
            return False
        return reading.liquidity > parameters.liquidity_minimum

    def _judge_rally(self, condition: Condition, reading: Reading) -> Rally:
        if condition.direction > 0:
            return judge_long(self._extremes.long(), reading, self._parameters)
        return judge_short(self._extremes.short(), reading, self._parameters)

    def _max_down(self) -> float:
        return max_down(self._metrics.window(), self._broker.now)

    def _become_flat(self, tag: Tag) -> None:
        self._trade = None
        self._broker.cancel_all(self._symbol)
        if tag.is_exit:
            self._entries.start_cooldown(tag.condition)
