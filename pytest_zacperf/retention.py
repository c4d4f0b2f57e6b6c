"""Which kept runs are to be deleted; knows no clock and no files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """What decides whether a run stays.

    Attributes:
        id: Name of the run.
        modified_s: When it was last changed, in seconds since 1970 UTC.
        is_in_use: Whether a process uses the runs of its session.

    """

    id: str
    modified_s: float
    is_in_use: bool


def to_delete(
    runs: Collection[KeptRun], *, keep_runs: int, keep_s: float, now_s: float
) -> frozenset[str]:
    """Return the ids of the runs that are too old, and of the oldest that are too many.

    Args:
        runs: All that are kept; those in use stay, and count toward the number.
        keep_runs: How many may stay.
        keep_s: How long one may stay, in seconds.
        now_s: The present, in seconds since 1970 UTC.

    """
    places = max(0, keep_runs - sum(run.is_in_use for run in runs))
    free = [run for run in runs if not run.is_in_use]
    young = [run for run in free if now_s - run.modified_s <= keep_s]
    newest_first = sorted(young, key=lambda run: (run.modified_s, run.id), reverse=True)
    stay = {run.id for run in newest_first[:places]}
    return frozenset(run.id for run in free) - stay
