"""The adapter of zipline-reloaded: its events come from a blotter, and data are ingested before."""

from __future__ import annotations

from pytest_zacperf.engines.zipline.backtest import ZiplineBacktest
from pytest_zacperf.engines.zipline.engine import ZiplineEngine, example

__all__ = ["ZiplineBacktest", "ZiplineEngine", "example"]
