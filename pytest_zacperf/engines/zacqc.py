"""The adapter of the embedded ZacQC backtest; the backtest is in ``pytest_zacperf.zacqc``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import (
    DOWNLOAD_BYTES,
    DOWNLOAD_REQUESTS,
    ParameterValue,
    StatisticValue,
    Window,
)
from pytest_zacperf.values import nearest
from pytest_zacperf.zacqc.market import LeanFolder, Market
from pytest_zacperf.zacqc.parameters import REFERENCE_SYMBOLS, TradingParameters
from pytest_zacperf.zacqc.replay import Replay, ReplayResult
from pytest_zacperf.zacqc.sessions import Session
from pytest_zacperf.zacqc.synthetic import SyntheticMarket

SYNTHETIC = "synthetic"
CAPABILITIES = Capabilities(
    order_events="full", equity=True, invariants=frozenset({"lookbacks_unchanged"})
)
CHOICES = {"guard": ("on", "off"), "metrics": ("incremental", "full")}
DEFAULTS: Mapping[str, ParameterValue] = {
    "data": SYNTHETIC,
    "guard": "on",
    "metrics": "incremental",
    "symbols": ",".join(REFERENCE_SYMBOLS),
}


@dataclass(slots=True, kw_only=True)
class _Prepared:
    market: Market
    replay: Replay
    sessions: Sequence[Session]
    result: ReplayResult | None = None


@dataclass(slots=True, kw_only=True)
class ZacQCEngine:
    """Runs ZacQC on a Lean data folder or on the synthetic market.

    Attributes:
        parameters: ``data``: a Lean data folder or ``synthetic``; ``guard``: ``on`` or ``off``;
            ``metrics``: ``incremental`` or ``full``; ``symbols``: tickers separated by commas, in
            the order of evaluation.

    """

    name: str = "zacqc"
    version: str = "1"
    capabilities: Capabilities = CAPABILITIES
    volatile: frozenset[str] = frozenset()
    parameters: Mapping[str, ParameterValue] = field(default_factory=lambda: dict(DEFAULTS))
    _prepared: _Prepared | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """Tickers, in the order of evaluation."""
        return _split(str(self.parameters["symbols"]))

    @property
    def data_provider(self) -> str:
        """``synthetic``, or that it is a Lean data folder and which."""
        data = str(self.parameters["data"])
        return data if data == SYNTHETIC else f"Lean data folder {data}"

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> ZacQCEngine:
        """Return an engine with some parameters changed.

        Raises:
            EngineError: A name or a value that is not known.

        """
        for name, value in overrides.items():
            _check_parameter(name, value)
        return dataclasses.replace(self, parameters={**self.parameters, **overrides})

    def prepare(self, window: Window, context: Context) -> None:
        """Find the trading days and set the replay up; data are read in ``run``, as in Lean."""
        market = self._market(context)
        try:
            sessions = market.sessions(window.start, window.end)
        except (OverflowError, ValueError) as e:  # pandas knows the years from 1677 to 2262
            raise EngineError(
                f"window {window.id!r} from {window.start} to {window.end} is beyond the calendar",
                "correct the year",
            ) from e
        if not sessions:
            raise EngineError(
                f"window {window.id!r} has no XNYS trading day between {window.start}"
                f" and {window.end}",
                "choose a window with at least one trading day",
            )
        replay = Replay(
            market,
            TradingParameters(
                symbols=self.symbols,
                guard=self.parameters["guard"] == "on",
            ),
            metrics=cast("Literal['full', 'incremental']", self.parameters["metrics"]),
            stages=context.stages,
            on_day=context.progress,
        )
        self._prepared = _Prepared(market=market, replay=replay, sessions=sessions)

    def run(self, context: Context) -> None:
        """Replay the window, reading included."""
        prepared = self._require_prepared()
        prepared.result = prepared.replay.run(prepared.sessions)
        context.count("sessions", len(prepared.sessions))
        if isinstance(prepared.market, SyntheticMarket):
            context.count(DOWNLOAD_REQUESTS, prepared.market.generated_days)
            context.count(DOWNLOAD_BYTES, prepared.market.generated_bytes)

    def collect(self, context: Context) -> BacktestOutput:
        """Return order events, trades, equity, statistics and the coverage of the data."""
        del context
        prepared = self._require_prepared()
        result = prepared.result
        if result is None:
            raise EngineError("collect() was called before run()", "call run() first")
        return BacktestOutput(
            order_events=result.order_events,
            trades=result.trades,
            equity=result.equity,
            statistics=_statistics(result),
            data_points=result.symbol_seconds,
            coverage=result.coverage,
            data_fingerprint=prepared.market.fingerprint(),
        )

    def _market(self, context: Context) -> Market:
        data = str(self.parameters["data"])
        if data == SYNTHETIC:
            return SyntheticMarket(context.cache_folder, stages=context.stages)
        return LeanFolder(Path(data))

    def _require_prepared(self) -> _Prepared:
        if self._prepared is None:
            raise EngineError("run() was called before prepare()", "call prepare() first")
        return self._prepared


def _check_parameter(name: str, value: ParameterValue) -> None:
    if name not in DEFAULTS:
        raise EngineError(f"zacqc has no parameter {name!r}", nearest(name, DEFAULTS))
    choices = CHOICES.get(name)
    if choices and value not in choices:
        raise EngineError(f"{name}={value!r} is not possible", f"use one of: {', '.join(choices)}")
    if name == "symbols":
        _check_symbols(str(value))


def _check_symbols(value: str) -> None:
    symbols = _split(value)
    if not symbols:
        raise EngineError("symbols is empty", "name at least one ticker: symbols=AAPL,NVDA")
    if len(set(symbols)) < len(symbols):
        raise EngineError(f"symbols={value!r} names a ticker twice", "name each ticker once")


def _split(symbols: str) -> tuple[str, ...]:
    return tuple(symbol.strip() for symbol in symbols.split(",") if symbol.strip())


def _statistics(result: ReplayResult) -> dict[str, StatisticValue]:
    """Return the summary under the names that Lean gives these figures."""
    profits = [trade.profit_loss for trade in result.trades]
    return {
        "Total Orders": len({event.order_id for event in result.order_events}),
        "Total Fees": result.fees,
        "Start Equity": result.equity[0].equity,
        "End Equity": result.equity[-1].equity,
        "Total Trades": len(result.trades),
        # Each profit is in whole cents, and so are their sums.
        "Total Profit Loss": round(sum(profits), 2),
        "Total Profit": round(sum(profit for profit in profits if profit > 0), 2),
        "Total Loss": round(sum(profit for profit in profits if profit < 0), 2),
    }
