"""The feed: reads a session of all symbols and keeps count of what was real in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_zacperf.records import Coverage
from pytest_zacperf.zacqc.bars import DailyBar, SessionBars
from pytest_zacperf.zacqc.market import Market
from pytest_zacperf.zacqc.sessions import Session
from pytest_zacperf.zacqc.stream import BarStream

HISTORY_DAYS = 50


class Feed:
    """Reads a market for a number of symbols, session by session.

    Attributes:
        coverage: Real one-second bars of regular hours, by symbol and day.
        symbol_seconds: Seconds of regular hours times symbols, so far.

    """

    def __init__(self, market: Market, symbols: Sequence[str]) -> None:
        self.coverage: list[Coverage] = []
        self.symbol_seconds = 0
        self._market = market
        self._streams = {symbol: BarStream() for symbol in symbols}

    def history(self, symbol: str, first: Session) -> Sequence[DailyBar]:
        """Return the daily bars that warm a symbol's metrics up, oldest first."""
        return self._market.daily_bars(symbol, before=first.day, count=HISTORY_DAYS)

    def session(self, session: Session) -> Mapping[str, SessionBars]:
        """Return a session's bars by symbol; sessions must be asked for in order of time."""
        seconds = session.close_second - session.open_second
        self.symbol_seconds += seconds * len(self._streams)
        return {symbol: self._read(symbol, session) for symbol in self._streams}

    def _read(self, symbol: str, session: Session) -> SessionBars:
        rows = self._market.second_bars(symbol, session.day)
        bars = self._streams[symbol].session(rows, session)
        self.coverage.append(Coverage(symbol=symbol, day=session.day, real_bars=bars.real_bars))
        return bars
