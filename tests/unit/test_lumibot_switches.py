"""The switches of LumiBot, as far as they can be tried where LumiBot is not installed."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import sys
import types
import warnings
from pathlib import Path
from typing import ClassVar

import pytest

from pytest_zacperf.engines.lumibot import LumibotEngine
from pytest_zacperf.engines.lumibot.given import checked_parameters
from pytest_zacperf.engines.lumibot.reading import order_events
from pytest_zacperf.engines.lumibot.surroundings import restored, scrub_variables
from pytest_zacperf.engines.lumibot.switches import (
    checked_switches,
    loaded,
    switch_defaults,
    switches_for,
)
from pytest_zacperf.errors import EngineError, InvariantError
from pytest_zacperf.examples.bars import ALL_SYMBOLS


class Strategy:
    @classmethod
    def run_backtest(
        cls,
        datasource_class: type,
        *,
        budget: float = 0,
        parameters: object = None,
        **kwargs: object,
    ) -> None:
        """Take what LumiBot takes."""


class DataSource:
    def __init__(self, datetime_start: dt.datetime, timeout: int = 30, **kwargs: object) -> None:
        """Take what a data source takes."""


def test_switches_are_those_of_the_backtest_and_of_the_data_source() -> None:
    assert switch_defaults(Strategy, DataSource) == {"budget": 0, "timeout": 30}


def test_text_for_a_switch_is_converted_to_the_type_of_its_default() -> None:
    given = checked_switches(
        {"save_logfile": "false", "timeout": "60", "name": "Gold"},
        {"save_logfile": True, "timeout": 30, "name": None},
        "4.6.30",
    )
    assert given == {"save_logfile": False, "timeout": 60, "name": "Gold"}


def test_a_switch_that_lumibot_would_pass_over_is_refused() -> None:
    with pytest.raises(EngineError) as caught:
        checked_switches({"bugdet": 1}, {"budget": 0, "timeout": 30}, "4.6.30")
    assert caught.value.problem == "LumiBot 4.6.30 has no switch 'bugdet', and would pass over it"
    assert "budget" in caught.value.hint


@pytest.mark.parametrize("name", ["plot_price", "show_live_equity_curve"])
def test_a_switch_that_is_gone_is_not_taken_for_another(name: str) -> None:
    with pytest.raises(EngineError) as caught:
        checked_switches({name: True}, {"plot_file_html": None}, "4.6.30")
    assert caught.value.hint == (
        "leave it out: this version draws nothing while it runs, and show_plot when it is done"
    )


@pytest.mark.parametrize(
    ("name", "variable"),
    [("api_key", "DATABENTO_API_KEY"), ("polygon_api_key", "POLYGON_API_KEY")],
)
def test_a_secret_is_no_switch(name: str, variable: str) -> None:
    with pytest.raises(EngineError) as caught:
        LumibotEngine("gold:Gold", datasource="d:D").with_parameters({f"switch.{name}": "db-123"})
    assert caught.value.problem == f"switch {name!r} is a secret, and switches are written down"
    assert caught.value.hint == f"set the environment variable {variable} instead"
    assert "db-123" not in str(caught.value)


def test_a_secret_is_refused_before_there_is_an_engine() -> None:
    with pytest.raises(EngineError, match="switch 'api_key' is a secret"):
        LumibotEngine("gold:Gold", datasource="gold:bars", api_key="db-123")


def test_parameters_of_the_strategy_and_of_the_data_are_known() -> None:
    class Gold:
        parameters: ClassVar = {"lookback": 20}

    given = checked_parameters(Gold, {"lookback": "5", "symbols": "GLD"}, {"symbols": "SLV"})
    assert given == {"lookback": 5, "symbols": "GLD"}
    with pytest.raises(EngineError) as caught:
        checked_parameters(Gold, {"budget": 1}, {"symbols": "SLV"})
    assert caught.value.problem == "Gold has no parameter 'budget'"
    assert caught.value.hint.endswith("a switch of run_backtest is switch.budget")


def test_a_strategy_that_declares_no_parameters_gets_all() -> None:
    assert checked_parameters(Strategy, {"lookback": 5}, {}) == {"lookback": 5}


def test_a_switch_that_wants_an_object_names_it() -> None:
    reference = "pytest_zacperf.examples.bars:ALL_SYMBOLS"
    given = loaded({"buy_trading_fees": reference, "benchmark_asset": "SPY", "name": reference})
    assert given == {"buy_trading_fees": ALL_SYMBOLS, "benchmark_asset": "SPY", "name": reference}


def test_invariants_are_switches() -> None:
    asked = {"file_logging": True, "show_plot": False}
    assert switches_for(asked, "4.6.30") == {"save_logfile": True, "show_plot": False}


@pytest.mark.parametrize("name", ["plot_price", "show_live_equity_curve"])
def test_an_invariant_that_lumibot_no_longer_has_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(InvariantError) as caught:
        switches_for({name: True}, "4.6.30")
    assert caught.value.problem == f"LumiBot 4.6.30 has no switch {name!r}"
    assert caught.value.hint == f'take {name!r} out of "invariants" in the plan'


def test_a_kept_invariant_is_a_parameter_of_the_run() -> None:
    engine = LumibotEngine("gold:Gold", datasource="gold:bars", parameters={"lookback": 20})
    assert engine.keep_invariants({"file_logging": True}) == {"file_logging": True}
    assert engine.parameters == {
        "lookback": 20,
        "datasource": "gold:bars",
        "switch.save_logfile": True,
    }
    assert {"file_logging", "lookbacks_unchanged"} <= engine.capabilities.invariants
    assert "plot_price" not in engine.capabilities.invariants


def test_parameters_switches_and_the_data_source_are_changed_in_a_copy() -> None:
    engine = LumibotEngine("gold:Gold", datasource="gold:bars", budget=1000)
    changed = engine.with_parameters({"switch.budget": 2000, "datasource": "gold:others"})
    assert changed.parameters == {"datasource": "gold:others", "switch.budget": 2000}
    assert engine.parameters == {"datasource": "gold:bars", "switch.budget": 1000}
    assert changed.data_provider == "gold:others"


def test_the_gateway_is_no_parameter() -> None:
    engine = LumibotEngine("gold:Gold", datasource="d:D", databento_gateway="https://localhost:1")
    assert engine.parameters == {"datasource": "d:D"}


def test_variables_that_override_arguments_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "lumibot", raising=False)
    given = {
        "BACKTESTING_DATA_SOURCE": "yahoo",
        "BACKTESTING_PROFILE": "yappi",
        "SAVE_LOGFILE": "true",
        "SHOW_PLOT": "True",
        "LUMIBOT_CACHE_BACKEND": "s3",
        "DATABENTO_API_KEY": "db-123",
        "MARKET_DATA_DIR": "/data",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    scrub_variables(tmp_path)
    # A credential changes no result, and what is the user's own is nobody else's.
    assert set(given) & set(os.environ) == {"DATABENTO_API_KEY", "MARKET_DATA_DIR"}
    assert os.environ["DATABENTO_API_KEY"] == "db-123"
    assert os.environ["LUMIBOT_CACHE_FOLDER"] == str(tmp_path / "lumibot")
    assert os.environ["LUMIBOT_TRADING_DAYS_CACHE_DIR"] == str(tmp_path / "lumibot-trading-days")
    assert os.environ["LUMIBOT_DISABLE_DOTENV"] == "1"


def test_a_lumibot_that_was_imported_too_early_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lumibot", types.ModuleType("lumibot"))
    monkeypatch.delenv("LUMIBOT_CACHE_FOLDER", raising=False)
    with pytest.raises(EngineError) as caught:
        scrub_variables(tmp_path)
    assert caught.value.problem == (
        "LumiBot was imported before its cache and its environment could be set"
    )
    assert caught.value.hint == (
        "name the engine in a module that imports neither lumibot nor the strategy"
    )


def test_what_lumibot_changes_is_put_back(tmp_path: Path) -> None:
    folder, handler = Path.cwd(), signal.getsignal(signal.SIGINT)
    filters, level = list(warnings.filters), logging.getLogger("lumibot-test").level
    root_handlers = list(logging.getLogger().handlers)
    with restored(tmp_path):
        assert Path.cwd() == tmp_path
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("ignore")
        logging.getLogger("lumibot-test").setLevel(logging.ERROR)
        logging.getLogger().addHandler(logging.NullHandler())
        os.environ["IS_BACKTESTING"] = "true"
    assert Path.cwd() == folder
    assert signal.getsignal(signal.SIGINT) is handler
    assert list(warnings.filters) == filters
    assert logging.getLogger("lumibot-test").level == level
    assert logging.getLogger().handlers == root_handlers
    assert "IS_BACKTESTING" not in os.environ


def test_it_is_put_back_after_an_error_too(tmp_path: Path) -> None:
    folder = Path.cwd()
    with pytest.raises(ValueError, match="no bars"), restored(tmp_path):
        raise ValueError("no bars")
    assert Path.cwd() == folder


def test_a_lumibot_that_keeps_its_events_elsewhere_is_refused() -> None:
    broker = types.SimpleNamespace(get_all_orders=list)
    with pytest.raises(EngineError, match="keeps its trade events elsewhere"):
        order_events(broker, {})
