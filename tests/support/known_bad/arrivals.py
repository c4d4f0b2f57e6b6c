"""Bars out of turn, state that is kept or shared: first without a bug, then those with one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from support.known_bad.sessions import SessionHigh
from support.known_bad.windows import WINDOW, Highest, Windowed

from pytest_zacperf.properties import Bar

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
