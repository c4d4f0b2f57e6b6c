"""The adapter of nautilus_trader on our example strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine_tests import require
from support.in_process import events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.nautilus import NautilusEngine
from pytest_zacperf.errors import EngineError

require("nautilus_trader", "nautilus")

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")


class TestNautilus(TwoDays):
    engine = "nautilus"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:nautilus"


def engine(**parameters: bool) -> NautilusEngine:
    return NautilusEngine(
        "support.strategies.nautilus:build", parameters=parameters, timezone="America/New_York"
    )


def test_changes_cancels_and_parts_are_events_with_the_prices_of_their_time(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    events = events_of(engine(), output)
    assert told(events)[:10] == [
        *("1 submitted market sell 10", "1 filled market sell 10"),
        *("2 submitted limit buy 10", "2 accepted limit buy 10"),
        *("2 updated limit buy 10", "2 updated limit buy 10"),
        *("2 cancel_pending limit buy 10", "2 canceled limit buy 10"),
        *("3 submitted market buy 10", "3 filled market buy 10"),
    ]
    assert [event.limit_price for event in events if event.order_id == 2] == [1, 1, 1, 2, 2, 2]
    assert events[4].extra == {"event": "OrderPendingUpdate"}
    statuses = [event.status for event in events if event.order_id == 4]
    assert statuses == ["submitted", "partially_filled", "filled"]
    assert sum(event.fill_quantity or 0 for event in events if event.order_id == 4) == 1_000_000


def test_trades_and_balances_add_up(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    (trade,) = output.trades  # the last position is open
    assert output.statistics["End Balance USD"] == pytest.approx(100_000 + trade.profit_loss)
    assert (trade.side, output.data_points) == ("sell", 390)


def test_two_runs_in_a_process_are_the_same(tmp_path: Path) -> None:
    first, second = (events_of(engine(), output_of(engine(), tmp_path)) for _ in range(2))
    assert first == second


def test_a_run_without_a_trade_has_none(tmp_path: Path) -> None:
    output = output_of(engine(trade=False), tmp_path)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 390)


def test_something_else_than_an_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(NautilusEngine("support.engine_tests:build_nothing"), tmp_path)
    assert "nautilus_trader.backtest.engine.BacktestEngine" in caught.value.hint


def built_by(function: str) -> NautilusEngine:
    return NautilusEngine(f"support.strategies.nautilus:{function}", timezone="America/New_York")


def test_the_positions_of_two_strategies_are_kept_apart(tmp_path: Path) -> None:
    output = output_of(built_by("two_positions"), tmp_path)
    assert [trade.side for trade in output.trades] == ["buy", "sell"]
    minutes = [(t.exit_ts_ns - t.entry_ts_ns) / 60e9 for t in output.trades]
    assert minutes == [10.0, 10.0]


def test_a_window_without_data_is_refused_before_rust_panics(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(built_by("of_other_days"), tmp_path)
    assert caught.value.problem == (
        "the engine has no data from 2025-10-01 to 2025-10-01, but 390 of other days"
    )
