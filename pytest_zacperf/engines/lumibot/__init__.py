"""The adapter of LumiBot, and what it takes to measure a backtest that downloads from DataBento."""

from __future__ import annotations

from pytest_zacperf.engines.lumibot.engine import LumibotEngine, example

__all__ = ["LumibotEngine", "example"]
