"""The engines that need no other library pass the conformance tests that all engines pass."""

from __future__ import annotations

from support.two_days import TwoDays


class TestZacQC(TwoDays):
    engine = "zacqc"


class TestFunction(TwoDays):
    engine = "support.trading_function:engine"
    raising = "support.raising:function"
