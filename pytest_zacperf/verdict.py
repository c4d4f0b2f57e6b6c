"""Costs of two sides to an outcome; runs nothing and prints nothing."""

from __future__ import annotations

import enum
import math
import operator
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pytest_zacperf import stats
from pytest_zacperf.records import Costs, Run, Work
from pytest_zacperf.units import format_count

Clock: TypeAlias = Literal["wall", "CPU"]
Operator: TypeAlias = Literal["<", "<=", ">", ">="]
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
COST_FIELDS: dict[Clock | None, str] = {
    "CPU": "cpu_ns",
    "wall": "wall_ns",
    None: "peak_memory_bytes",
}
WORK_FIELDS = ("data_points", "orders", "order_events", "final_equity")

# CPU time / wall time of a program that computes on one processor and waits for nothing. Above the
# span it uses more than one, and CPU time would not see what that gains.
CPU_BOUND = (0.9, 1.1)


class Outcome(enum.StrEnum):
    """What a verdict says; INCONCLUSIVE is for a ratio whose side of the limit is not certain."""

    PASS = "PASS"  # noqa: S105 - a word, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Quantity(enum.StrEnum):
    """What is compared."""

    RUNTIME = "runtime"
    PEAK_MEMORY = "peak memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A ratio and what it rests on.

    Attributes:
        quantity: What was measured.
        clock: ``wall`` or ``CPU``; None for memory.
        ratio: Median over pairs of candidate / baseline.
        pairs: Number of pairs.
        baseline_median: In ns or bytes.
        candidate_median: In ns or bytes.

    """

    quantity: Quantity
    clock: Clock | None
    ratio: float
    pairs: int
    baseline_median: float
    candidate_median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An estimate, the limit it was held against, and the outcome."""

    estimate: Estimate
    op: Operator
    limit: float
    outcome: Outcome


def estimate(quantity: Quantity, pairs: Sequence[tuple[Costs, Costs]]) -> Estimate:
    """Return the ratio of one quantity.

    Args:
        quantity: Runtime is read from the CPU clock when both sides are CPU-bound, else from the
            wall clock.
        pairs: (baseline, candidate), at least one.

    Raises:
        ValueError: No pair, or a cost that is not positive.

    """
    clock = None if quantity is Quantity.PEAK_MEMORY else _clock(pairs)
    field = COST_FIELDS[clock]
    values = [
        (getattr(baseline, field), getattr(candidate, field)) for baseline, candidate in pairs
    ]
    return Estimate(
        quantity=quantity,
        clock=clock,
        ratio=stats.median_ratio(values),
        pairs=len(values),
        baseline_median=statistics.median(baseline for baseline, _ in values),
        candidate_median=statistics.median(candidate for _, candidate in values),
    )


def judge(estimate: Estimate, op: Operator, limit: float) -> Verdict:
    """Return whether ``ratio op limit`` holds.

    Raises:
        ValueError: A limit that is not a positive, finite number.

    """
    check_limit(limit)
    outcome = Outcome.PASS if OPERATORS[op](estimate.ratio, limit) else Outcome.FAIL
    return Verdict(estimate=estimate, op=op, limit=limit, outcome=outcome)


def check_limit(limit: float) -> None:
    """Refuse what cannot be a limit, before anything is run for it.

    Raises:
        ValueError: A limit that is not a positive, finite number.

    """
    if not 0 < limit < math.inf:
        raise ValueError(f"a limit is a positive number such as 1.10, got {limit}")


def different_work(baseline: Run, candidate: Run) -> str | None:
    """Return the sentence that says why the costs of two runs cannot be compared, or None."""
    if baseline.work is None or candidate.work is None:
        return "costs are not compared: a side has no result"
    differences = _differences(baseline.work, candidate.work)
    if differences:
        return (
            "costs are not compared: baseline and candidate did different work "
            f"(baseline / candidate: {', '.join(differences)}); "
            "give the baseline parameters that change how it computes, not what it trades"
        )
    return None


def different_memory_source(baseline: Run, candidate: Run) -> str | None:
    """Return the sentence that says why two memory figures cannot be compared, or None."""
    sources = [run.costs and run.costs.peak_memory_source for run in (baseline, candidate)]
    if sources[0] == sources[1]:
        return None
    return (
        f"peak memory is not compared: the baseline's comes from {sources[0]!r}, "
        f"the candidate's from {sources[1]!r}"
    )


def same_inputs(baseline: Run, candidate: Run) -> str | None:
    """Return the remark that both sides are the same program on the same input, or None."""
    if baseline.fingerprints is None or baseline.fingerprints != candidate.fingerprints:
        return None
    if baseline.fingerprints.data is None:
        return "A/A: same code and parameters on both sides, and data without a fingerprint"
    return "A/A: same code, parameters and data on both sides"


def _clock(pairs: Sequence[tuple[Costs, Costs]]) -> Clock:
    return "CPU" if all(_is_cpu_bound(side) for side in zip(*pairs, strict=True)) else "wall"


def _is_cpu_bound(side: Sequence[Costs]) -> bool:
    lowest, highest = CPU_BOUND
    return lowest <= statistics.median(c.cpu_ns / max(c.wall_ns, 1) for c in side) <= highest


def _differences(baseline: Work, candidate: Work) -> list[str]:
    values = {name: (getattr(baseline, name), getattr(candidate, name)) for name in WORK_FIELDS}
    return [
        f"{name.replace('_', ' ')} {_number(expected)} / {_number(was)}"
        for name, (expected, was) in values.items()
        if expected != was
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return format_count(value) if isinstance(value, int) else repr(value)
