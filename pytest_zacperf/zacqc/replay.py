"""The replay loop: runs all symbols through the market second by second, in Lean's order of steps.

A second matters only if a bar ends at it or an order can fill in it; the others are passed over.
Nothing here decides about trades.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_zacperf.records import Coverage, EquityPoint, OrderEvent, Trade
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.units import NS_PER_S
from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.bars import BAR_SECONDS
from pytest_zacperf.zacqc.broker import Broker
from pytest_zacperf.zacqc.feed import Feed
from pytest_zacperf.zacqc.market import Market
from pytest_zacperf.zacqc.metrics import IncrementalMetrics
from pytest_zacperf.zacqc.orders import Order
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.rally import IncrementalExtremes
from pytest_zacperf.zacqc.recompute import FullExtremes, FullMetrics
from pytest_zacperf.zacqc.risk import RiskManager
from pytest_zacperf.zacqc.sessions import Session
from pytest_zacperf.zacqc.strategy import Slice, SymbolStrategy
from pytest_zacperf.zacqc.tape import Tape

MetricsForm = Literal["full", "incremental"]
# In the order in which a report shows them.
STAGES = ("data", "rally", "metrics", "risk", "strategy", "orders")
ONE_DAY = dt.timedelta(days=1)
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay did.

    Attributes:
        order_events: All of them, in order.
        trades: Closed trades in order of their exit.
        equity: Net liquidation value at the start and at the end of each session.
        fees: In dollars.
        symbol_seconds: Seconds of regular hours times symbols.
        coverage: Real one-second bars of regular hours by symbol and day.

    """

    order_events: Sequence[OrderEvent]
    trades: Sequence[Trade]
    equity: Sequence[EquityPoint]
    fees: float
    symbol_seconds: int
    coverage: Sequence[Coverage]


