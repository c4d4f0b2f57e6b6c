"""The adapter of zipline on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("zipline", "zipline")


class TestZipline(TwoDays):
    engine = "zipline"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:zipline"
