"""The replay loop on the synthetic market: what may be passed over, what is due when."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Sequence

import pytest

from pytest_zacperf.records import OrderEvent
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.bars import BAR_SECONDS
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.replay import MetricsForm, Replay, ReplayResult
from pytest_zacperf.zacqc.sessions import Session, sessions_between
from pytest_zacperf.zacqc.synthetic import SyntheticMarket

# Trend days in both directions, with entries that are filled.
START, END = dt.date(2025, 3, 10), dt.date(2025, 3, 11)
NEW_YORK_OFFSET_S = 4 * 3600


class EverySecond(Replay):
    """Passes no second over."""

    def _can_matter(self) -> bool:
        return True


class NotingReplay(Replay):
    """Takes note of when the day was ended."""

    ended_at: Sequence[int] = ()

    def _end_day(self) -> None:
        self.ended_at = (*self.ended_at, self._broker.now)
        super()._end_day()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> SyntheticMarket:
    return SyntheticMarket(tmp_path_factory.mktemp("synthetic"))


def _run(
    market: SyntheticMarket,
    parameters: TradingParameters,
    *,
    replay: type[Replay] = Replay,
    metrics: MetricsForm = "incremental",
    days: tuple[dt.date, dt.date] = (START, END),
) -> ReplayResult:
    runner = replay(market, parameters, metrics=metrics, stages=StageTimer(enabled=False))
    return runner.run(sessions_between(*days))


def _second_of_day(event: OrderEvent) -> int:
    return (event.ts_event_ns // 10**9 - NEW_YORK_OFFSET_S) % 86_400


@pytest.mark.parametrize("limit", [0.27, 0.05])
def test_passing_seconds_over_changes_nothing(market: SyntheticMarket, limit: float) -> None:
    parameters = TradingParameters(daily_profit_limit_percent=limit)
    quick = _run(market, parameters)
    slow = _run(market, parameters, replay=EverySecond)
    assert any(event.status == "filled" for event in quick.order_events)
    assert quick == slow


@pytest.mark.parametrize("guard", [True, False])
def test_full_and_incremental_metrics_give_the_same_result(
    market: SyntheticMarket, *, guard: bool
) -> None:
    parameters = TradingParameters(guard=guard)
    assert _run(market, parameters, metrics="full") == _run(market, parameters)


def test_the_guard_is_no_pure_optimization(market: SyntheticMarket) -> None:
    guarded = _run(market, TradingParameters(guard=True))
    free = _run(market, TradingParameters(guard=False))
    assert guarded.order_events != free.order_events


def test_the_daily_limit_closes_everything_and_ends_the_entries_of_the_day(
    market: SyntheticMarket,
) -> None:
    parameters = TradingParameters(daily_profit_limit_percent=0.05)
    result = _run(market, parameters, days=(START, START))
    closes = [event for event in result.order_events if event.type == "market"]
    assert closes, "the limit was never reached: choose another day"
    stopped_at = closes[0].ts_event_ns
    entries = [
        event
        for event in result.order_events
        if event.status == "submitted" and event.type == "stop_market" and event.event_id == 1
    ]
    assert all(event.ts_event_ns <= stopped_at for event in entries)
    assert _open_order_ids(result) == set()


def test_an_exit_that_reaches_the_daily_limit_ends_the_entries_of_the_day(
    market: SyntheticMarket,
) -> None:
    free = _run(market, TradingParameters(daily_profit_limit_percent=100.0), days=(START, START))
    first = next(trade for trade in free.trades if trade.profit_loss > 0)
    realized = sum(t.profit_loss for t in free.trades if t.exit_ts_ns <= first.exit_ts_ns)
    percent = realized * 100 / TradingParameters().initial_cash
    result = _run(
        market, TradingParameters(daily_profit_limit_percent=percent * 0.999), days=(START, START)
    )
    later = [event for event in _entries(free) if event.ts_event_ns > first.exit_ts_ns]
    assert later, "nothing was entered after the first win: choose another day"
    assert [e for e in _entries(result) if e.ts_event_ns > first.exit_ts_ns] == []


def _entries(result: ReplayResult) -> list[OrderEvent]:
    prefixes = ("Buy-", "Short-", "Trail-")
    return [
        e for e in result.order_events if e.event_id == 1 and (e.tag or "").startswith(prefixes)
    ]


def _open_order_ids(result: ReplayResult) -> set[int]:
    ended = {e.order_id for e in result.order_events if e.status in ("filled", "canceled")}
    return {e.order_id for e in result.order_events} - ended


def test_nothing_is_held_or_open_when_the_day_is_over(market: SyntheticMarket) -> None:
    # Without exits in reach every position lasts until 15:59.
    parameters = TradingParameters(
        profit_take_percent=5_000.0,
        stop_loss_percent=2_000.0,
        action1_s=10**6,
        action2_s=10**6,
        daily_profit_limit_percent=100.0,
    )
    result = _run(market, parameters)
    closes = [event for event in result.order_events if event.type == "market"]
    assert closes
    assert {_second_of_day(event) for event in closes} == {15 * 3600 + 59 * 60}
    assert _open_order_ids(result) == set()


class NotingProfit(EverySecond):
    """Takes note of the day's profit in percent at every second, and never stops."""

    profits: tuple[tuple[int, float], ...] = ()

    def _check_limit(self) -> None:
        held = self._account.held_symbols
        profit = self._account.realized_today + sum(
            self._account.open_profit(symbol, self._tape.cached_price(symbol)) for symbol in held
        )
        percent = profit * 100 / TradingParameters().initial_cash
        self.profits = (*self.profits, (self._broker.now, percent))


