"""The switches of ``Strategy.run_backtest``: which there are, and what the plan calls them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

from pytest_zacperf.engines.calling import typed_value
from pytest_zacperf.engines.lookup import load_object
from pytest_zacperf.errors import EngineError, InvariantError
from pytest_zacperf.records import InvariantValue, ParameterValue
from pytest_zacperf.values import nearest

# Yahoo is asked for what is missing here, today's answer in each run; and nobody looks at plots.
DEFAULTS: Mapping[str, ParameterValue] = {
    "benchmark_asset": None,
    "risk_free_rate": 0.0,
    "analyze_backtest": False,
    "show_plot": False,
    "show_tearsheet": False,
    "save_tearsheet": False,
    "show_indicators": False,
    "save_stats_file": False,
    "show_progress_bar": False,
    "quiet_logs": True,
}
# What the engine gives itself.
OWN = frozenset({
    *("self", "cls", "datasource_class", "backtesting_start", "backtesting_end", "parameters"),
    *("pandas_data", "kwargs"),
})
# Parameters are written down with every run.
SECRETS: Mapping[str, str] = {
    "api_key": "DATABENTO_API_KEY",
    "polygon_api_key": "POLYGON_API_KEY",
    "thetadata_username": "THETADATA_USERNAME",
    "thetadata_password": "THETADATA_PASSWORD",
    "username": "THETADATA_USERNAME",
    "password": "THETADATA_PASSWORD",
}
# Their values are objects of LumiBot: module:object of one.
OBJECTS = frozenset({
    *("benchmark_asset", "quote_asset", "starting_positions", "config", "trader_class"),
    *("buy_trading_fees", "sell_trading_fees"),
    *("buy_trading_slippages", "sell_trading_slippages"),
})
# What the plan may ask for, and the switch that does it.
INVARIANTS: Mapping[str, str] = {
    "file_logging": "save_logfile",
    **{
        name: name
        for name in (
            *("analyze_backtest", "quiet_logs", "save_logfile", "save_stats_file"),
            *("save_tearsheet", "show_indicators", "show_plot", "show_progress_bar"),
            "show_tearsheet",
        )
    },
}


# Of earlier versions and of other tools: nothing that there is comes near them.
GONE = frozenset({"plot_price", "show_live_equity_curve"})
NOT_ANY_MORE = (
    "leave it out: this version draws nothing while it runs, and show_plot when it is done"
)


def switch_defaults(strategy: type, datasource: type) -> dict[str, object]:
    """Return the switches that a version of LumiBot takes, with their defaults.

    They are the arguments of ``run_backtest`` and of a data source. What it does not know it passes
    on and forgets, without a word.
    """
    functions = strategy.run_backtest, datasource.__init__  # type: ignore[attr-defined, misc]
    found = {
        name: parameter.default
        for function in functions
        for name, parameter in inspect.signature(function).parameters.items()
    }
    left_out = OWN | {"args", "datetime_start", "datetime_end"}
    return {name: default for name, default in found.items() if name not in left_out}


def refuse_secrets(switches: Iterable[str]) -> None:
    """Refuse a switch that is a secret, before it is written down anywhere.

    Raises:
        EngineError: It names the switch.

    """
    for name in switches:
        if name in SECRETS:
            raise EngineError(
                f"switch {name!r} is a secret, and switches are written down",
                f"set the environment variable {SECRETS[name]} instead",
            )


def checked_switches(
    switches: Mapping[str, ParameterValue], defaults: Mapping[str, object], version: str
) -> dict[str, ParameterValue]:
    """Return the switches in the types of their defaults: the command line sends text.

    Raises:
        EngineError: One that LumiBot would swallow, a secret, or a value that cannot be one.

    """
    refuse_secrets(switches)
    for name in switches:
        if name not in defaults:
            raise EngineError(
                f"LumiBot {version} has no switch {name!r}, and would pass over it",
                NOT_ANY_MORE if name in GONE else nearest(name, sorted(defaults)),
            )
    return {name: typed_value(name, value, defaults[name]) for name, value in switches.items()}


def loaded(switches: Mapping[str, ParameterValue]) -> dict[str, object]:
    """Return the switches with ``module:object`` replaced by the object where one is wanted.

    Raises:
        EngineError: It cannot be imported.

    """
    return {
        name: load_object(value)
        if name in OBJECTS and isinstance(value, str) and ":" in value
        else value
        for name, value in switches.items()
    }


def switches_for(asked: Mapping[str, InvariantValue], version: str) -> dict[str, ParameterValue]:
    """Return the switches that keep a plan's invariants.

    Raises:
        InvariantError: There is no such switch.

    """
    for name in asked:
        if name not in INVARIANTS:
            raise InvariantError(
                f"LumiBot {version} has no switch {name!r}",
                f'take {name!r} out of "invariants" in the plan',
            )
    return {INVARIANTS[name]: value for name, value in asked.items()}
