"""The rally detector: how far the price came back from its extreme, and how far it gave way again.

The rolling extremes are here; the plain search for them is in ``recompute.py``. Whether a rally
leads to an entry is the strategy's business.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.reading import Reading


class Sample(msgspec.Struct, frozen=True, gc=False):
    """High and low of the newest one-second bar at a time in seconds since 1970 UTC."""

    time: int
    high: float
    low: float


class Extremes(msgspec.Struct, frozen=True, gc=False):
    """What a rally is measured with.

    Attributes:
        low: The low it starts from (long), or ends at (short).
        high: The high it ends at (long), or starts from (short).
        origin_time: When the starting extreme was sampled.
        last: The newest sample.
        count: Number of samples remembered.

    """

    low: float
    high: float
    origin_time: int
    last: Sample
    count: int


class RallyExtremes(Protocol):
    """Remembers samples; ``IncrementalExtremes`` and ``FullExtremes`` keep this protocol."""

    def add(self, sample: Sample) -> None:
        """Take the newest sample and drop those older than the memory."""
        ...

    def clear(self) -> None:
        """Forget all samples."""
        ...

    def long(self) -> Extremes | None:
        """Return the first lowest low and the first highest high at or after it."""
        ...

    def short(self) -> Extremes | None:
        """Return the first highest high and the first lowest low at or after it."""
        ...


class IncrementalExtremes:
    """Follows both pairs of extremes as samples arrive.

    A new origin starts its pair afresh. Only when a sample that is part of a pair grows too old
    are the remembered samples gone through again.
    """

    def __init__(self, memory_s: int) -> None:
        self._memory_s = memory_s
        self._samples: deque[Sample] = deque()
        self._forget_extremes()

    def add(self, sample: Sample) -> None:
        """Take the newest sample and drop those older than the memory."""
        samples = self._samples
        samples.append(sample)
        oldest = sample.time - self._memory_s
        is_origin_dropped = False
        while samples[0].time <= oldest:
            dropped = samples.popleft().time
            is_origin_dropped |= dropped in (self._long_time, self._short_time)
        if is_origin_dropped:
            self._forget_extremes()
            for remembered in samples:
                self._follow(remembered)
        else:
            self._follow(sample)

    def clear(self) -> None:
        """Forget all samples."""
        self._samples.clear()
        self._forget_extremes()

    def long(self) -> Extremes | None:
        """Return the first lowest low and the first highest high at or after it."""
        if not self._samples:
            return None
        last, count = self._samples[-1], len(self._samples)
        return Extremes(self._long_low, self._long_high, self._long_time, last, count)

    def short(self) -> Extremes | None:
        """Return the first highest high and the first lowest low at or after it."""
        if not self._samples:
            return None
        last, count = self._samples[-1], len(self._samples)
        return Extremes(self._short_low, self._short_high, self._short_time, last, count)

    def _forget_extremes(self) -> None:
        self._long_low = self._short_low = float("inf")
        self._long_high = self._short_high = float("-inf")
        self._long_time = self._short_time = -1

    def _follow(self, sample: Sample) -> None:
        if sample.low < self._long_low:
            self._long_low, self._long_high, self._long_time = sample.low, sample.high, sample.time
        elif sample.high > self._long_high:
            self._long_high = sample.high
        if sample.high > self._short_high:
            self._short_low, self._short_high = sample.low, sample.high
            self._short_time = sample.time
        elif sample.low < self._short_low:
            self._short_low = sample.low


class Rally(msgspec.Struct, frozen=True, gc=False):
    """Whether there is a rally to enter on, and whether it went so far that waiting is over."""

    is_ready: bool
    is_overdone: bool


NO_RALLY = Rally(is_ready=False, is_overdone=False)
NO_RALLY_NEEDED = Rally(is_ready=True, is_overdone=False)


def judge_long(extremes: Extremes | None, reading: Reading, parameters: TradingParameters) -> Rally:
    """Judge a rally up from the low."""
    if extremes is None or not _can_judge(extremes, reading, parameters):
        return NO_RALLY
    rise = ((extremes.high - extremes.low) * 100 / extremes.low) / reading.range
    retracement = abs((extremes.high - extremes.last.low) * 100 / extremes.high) / reading.range
    return _judge(rise, retracement, extremes, reading=reading, parameters=parameters)


def judge_short(
    extremes: Extremes | None, reading: Reading, parameters: TradingParameters
) -> Rally:
    """Judge a rally down from the high."""
    if extremes is None or not _can_judge(extremes, reading, parameters):
        return NO_RALLY
    fall = ((extremes.high - extremes.low) * 100 / extremes.high) / reading.range
    retracement = abs((extremes.last.high - extremes.low) * 100 / extremes.low) / reading.range
    return _judge(fall, retracement, extremes, reading=reading, parameters=parameters)


def _can_judge(extremes: Extremes, reading: Reading, parameters: TradingParameters) -> bool:
    return extremes.count >= parameters.rally_samples_minimum and reading.range > 0


def _judge(
    move: float,
    retracement: float,
    extremes: Extremes,
    *,
    reading: Reading,
    parameters: TradingParameters,
) -> Rally:
    age_s = extremes.last.time - extremes.origin_time
    must_wait = reading.range_multiple > parameters.rally_time_multiple
    return Rally(
        is_ready=parameters.rally_minimum <= move <= parameters.rally_maximum
        and retracement >= parameters.retracement_minimum
        and (not must_wait or age_s >= parameters.rally_time_s),
        is_overdone=move > parameters.rally_maximum,
    )
