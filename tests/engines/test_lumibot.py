"""The adapter of lumibot on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("lumibot", "lumibot")


class TestLumibot(TwoDays):
    engine = "lumibot"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:lumibot"
