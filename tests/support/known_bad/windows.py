"""Means, variances and extremes of the last closes: the form without a bug, then those with one."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from pytest_zacperf.properties import Bar, Summed, mean_of

WINDOW = 5


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
