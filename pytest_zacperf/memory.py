"""Whether a run goes on taking memory from one simulated day to the next; judges no ratio."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Self

from pytest_zacperf.records import MemoryPoint
from pytest_zacperf.units import format_bytes

FEWEST_POINTS = 4
# A working set is not there at once: modules, caches, lookback windows, and what an allocator keeps
# of the memory it was given back. The embedded backtest takes four days to get it.
WARM_UP_SHARE = 3  # the first third
LEVEL = 0.99
# So that 6 are left: the order of 5 points says nothing at 99 %, they rise by chance in 2 of 120.
FEWEST_FOR_INTERVAL = 9
# All pairs of points are looked at; a backtest of decades is thinned out.
MOST_POINTS = 400

# Below that nobody need care: a year of trading days takes 63 MB.
SLIGHT_BYTES_PER_DAY = 250_000
# Of the peak. What allocators keep rose by up to 1.3 % on clean runs of the embedded backtest, in
# the sense of the lower end of the interval; see benchmarks/memory_noise.py.
SLIGHT_SHARE = 0.025
# A cache that fills up grows, too, but ever more slowly.
STILL_GROWING_SHARE = 1 / 3


class MemorySlope(float):
    """Growth of resident memory in bytes a simulated day; a number with its interval.

    Attributes:
        low: Lower end of the interval; -inf where there are too few days for one.
        high: Upper end of the interval; inf where there are too few days for one.
        days: Number of simulated days.

    """

    __slots__ = ("days", "high", "low")

    low: float
    high: float
    days: int

    def __new__(cls, bytes_per_day: float, *, low: float, high: float, days: int) -> Self:
        """Make a number of bytes a day that knows how certain it is."""
        self = super().__new__(cls, bytes_per_day)
        self.low, self.high, self.days = low, high, days
        return self

    def __repr__(self) -> str:
        return f"<memory grows {slope_text(self)} a simulated day, {self.days} days>"


def slope(points: Sequence[MemoryPoint]) -> MemorySlope | None:
    """Return how much memory a simulated day takes once the run has warmed up.

    The slope of Theil and Sen, the median over all pairs of points, so that a step or a dip of
    the allocator counts little. The first third of the days is left out. The points of a run
    depend on each other, so that the 99 % of the interval are nominal.

    Args:
        points: Of days that follow each other; weekends and holidays are not there.

    Returns:
        None for fewer than 4 points.

    Source:
        Sen, Estimates of the regression coefficient based on Kendall's tau (1968).

    """
    if len(points) < FEWEST_POINTS:
        return None
    from scipy.stats import theilslopes  # noqa: PLC0415 - takes half a second to load

    settled = _settled(points)
    stride = math.ceil(len(settled) / MOST_POINTS)
    numbers = range(0, len(settled), stride)
    found = theilslopes([settled[number] for number in numbers], numbers, alpha=LEVEL)
    has_interval = len(points) >= FEWEST_FOR_INTERVAL
    return MemorySlope(
        float(found.slope),
        low=float(found.low_slope) if has_interval else -math.inf,
        high=float(found.high_slope) if has_interval else math.inf,
        days=len(points),
    )


def leak_warning(points: Sequence[MemoryPoint]) -> str | None:
    """Return a sentence when memory certainly grows, day after day, by an amount that matters.

    Runs of fewer than 9 days are too short to tell a leak from a working set that is still
    growing. Memory that only a later garbage collection would free counts as grown.

    Args:
        points: Of days that follow each other; weekends and holidays are not there.

    """
    if len(points) < FEWEST_FOR_INTERVAL:
        return None
    settled = _settled(points)
    peak = max(point.resident_bytes for point in points)
    slight = max(SLIGHT_BYTES_PER_DAY, SLIGHT_SHARE * peak / (len(settled) - 1))
    late = _median_slope(settled[len(settled) // 2 :])
    # First, because it needs no scipy: runs without a leak end here.
    if late < slight * STILL_GROWING_SHARE:
        return None
    found = slope(points)
    if found is None or found.low < slight or late < found * STILL_GROWING_SHARE:
        return None
    grown = found * (len(settled) - 1)
    return (
        f"memory grows {slope_text(found)} a simulated day and does not stop: "
        f"{format_bytes(grown)} after the first {len(points) - len(settled)} of "
        f"{len(points)} days, {grown / peak:.0%} of the peak of {format_bytes(peak)}"
    )


def slope_text(growth: MemorySlope) -> str:
    """Return a slope and its interval, such as ``2.00 MB [1.95, 2.05]``."""
    amount = format_bytes(growth)
    if math.isinf(growth.low):
        return f"{amount} [too few days for an interval]"
    unit = amount.rpartition(" ")[2]
    low, high = format_bytes(growth.low), format_bytes(growth.high)
    if {low.rpartition(" ")[2], high.rpartition(" ")[2]} == {unit}:
        low, high = low.removesuffix(f" {unit}"), high.removesuffix(f" {unit}")
    return f"{amount} [{low}, {high}]"


def _settled(points: Sequence[MemoryPoint]) -> list[int]:
    return [point.resident_bytes for point in points[len(points) // WARM_UP_SHARE :]]


def _median_slope(values: Sequence[int]) -> float:
    stride = math.ceil(len(values) / MOST_POINTS)
    numbered = list(enumerate(values))[::stride]
    pairs = itertools.combinations(numbered, 2)
    return statistics.median((b - a) / (later - earlier) for (earlier, a), (later, b) in pairs)
