"""Costs of two sides to a ratio with its interval; judges nothing."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_zacperf.records import BaselineSample, Costs, Run
from pytest_zacperf.sampling import Design, StoredDesign
from pytest_zacperf.schedule import Choice, Clock, Schedule, is_disturbed

Pair: TypeAlias = tuple[Run, Run]  # (baseline, candidate)


class Quantity(enum.StrEnum):
    """What is compared."""

    RUNTIME = "runtime"
    PEAK_MEMORY = "peak memory"
    STAGE_RUNTIME = "stage runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compared; a stage has a name."""

    quantity: Quantity
    stage: str = ""

    def __str__(self) -> str:
        return f"runtime of stage {self.stage}" if self.stage else str(self.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A ratio, its interval and what they rest on.

    Attributes:
        question: What was measured.
        clock: None for memory.
        schedule: None where a side is stored samples.
        ratio: Candidate / baseline, robust against a disturbed pair.
        low: Lower end of the interval.
        high: Upper end of the interval.
        pairs: Number of pairs; of the candidate's runs where the baseline is stored samples.
        disturbed_pairs: How many of them ran while others used the machine.
        baseline_median: In ns or bytes.
        candidate_median: In ns or bytes.
        sd: Robust standard deviation of the log ratio of a pair; None for stored samples.
        highest_sd: Up to which at most 1 % of verdicts are wrong; None for stored samples.
        runs_per_side: Of how many runs a pair takes the best, on either side.

    """

    question: Question
    clock: Clock | None
    schedule: Schedule | None
    ratio: float
    low: float
    high: float
    pairs: int
    disturbed_pairs: int
    baseline_median: float
    candidate_median: float
    sd: float | None = None
    highest_sd: float | None = None
    runs_per_side: int = 1


def estimate(question: Question, pairs: Sequence[Pair], design: Design, choice: Choice) -> Estimate:
    """Return the ratio of one quantity with its interval.

    Args:
        question: Which quantity.
        pairs: Runs of (baseline, candidate), at least as many as make one pair.
        design: The looks, and how wide the interval is at each.
        choice: How the pairs were laid out, and by which clock runtimes are judged.

    Raises:
        ValueError: No pair, or a cost that is not positive.

    """
    from pytest_zacperf import noise, stats  # noqa: PLC0415 - loads scipy

    values = pair_values(question, pairs, choice)
    interval = stats.interval(values, design)
    return Estimate(
        question=question,
        clock=None if question.quantity is Quantity.PEAK_MEMORY else choice.clock,
        schedule=choice.schedule,
        ratio=interval.ratio,
        low=interval.low,
        high=interval.high,
        pairs=len(values),
        disturbed_pairs=sum(
            _are_disturbed(runs, choice.schedule) for runs in _blocks(pairs, choice.runs_per_side)
        ),
        baseline_median=statistics.median(a for a, _ in values),
        candidate_median=statistics.median(b for _, b in values),
        sd=noise.sd_of_pairs(values),
        highest_sd=design.prior_sd * design.highest_scale,
        runs_per_side=choice.runs_per_side,
    )


def pair_values(
    question: Question, pairs: Sequence[Pair], choice: Choice
) -> list[tuple[float, float]]:
    """Return what both sides of each pair cost, in ns or bytes; arguments as in ``estimate``.

    Where several runs make a side of a pair, it is the least: noise only adds.

    Raises:
        ValueError: A run has no result, or it never entered the stage.

    """
    found = []
    for runs in _blocks(pairs, choice.runs_per_side):
        baseline, candidate = (
            min(value_of(run, question, choice.clock) for run in side)
            for side in zip(*runs, strict=True)
        )
        found.append((baseline, candidate))
    return found


def stored_estimate(
    question: Question,
    samples: Sequence[float],
    runs: Sequence[Run],
    design: StoredDesign,
    *,
    clock: Clock,
) -> Estimate:
    """Return the ratio of the candidate's runs to stored samples, which ran at another time.

    Raises:
        ValueError: Too few samples or runs, or a cost that is not positive.

    """
    from pytest_zacperf import stats  # noqa: PLC0415 - loads scipy

    values = [value_of(run, question, clock) for run in runs]
    interval = stats.unpaired_interval(
        samples,
        values,
        prior_sd=design.prior_sd,
        prior_df=design.prior_df,
        level=design.level,
    )
    return Estimate(
        question=question,
        clock=None if question.quantity is Quantity.PEAK_MEMORY else clock,
        schedule=None,
        ratio=interval.ratio,
        low=interval.low,
        high=interval.high,
        pairs=len(values),
        disturbed_pairs=sum(map(is_disturbed, runs)),
        baseline_median=statistics.median(samples),
        candidate_median=statistics.median(values),
    )


def value_of(run: Run, question: Question, clock: Clock) -> float:
    """Return what a run cost, in ns or bytes; see ``cost_value``.

    Raises:
        ValueError: The run has no result, or it never entered the stage.

    """
    if run.costs is None:
        raise ValueError(f"run {run.id} has no result; see its log")
    return cost_value(run.costs, question, clock)


def cost_value(costs: Costs | BaselineSample, question: Question, clock: Clock) -> float:
    """Return one cost, in ns or bytes.

    The time of a stage is wall time; by the CPU clock it is the run's CPU time, divided as the
    stages divide its wall time.

    Raises:
        ValueError: The stage was never entered.

    """
    if question.quantity is Quantity.PEAK_MEMORY:
        return costs.peak_memory_bytes
    if question.quantity is Quantity.RUNTIME:
        return costs.cpu_ns if clock == "CPU" else costs.wall_ns
    return stage_ns(costs, question.stage, clock)


def stage_ns(costs: Costs | BaselineSample, name: str, clock: Clock) -> float:
    """Return the time of a stage in ns by a clock; see ``cost_value``.

    Raises:
        ValueError: The stage was never entered.

    """
    stages = {stage.name: stage.total_ns for stage in costs.stages}
    if name not in stages:
        known = ", ".join(map(repr, stages)) or "none"
        raise ValueError(f"a side has no stage {name!r}; name one of its stages: {known}")
    factor = costs.cpu_ns / max(costs.wall_ns, 1) if clock == "CPU" else 1.0
    return max(stages[name] * factor, 1.0)


def _are_disturbed(runs: Sequence[Pair], schedule: Schedule) -> bool:
    if schedule is Schedule.DUET:
        return any(is_disturbed(a, b) or is_disturbed(b, a) for a, b in runs)
    # The best of a side's runs is no worse than the best of those that nobody disturbed.
    return any(all(map(is_disturbed, side)) for side in zip(*runs, strict=True))


def _blocks(pairs: Sequence[Pair], runs_per_side: int) -> list[Sequence[Pair]]:
    # Runs of a pair that is not complete count for nothing.
    whole = len(pairs) // runs_per_side * runs_per_side
    return [pairs[at : at + runs_per_side] for at in range(0, whole, runs_per_side)]
