"""The whole procedure on simulated noise: how often it errs, and the levels at which it may.

Everything is in units of the prior standard deviation, so the levels hold for any. The noise is
symmetric about its center and the procedure treats both directions alike, therefore an error in
either direction counts half in each.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import scipy.stats

from pytest_zacperf import stats
from pytest_zacperf.sampling import OCCASION_RATIO, Design, StoredDesign, check_looks
from pytest_zacperf.stats import Floats

Family: TypeAlias = Literal["normal", "t3", "autocorrelated"]
FAMILIES: tuple[Family, ...] = get_args(Family)
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
AUTOCORRELATION = 0.3
# Below the 1 % that is promised, so that the error of the simulation itself cannot cross it.
ALLOWED_ERROR = 0.009
# Share of the error that is still left which each look after the first may spend.
LATER_SHARE = 0.6
STORED_SIZES = tuple((stored, new) for stored in (5, 10, 20) for new in (1, 3, 5, 15))
TRIALS = 20_000
SEED = 20_250_120


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often simulated procedures ended how; at a true ratio on the limit both are errors."""

    passed: float
    failed: float
    inconclusive: float
    mean_pairs: float
    median_pairs: float


def noise(family: Family, shape: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return noise with mean 0 and standard deviation 1, one row for each trial.

    Heavy tails are scaled to the same standard deviation and not to the same median absolute
    deviation, because the prior is a measured standard deviation, outliers included. With the other
    scaling they are 1.5 times as wide, which the higher scales cover.

    Args:
        family: ``t3`` is Student's t with three degrees of freedom, ``autocorrelated`` a normal
            process whose neighbors correlate by 0.3.
        shape: Trials, samples.
        generator: The source of randomness.

    """
    if family == "t3":
        return generator.standard_t(3, shape) / np.sqrt(3)
    values = generator.standard_normal(shape)
    if family == "autocorrelated":
        innovation = np.sqrt(1 - AUTOCORRELATION**2)
        for index in range(1, shape[1]):
            values[:, index] = (
                AUTOCORRELATION * values[:, index - 1] + innovation * values[:, index]
            )
    return values


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
        family, (trials, design.looks[-1]), generator
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
    return _rates(outcome, pairs)


def worst_error(design: Design, *, trials: int = TRIALS, seed: int = SEED) -> float:
    """Return the largest rate of wrong verdicts in one direction, with the truth on the limit.

    Over all families and all scales of noise that the design is made for.
    """
    return max(
        _error(simulate(design, family, scale=scale, trials=trials, seed=seed))
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
        for distance, open_ in zip(distances, undecided, strict=True):
            open_ &= distance <= critical
        levels.append(float(scipy.stats.t.sf(critical, located[0].df)))
    return tuple(levels)


def spending(first_share: float, looks: int) -> tuple[float, ...]:
    """Return the error that may have been spent after each look."""
    left = [(1 - first_share) * (1 - LATER_SHARE) ** index for index in range(looks)]
    left[-1] = 0.0
    return tuple(ALLOWED_ERROR * (1 - share) for share in left)


def scales_of(design: Design | StoredDesign) -> tuple[float, ...]:
    """Return the scales of noise for which the design keeps its promise."""
    return tuple(scale for scale in SCALES if scale <= design.highest_scale)


def simulate_stored(  # noqa: PLR0913 - one experiment has this many settings
    design: StoredDesign,
    family: Family,
    *,
    scale: float,
    sizes: tuple[int, int],
    trials: int = TRIALS,
    seed: int = SEED,
    true_log_ratio: float = 0.0,
    limit_log_ratio: float = 0.0,
) -> Rates:
    """Return how one look at stored and new samples ends.

    Args:
        design: The interval.
        family: The noise of the logarithm of a sample.
        scale: Of that noise, in units of the prior; the offset of a side stays as it is.
        sizes: Number of stored samples, of new ones.
        trials: How many looks.
        seed: Of the random numbers.
        true_log_ratio: Of the sides without noise.
        limit_log_ratio: PASS below, FAIL above.

    """
    located = _stored_location(design, family, scale=scale, sizes=sizes, trials=trials, seed=seed)
    distance = (
        located.value + (true_log_ratio - limit_log_ratio) / design.prior_sd
    ) / located.standard_error
    critical = stats.critical_value(design.level, located.df)
    outcome = np.where(distance > critical, 1, np.where(distance < -critical, -1, 0))
    return _rates(outcome, np.full(trials, sizes[1]))


def worst_stored_error(design: StoredDesign, *, trials: int = TRIALS, seed: int = SEED) -> float:
    """Return the largest rate of wrong verdicts in one direction, as worst_error does."""
    return max(
        _error(simulate_stored(design, family, scale=scale, sizes=sizes, trials=trials, seed=seed))
        for family in FAMILIES
        for scale in scales_of(design)
        for sizes in STORED_SIZES
    )


def calibrated_stored_level(
    design: StoredDesign, *, trials: int = TRIALS, seed: int = SEED
) -> float:
    """Return the highest level at which a single look keeps its promise under the worst noise."""
    levels = []
    for family in FAMILIES:
        for scale in scales_of(design):
            for sizes in STORED_SIZES:
                at = _stored_location(
                    design, family, scale=scale, sizes=sizes, trials=trials, seed=seed
                )
                distance = np.abs(at.value) / at.standard_error
                critical = float(np.quantile(distance, 1 - 2 * ALLOWED_ERROR))
                levels.append(float(scipy.stats.t.sf(critical, at.df)))
    return min(levels)


def _noises(design: Design, pairs: int, *, trials: int, seed: int) -> Iterator[Floats]:
    for family in FAMILIES:
        unit = noise(family, (trials, pairs), np.random.default_rng(seed))
        for scale in scales_of(design):
            yield scale * unit


def _critical(distances: Floats, undecided: np.typing.NDArray[np.bool_], *, may_end: int) -> float:
    # How far the limit must be from the estimate so that no more than this many have ended.
    allowed = may_end - int(np.sum(~undecided))
    if allowed <= 0:
        return float(np.max(distances[undecided]))
    return float(np.partition(distances[undecided], -allowed - 1)[-allowed - 1])


def _stored_location(
    design: StoredDesign,
    family: Family,
    *,
    scale: float,
    sizes: tuple[int, int],
    trials: int,
    seed: int,
) -> stats.Location:
    generator = np.random.default_rng(seed)
    stored, new = (
        scale * noise(family, (trials, size), generator)
        + OCCASION_RATIO * generator.standard_normal((trials, 1))
        for size in sizes
    )
    return stats.unpaired_location(stored, new, prior_sd=1.0, prior_df=design.prior_df)


def _rates(outcome: np.typing.NDArray[np.int64], pairs: np.typing.NDArray[np.int64]) -> Rates:
    return Rates(
        passed=float(np.mean(outcome < 0)),
        failed=float(np.mean(outcome > 0)),
        inconclusive=float(np.mean(outcome == 0)),
        mean_pairs=float(np.mean(pairs)),
        median_pairs=float(np.median(pairs)),
    )


def _error(rates: Rates) -> float:
    return (rates.passed + rates.failed) / 2
