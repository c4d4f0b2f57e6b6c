"""What depends on time and sessions: the form without a bug, then those with one."""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Sequence

from pytest_zacperf.properties import Bar

SECONDS = 10
NS_PER_S = 1_000_000_000
UTC_OPEN = dt.timedelta(hours=14, minutes=30)


def of_session(bars: Sequence[Bar]) -> list[Bar]:
    return [bar for bar in bars if bar.session == bars[-1].session]


# Highest high of the last seconds.


class HighestOfSeconds:
    def __init__(self) -> None:
        self.bars: deque[Bar] = deque()

    def update(self, bar: Bar) -> float:
        self.bars.append(bar)
        while self.bars[0].start_ns <= bar.start_ns - SECONDS * NS_PER_S:
            self.bars.popleft()
        return max(held.high for held in self.bars)


class HighestOfBars(HighestOfSeconds):
    """Counts bars and takes them for seconds, as if every second had one."""

    def update(self, bar: Bar) -> float:
        self.bars.append(bar)
        if len(self.bars) > SECONDS:
            self.bars.popleft()
        return max(held.high for held in self.bars)


def highest_of_seconds(bars: Sequence[Bar]) -> float:
    since = bars[-1].start_ns - SECONDS * NS_PER_S
    return max(bar.high for bar in bars if bar.start_ns > since)


# High of the session.


class SessionHigh:
    def __init__(self) -> None:
        self.session: dt.date | None = None
        self.high = -math.inf

    def update(self, bar: Bar) -> float:
        if bar.session != self.session:
            self.session, self.high = bar.session, -math.inf
        self.high = max(self.high, bar.high)
        return self.high


class HighResetLate(SessionHigh):
    """Resets after the first bar of a session, and not before."""

    def update(self, bar: Bar) -> float:
        self.high = max(self.high, bar.high)
        value = self.high
        if bar.session != self.session:
            self.session, self.high = bar.session, -math.inf
        return value


def session_high(bars: Sequence[Bar]) -> float:
    return max(bar.high for bar in of_session(bars))


# Volume-weighted average price of the session; None while nothing has traded.


class Vwap:
    def __init__(self) -> None:
        self.session: object = None
        self.start_session()

    def start_session(self) -> None:
        self.turnover, self.volume = 0.0, 0

    def session_of(self, bar: Bar) -> object:
        return bar.session

    def update(self, bar: Bar) -> float | None:
        session = self.session_of(bar)
        if session != self.session:
            self.session = session
            self.start_session()
        self.turnover += (bar.high + bar.low + bar.close) / 3 * bar.volume
        self.volume += bar.volume
        return self.value()

    def value(self) -> float | None:
        return self.turnover / self.volume if self.volume else None


class VwapOfEverything(Vwap):
    """Never resets."""

    def session_of(self, _: Bar) -> object:
        return None


class VwapByUtcHour(Vwap):
    """Opens at 14:30 UTC, which is 9:30 in New York for half of the year."""

    def session_of(self, bar: Bar) -> object:
        utc = dt.datetime.fromtimestamp(bar.start_ns // NS_PER_S, dt.UTC)
        return (utc - UTC_OPEN).date()


class VwapZero(Vwap):
    """Says 0 where there is no price."""

    def value(self) -> float:
        return self.turnover / self.volume if self.volume else 0.0


def vwap(bars: Sequence[Bar]) -> float | None:
    turnover, volume = 0.0, 0
    for bar in of_session(bars):
        turnover += (bar.high + bar.low + bar.close) / 3 * bar.volume
        volume += bar.volume
    return turnover / volume if volume else None
