"""The adapter of nautilus_trader on our example strategy."""

from __future__ import annotations

from support.engine_tests import require
from support.two_days import TwoDays

require("nautilus_trader", "nautilus")


class TestNautilus(TwoDays):
    engine = "nautilus"
    parameters = {"symbols": "AAPL,AMD"}
    raising = "support.raising:nautilus"
