"""For each engine our example with a strategy that raises: does the error name the line?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.engines.function import FunctionEngine

HERE = __name__
LINE = 'raise ValueError("no bars today")'


def raise_error(*_: object) -> None:
    """Do what a broken strategy does."""
    raise ValueError("no bars today")


def function() -> Engine:
    """Return an engine whose function raises."""
    return FunctionEngine(f"{HERE}:run")


def run(start: dt.date, end: dt.date) -> BacktestOutput:
    """Raise."""
    raise_error(start, end)
    return BacktestOutput()


def backtrader() -> Engine:
    """Return an engine whose strategy raises."""
    from pytest_zacperf.engines.backtrader import BacktraderEngine

    return BacktraderEngine(f"{HERE}:build_backtrader")


def build_backtrader(start: dt.date, end: dt.date, symbols: str = "AAPL") -> Any:
    """Build our example, broken."""
    from pytest_zacperf.examples.breakout import backtrader as example

    example.Breakout.next = raise_error  # type: ignore[method-assign]
    return example.build(start, end, symbols)  # type: ignore[no-untyped-call]


def backtesting() -> Engine:
    """Return an engine whose strategy raises."""
    from pytest_zacperf.engines.backtesting import BacktestingEngine

    return BacktestingEngine(f"{HERE}:build_backtesting")


def build_backtesting(start: dt.date, end: dt.date, symbols: str = "AAPL") -> Any:
    """Build our example, broken."""
    from pytest_zacperf.examples.breakout import backtesting as example

    example.Breakout.next = raise_error  # type: ignore[method-assign]
    return example.build(start, end, symbols)  # type: ignore[no-untyped-call]


def nautilus() -> Engine:
    """Return an engine whose strategy raises."""
    from pytest_zacperf.engines.nautilus import NautilusEngine

    return NautilusEngine(f"{HERE}:build_nautilus")


def build_nautilus(start: dt.date, end: dt.date, symbols: str = "AAPL") -> Any:
    """Build our example, broken."""
    from pytest_zacperf.examples.breakout import nautilus as example

    example.Breakout.on_bar = raise_error  # type: ignore[method-assign]
    return example.build(start, end, symbols)  # type: ignore[no-untyped-call]


def zipline() -> Engine:
    """Return an engine whose strategy raises."""
    from pytest_zacperf.engines.zipline import ZiplineEngine

    return ZiplineEngine(f"{HERE}:build_zipline")


def build_zipline(start: dt.date, end: dt.date, symbols: str = "AAPL") -> Any:
    """Build our example, broken."""
    from pytest_zacperf.examples.breakout import zipline as example

    example.Breakout.handle_data = raise_error  # type: ignore[method-assign]
    return example.build(start, end, symbols)  # type: ignore[no-untyped-call]


def vectorbt() -> Engine:
    """Return an engine whose call raises, though not when it is warmed up."""
    from pytest_zacperf.engines.vectorbt import VectorbtEngine

    return VectorbtEngine(f"{HERE}:build_vectorbt")


def build_vectorbt(start: dt.date, end: dt.date, symbols: str = "AAPL") -> Any:
    """Build our example; its second call raises."""
    from pytest_zacperf.examples.breakout import vectorbt as example

    compute = example.build(start, end, symbols)  # type: ignore[no-untyped-call]
    calls = iter([compute, raise_error])

    def call() -> Any:
        return next(calls)()

    return call


def lumibot() -> Engine:
    """Return an engine whose strategy raises."""
    from pytest_zacperf.engines.lumibot import LumibotEngine

    data = "pytest_zacperf.examples.breakout.lumibot:bars"
    return LumibotEngine("support.raising_lumibot:Raising", datasource=data)
