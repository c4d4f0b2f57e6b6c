"""The adapter of zipline on our example strategy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.engine_tests import require
from support.in_process import ONE_DAY, events_of, output_of, told
from support.two_days import TwoDays

from pytest_zacperf.engines.zipline import ZiplineEngine
from pytest_zacperf.errors import EngineError

require("zipline", "zipline")

from zipline.data import bundles  # noqa: E402 - after it is known to be there

# Of the library, where it runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore")


class TestZipline(TwoDays):
    engine = "zipline"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:zipline"


def engine(**parameters: bool) -> ZiplineEngine:
    return ZiplineEngine("support.strategies.zipline:build", parameters=parameters)


def test_short_sales_limits_stops_cancels_and_parts_are_events(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    events = events_of(engine(), output)
    assert told(events)[:9] == [
        *("1 submitted market sell 10", "1 filled market sell 10"),
        *("2 submitted limit buy 10", "2 canceled limit buy 10"),
        *("3 submitted market buy 10", "3 filled market buy 10"),
        *("4 submitted stop_limit buy 5", "4 filled stop_limit buy 5"),
        "5 submitted market buy 5000",
    ]
    # The stop is gone from zipline's order once it is reached.
    assert events[7].stop_price == events[6].stop_price
    parts = [event for event in events if event.order_id == 5][1:]
    assert {event.status for event in parts[:-1]} == {"partially_filled"}
    assert parts[-1].status == "filled"
    assert sum(event.fill_quantity or 0 for event in parts) == 5000
    # One commission for the whole order, taken at its first fill.
    assert [event.fee for event in parts] == [1.0, *[0.0] * (len(parts) - 1)]


def test_equity_is_of_each_day(tmp_path: Path) -> None:
    output = output_of(engine(), tmp_path)
    assert output.equity is not None
    assert len(output.equity) == 1
    assert output.statistics["portfolio_value"] == output.equity[0].equity
    assert output.data_points == 390


def test_data_are_ingested_once_for_a_window_and_its_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    ingest = bundles.ingest

    def counted(*arguments: Any, **keywords: Any) -> Any:
        calls.append(arguments)
        return ingest(*arguments, **keywords)

    monkeypatch.setattr(bundles, "ingest", counted)
    output_of(engine(), tmp_path)
    output_of(engine(), tmp_path)
    assert len(calls) == 1
    output_of(engine(trade=False), tmp_path)
    assert len(calls) == 2
    assert len(list((tmp_path / "zipline").iterdir())) == 2


def test_a_run_without_a_trade_has_none(tmp_path: Path) -> None:
    output = output_of(engine(trade=False), tmp_path)
    assert (output.order_events, output.trades, output.data_points) == ([], [], 390)


def test_something_else_than_a_backtest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(ZiplineEngine("support.engine_tests:build_nothing"), tmp_path)
    assert caught.value.hint == "return a pytest_zacperf.engines.zipline.ZiplineBacktest"


def test_a_split_changes_orders_and_what_is_open(tmp_path: Path) -> None:
    splitting = ZiplineEngine("support.strategies.zipline:splitting")
    two_days = msgspec.structs.replace(ONE_DAY, end=dt.date(2025, 10, 2))
    output = output_of(splitting, tmp_path, two_days)
    (updated,) = (event for event in output.order_events if event.status == "updated")
    assert (updated.quantity, updated.limit_price, updated.message) == (20.0, 0.5, "split")
    (trade,) = output.trades
    bought = next(event for event in output.order_events if event.status == "filled")
    assert bought.fill_price is not None
    assert trade.quantity == 20.0
    assert trade.entry_price == pytest.approx(bought.fill_price / 2)


def test_an_option_that_the_adapter_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        output_of(ZiplineEngine("support.strategies.zipline:with_own_calendar"), tmp_path)
    assert caught.value.problem == ("options has 'trading_calendar', which the adapter sets itself")
