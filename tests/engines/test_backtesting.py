"""The adapter of backtesting on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("backtesting", "backtesting")


class TestBacktesting(TwoDays):
    engine = "backtesting"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:backtesting"
