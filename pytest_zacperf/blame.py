"""Which functions became slower between two profiled runs, by their own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.function_names import functions_by_name
from pytest_zacperf.records import FunctionProfile

MOST = 10
# Functions of these modules spend their time waiting for other threads.
WAITING_MODULES = frozenset({"threading.py", "concurrent/futures/thread.py"})
MOST_WAITING_THREADS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A function of two profiled runs whose own time grew; profiled times are no measurement.

    Attributes:
        module: Path of its file, as in ``FunctionProfile``.
        name: Its name, with the class where there is one.
        line: Where it begins in the candidate.
        baseline_own_ns: Its own time in the baseline; 0 if it was not called there.
        candidate_own_ns: Its own time in the candidate.
        baseline_calls: How often the baseline called it.
        candidate_calls: How often the candidate called it.

    """

    module: str
    name: str
    line: int
    baseline_own_ns: int
    candidate_own_ns: int
    baseline_calls: int
    candidate_calls: int

    @property
    def grown_ns(self) -> int:
        """By how much the own time grew, all calls together."""
        return self.candidate_own_ns - self.baseline_own_ns

    @property
    def baseline_ns_per_call(self) -> float | None:
        """Own time of one call in the baseline; None if there was no call."""
        return _per_call(self.baseline_own_ns, self.baseline_calls)

    @property
    def candidate_ns_per_call(self) -> float | None:
        """Own time of one call in the candidate; None if there was no call."""
        return _per_call(self.candidate_own_ns, self.candidate_calls)

    @property
    def waits(self) -> bool:
        """Whether it only waits for other threads, as ``Thread.join`` does."""
        return self.module in WAITING_MODULES


def grown(
    baseline: Sequence[FunctionProfile], candidate: Sequence[FunctionProfile], *, most: int = MOST
) -> tuple[Growth, ...]:
    """Return the functions whose own time grew most, the worst first.

    A function is the same on both sides when module and name are: lines move between revisions.
    One that was renamed or moved counts as new. A thread that waits for another one grows with it,
    so of these functions those that only wait come last, unless the growth of the others cannot
    explain theirs.

    Args:
        baseline: Functions of the profiled baseline, in any order.
        candidate: Functions of the profiled candidate, in any order.
        most: How many are returned at most.

    """
    before, after = functions_by_name(baseline), functions_by_name(candidate)
    growths = [_growth(before.get(key), function) for key, function in after.items()]
    worse = [growth for growth in growths if growth.grown_ns > 0]
    waiting_ns = sum(growth.grown_ns for growth in worse if growth.waits)
    working_ns = sum(growth.grown_ns for growth in worse if not growth.waits)
    is_explained = waiting_ns <= MOST_WAITING_THREADS * working_ns
    worse.sort(key=lambda growth: (-growth.grown_ns, growth.module, growth.name))
    return tuple(sorted(worse[:most], key=lambda growth: growth.waits and is_explained))


def _growth(before: FunctionProfile | None, after: FunctionProfile) -> Growth:
    return Growth(
        module=after.module,
        name=after.name,
        line=after.line,
        baseline_own_ns=before.own_ns if before else 0,
        candidate_own_ns=after.own_ns,
        baseline_calls=before.calls if before else 0,
        candidate_calls=after.calls,
    )


def _per_call(own_ns: int, calls: int) -> float | None:
    return own_ns / calls if calls else None
