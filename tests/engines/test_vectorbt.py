"""The adapter of vectorbt on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("vectorbt", "vectorbt")


class TestVectorbt(TwoDays):
    engine = "vectorbt"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:vectorbt"
