"""The adapter of backtesting on our example strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine_tests import require
from support.in_process import events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.backtesting import BacktestingEngine
from pytest_zacperf.errors import EngineError

require("backtesting", "backtesting")

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")


class TestBacktesting(TwoDays):
    engine = "backtesting"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:backtesting"


def engine(**parameters: bool) -> BacktestingEngine:
    return BacktestingEngine("support.strategies.backtesting:build", parameters=parameters)


def test_fills_come_from_trades_also_of_half_a_position(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    assert told(events_of(engine(), output)) == [
        *("1 filled unknown sell 5", "2 filled unknown sell 5"),  # an entry that is closed in parts
        *("3 filled unknown buy 5", "4 filled unknown buy 5"),
        *("5 filled unknown buy 7", "6 filled unknown sell 7"),
    ]
    assert [trade.side for trade in output.trades] == ["sell", "sell", "buy"]


def test_profits_are_before_commission_and_add_up_to_the_equity(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    assert output.equity is not None
    for trade in output.trades:
        move = trade.exit_price - trade.entry_price
        sign = 1 if trade.side == "buy" else -1
        assert trade.profit_loss == pytest.approx(sign * move * trade.quantity)
        paid = 0.001 * (trade.entry_price + trade.exit_price) * trade.quantity
        assert trade.fees == pytest.approx(paid)
    profit = sum(trade.profit_loss - trade.fees for trade in output.trades)
    assert output.equity[-1].equity == pytest.approx(10_000 + profit)


def test_statistics_are_by_symbol(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    assert output.equity is not None
    assert output.statistics["GLD.Equity Final [$]"] == output.equity[-1].equity
    assert output.statistics["GLD.# Trades"] == 3


def test_a_run_without_a_trade_has_none(tmp_path: Path) -> None:
    output = output_of(engine(trade=False), tmp_path)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 390)


def test_something_else_than_backtests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(BacktestingEngine("support.engine_tests:build_nothing"), tmp_path)
    assert caught.value.hint == (
        "return backtesting.Backtest objects by symbol, such as {'GLD': Backtest(...)}"
    )


def test_equity_of_times_with_and_without_a_zone_is_not_added_up(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(BacktestingEngine("support.strategies.backtesting:mixed"), tmp_path)
    assert caught.value.problem.startswith("the equity of GLD, SLV cannot be added up: ")
    assert caught.value.hint == "give all backtests times in the same zone"
