"""Noise as a machine makes it, and how often procedures under it ended how.

Everything is in units of the prior standard deviation, so what is found holds for any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from pytest_zacperf.sampling import Design, StoredDesign
from pytest_zacperf.stats import Floats

Integers: TypeAlias = npt.NDArray[np.int64]
Family: TypeAlias = Literal["normal", "t3", "autocorrelated"]
FAMILIES: tuple[Family, ...] = get_args(Family)
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
CORRELATION = 0.3  # of neighbors, unless a design says otherwise
# Below the 1 % that is promised, so that the error of the simulation itself cannot cross it.
ALLOWED_ERROR = 0.009
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

    @property
    def error(self) -> float:
        """Errors in one direction with the truth on the limit.

        The noise is symmetric about its center and the procedures treat both directions alike, so
        each direction gets half of all errors.
        """
        return (self.passed + self.failed) / 2


def noise(
    family: Family,
    shape: tuple[int, int],
    generator: np.random.Generator,
    *,
    correlation: float = CORRELATION,
) -> Floats:
    """Return noise with mean 0 and standard deviation 1, one row for each trial.

    Heavy tails are scaled to the same standard deviation and not to the same median absolute
    deviation, because the prior is a measured standard deviation, outliers included. With the other
    scaling they are 1.5 times as wide, which the higher scales cover.

    Args:
        family: ``t3`` is Student's t with three degrees of freedom, ``autocorrelated`` a normal
            process whose neighbors correlate.
        shape: Trials, samples.
        generator: The source of randomness.
        correlation: Of neighbors in autocorrelated noise.

    """
    if family == "t3":
        return np.asarray(generator.standard_t(3, shape) / np.sqrt(3))
    values = generator.standard_normal(shape)
    if family == "autocorrelated":
        innovation = np.sqrt(1 - correlation**2)
        for index in range(1, shape[1]):
            values[:, index] = correlation * values[:, index - 1] + innovation * values[:, index]
    return values


def scales_of(design: Design | StoredDesign) -> tuple[float, ...]:
    """Return the scales of noise for which the design keeps its promise."""
    return tuple(scale for scale in SCALES if scale <= design.highest_scale)


def rates_of(outcome: Integers, pairs: Integers) -> Rates:
    """Return the shares of outcomes (-1 PASS, 1 FAIL, 0 neither) and what they took."""
    return Rates(
        passed=float(np.mean(outcome < 0)),
        failed=float(np.mean(outcome > 0)),
        inconclusive=float(np.mean(outcome == 0)),
        mean_pairs=float(np.mean(pairs)),
        median_pairs=float(np.median(pairs)),
    )
