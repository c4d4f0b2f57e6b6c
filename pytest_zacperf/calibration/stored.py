"""One look at samples that were taken at two times, simulated: errors, and the level for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from pytest_zacperf import stats
from pytest_zacperf.calibration.noise import (
    FAMILIES,
    SEED,
    TRIALS,
    Family,
    Rates,
    noise,
    rates_of,
    scales_of,
)
from pytest_zacperf.sampling import OCCASION_RATIO, StoredDesign


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """The noise of samples in units of the prior, and how many of them each side has.

    The offset that a side has as a whole does not scale: it is as large as it was measured.
    """

    family: Family
    scale: float
    stored: int
    new: int


def stored_cases(design: StoredDesign) -> tuple[StoredCase, ...]:
    """Return the noise and the numbers of samples for which the design keeps its promise."""
    return tuple(
        StoredCase(family=family, scale=scale, stored=stored, new=design.runs)
        for family in FAMILIES
        for scale in scales_of(design)
        for stored in (5, 10, 20)
    )


def simulate_stored(  # noqa: PLR0913 - as simulate
    design: StoredDesign,
    case: StoredCase,
    *,
    trials: int = TRIALS,
    seed: int = SEED,
    true_log_ratio: float = 0.0,
    limit_log_ratio: float = 0.0,
) -> Rates:
    """Return how one look at stored and new samples ends; arguments as in simulate."""
    located = _stored_location(design, case, trials=trials, seed=seed)
    shift = (true_log_ratio - limit_log_ratio) / design.prior_sd
    distance = (located.value + shift) / located.standard_error
    critical = stats.critical_value(design.level, located.df)
    outcome = np.where(distance > critical, 1, np.where(distance < -critical, -1, 0))
    return rates_of(outcome, np.full(trials, case.new))


def worst_stored_error(design: StoredDesign, *, trials: int = TRIALS, seed: int = SEED) -> float:
    """Return the largest rate of wrong verdicts in one direction, as worst_error does."""
    return max(
        simulate_stored(design, case, trials=trials, seed=seed).error
        for case in stored_cases(design)
    )


def calibrated_stored_level(
    design: StoredDesign, *, trials: int = TRIALS, seed: int = SEED
) -> float:
    """Return the highest level at which one look keeps its promise under the worst noise."""
    levels = []
    for case in stored_cases(design):
        at = _stored_location(design, case, trials=trials, seed=seed)
        distance = np.abs(at.value) / at.standard_error
        critical = float(np.quantile(distance, 1 - 2 * design.error))
        levels.append(float(scipy.stats.t.sf(critical, at.df)))
    return min(levels)


def _stored_location(
    design: StoredDesign, case: StoredCase, *, trials: int, seed: int
) -> stats.Location:
    generator = np.random.default_rng(seed)
    stored, new = (
        case.scale * noise(case.family, (trials, samples), generator)
        + OCCASION_RATIO * generator.standard_normal((trials, 1))
        for samples in (case.stored, case.new)
    )
    return stats.unpaired_location(stored, new, prior_sd=1.0, prior_df=design.prior_df)