class Replay:
    """Runs the strategy over a span of days.

    Args:
        market: Where bars come from.
        parameters: Of the strategy.
        metrics: ``full`` recomputes every metric at each bar, ``incremental`` keeps rolling state.
        stages: Where the parts are timed.
        on_day: Called with each trading day as it begins.

    """

    def __init__(
        self,
        market: Market,
        parameters: TradingParameters,
        *,
        metrics: MetricsForm,
        stages: StageTimer,
        on_day: Callable[[dt.date], None] = lambda _: None,
    ) -> None:
        self._parameters = parameters
        self._metrics: MetricsForm = metrics
        self._stages = stages
        self._on_day = on_day
        self._tape = Tape()
        self._account = Account(parameters.initial_cash)
        self._broker = Broker(self._account, self._tape, self)
        self._risk = RiskManager(self._account, parameters, self._tape.cached_price)
        self._feed = Feed(market, parameters.symbols)
        self._strategies: dict[str, SymbolStrategy] = {}
        self._equity: list[EquityPoint] = []
        for name in STAGES:
            stages.stage(name)
        self._scan = stages.wrap("orders", self._broker.scan)
        self._is_limit_reached = stages.wrap("risk", self._risk.is_limit_reached)
        self._may_reach_limit = stages.wrap("risk", self._risk.may_reach_limit)
        self._load = stages.wrap("data", self._feed.session)
        # All symbols in one entry: timing each of them would cost a fifth of the run.
        self._add_bars = stages.wrap("metrics", self._hand_bars_out)

    def run(self, sessions: Sequence[Session]) -> ReplayResult:
        """Replay trading days that follow each other."""
        if sessions:
            self._start(sessions[0])
        for previous, session in zip([None, *sessions], sessions, strict=False):
            if previous:
                self._pass_days_without_session(previous, session)
            self._run_session(session)
        return ReplayResult(
            order_events=self._broker.events,
            trades=self._account.trades,
            equity=self._equity,
            fees=float(self._account.fees),
            symbol_seconds=self._feed.symbol_seconds,
            coverage=self._feed.coverage,
        )

    def on_filled(self, order: Order, price: float) -> None:
        """Hand a fill to its symbol's strategy."""
        self._strategies[order.symbol].on_filled(order, price)

    def on_canceled(self, order: Order) -> None:
        """Hand a cancellation to its symbol's strategy."""
        self._strategies[order.symbol].on_canceled(order)

    def _start(self, first: Session) -> None:
        """Make the strategies and warm their metrics up with daily bars."""
        is_full = self._metrics == "full"
        memory_s = self._parameters.rally_memory_s
        read_history = self._stages.wrap("data", self._feed.history)
        for symbol in self._parameters.symbols:
            strategy = self._strategies[symbol] = SymbolStrategy(
                symbol,
                parameters=self._parameters,
                metrics=FullMetrics() if is_full else IncrementalMetrics(),
                extremes=FullExtremes(memory_s) if is_full else IncrementalExtremes(memory_s),
                broker=self._broker,
                risk=self._risk,
                start_time=first.midnight_utc_s,
                stages=self._stages,
            )
            for bar in read_history(symbol, first):
                strategy.add_daily_bar(bar)

    def _pass_days_without_session(self, previous: Session, session: Session) -> None:
        """End the days in between: the end-of-day event is due on every calendar day.

        Exchange time may change on such a day; a reset an hour off has the same effect.
        """
        day = previous.day + ONE_DAY
        while day < session.day:
            distance = (session.day - day).days * SECONDS_PER_DAY
            self._broker.now = session.midnight_utc_s - distance + self._parameters.end_of_day_s
            self._end_day()
            day += ONE_DAY

    def _run_session(self, session: Session) -> None:
        self._on_day(session.day)
        # Before the tape shows the new day: what is held is still worth yesterday's prices.
        self._risk.start_day()
        self._note_equity(session, session.open_second)
        self._tape.symbols = self._load(session)
        seconds = session.close_second - session.open_second
        events = self._scheduled_events()
        for bar in range(seconds // BAR_SECONDS):
            self._tape.bar = bar
            second_of_day = session.open_second + (bar + 1) * BAR_SECONDS
            self._run_seconds_within(bar, session)
            self._run_bar_end(bar, session, events.pop(second_of_day, None))
        for symbol, strategy in self._strategies.items():
            daily = self._tape.symbols[symbol].daily
            if daily:
                strategy.add_daily_bar(daily)
            strategy.end_session()
        # On an early close these are due after the last bar, each at its own time.
        for second_of_day, event in events.items():
            self._broker.now = session.midnight_utc_s + second_of_day
            event()
            self._broker.process_requests()
        self._note_equity(session, session.close_second)

    def _scheduled_events(self) -> dict[int, Callable[[], None]]:
        """Return what is due at which second of the day, in order of time."""
        return {
            self._parameters.window_end_s: self._end_entries,
            self._parameters.risk_reset_s: self._risk.end_day,
            self._parameters.end_of_day_s: self._end_day,
        }

    def _run_seconds_within(self, bar: int, session: Session) -> None:
        """Run the seconds before the bar's last one, if an order or the limit can be touched."""
        if not (self._broker.has_open_orders or self._account.held_symbols):
            return
        if not self._can_matter():
            return
        first = bar * BAR_SECONDS
        for second in range(first, first + BAR_SECONDS - 1):
            self._set_second(second, session)
            self._scan()
            self._check_limit()
            self._broker.process_requests()
            self._scan()

    def _can_matter(self) -> bool:
        tape = self._tape
        if self._broker.may_touch(tape.lowest, tape.highest):
            return True
        return bool(self._account.held_symbols) and self._may_reach_limit(tape.lowest, tape.highest)

    def _run_bar_end(self, bar: int, session: Session, event: Callable[[], None] | None) -> None:
        """Run the second at which a bar ends: fills, schedule, bars, decisions, requests, fills."""
        self._set_second((bar + 1) * BAR_SECONDS - 1, session)
        if self._broker.has_open_orders:
            self._scan()
        if event:
            event()
        self._add_bars(bar)
        if self._broker.has_open_orders:
            self._trail_entries(bar)
        self._check_limit()
        self._evaluate(bar, session)
        self._broker.process_requests()
        if self._broker.has_open_orders:
            self._scan()

    def _hand_bars_out(self, bar: int) -> None:
        symbols = self._tape.symbols
        for symbol, strategy in self._strategies.items():
            newest = symbols[symbol].bars[bar]
            if newest:
                strategy.add_bar(newest)

    def _trail_entries(self, bar: int) -> None:
        for symbol, strategy in self._strategies.items():
            strategy.trail(self._tape.symbols[symbol].cached_price[bar])

    def _evaluate(self, bar: int, session: Session) -> None:
        now = self._broker.now
        is_entry_time = self._parameters.is_entry_time(now - session.midnight_utc_s)
        is_quiet = not (self._broker.has_open_orders or self._account.held_symbols)
        if self._parameters.guard and not is_entry_time and is_quiet:
            return
        for symbol, strategy in self._strategies.items():
            bars = self._tape.symbols[symbol]
            strategy.evaluate(
                Slice(
                    now,
                    bars.slice_close[bar],
                    bars.slice_high[bar],
                    bars.slice_low[bar],
                    bars.cached_price[bar],
                    is_entry_time,
                )
            )

    def _set_second(self, second: int, session: Session) -> None:
        self._tape.second = second
        # A one-second bar is known at its end.
        self._broker.now = session.midnight_utc_s + session.open_second + second + 1

    def _check_limit(self) -> None:
        # Also with nothing held: the exit of this very second may have reached the limit.
        if not self._is_limit_reached():
            return
        self._risk.is_stopped = True
        for strategy in self._strategies.values():
            strategy.cancel_entries()
        for strategy in self._strategies.values():
            strategy.close_position()

    def _end_entries(self) -> None:
        for strategy in self._strategies.values():
            strategy.end_entries()

    def _end_day(self) -> None:
        for strategy in self._strategies.values():
            strategy.end_day()

    def _note_equity(self, session: Session, second_of_day: int) -> None:
        self._equity.append(
            EquityPoint(
                ts_ns=(session.midnight_utc_s + second_of_day) * NS_PER_S,
                equity=self._risk.net_liquidation_value(),
            )
        )
