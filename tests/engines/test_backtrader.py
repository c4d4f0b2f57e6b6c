"""The adapter of backtrader on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("backtrader", "backtrader")


class TestBacktrader(TwoDays):
    engine = "backtrader"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:backtrader"
