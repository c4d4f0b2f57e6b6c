"""The replay loop on the synthetic market: what may be passed over, what is due when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from pytest_zacperf.records import OrderEvent
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.replay import MetricsForm, Replay, ReplayResult
from pytest_zacperf.zacqc.sessions import sessions_between
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
        profit_take_ratio=50.0,
        stop_loss_ratio=20.0,
        action1_s=10**6,
        action2_s=10**6,
        daily_profit_limit_percent=100.0,
    )
    result = _run(market, parameters)
    closes = [event for event in result.order_events if event.type == "market"]
    assert closes
    assert {_second_of_day(event) for event in closes} == {15 * 3600 + 59 * 60}
    assert _open_order_ids(result) == set()


def test_entries_are_submitted_inside_the_window_only(market: SyntheticMarket) -> None:
    result = _run(market, TradingParameters())
    entries = [e for e in result.order_events if e.tag and e.tag.startswith(("Buy-", "Short-"))]
    assert entries
    assert all(10 * 3600 + 57 * 60 <= _second_of_day(e) <= 14 * 3600 for e in entries)


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
