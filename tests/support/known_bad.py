"""Incremental indicators with a bug in each, beside a form without it: what the kit is held to.

They stand as somebody would write them; each bug is one that has been in a published library or a
strategy. None of it is used by the package.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from pytest_zacperf.properties import Bar, Summed, Tolerance, conditioned, exact, mean_of, relative

WINDOW = 5
SECONDS = 10
NS_PER_S = 1_000_000_000
UTC_OPEN = dt.timedelta(hours=14, minutes=30)


class Windowed:
    """Keeps the closes of the last bars."""

    size = WINDOW

    def __init__(self) -> None:
        self.closes: deque[float] = deque(maxlen=self.size)

    def update(self, bar: Bar) -> object:
        self.closes.append(bar.close)
        return self.value()

    def value(self) -> object:
        raise NotImplementedError


def last(bars: Sequence[Bar]) -> list[float]:
    return [bar.close for bar in bars[-WINDOW:]]


def of_session(bars: Sequence[Bar]) -> list[Bar]:
    return [bar for bar in bars if bar.session == bars[-1].session]


# Mean of the last closes.


class Mean(Windowed):
    def value(self) -> float:
        return math.fsum(self.closes) / len(self.closes)


class RunningMean(Windowed):
    """Subtracts the oldest close, and keeps what was rounded off for ever."""

    total = 0.0

    def update(self, bar: Bar) -> float:
        if len(self.closes) == self.size:
            self.total -= self.closes[0]
        self.total += bar.close
        self.closes.append(bar.close)
        return self.total / len(self.closes)


def mean(bars: Sequence[Bar]) -> Summed:
    return mean_of(last(bars))


# Variance of the last closes.


class Variance(Windowed):
    def value(self) -> float:
        shifted = [close - self.closes[0] for close in self.closes]
        middle = math.fsum(shifted) / len(shifted)
        return math.fsum((value - middle) ** 2 for value in shifted) / len(shifted)


class SumOfSquares(Windowed):
    """Subtracts two large numbers that are nearly the same."""

    def value(self) -> float:
        count = len(self.closes)
        squares = sum(close * close for close in self.closes)
        return squares / count - (sum(self.closes) / count) ** 2


class WelfordWithRemoval(Windowed):
    """Takes the oldest out again, which is not what Welford's recurrence is stable for."""

    middle = squares = 0.0

    def update(self, bar: Bar) -> float:
        if len(self.closes) == self.size:
            self.change(self.closes.popleft(), -1)
        self.change(bar.close, 1)
        self.closes.append(bar.close)
        return self.squares / len(self.closes)

    def change(self, close: float, sign: int) -> None:
        count = len(self.closes) + (sign > 0)
        before = self.middle
        if count:
            self.middle += sign * (close - before) / count
        self.squares += sign * (close - before) * (close - self.middle)


def variance(bars: Sequence[Bar]) -> Summed:
    closes = list(map(Fraction, last(bars)))
    middle = sum(closes) / len(closes)
    spread = sum((close - middle) ** 2 for close in closes) / len(closes)
    shifted = sum((close - closes[0]) ** 2 for close in closes) / len(closes)
    return Summed(float(spread), float(shifted))


# Highest of the last closes.


class Highest(Windowed):
    def value(self) -> float:
        return max(self.closes)


class HighestOfOneMore(Highest):
    """A window that is one bar too long."""

    size = WINDOW + 1


class HighestDeque:
    """The usual deque of falling values, which forgets to let the oldest go."""

    def __init__(self) -> None:
        self.falling: deque[float] = deque()

    def update(self, bar: Bar) -> float:
        while self.falling and self.falling[-1] <= bar.close:
            self.falling.pop()
        self.falling.append(bar.close)
        return self.falling[0]


def highest(bars: Sequence[Bar]) -> float:
    return max(last(bars))


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


# Mean of the last closes, NaN where one of them is.


class StickyNan(RunningMean):
    """Adds a NaN and can never subtract it."""


def mean_unless_nan(bars: Sequence[Bar]) -> Summed | float:
    closes = last(bars)
    return math.nan if any(map(math.isnan, closes)) else mean_of(closes)


class MeanUnlessNan(Windowed):
    def value(self) -> float:
        if any(map(math.isnan, self.closes)):
            return math.nan
        return math.fsum(self.closes) / len(self.closes)


# Volume of all bars; one that comes again counts once.


class Volume:
    def __init__(self) -> None:
        self.newest_ns = -1
        self.volume = 0

    def update(self, bar: Bar) -> int:
        if bar.start_ns > self.newest_ns:
            self.newest_ns = bar.start_ns
            self.volume += bar.volume
        return self.volume


class VolumeCountedTwice(Volume):
    """Counts whatever it is given."""

    def update(self, bar: Bar) -> int:
        self.volume += bar.volume
        return self.volume


def volume(bars: Sequence[Bar]) -> int:
    return sum(bar.volume for bar in bars)


# Newest close; one that comes late is not the newest.


class NewestClose:
    def __init__(self) -> None:
        self.newest: Bar | None = None

    def update(self, bar: Bar) -> float:
        if self.newest is None or bar.start_ns > self.newest.start_ns:
            self.newest = bar
        return self.newest.close