@pytest.fixture(scope="module")
def profits(market: SyntheticMarket) -> tuple[tuple[int, float], ...]:
    noting = NotingProfit(
        market, TradingParameters(), metrics="incremental", stages=StageTimer(enabled=False)
    )
    noting.run(sessions_between(START, START))
    return noting.profits


@pytest.mark.parametrize("is_bar_end", [True, False])
def test_the_daily_limit_strikes_in_the_very_second(
    market: SyntheticMarket, profits: tuple[tuple[int, float], ...], *, is_bar_end: bool
) -> None:
    bests = itertools.accumulate((percent for _, percent in profits), max, initial=0.01)
    highs = [high for high, best in zip(profits, bests, strict=False) if high[1] > best]
    second, percent = next(
        (now, percent) for now, percent in highs if (now % BAR_SECONDS == 0) is is_bar_end
    )
    parameters = TradingParameters(daily_profit_limit_percent=percent)
    result = _run(market, parameters, days=(START, START))
    closes = [event for event in result.order_events if event.type == "market"]
    assert {event.ts_event_ns // 10**9 for event in closes} == {second}


def test_the_daily_limit_is_lifted_for_the_next_day(market: SyntheticMarket) -> None:
    result = _run(market, TradingParameters(daily_profit_limit_percent=0.05))
    days = {
        dt.datetime.fromtimestamp(e.ts_event_ns // 10**9, dt.UTC).date()
        for e in result.order_events
    }
    assert any(event.type == "market" for event in result.order_events)
    assert days == {START, END}


class NotingSteps(Replay):
    """Takes note of what is done at the end of each bar, and in which order."""

    def __init__(self, market: SyntheticMarket) -> None:
        stages = StageTimer(enabled=False)
        super().__init__(market, TradingParameters(), metrics="incremental", stages=stages)
        self.bar_ends: list[tuple[str, ...]] = []
        self._steps: list[str] = []
        self._scan = self._scan_noted

    def _run_bar_end(self, bar: int, session: Session, event: Callable[[], None] | None) -> None:
        self._steps = []
        super()._run_bar_end(bar, session, self._schedule_noted(event) if event else None)
        self.bar_ends.append(tuple(self._steps))

    def _schedule_noted(self, event: Callable[[], None]) -> Callable[[], None]:
        def noted() -> None:
            self._steps.append("schedule")
            event()

        return noted

    def _scan_noted(self) -> None:
        self._steps.append("scan")
        self._broker.scan()

    def _trail_entries(self, bar: int) -> None:
        self._steps.append("trail")
        super()._trail_entries(bar)

    def _check_limit(self) -> None:
        self._steps.append("limit")
        super()._check_limit()

    def _evaluate(self, bar: int, session: Session) -> None:
        self._steps.append("decide")
        super()._evaluate(bar, session)


def test_the_end_of_a_bar_follows_the_order_of_lean(market: SyntheticMarket) -> None:
    replay = NotingSteps(market)
    replay.run(sessions_between(START, START))
    assert set(replay.bar_ends) == {
        ("limit", "decide"),
        # An order was submitted in this bar.
        ("limit", "decide", "scan"),
        ("scan", "trail", "limit", "decide", "scan"),
        # At 14:00, with an entry that is canceled.
        ("scan", "schedule", "trail", "limit", "decide"),
        # At 15:50 and 15:59, with nothing open.
        ("schedule", "limit", "decide"),
    }


def test_an_entry_that_is_open_at_an_early_close_is_canceled_at_the_end_of_the_window(
    market: SyntheticMarket,
) -> None:
    # Stops out of reach, and monitors that cancel nothing.
    parameters = TradingParameters(
        trail_range_ratio=5.0, range_cancel_margin=10**6, vwap_gate_margin_percent=10.0**6
    )
    day = dt.date(2025, 11, 28)
    result = _run(market, parameters, days=(day, day))
    canceled = [event for event in result.order_events if event.status == "canceled"]
    at_two = int(dt.datetime(2025, 11, 28, 19, tzinfo=dt.UTC).timestamp()) * 10**9
    assert at_two in {event.ts_event_ns for event in canceled}
    assert _open_order_ids(result) == set()


def test_entries_are_submitted_inside_the_window_only(market: SyntheticMarket) -> None:
    result = _run(market, TradingParameters())
    entries = [e for e in result.order_events if e.tag and e.tag.startswith(("Buy-", "Short-"))]
    assert entries
    submitted = [e for e in entries if e.status == "submitted"]
    assert all(10 * 3600 + 57 * 60 <= _second_of_day(e) < 14 * 3600 for e in submitted)


def test_the_day_is_ended_on_every_calendar_day(market: SyntheticMarket) -> None:
    friday, monday = dt.date(2025, 10, 3), dt.date(2025, 10, 6)
    replay = NotingReplay(
        market,
        TradingParameters(symbols=("AAPL",)),
        metrics="incremental",
        stages=StageTimer(enabled=False),
    )
    replay.run(sessions_between(friday, monday))
    ended = [dt.datetime.fromtimestamp(at, dt.UTC).strftime("%a %H:%M") for at in replay.ended_at]
    assert ended == ["Fri 19:59", "Sat 19:59", "Sun 19:59", "Mon 19:59"]


def test_after_an_early_close_what_is_due_later_still_happens(market: SyntheticMarket) -> None:
    day = dt.date(2025, 11, 28)
    replay = NotingReplay(
        market, TradingParameters(), metrics="incremental", stages=StageTimer(enabled=False)
    )
    result = replay.run(sessions_between(day, day))
    assert len(replay.ended_at) == 1
    assert result.symbol_seconds == 15 * 12_600
    assert _open_order_ids(result) == set()


def test_stages_are_timed_and_order_events_do_not_depend_on_it(market: SyntheticMarket) -> None:
    stages = StageTimer()
    timed = Replay(market, TradingParameters(), metrics="incremental", stages=stages)
    result = timed.run(sessions_between(START, START))
    assert {timing.name for timing in stages.timings()} == {
        "data",
        "metrics",
        "rally",
        "risk",
        "strategy",
        "orders",
    }
    assert result == _run(market, TradingParameters(), days=(START, START))


def test_each_day_is_reported_as_it_begins(market: SyntheticMarket) -> None:
    days: list[dt.date] = []
    replay = Replay(
        market,
        TradingParameters(symbols=("V",)),
        metrics="incremental",
        stages=StageTimer(enabled=False),
        on_day=days.append,
    )
    replay.run(sessions_between(START, END))
    assert days == [START, END]


def test_coverage_counts_real_bars_of_regular_hours(market: SyntheticMarket) -> None:
    result = _run(market, TradingParameters(symbols=("V",)), days=(START, START))
    (row,) = result.coverage
    starts = market.second_bars("V", START).start_second
    assert row.real_bars == int(((starts >= 34_200) & (starts < 57_600)).sum())


def test_a_window_without_sessions_does_nothing(market: SyntheticMarket) -> None:
    replay = Replay(
        market, TradingParameters(), metrics="incremental", stages=StageTimer(enabled=False)
    )
    assert replay.run(()).order_events == []
