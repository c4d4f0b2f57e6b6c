"""The adapter of backtrader on our example strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine_tests import require
from support.in_process import events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.backtrader import BacktraderEngine
from pytest_zacperf.errors import EngineError

require("backtrader", "backtrader")

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")


class TestBacktrader(TwoDays):
    engine = "backtrader"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:backtrader"


def engine(**parameters: bool) -> BacktraderEngine:
    return BacktraderEngine(
        "support.strategies.backtrader:build", parameters=parameters, timezone="America/New_York"
    )


def test_short_sales_limits_stops_cancels_and_margin_calls_are_events(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    events = events_of(engine(), output)
    assert told(events) == [
        *("1 submitted market sell 10", "1 accepted market sell 10", "1 filled market sell 10"),
        *("2 submitted limit buy 10", "2 accepted limit buy 10", "2 canceled limit buy 10"),
        *("3 submitted market buy 10", "3 accepted market buy 10", "3 filled market buy 10"),
        *("4 submitted stop_limit buy 5", "4 accepted stop_limit buy 5"),
        "4 filled stop_limit buy 5",
        *("5 submitted market buy 1e+06", "5 rejected market buy 1e+06"),
        *("6 submitted trailing_stop buy 5", "6 accepted trailing_stop buy 5"),
        *("7 submitted market sell 5", "7 accepted market sell 5", "7 filled market sell 5"),
    ]
    by_order = {event.order_id: event for event in events}
    assert (by_order[2].limit_price, by_order[2].stop_price) == (1.0, None)
    stop_limit = by_order[4]
    assert stop_limit.limit_price is not None
    assert stop_limit.stop_price is not None
    assert stop_limit.limit_price - stop_limit.stop_price == pytest.approx(2.0)
    assert by_order[5].message == "margin"
    assert by_order[1].fee == 5.0


def test_the_trades_and_fees_add_up_to_the_equity(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    assert output.equity is not None
    profit = sum(trade.profit_loss - trade.fees for trade in output.trades)
    assert output.equity[-1].equity == pytest.approx(10_000 + profit)
    assert [trade.side for trade in output.trades] == ["sell", "buy"]


def test_a_submission_has_the_time_of_its_bar_and_a_fill_that_of_its_own(tmp_path: Path) -> None:
    events = events_of(engine(), output_of(engine(), tmp_path))
    submitted, accepted, filled = events[:3]
    assert accepted.ts_event_ns - submitted.ts_event_ns == 60 * 10**9
    assert filled.ts_event_ns == accepted.ts_event_ns
    # The fifth bar, at 9:34 in New York.
    assert submitted.ts_event_ns == 1_759_325_640 * 10**9


def test_orders_begin_with_1_in_each_run_of_a_process(tmp_path: Path) -> None:
    first, second = (events_of(engine(), output_of(engine(), tmp_path)) for _ in range(2))
    assert first == second


def test_a_run_without_a_trade_has_none(tmp_path: Path) -> None:
    output = output_of(engine(trade=False), tmp_path)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 390)


def test_an_optimization_is_refused(tmp_path: Path) -> None:
    optimizing = BacktraderEngine("support.strategies.backtrader:optimizing")
    with pytest.raises(EngineError, match="the Cerebro optimizes: there is no single result"):
        output_of(optimizing, tmp_path)


def test_something_else_than_a_cerebro_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(BacktraderEngine("support.engine_tests:build_nothing"), tmp_path)
    assert caught.value.hint == "return a backtrader.Cerebro that was not run"


def built_by(function: str, timezone: str = "America/New_York") -> BacktraderEngine:
    return BacktraderEngine(f"support.strategies.backtrader:{function}", timezone=timezone)


def test_the_orders_of_all_strategies_are_heard(tmp_path: Path) -> None:
    events = events_of(engine(), output_of(built_by("two_strategies"), tmp_path))
    assert sum(event.status == "filled" and event.quantity == 3 for event in events) == 1
    numbers = list(dict.fromkeys(event.order_id for event in events))
    assert numbers == list(range(1, 9))
    times = [event.ts_event_ns for event in events]
    assert times == sorted(times)


def test_events_are_in_the_order_of_time_though_they_are_told_late(tmp_path: Path) -> None:
    events = events_of(engine(), output_of(built_by("replacing"), tmp_path))
    assert told(events)[2:4] == ["2 submitted market buy 2", "1 canceled limit buy 1"]
    times = [event.ts_event_ns for event in events]
    assert times == sorted(times)


def test_a_trailing_stop_has_no_price_before_its_time(tmp_path: Path) -> None:
    events = events_of(engine(), output_of(built_by("trailing"), tmp_path))
    submitted, *later = (event for event in events if event.type == "trailing_stop")
    assert (submitted.status, submitted.stop_price) == ("submitted", None)
    assert submitted.extra == {"trailamount": 0.05}
    assert all(event.stop_price is not None for event in later)


def test_the_multiplier_of_a_feed_without_a_name_counts(tmp_path: Path) -> None:
    output = output_of(built_by("unnamed_future"), tmp_path)
    assert {event.symbol for event in output.order_events} == {"data1"}
    for trade in output.trades:
        move = trade.exit_price - trade.entry_price
        sign = 1 if trade.side == "buy" else -1
        assert trade.profit_loss == pytest.approx(sign * move * trade.quantity * 50.0)


def test_times_with_a_zone_are_utc_and_no_other_zone_is_put_on_them(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(built_by("with_zone"), tmp_path)
    assert caught.value.problem == (
        "feed 'GLD' has times of America/New_York, which backtrader makes UTC, and timezone is "
        "America/New_York"
    )
    first, *_ = output_of(built_by("with_zone", "UTC"), tmp_path).order_events
    assert first.ts_event_ns == 1_759_325_640 * 10**9  # 9:34 in New York


def test_a_cerebro_without_data_has_run_no_strategy(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="the Cerebro has run no strategy"):
        output_of(built_by("without_data"), tmp_path)