class CloseThatCameLast:
    """Takes the bar that came last for the newest."""

    def update(self, bar: Bar) -> float:
        return bar.close


def newest_close(bars: Sequence[Bar]) -> float:
    return bars[-1].close


# Highest of the last closes; a bar that comes again replaces the one before.


class RevisedHighest:
    def __init__(self) -> None:
        self.closes: dict[int, float] = {}

    def update(self, bar: Bar) -> float:
        self.closes[bar.start_ns] = bar.close
        return max(self.closes[start] for start in sorted(self.closes)[-WINDOW:])


class RevisionPushesOut(Windowed):
    """Appends the revision, so that the oldest close of the window is lost."""

    def value(self) -> float:
        return max(self.closes)


# State that is kept, and shared.


class Rewindable(Highest):
    def reset(self) -> None:
        self.closes.clear()

    def snapshot(self) -> object:
        return list(self.closes)

    def restore(self, state: deque[float]) -> None:
        self.closes = deque(state, maxlen=self.size)


class SharedSnapshot(Rewindable):
    """Gives out the window itself, which goes on to change."""

    def snapshot(self) -> object:
        return self.closes

    def restore(self, state: deque[float]) -> None:
        self.closes = state


class HalfReset(SessionHigh):
    """Forgets the session and not its high, so that the first bar does not start a new one."""

    def reset(self) -> None:
        self.high = max(self.high, 0.0)


class SharedByAll(Highest):
    """Keeps the window in the class, one for all symbols."""

    closes: ClassVar[deque[float]] = deque(maxlen=WINDOW)  # type: ignore[misc]

    def __init__(self) -> None:
        pass


# Exponential mean, seeded with the first close.


class Ema:
    value: float | None = None

    def update(self, bar: Bar) -> float:
        before = bar.close if self.value is None else self.value
        self.value = before + (bar.close - before) * 0.25
        return self.value


class EmaFromZero(Ema):
    """Is seeded with 0, so that it takes long to arrive."""

    value = 0.0


def ema(bars: Sequence[Bar]) -> float:
    value = bars[0].close
    for bar in bars:
        value += (bar.close - value) * 0.25
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bug, the form without it, and what shows it.

    Attributes:
        bug: In a few words.
        bad: The indicator with it.
        good: The one without.
        full: What both are compared with.
        tolerance: How near the good one is.
        streams: Arguments of ``bar_streams`` beyond the defaults.
        policies: Arguments of ``check_incremental``.

    """

    bug: str
    bad: Callable[[], Any]
    good: Callable[[], Any]
    full: Callable[[Sequence[Bar]], object]
    tolerance: Tolerance = field(default_factory=exact)
    streams: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)


ROUNDED = conditioned(2)
AGAIN = {"duplicates": True}
REVISED = {"duplicates": True, "revisions": True}
REPLACE = {"duplicates": "replace"}
TWO = {"symbols": ("A", "B")}
CASES = (
    Case(
        bug="running sum with subtraction", bad=RunningMean, good=Mean, full=mean, tolerance=ROUNDED
    ),
    Case(
        bug="naive sum of squares",
        bad=SumOfSquares,
        good=Variance,
        full=variance,
        tolerance=conditioned(8),
    ),
    Case(
        bug="Welford with removal",
        bad=WelfordWithRemoval,
        good=Variance,
        full=variance,
        tolerance=conditioned(8),
    ),
    Case(bug="window off by one", bad=HighestOfOneMore, good=Highest, full=highest),
    Case(bug="deque that forgets to expire", bad=HighestDeque, good=Highest, full=highest),
    Case(
        bug="bars taken for seconds",
        bad=HighestOfBars,
        good=HighestOfSeconds,
        full=highest_of_seconds,
    ),
    Case(bug="reset one bar late", bad=HighResetLate, good=SessionHigh, full=session_high),
    Case(bug="VWAP that never resets", bad=VwapOfEverything, good=Vwap, full=vwap),
    Case(bug="session by UTC hour", bad=VwapByUtcHour, good=Vwap, full=vwap),
    Case(bug="VWAP of zero volume", bad=VwapZero, good=Vwap, full=vwap),
    Case(
        bug="NaN that sticks",
        bad=StickyNan,
        good=MeanUnlessNan,
        full=mean_unless_nan,
        tolerance=relative(1e-9),
        streams={"missing": True, "spikes": False},
    ),
    Case(
        bug="duplicate counted twice",
        bad=VolumeCountedTwice,
        good=Volume,
        full=volume,
        streams=AGAIN,
    ),
    Case(
        bug="late bar taken for the newest",
        bad=CloseThatCameLast,
        good=NewestClose,
        full=newest_close,
        streams={"late": True},
    ),
    Case(
        bug="revision that pushes the oldest out",
        bad=RevisionPushesOut,
        good=RevisedHighest,
        full=highest,
        streams=REVISED,
        policies=REPLACE,
    ),
    Case(bug="snapshot that shares its state", bad=SharedSnapshot, good=Rewindable, full=highest),
    Case(bug="reset that forgets half", bad=HalfReset, good=SessionHigh, full=session_high),
    Case(
        bug="state shared by all symbols", bad=SharedByAll, good=Highest, full=highest, streams=TWO
    ),
    Case(bug="exponential mean from zero", bad=EmaFromZero, good=Ema, full=ema),
)
