"""Which stages of a run take longer in the candidate; judges nothing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.estimates import Pair, stage_ns
from pytest_zacperf.records import Run
from pytest_zacperf.schedule import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGrowth:
    """A stage that takes longer in the candidate.

    Attributes:
        name: Of the stage.
        baseline_ns: Median over the pairs, by the clock of the verdict.
        candidate_ns: The same of the other side.
        share: Of everything that the run as a whole has grown by; None where it has not grown.

    """

    name: str
    baseline_ns: float
    candidate_ns: float
    share: float | None


def grown_stages(pairs: Sequence[Pair], clock: Clock, *, whole: str) -> tuple[StageGrowth, ...]:
    """Return the stages that take longer in the candidate, the worst first.

    Args:
        pairs: (baseline, candidate).
        clock: Of the verdict.
        whole: Name of the stage that is the whole run.

    """
    total_ns = _growth_ns(pairs, whole, clock)
    names = dict.fromkeys(
        stage.name for pair in pairs for run in pair if run.costs for stage in run.costs.stages
    )
    found = [
        StageGrowth(
            name=name,
            baseline_ns=a,
            candidate_ns=b,
            share=(b - a) / total_ns if total_ns > 0 else None,
        )
        for name in names
        if name != whole
        for a, b in [_stage_medians(pairs, name, clock)]
        if b > a
    ]
    return tuple(sorted(found, key=lambda one: one.baseline_ns - one.candidate_ns))


def _growth_ns(pairs: Sequence[Pair], name: str, clock: Clock) -> float:
    baseline_ns, candidate_ns = _stage_medians(pairs, name, clock)
    return candidate_ns - baseline_ns


def _stage_medians(pairs: Sequence[Pair], name: str, clock: Clock) -> tuple[float, float]:
    sides = [
        statistics.median(_stage_or_zero(run, name, clock) for run in side)
        for side in zip(*pairs, strict=True)
    ]
    return sides[0], sides[1]


def _stage_or_zero(run: Run, name: str, clock: Clock) -> float:
    try:
        return stage_ns(run.costs, name, clock) if run.costs else 0.0
    except ValueError:  # one side may not have it
        return 0.0
