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
# of the memory it was given back.
WARM_UP_SHARE = 4  # the first quarter
LEVEL = 0.99
# So that 7 points are left: 5 rise from the first to the last by chance in 2 of 120 orders.
FEWEST_FOR_INTERVAL = 9
# All pairs of points are looked at; a backtest of decades is thinned out.
MOST_POINTS = 400

# Below that nobody need care: a year of trading days takes 63 MB. Results that pile up, on clean
# runs of the embedded backtest, take 100 kB a day.
SLIGHT_BYTES_PER_DAY = 250_000
# Of the peak, over the days that count. On the embedded backtest what was left of the warm-up took
# up to 4.4 % in 394 clean spans of 9 days and more; a leak of 2 MB a day took 8.1 % and more in 39
# runs of 10 days. The lower end of the interval tells them apart less well: a half day is a dip.
SLIGHT_SHARE = 0.06
# Of what matters: how much the second half of these days must still grow. A cache that fills up
# grows, too, but ever more slowly.
LATE_SHARE = 1 / 3


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
    """Return by how much memory grows from one simulated day to the next after the warm-up.

    The slope of Theil and Sen, the median over all pairs of points, so that a step or a dip of
    the allocator counts little. The first quarter of the days is left out; on a short run the
    rest may still hold some warm-up. The points of a run depend on each other, so that the 99 % of
    the interval are nominal.

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
    late = settled[len(settled) // 2 :]
    # Without scipy, whose import would cost every run half a second.
    if _median_slope(settled) < slight or _median_slope(late) < slight * LATE_SHARE:
        return None
    found = slope(points)
    if found is None or found.low <= 0:
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
