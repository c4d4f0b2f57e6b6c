"""How large a window is: in bars, or in trading days where an engine cannot count."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pytest_zacperf.errors import ScalingError
from pytest_zacperf.records import FunctionProfile, Run
from pytest_zacperf.sentences import escape
from pytest_zacperf.units import format_count

Axis: TypeAlias = Literal["bars", "trading days"]

# Weeks differ by a few bars, and say nothing about how a cost grows.
SAME_SIZE = 1.1
FEWEST_FOR_FIT = 2
FEWEST_FOR_INTERVAL = 3
MOST_NAMED = 5
OTHER_LENGTHS = (
    "take windows of other lengths as well, such as a day, a week and a month: "
    "3 different sizes give an exponent with an interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A finished window and what it cost.

    Attributes:
        window: Its id.
        days: Number of its trading days, such as ``Window.weekdays``.
        data_points: Bars or ticks the engine went through; None where it cannot count.
        wall_ns: Elapsed time of ``run()``.
        cpu_ns: CPU time of ``run()``.
        peak_memory_bytes: Highest resident memory.
        functions: Of its profile; none where it was not profiled.

    """

    window: str
    days: int
    data_points: int | None
    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    functions: Sequence[FunctionProfile] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullRange:
    """The window that costs are projected to.

    Attributes:
        window: Its id.
        size: In the unit of the finished windows, see ``full_size``.

    Raises:
        ScalingError: A size that is not positive.

    """

    window: str
    size: float

    def __post_init__(self) -> None:
        if not 0 < self.size < math.inf:
            raise ScalingError(
                f"nothing is projected to {self.window!r}, whose size is {self.size:g}",
                "name a window with at least one trading day",
            )


def measured(run: Run, functions: Sequence[FunctionProfile] = ()) -> Measured:
    """Return what a finished run says about its window.

    Args:
        run: A run that is done.
        functions: Of its profile.

    Raises:
        ScalingError: The run has no result.

    """
    window = run.workload.window
    if run.costs is None or run.work is None:
        raise ScalingError(
            f"the run of {window.id!r} has no result: {run.reason}", "run the window again"
        )
    return Measured(
        window=window.id,
        days=window.weekdays,
        data_points=run.work.data_points,
        wall_ns=run.costs.wall_ns,
        cpu_ns=run.costs.cpu_ns,
        peak_memory_bytes=run.costs.peak_memory_bytes,
        functions=functions,
    )


def axis_of(windows: Iterable[Measured]) -> Axis:
    """Return what sizes are counted in: bars when every window has them, else trading days."""
    has_bars = all((window.data_points or 0) > 0 for window in windows)
    return "bars" if has_bars else "trading days"


def size_of(window: Measured, axis: Axis) -> float:
    """Return the size of a window, in bars or trading days."""
    return (window.data_points or 0) if axis == "bars" else window.days


def size_text(size: float, axis: Axis) -> str:
    """Return a size with what it is counted in, such as ``1,950 bars``."""
    count = format_count(size)
    return f"{count} {axis.removesuffix('s') if count == '1' else axis}"


def full_size(windows: Sequence[Measured], days: int) -> float:
    """Return the size of a window that has not run, in the unit of those that have.

    In bars it is the median number of bars a day over the finished windows, times its days.

    Args:
        windows: The finished ones.
        days: Trading days of the other one.

    Raises:
        ScalingError: No finished window has a trading day to count its bars by.

    """
    if axis_of(windows) == "trading days":
        return days
    per_day = [size_of(window, "bars") / window.days for window in windows if window.days > 0]
    if not per_day:
        raise ScalingError(
            "how many bars a day has is not known: no finished window has a trading day",
            "finish a window with at least one weekday",
        )
    return statistics.median(per_day) * days


def distinct_sizes(sizes: Iterable[float]) -> int:
    """Return how many sizes there are; those within 10 % are one."""
    count, smallest = 0, 0.0
    for size in sorted(sizes):
        if size > smallest * SAME_SIZE:
            count, smallest = count + 1, size
    return count


def require_sizes(sizes: Mapping[str, float], axis: Axis, *, fewest: int = FEWEST_FOR_FIT) -> None:
    """Refuse windows of too few different sizes.

    Args:
        sizes: Id of a window to its size.
        axis: What the sizes are counted in.
        fewest: How many different ones are needed.

    Raises:
        ScalingError: There are fewer; it names the windows and their sizes.

    """
    count = distinct_sizes(sizes.values())
    if count >= fewest:
        return
    named = [f"{escape(name)} ({size_text(size, axis)})" for name, size in sizes.items()]
    more = len(named) - MOST_NAMED
    listed = ", ".join(named[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    raise ScalingError(
        f"how a cost grows takes windows of {fewest} different sizes, and there "
        f"{'is' if count == 1 else 'are'} {count}: {listed or 'no window is finished'}",
        OTHER_LENGTHS,
    )
