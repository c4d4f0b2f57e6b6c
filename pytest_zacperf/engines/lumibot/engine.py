"""LumiBot as an engine: a strategy class, its data, and the switches of ``run_backtest``."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.calling import bound_call, keyword_defaults
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.lookup import load_object
from pytest_zacperf.engines.lumibot import reading
from pytest_zacperf.engines.lumibot.downloads import watched_downloads
from pytest_zacperf.engines.lumibot.given import DATASOURCE, SWITCH, Given, checked_parameters
from pytest_zacperf.engines.lumibot.surroundings import restored, scrub_variables
from pytest_zacperf.engines.lumibot.switches import (
    DEFAULTS,
    INVARIANTS,
    checked_switches,
    loaded,
    refuse_secrets,
    switch_defaults,
    switches_for,
)
from pytest_zacperf.engines.lumibot.watching import Watch
from pytest_zacperf.engines.plain import window_bounds
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import InvariantValue, ParameterValue, Window

EXAMPLE = "pytest_zacperf.examples.breakout.lumibot"
LIBRARY = Library(module="lumibot", distribution="lumibot", extra="lumibot")
ZONE = ZoneInfo("America/New_York")  # LumiBot's own
NO_BARS = "the data source has no bar within the window"
PANDAS = "lumibot.backtesting:PandasDataBacktesting"
# LumiBot imports them when its first backtest begins, which would be timed.
LATE = (
    *("lumibot.backtesting.backtesting_broker", "lumibot.backtesting.data_provenance"),
    *("lumibot.backtesting.interactive_brokers_rest_backtesting", "lumibot.brokers.broker"),
    *("lumibot.backtesting.market_input_evidence", "lumibot.brokers.trade_event_priority"),
    *("lumibot.backtesting.thetadata_backtesting_pandas", "lumibot.entities.order"),
    *("lumibot.components.agents.botspot_hint", "lumibot.components.agents.tool_context"),
    *("lumibot.components.memory.store", "lumibot.entities.trading_slippage"),
    *("lumibot.strategies.strategy_executor", "lumibot.tools.ibkr_history_health"),
    *("lumibot.tools.indicators", "lumibot.tools.pandas", "lumibot.tools.runtime_telemetry"),
    *("lumibot.tools.smart_limit_utils", "lumibot.traders.trader"),
)
# And what it or this package needs for each backtest.
CLIENTS = ("apscheduler.schedulers.background", "databento", "zstandard")


@dataclass(slots=True, kw_only=True)
class _Prepared:
    run: Callable[[], tuple[object, Any]]
    watch: Watch
    start: dt.datetime
    end: dt.datetime
    result: object = None
    strategy: Any = None


class LumibotEngine:
    """Runs a LumiBot strategy.

    LumiBot draws, saves and asks Yahoo for a benchmark unless it is told otherwise: here it is told
    otherwise, and whatever a switch says counts.

    Args:
        target: ``module:Class`` of the strategy.
        datasource: ``module:Class`` of a data source, such as
            ``lumibot.backtesting:DataBentoDataBacktesting``; or ``module:function`` of a function
            ``(start, end)`` that returns what ``PandasDataBacktesting`` takes as ``pandas_data``.
        parameters: Of the strategy.
        databento_gateway: Address of a server that speaks DataBento's protocol, such as a proxy;
            ``https`` alone. It is no parameter: the data are the same.
        switches: Arguments of ``run_backtest`` and of the data source.

    """

    volatile = frozenset({"order_id"})

    def __init__(
        self,
        target: str,
        *,
        datasource: str,
        parameters: Mapping[str, ParameterValue] | None = None,
        databento_gateway: str | None = None,
        **switches: ParameterValue,
    ) -> None:
        refuse_secrets(switches)
        self.name = f"lumibot {target}"
        self._target = target
        self._gateway = databento_gateway
        given = Given(datasource=datasource, strategy=parameters or {}, switches=switches)
        self.parameters: Mapping[str, ParameterValue] = given.parameters
        self._may_download = True
        self._prepared: _Prepared | None = None

    @property
    def version(self) -> str:
        """Version of LumiBot."""
        return LIBRARY.version

    @property
    def capabilities(self) -> Capabilities:
        """What it can give; whether it downloads is known after ``prepare``."""
        return Capabilities(
            order_events="full",
            equity=True,
            threads=True,  # the strategy has one of its own
            network=self._may_download,
            invariants=frozenset({"lookbacks_unchanged", *INVARIANTS}),
        )

    @property
    def code_modules(self) -> tuple[str, ...]:
        """The module of the strategy, which may lie outside the project."""
        return (self._target.partition(":")[0],)

    @property
    def data_provider(self) -> str:
        """The data source."""
        return str(self.parameters[DATASOURCE])

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> LumibotEngine:
        """Return a copy; ``switch.NAME`` is a switch, ``datasource`` the data source."""
        changed = copy.copy(self)
        changed.parameters = {**self.parameters, **overrides}
        refuse_secrets(Given.of(changed.parameters).switches)
        return changed

    def keep_invariants(self, asked: Mapping[str, InvariantValue]) -> Mapping[str, InvariantValue]:
        """Set the switches that the plan's invariants stand for.

        Raises:
            InvariantError: This version of LumiBot has no such switch.

        """
        for name, value in switches_for(asked, self.version).items():
            self.parameters = {**self.parameters, f"{SWITCH}{name}": value}
        return dict(asked)

    def prepare(self, window: Window, context: Context) -> None:
        """Import LumiBot and the strategy, read data that are not downloaded, check all names.

        Raises:
            EngineError: Something is not there, is of the wrong kind, or is not known.

        """
        scrub_variables(context.cache_folder)
        with restored(context.working_folder):
            LIBRARY.load()
            for module in (*LATE, *CLIENTS):
                with contextlib.suppress(ImportError):  # other versions have others
                    importlib.import_module(module)
        given, strategy = Given.of(self.parameters), self._strategy()
        datasource, arguments_of_data = self._data_source(given.datasource)
        parameters = checked_parameters(strategy, given.strategy, arguments_of_data or {})
        switches = checked_switches(
            given.switches, switch_defaults(strategy, datasource), self.version
        )
        checked = Given(datasource=given.datasource, strategy=parameters, switches=switches)
        self.parameters = checked.parameters
        data = None
        if arguments_of_data is not None:
            data = _called_for_data(checked, arguments_of_data, window, context)
        start, end = window_bounds(window.start, window.end, ZONE)
        end = end.replace(second=0, microsecond=0)  # the last minute
        arguments = {
            **DEFAULTS,
            **loaded(switches),
            "parameters": parameters,
            "pandas_data": data,
        }
        watch = Watch(context=context)
        trader = watch.trader_class(arguments.pop("trader_class", None))
        self._prepared = _Prepared(
            run=lambda: strategy.run_backtest(
                datasource, start, end, trader_class=trader, **arguments
            ),
            watch=watch,
            start=start,
            end=end,
        )

    def run(self, context: Context) -> None:
        """Run the backtest, in the run's own folder.

        Raises:
            EngineError: A download failed: whatever came of it is no result.

        """
        prepared = self._require_prepared()
        with restored(context.working_folder), watched_downloads(context, self._gateway):
            try:
                found = prepared.run()
            except BaseException:
                # At a time limit, too: it runs in a thread, and what it then does is not watched.
                prepared.watch.stop()
                raise
            if found is None:
                raise EngineError(
                    f"{self._target} cannot be backtested, LumiBot says", "see stdout.log"
                )
            prepared.result, prepared.strategy = found

    def collect(self, context: Context) -> BacktestOutput:
        """Return order events, trades, equity after each iteration, statistics and bars."""
        prepared = self._require_prepared()
        strategy = prepared.strategy
        if strategy is None:
            raise EngineError("collect() was called before run()", "call run() first")
        events = reading.order_events(strategy.broker, prepared.watch.states)
        bars = reading.bars(strategy.broker, prepared.start, prepared.end)
        if prepared.watch.iterations is not None:
            context.count("iterations", prepared.watch.iterations)
        if bars is not None:
            context.count("bars", bars)
        return BacktestOutput(
            order_events=events,
            trades=reading.trades(strategy.broker, events),
            equity=reading.equity(strategy),
            statistics=reading.statistics(prepared.result),
            data_points=bars,
            warnings=[NO_BARS] if bars == 0 else [],
        )

    def _strategy(self) -> Any:  # noqa: ANN401 - of LumiBot
        from lumibot.strategies import Strategy  # noqa: PLC0415 - an extra

        found = load_object(self._target)
        if not (isinstance(found, type) and issubclass(found, Strategy)):
            raise EngineError(
                f"{self._target!r} is no strategy of LumiBot",
                "name a class that is derived from lumibot.strategies.Strategy",
            )
        return found

    def _data_source(self, reference: str) -> tuple[type, Mapping[str, object] | None]:
        """Return the data source, and what a function takes that gives it its data."""
        found = load_object(reference)
        if isinstance(found, type):
            return found, None
        self._may_download = False
        return cast("type", load_object(PANDAS)), keyword_defaults(found)

    def _require_prepared(self) -> _Prepared:
        if self._prepared is None:
            raise EngineError(f"{self.name} is not prepared", "call prepare() first")
        return self._prepared


def example() -> LumibotEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return LumibotEngine(f"{EXAMPLE}:Breakout", datasource=f"{EXAMPLE}:bars")


def _called_for_data(
    given: Given, takes: Mapping[str, object], window: Window, context: Context
) -> object:
    """Return what the function of the data returns; it gets those parameters that it takes."""
    shared = {name: value for name, value in given.strategy.items() if name in takes}
    returns = "pandas_data of LumiBot"
    return bound_call(given.datasource, window, context, shared, returns=returns).call()
