"""The adapter of vectorbt on our example strategy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine_tests import require
from support.in_process import events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.vectorbt import VectorbtEngine
from pytest_zacperf.errors import EngineError

require("vectorbt", "vectorbt")

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")


class TestVectorbt(TwoDays):
    engine = "vectorbt"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:vectorbt"


def engine(**parameters: bool) -> VectorbtEngine:
    return VectorbtEngine("support.strategies.vectorbt:build", parameters=parameters)


def test_fills_of_all_columns_are_in_the_order_of_time(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    events = events_of(engine(), output)
    assert told(events) == [
        "1 filled market sell 10",
        "2 filled market buy 4",
        "3 filled market buy 3",
        "4 filled market buy 6",
    ]
    assert [event.symbol for event in events] == ["GLD", "GLD", "SLV", "GLD"]
    assert {event.fee for event in events} == {1.0}


def test_profits_are_before_fees(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    for trade in output.trades:
        move = trade.entry_price - trade.exit_price
        assert trade.side == "sell"
        assert trade.profit_loss == pytest.approx(move * trade.quantity)
    assert sum(trade.fees for trade in output.trades) == pytest.approx(3.0)


@pytest.mark.parametrize(("grouped", "cash"), [(False, 20_000), (True, 10_000)])
def test_equity_is_added_up_over_columns_or_is_that_of_the_group(
    tmp_path: Path, *, grouped: bool, cash: float
) -> None:
    output = output_of(engine(grouped=grouped), tmp_path)
    assert output.equity is not None
    assert output.equity[0].equity == cash
    assert len(output.equity) == 390
    assert output.data_points == 780


def test_a_run_without_a_trade_has_none(tmp_path: Path) -> None:
    output = output_of(engine(trade=False), tmp_path)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 780)


def test_something_else_than_a_function_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(VectorbtEngine("support.engine_tests:build_nothing"), tmp_path)
    assert caught.value.hint == (
        "return a function without arguments that returns a vectorbt.Portfolio"
    )
