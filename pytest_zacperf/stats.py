"""Samples to one number; knows nothing of runs, clocks or limits."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the median over pairs of candidate / baseline.

    The ratio is taken within a pair, whose two runs are neighbors in time, so that slow drift of
    the machine cancels.

    Args:
        pairs: (baseline, candidate) in any unit, at least one; all values > 0.

    Returns:
        The dimensionless ratio; below 1 the candidate is faster or smaller.

    Raises:
        ValueError: No pair, or a value that is not positive.

    """
    if not pairs:
        raise ValueError("a ratio needs at least one pair of runs, got none")
    for baseline, candidate in pairs:
        if not (baseline > 0 and candidate > 0):
            raise ValueError(f"a ratio needs positive values, got {candidate} / {baseline}")
    return statistics.median(candidate / baseline for baseline, candidate in pairs)
