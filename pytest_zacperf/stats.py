"""Samples to an interval of their ratio; knows nothing of runs, clocks or limits.

Simulation (``calibration``) and verdict use the same functions: arrays may have any number of
leading axes, the last one holds the samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.stats

from pytest_zacperf.sampling import OCCASION_RATIO, Design, Interval

Floats: TypeAlias = npt.NDArray[np.float64]

# The median absolute deviation of normal noise is 0.6745 standard deviations.
SD_PER_MAD = float(1 / scipy.stats.norm.ppf(0.75))
# A value counts fully up to so many robust standard deviations from the median and not at all from
# twice as many. Normal noise is hardly touched, and one wild pair does not hold up the others.
FULL_WEIGHT_SDS = 4.0
LEAST_WEIGHT = 0.75  # of all samples together
# Variance of the median of normal noise, in units of that of the mean. One or two samples get it
# too: nothing says whether one of them is an outlier.
MEDIAN_VARIANCE = math.pi / 2
LEAST_STORED = 5
# An interval that says nothing ends at a thousandth and a thousand times the ratio: a number that
# can be printed and stored.
WIDEST_LOG = math.log(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where samples lie, how certain that is, and the degrees of freedom of that certainty."""

    value: Floats
    standard_error: Floats
    df: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInterval:
    """An interval of logarithms of ratios, for every leading index."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighted:
    mean: Floats
    sum_of_squares: Floats
    # The sum of the weights; the number of samples when none is far out.
    count: Floats


def interval(pairs: Sequence[tuple[float, float]], design: Design) -> Interval:
    """Return the ratio candidate / baseline of pairs of runs, with its confidence interval.

    Args:
        pairs: (baseline, candidate) in any unit, at least one; all values > 0. Fewer than the first
            look asks for settle nothing.
        design: Gives the noise known beforehand and the level for this number of pairs.

    Raises:
        ValueError: No pair, or a value that is not positive.

    """
    _check(pairs)
    logs = np.array([math.log(candidate / baseline) for baseline, candidate in pairs])
    return _as_ratios(
        log_ratio_interval(
            logs,
            prior_sd=design.prior_sd,
            prior_df=design.prior_df,
            level=design.level_at(len(pairs)),
        )
    )


def unpaired_interval(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    prior_sd: float,
    prior_df: float,
    level: float,
) -> Interval:
    """Return the ratio of medians of samples taken at different times, with its interval.

    Args:
        baseline: Stored samples in any unit, at least five; all values > 0.
        candidate: New samples in the same unit, at least one; all values > 0.
        prior_sd: As in StoredDesign.
        prior_df: As in StoredDesign.
        level: One-sided level of the interval.

    Raises:
        ValueError: Too few samples, or a value that is not positive.

    """
    if len(baseline) < LEAST_STORED:
        raise ValueError(
            f"a stored baseline needs {LEAST_STORED} samples, has {len(baseline)}; "
            "record it again with more rounds"
        )
    if not candidate:
        raise ValueError("a ratio needs at least one sample of the candidate, got none")
    for value in (*baseline, *candidate):
        if not 0 < value < math.inf:
            raise ValueError(f"a ratio needs positive values, got {value}")
    located = unpaired_location(
        np.log(np.array(baseline, dtype=np.float64)),
        np.log(np.array(candidate, dtype=np.float64)),
        prior_sd=prior_sd,
        prior_df=prior_df,
    )
    return _as_ratios(_around(located, level))


def log_ratio_interval(
    log_ratios: Floats, *, prior_sd: float, prior_df: float, level: float
) -> LogInterval:
    """Return the interval of the log ratio behind pairs.

    Args:
        log_ratios: Logarithms of candidate / baseline; the last axis holds the pairs.
        prior_sd: As in Design.
        prior_df: As in Design.
        level: One-sided: how often, without a look before this one, each end may miss.

    """
    return _around(paired_location(log_ratios, prior_sd=prior_sd, prior_df=prior_df), level)


def paired_location(log_ratios: Floats, *, prior_sd: float, prior_df: float) -> Location:
    """Return the mean of log ratios without the wild ones, with a moderated standard error.

    The variance is the weighted mean of what the pairs say and what was known beforehand, so that
    two or three pairs that happen to agree do not look certain.

    Args:
        log_ratios: As in log_ratio_interval.
        prior_sd: As in Design.
        prior_df: As in Design.

    Source:
        Moderated variance: Smyth, Statistical Applications in Genetics and Molecular Biology 3
        (2004) 3, section 3. Weights that descend to zero: Hampel, Journal of the American
        Statistical Association 69 (1974) 383; Huber, Robust Statistics (1981), section 4.8.

    """
    near = _weighted(log_ratios, prior_sd=prior_sd, prior_df=prior_df)
    variance = (prior_df * prior_sd**2 + near.sum_of_squares) / (prior_df + near.count - 1)
    return Location(
        value=near.mean,
        standard_error=np.sqrt(variance / near.count),
        df=prior_df + log_ratios.shape[-1] - 1,
    )


def unpaired_location(
    baseline_logs: Floats, candidate_logs: Floats, *, prior_sd: float, prior_df: float
) -> Location:
    """Return the difference of two medians with a moderated, pooled standard error.

    Each side may be off as a whole by what changed between the two times: more samples do not make
    that smaller (OCCASION_RATIO).

    Args:
        baseline_logs: Logarithms of samples; the last axis holds them.
        candidate_logs: The same for the other side.
        prior_sd: As in StoredDesign.
        prior_df: As in StoredDesign.

    Source:
        As paired_location; the variance of a median is that of normal noise.

    """
    old = _weighted(baseline_logs, prior_sd=prior_sd, prior_df=prior_df)
    new = _weighted(candidate_logs, prior_sd=prior_sd, prior_df=prior_df)
    squares = prior_df * prior_sd**2 + old.sum_of_squares + new.sum_of_squares
    variance = squares / (prior_df + old.count + new.count - 2)
    medians = variance * MEDIAN_VARIANCE * (1 / old.count + 1 / new.count)
    occasions = 2 * (OCCASION_RATIO * prior_sd) ** 2
    return Location(
        value=np.median(candidate_logs, axis=-1) - np.median(baseline_logs, axis=-1),
        standard_error=np.sqrt(medians + occasions),
        df=prior_df + baseline_logs.shape[-1] + candidate_logs.shape[-1] - 2,
    )


def critical_value(level: float, df: float) -> float:
    """Return how many standard errors an interval of this level reaches to either side."""
    return float(scipy.stats.t.isf(level, df))


def _weighted(values: Floats, *, prior_sd: float, prior_df: float) -> _Weighted:
    samples = values.shape[-1]
    median = np.median(values, axis=-1, keepdims=True)
    spread = SD_PER_MAD * np.median(np.abs(values - median), axis=-1, keepdims=True)
    # The spread of three values is often near zero by chance; what was known beforehand counts for
    # less the more values there are.
    spread = np.sqrt(spread**2 + prior_sd**2 * prior_df / (prior_df + samples))
    weights = np.clip(2 - np.abs(values - median) / (FULL_WEIGHT_SDS * spread), 0, 1)
    # Where many lie far out, they are no disturbance but how the machine is: it has two speeds.
    is_scattered = weights.mean(axis=-1, keepdims=True) < LEAST_WEIGHT
    weights = np.where(is_scattered, 1.0, weights)
    count = weights.sum(axis=-1)
    mean = np.sum(weights * values, axis=-1) / count
    return _Weighted(
        mean=mean,
        sum_of_squares=np.sum(weights * (values - mean[..., np.newaxis]) ** 2, axis=-1),
        count=count,
    )


def _around(located: Location, level: float) -> LogInterval:
    reach = critical_value(level, located.df) * located.standard_error
    return LogInterval(value=located.value, low=located.value - reach, high=located.value + reach)


def _as_ratios(logs: LogInterval) -> Interval:
    ratio = math.exp(logs.value)
    factor = math.exp(min(float(logs.high - logs.value), WIDEST_LOG))
    return Interval(ratio=ratio, low=ratio / factor, high=ratio * factor)


def _check(pairs: Sequence[tuple[float, float]]) -> None:
    if not pairs:
        raise ValueError("a ratio needs at least one pair of runs, got none")
    for baseline, candidate in pairs:
        if not (0 < baseline < math.inf and 0 < candidate < math.inf):
            raise ValueError(f"a ratio needs positive values, got {candidate} / {baseline}")
