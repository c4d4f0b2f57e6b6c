"""A strategy of LumiBot that raises; apart, for it imports LumiBot."""

from __future__ import annotations

from support.raising import raise_error

from pytest_zacperf.examples.breakout.lumibot import Breakout


class Raising(Breakout):
    """Our example, broken."""

    def on_trading_iteration(self) -> None:
        """Raise."""
        raise_error(self)
