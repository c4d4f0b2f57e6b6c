"""Looks at pairs until the interval leaves the limit, simulated: errors, and levels for them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.stats

from pytest_zacperf import stats
from pytest_zacperf.calibration.noise import (
    ALLOWED_ERROR,
    FAMILIES,
    SEED,
    TRIALS,
    Family,
    Rates,
    noise,
    rates_of,
    scales_of,
)
from pytest_zacperf.sampling import Design, check_looks
from pytest_zacperf.stats import Floats

# Share of the error that is still left which each look after the first may spend.
LATER_SHARE = 0.6


def simulate(  # noqa: PLR0913 - one experiment has this many settings
    design: Design,
    family: Family,
    *,
    scale: float,
    trials: int = TRIALS,
    seed: int = SEED,
    true_log_ratio: float = 0.0,
    limit_log_ratio: float = 0.0,
) -> Rates:
    """Return how the whole procedure ends: looks until the interval leaves the limit, or the last.

    Args:
        design: The procedure.
        family: The noise of the log ratio of a pair.
        scale: Standard deviation of the noise in units of the design's prior.
        trials: How many procedures.
        seed: Of the random numbers.
        true_log_ratio: Center of the noise.
        limit_log_ratio: PASS below, FAIL above.

    """
    generator = np.random.default_rng(seed)
    log_ratios = true_log_ratio + scale * design.prior_sd * noise(
        family, (trials, design.looks[-1]), generator, correlation=design.highest_correlation
    )
    outcome = np.zeros(trials, dtype=np.int64)
    pairs = np.full(trials, design.looks[-1])
    for look, level in zip(design.looks, design.levels, strict=True):
        found = stats.log_ratio_interval(
            log_ratios[:, :look], prior_sd=design.prior_sd, prior_df=design.prior_df, level=level
        )
        says = np.where(
            found.high < limit_log_ratio, -1, np.where(found.low > limit_log_ratio, 1, 0)
        )
        ends = (outcome == 0) & (says != 0)
        outcome[ends] = says[ends]
        pairs[ends] = look
    return rates_of(outcome, pairs)


def worst_error(design: Design, *, trials: int = TRIALS, seed: int = SEED) -> float:
    """Return the largest rate of wrong verdicts in one direction, with the truth on the limit.

    Over all families and all scales of noise that the design is made for.
    """
    return max(
        simulate(design, family, scale=scale, trials=trials, seed=seed).error
        for family in FAMILIES
        for scale in scales_of(design)
    )


def with_looks(design: Design, looks: tuple[int, ...]) -> Design:
    """Return the design with other looks and the levels that belong to them; takes about a second.

    Raises:
        ValueError: Looks that are no schedule.

    """
    check_looks(looks)
    if looks == design.looks:
        return design
    return dataclasses.replace(design, looks=looks, levels=calibrated_levels(design, looks))


@functools.cache
def calibrated_levels(
    design: Design, looks: tuple[int, ...], *, trials: int = TRIALS, seed: int = SEED
) -> tuple[float, ...]:
    """Return the level of each look at which the whole procedure keeps its promise.

    Look by look the highest level is taken at which the errors so far, under the worst noise that
    the design is made for, stay within what may be spent until then.

    Args:
        design: Its looks and levels are not used.
        looks: Numbers of pairs, ascending.
        trials: Procedures for each kind of noise.
        seed: Of the random numbers.

    Source:
        Spending: Lan and DeMets, Biometrika 70 (1983) 659.

    """
    samples = list(_noises(design, looks[-1], trials=trials, seed=seed))
    undecided = [np.ones(trials, dtype=np.bool_) for _ in samples]
    levels = []
    for look, spent in zip(looks, spending(design.first_share, len(looks)), strict=True):
        located = [
            stats.paired_location(sample[:, :look], prior_sd=1.0, prior_df=design.prior_df)
            for sample in samples
        ]
        distances = [np.abs(at.value) / at.standard_error for at in located]
        critical = max(
            _critical(distance, open_, may_end=int(2 * spent * trials))
            for distance, open_ in zip(distances, undecided, strict=True)
        )
        undecided = [
            open_ & (distance <= critical)
            for distance, open_ in zip(distances, undecided, strict=True)
        ]
        levels.append(float(scipy.stats.t.sf(critical, located[0].df)))
    return tuple(levels)


def spending(first_share: float, looks: int) -> tuple[float, ...]:
    """Return the error that may have been spent after each look."""
    left = [(1 - first_share) * (1 - LATER_SHARE) ** index for index in range(looks)]
    left[-1] = 0.0
    return tuple(ALLOWED_ERROR * (1 - share) for share in left)


def _noises(design: Design, pairs: int, *, trials: int, seed: int) -> Iterator[Floats]:
    for family in FAMILIES:
        generator = np.random.default_rng(seed)
        unit = noise(family, (trials, pairs), generator, correlation=design.highest_correlation)
        for scale in scales_of(design):
            yield scale * unit


def _critical(distances: Floats, undecided: npt.NDArray[np.bool_], *, may_end: int) -> float:
    # How far the limit must be from the estimate so that no more than this many have ended.
    allowed = may_end - int(np.sum(~undecided))
    return float(np.partition(distances[undecided], -allowed - 1)[-allowed - 1])
