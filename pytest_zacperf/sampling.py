"""How many pairs are looked at, and how certain a look must be; computes no statistics.

The levels are what ``benchmarks/calibrate.py`` printed; ``tests/unit/test_calibration.py`` computes
them again. Standard library only, so that it can be imported when pytest starts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

LEAST_PAIRS = 2

# Samples taken at another time are off as a whole, on each side, and more of them do not take that
# away: its standard deviation in units of that of one sample. CPU time on a shared machine: a run
# varies by 3.5 % among its neighbors in time, yet medians of three at two times differ by 5 %,
# which leaves 3 % for the time at which they were taken.
OCCASION_RATIO = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A schedule of looks at pairs of runs, and the noise that it was made for.

    Attributes:
        name: What the schedule is called in messages.
        looks: Numbers of pairs after which the interval is looked at, ascending.
        prior_sd: Standard deviation of the log ratio of one pair, as measured before.
        prior_df: How many observations that measurement counts for.
        highest_scale: The procedure errs in at most 1 % of cases in either direction while the
            noise is below this multiple of *prior_sd* ...
        highest_correlation: ... and neighboring pairs correlate by no more than this.
        first_share: Share of the allowed error that the first look may spend.
        levels: One-sided level of the interval at each look. They hold for any *prior_sd*.

    """

    name: str
    looks: tuple[int, ...]
    prior_sd: float
    prior_df: float
    highest_scale: float
    highest_correlation: float
    first_share: float
    levels: tuple[float, ...]

    def level_at(self, pairs: int) -> float:
        """Return the level for a number of pairs; between two looks it is that of the next.

        Before the first look nothing is decided: the level is 0, and the interval has no ends.
        """
        if pairs < self.looks[0]:
            return 0.0
        for look, level in zip(self.looks, self.levels, strict=True):
            if pairs <= look:
                return level
        return self.levels[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDesign:
    """One look at stored samples of the baseline and new samples of the candidate.

    Attributes:
        name: What it is called in messages.
        prior_sd: Standard deviation of the logarithm of one sample among its neighbors in time.
        prior_df: How many observations that counts for.
        highest_scale: The look keeps to *error* while the noise is below this multiple of
            *prior_sd*.
        runs: How many samples of the candidate are looked at.
        error: Share of cases in which the look may err, in either direction.
        level: One-sided level of the interval, for that many.

    """

    name: str
    prior_sd: float
    prior_df: float
    highest_scale: float
    runs: int
    error: float
    level: float

    def first_look(self) -> StoredDesign:
        """Return the look at the one run that exists anyway."""
        return replace(self, runs=1, error=STORED_FIRST_ERROR, level=STORED_FIRST_LEVEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A ratio (not its logarithm) and the ends of its confidence interval."""

    ratio: float
    low: float
    high: float


# Pairs in turn hardly know of each other, for either side goes first in turn and each pair has a
# memory layout of its own: ranks of neighbors in 61 comparisons of 8 pairs and more, quiet, and in
# 61 beside a CPU hog, correlated by 0.00 and -0.02 (95 % of a bootstrap below 0.09 and 0.05;
# benchmarks/false_alarms.py).
ALTERNATE_CORRELATION = 0.15
ALTERNATE_LEVELS = (0.000149, 0.00112, 0.000702, 0.000453)
# Both looks at stored samples err in at most 0.1 %: a comparison with their revision may follow the
# first one and spends 0.9 %, so that all together stay within 1 %. They aim at 0.08 %, so that the
# error of the simulation itself cannot cross it. The first look gets most of that: a single run may
# be the wild one and nothing shows it, which makes its level so low.
STORED_FIRST_ERROR = 0.0006
STORED_FIRST_LEVEL = 7.39e-07
STORED_RUNS = 8  # of the second look
STORED_ERROR = 0.0002
STORED_LEVEL = 0.000203

# Two sides at once on one processor: 2.2 % in 120 A/A pairs, whether the machine was busy or not.
# Two pairs cannot tell 2.2 % from four times as much, so a machine where duets are that noisy needs
# a prior_sd of its own.
DUET = Design(
    name="duet",
    looks=(2, 3, 4, 6, 8),
    prior_sd=0.022,
    prior_df=3.0,
    highest_scale=2.0,
    highest_correlation=0.3,
    first_share=0.5,
    levels=(0.00188, 0.000746, 0.000248, 4.6e-05, 1.36e-05),
)
# In turn, CPU time: 5 %.
ALTERNATE_CPU = Design(
    name="alternate",
    looks=(5, 8, 11, 15),
    prior_sd=0.05,
    prior_df=0.5,
    highest_scale=4.0,
    highest_correlation=ALTERNATE_CORRELATION,
    first_share=0.2,
    levels=ALTERNATE_LEVELS,
)
# In turn, wall time: 6 % on a quiet machine, up to 15 % beside a neighbor that comes and goes.
ALTERNATE_WALL = Design(
    name="alternate",
    looks=(5, 8, 11, 15),
    prior_sd=0.06,
    prior_df=0.5,
    highest_scale=4.0,
    highest_correlation=ALTERNATE_CORRELATION,
    first_share=0.2,
    levels=ALTERNATE_LEVELS,
)
# Peak memory repeats to the byte or nearly; the prior keeps the interval from vanishing.
MEMORY = Design(
    name="memory",
    looks=(2, 3, 4, 6, 8),
    prior_sd=0.005,
    prior_df=3.0,
    highest_scale=4.0,
    highest_correlation=0.3,
    first_share=0.5,
    levels=(0.000199, 7.31e-05, 1.8e-05, 3.95e-06, 1.98e-06),
)

# CPU time; see OCCASION_RATIO.
STORED = StoredDesign(
    name="stored",
    prior_sd=0.035,
    prior_df=4.0,
    highest_scale=2.0,
    runs=STORED_RUNS,
    error=STORED_ERROR,
    level=STORED_LEVEL,
)
# Wall time: 16 % of the medians of three were more than 10 % above another time's.
STORED_WALL = StoredDesign(
    name="stored",
    prior_sd=0.08,
    prior_df=4.0,
    highest_scale=2.0,
    runs=STORED_RUNS,
    error=STORED_ERROR,
    level=STORED_LEVEL,
)
STORED_MEMORY = StoredDesign(
    name="stored",
    prior_sd=0.005,
    prior_df=4.0,
    highest_scale=2.0,
    runs=STORED_RUNS,
    error=STORED_ERROR,
    level=STORED_LEVEL,
)


def check_looks(looks: Sequence[int]) -> None:
    """Refuse what cannot be a schedule.

    Raises:
        ValueError: No look, one below two pairs, or numbers that do not ascend.

    """
    hint = "write ascending numbers of pairs from 2, such as 2, 3, 4, 6, 8"
    if not looks:
        raise ValueError(f"there is no look; {hint}")
    if looks[0] < LEAST_PAIRS:
        raise ValueError(f"a look at {looks[0]} pairs is too early; {hint}")
    for earlier, later in itertools.pairwise(looks):
        if later <= earlier:
            raise ValueError(f"a look at {later} pairs cannot follow one at {earlier}; {hint}")
