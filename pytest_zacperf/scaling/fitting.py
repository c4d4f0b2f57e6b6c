"""The exponent of a power law through points, with its interval; knows no windows."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_zacperf import stats
from pytest_zacperf.errors import ScalingError
from pytest_zacperf.scaling.sizes import (
    FEWEST_FOR_FIT,
    FEWEST_FOR_INTERVAL,
    OTHER_LENGTHS,
    distinct_sizes,
)
from pytest_zacperf.stats import Floats

LEVEL = 0.025  # of each end of the interval
# Costs that follow a law exactly lie beside it by what a float rounds.
ROUNDING = 1e-9
DIGITS = 12
# Two sizes close to each other give any exponent, and what it projects must stay a number.
HIGHEST_LOG = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponent:
    """A power law, ``cost = exp(log_factor) * size ** exponent``.

    Attributes:
        exponent: 1 where twice the size costs twice as much, 2 where it costs four times as much.
        low: Lower end of the 95 % interval; None for fewer than 3 different sizes.
        high: Upper end of the 95 % interval; None for fewer than 3 different sizes.
        log_factor: Natural logarithm of the factor.
        windows: Number of points it rests on.
        scatter: Standard deviation of the points around the law, as a natural logarithm: 0.05 for
            about 5 %. None where there is no interval.

    """

    exponent: float
    low: float | None
    high: float | None
    log_factor: float
    windows: int
    scatter: float | None

    def at(self, size: float) -> float:
        """Return the cost that the law gives a size > 0, in the unit of the costs."""
        log_cost = self.log_factor + self.exponent * math.log(size)
        return math.exp(max(-HIGHEST_LOG, min(log_cost, HIGHEST_LOG)))


def fit(points: Sequence[tuple[float, float]]) -> Exponent:
    """Return the power law that fits points of (size, cost) best: least squares of logarithms.

    The interval is Student's, of the slope of log cost against log size with n - 2 degrees of
    freedom: slope +- t(0.975, n - 2) * sqrt(sum of squared residuals / (n - 2) / sum of squared
    deviations of log size). Three points give a wide one, as t is then 12.7.

    Args:
        points: In any order and any unit. Those without a positive size and cost have no logarithm
            and are left out.

    Raises:
        ScalingError: Fewer than 2 different sizes are left.

    Source:
        Draper and Smith, Applied Regression Analysis, 3rd edition (1998), sections 1.2 and 1.4.

    """
    usable = [(size, cost) for size, cost in points if _has_log(size) and _has_log(cost)]
    sizes = distinct_sizes(size for size, _ in usable)
    if sizes < FEWEST_FOR_FIT:
        left = f"{len(usable)} of {len(points)}"
        raise ScalingError(
            f"an exponent takes costs above zero at 2 different sizes, and {left} "
            f"points are usable, of {sizes} different size{'' if sizes == 1 else 's'}",
            OTHER_LENGTHS,
        )
    logs: Floats = np.log(np.array(usable, dtype=np.float64))
    center = logs.mean(axis=0)
    x, y = (logs - center).T
    # Adding zero makes -0.0 a plain zero.
    slope = round(float(x @ y / (x @ x)), DIGITS) + 0.0
    scatter = reach = None
    if sizes >= FEWEST_FOR_INTERVAL:
        scatter = _scatter(y - slope * x)
        reach = _critical_value(len(usable) - 2) * scatter / math.sqrt(x @ x)
    return Exponent(
        exponent=slope,
        low=None if reach is None else slope - reach,
        high=None if reach is None else slope + reach,
        log_factor=float(center[1] - slope * center[0]),
        windows=len(usable),
        scatter=scatter,
    )


def _has_log(value: float) -> bool:
    return 0 < value < math.inf


def _scatter(residuals: Floats) -> float:
    off = np.where(np.abs(residuals) < ROUNDING, 0.0, residuals)
    return math.sqrt(float(off @ off) / (len(off) - 2))


@functools.cache
def _critical_value(df: int) -> float:
    # Of thousands of functions most are fitted with the same degrees of freedom.
    return stats.critical_value(LEVEL, df)
