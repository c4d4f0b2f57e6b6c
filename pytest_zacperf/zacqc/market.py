"""Market data in Lean's folder format, and what the replay asks of any market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from pytest_zacperf.zacqc.bars import DailyBar, SecondBars
from pytest_zacperf.zacqc.sessions import Session


class Market(Protocol):
    """Where bars come from."""

    def sessions(self, start: dt.date, end: dt.date) -> Sequence[Session]:
        """Return the trading days from *start* to *end*, both inclusive."""
        ...

    def daily_bars(self, ticker: str, *, before: dt.date, count: int) -> Sequence[DailyBar]:
        """Return the last *count* daily bars before a day, oldest first."""
        ...

    def second_bars(self, ticker: str, day: dt.date) -> SecondBars:
        """Return one day's one-second bars, extended hours included."""
        ...

    def fingerprint(self) -> str:
        """Return a hash of all that was read so far, independent of the order of reading."""
        ...
