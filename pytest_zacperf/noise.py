"""How far pairs of the same program differ here, and the limits and rounds that follow from it."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.sampling import Design

NORMAL_95 = 1.645  # quantile of the normal distribution
SD_PER_MAD = 1.4826  # of normal noise
# Of neighboring loops of a few ms, and of the processors: our own boundaries, for a first look.
QUIET_SD, NOISY_SD = 0.01, 0.05
QUIET_SHARE, NOISY_SHARE = 0.05, 0.25
FEWEST_PAIRS = 4  # fewer tell nothing of how far they spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What a number of pairs can tell apart on this machine.

    Attributes:
        pairs: Number of pairs.
        limit: The lowest limit that a program that did not change passes in 95 of 100 cases.

    """

    pairs: int
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The noise of one schedule and clock.

    Attributes:
        name: Of the schedule, with its clock.
        pairs: Number of pairs that were measured.
        ratio: Median of the ratios, near 1 where nothing differs.
        sd: Robust standard deviation of the log ratio of a pair.
        largest: The ratio that is farthest from 1.
        recommendations: One for each look of the schedule.

    """

    name: str
    pairs: int
    ratio: float
    sd: float
    largest: float
    recommendations: tuple[Recommendation, ...]

    def pairs_for(self, limit: float) -> int | None:
        """Return the fewest pairs that are enough for a limit; None where none of them are."""
        return next((one.pairs for one in self.recommendations if one.limit <= limit), None)


def noise_of(name: str, pairs: Sequence[tuple[float, float]], design: Design) -> Noise:
    """Return the noise of pairs in which both sides are the same program.

    Args:
        name: Of the schedule, with its clock.
        pairs: (one side, the other side) in any unit, at least 4; all values > 0.
        design: The looks, and how wide an interval is at each.

    Raises:
        ValueError: Too few pairs.

    """
    if len(pairs) < FEWEST_PAIRS:
        raise ValueError(f"noise needs {FEWEST_PAIRS} pairs, got {len(pairs)}; give --rounds 12")
    logs = [math.log(after / before) for before, after in pairs]
    sd = sd_of_pairs(pairs)
    limits = (
        Recommendation(pairs=look, limit=passing_limit(sd, look, design)) for look in design.looks
    )
    return Noise(
        name=name,
        pairs=len(pairs),
        ratio=math.exp(statistics.median(logs)),
        sd=sd,
        largest=math.exp(max(logs, key=abs)),
        recommendations=tuple(limits),
    )


def sd_of_pairs(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the robust standard deviation of the log ratio of a pair: that of most of them.

    Args:
        pairs: (one side, the other side) in any unit, at least one; all values > 0.

    Source:
        Median absolute deviation: Hampel, Journal of the American Statistical Association 69
        (1974) 383.

    """
    logs = [math.log(after / before) for before, after in pairs]
    middle = statistics.median(logs)
    return SD_PER_MAD * statistics.median(abs(log - middle) for log in logs)


def passing_limit(sd: float, pairs: int, design: Design) -> float:
    """Return the lowest limit that a program that did not change passes in 95 of 100 cases.

    The upper end of the interval must lie below it: the half width at this noise, and what the
    mean of so many pairs is off by in one direction in 5 of 100 cases.

    Args:
        sd: Standard deviation of the log ratio of a pair.
        pairs: Number of pairs.
        design: How wide an interval is at each look.

    """
    from pytest_zacperf import stats  # noqa: PLC0415 - loads scipy

    df = design.prior_df + pairs - 1
    variance = (design.prior_df * design.prior_sd**2 + (pairs - 1) * sd**2) / df
    reach = stats.critical_value(design.level_at(pairs), df) * math.sqrt(variance / pairs)
    return math.exp(reach + NORMAL_95 * sd / math.sqrt(pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """How steady a machine was while it did the same thing over and over.

    Attributes:
        loops: How often.
        median_ns: Elapsed time of one.
        sd: Robust standard deviation of the log ratio of neighbors.
        slowest: The longest as a multiple of the median.
        busy_share: Part of all processors that other programs used; None where nobody knows.

    """

    loops: int
    median_ns: float
    sd: float
    slowest: float
    busy_share: float | None

    @property
    def word(self) -> str:
        """``quiet``, ``usual`` or ``noisy``, by what neighbors differ and others use."""
        if self.sd > NOISY_SD or (self.busy_share or 0.0) > NOISY_SHARE:
            return "noisy"
        return "quiet" if self.sd < QUIET_SD and (self.busy_share or 0.0) < QUIET_SHARE else "usual"


def steadiness_of(times_ns: Sequence[int], busy_share: float | None) -> Steadiness:
    """Return how steady loops were that took these times, in ns, each > 0; at least two."""
    median_ns = statistics.median(times_ns)
    return Steadiness(
        loops=len(times_ns),
        median_ns=median_ns,
        sd=sd_of_pairs(list(itertools.pairwise(times_ns))),
        slowest=max(times_ns) / median_ns,
        busy_share=busy_share,
    )
