"""A function in a shorter and a longer run: what has grown, and what that is measured against."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pytest_zacperf.blame import WAITING_MODULES
from pytest_zacperf.function_names import FunctionKey
from pytest_zacperf.records import FunctionProfile

# Fewer say too little of what a call costs.
FEWEST_CALLS = 3
# A function that is called as often as before, such as the main loop, does more in each call.
MORE_CALLS = 1.2
GROWN = 1.5
# How often something happens changes from week to week: only much more of very much is growth.
MANY_CALLS, OFTEN = 100, 3.0
# Of all own time of the shorter run: below, the profiler itself is most of what is measured.
NEGLIGIBLE_SHARE = 0.001
# Of so many functions most are linear, or the whole program is none.
FEWEST_FOR_MEDIAN = 5
# How much slower or faster one machine is an hour later.
MACHINE_RANGE = 2.0

Cost: TypeAlias = Callable[[FunctionProfile], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGrowth:
    """A function whose calls became dearer; profiled times are no measurement.

    Attributes:
        module: Path of its file, as in ``FunctionProfile``.
        name: Its name, with the class where there is one.
        line: Where it begins in the longer run.
        calls_before: How often the shorter run called it.
        calls_after: How often the longer run called it.
        ns_per_call_before: Time of one call in the shorter run, with what libraries took in it.
        ns_per_call_after: The same in the longer run.
        ratio: By how much a call became dearer, the machine's own change of speed taken out.
        extra_ns: What all calls of the longer run took beyond that of the shorter one's.
        within: (module, name) of the library function in which it lies for the most part; None
            where the growth is the function's own.
        within_ratio: By how much a call of that one became dearer; None without it.

    """

    module: str
    name: str
    line: int
    calls_before: int
    calls_after: int
    ns_per_call_before: float
    ns_per_call_after: float
    ratio: float
    extra_ns: float
    within: FunctionKey | None = None
    within_ratio: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it only waits for other threads, as ``Event.wait`` does."""
        return self.module in WAITING_MODULES


@dataclass(frozen=True, slots=True)
class Pair:
    """One function in both runs."""

    before: FunctionProfile
    after: FunctionProfile

    @property
    def fewest_calls(self) -> int:
        """In that run which called it less often."""
        return min(self.before.calls, self.after.calls)

    def per_call(self, cost: Cost) -> tuple[float, float]:
        """Return what a call cost in both runs."""
        # What takes less than the clock can tell is taken for the least it can.
        before_ns = max(cost(self.before), 1)
        return before_ns / self.before.calls, cost(self.after) / self.after.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What both runs differ in beside the program.

    Attributes:
        machine: How much slower the machine was in the longer run.
        work: How many times as much work that one did.
        knows_work: Whether the engine told, and it is not taken from the calls.

    """

    machine: float
    work: float
    knows_work: bool

    def growth(self, pair: Pair, cost: Cost) -> CallGrowth | None:
        """Return by how much a call became dearer; None where that is not grown.

        Where the engine told how far the run came, a function that is called as often as before,
        or very much more often than the work has grown, is judged by its time as a whole.
        """
        before_ns, after_ns = pair.per_call(cost)
        calls = pair.after.calls / pair.before.calls
        ratio = after_ns / (before_ns * self.machine)
        # Of a function with a fixed number of cheap calls and ever more dear ones, a call costs
        # more on average, and the whole no more than the work has grown.
        beyond_work = ratio * calls / self.work
        has_more_calls = calls >= MORE_CALLS and pair.fewest_calls >= FEWEST_CALLS
        if has_more_calls and min(ratio, beyond_work) >= GROWN:
            return self._growth(pair, cost, ratio, calls)
        is_often = pair.before.calls >= MANY_CALLS and calls >= OFTEN * self.work
        is_whole = calls < MORE_CALLS or is_often
        if self.knows_work and is_whole and beyond_work >= GROWN:
            return self._growth(pair, cost, beyond_work, self.work)
        return None

    def compared(self, pair: Pair, cost: Cost) -> CallGrowth:
        """Return what a function cost in both runs, call by call, grown or not."""
        before_ns, after_ns = pair.per_call(cost)
        calls = pair.after.calls / pair.before.calls
        return self._growth(pair, cost, after_ns / (before_ns * self.machine), calls)

    def _growth(self, pair: Pair, cost: Cost, ratio: float, work: float) -> CallGrowth:
        before_ns, after_ns = pair.per_call(cost)
        return CallGrowth(
            module=pair.after.module,
            name=pair.after.name,
            line=pair.after.line,
            calls_before=pair.before.calls,
            calls_after=pair.after.calls,
            ns_per_call_before=before_ns,
            ns_per_call_after=after_ns,
            ratio=ratio,
            extra_ns=cost(pair.after) - before_ns * pair.before.calls * self.machine * work,
        )


def scale_of(pairs: Iterable[Pair], shorter_ns: int, work: float | None) -> Scale:
    """Return what two runs differ in beside the program.

    Args:
        pairs: Every function that both have.
        shorter_ns: Own time of all functions of the shorter run.
        work: How many times as much work the longer one did; None where nobody knows.

    """
    found = list(pairs)
    return Scale(
        machine=_machine_ratio(found, shorter_ns),
        work=_work_ratio(found) if work is None else work,
        knows_work=work is not None,
    )


def own_ns(function: FunctionProfile) -> int:
    """Return the own time of a function."""
    return function.own_ns


def with_library_ns(function: FunctionProfile) -> int:
    """Return the time of a function with that of the libraries it called."""
    return function.with_library_ns


def _work_ratio(pairs: Iterable[Pair]) -> float:
    """Return how many times as often the longer run called what takes its time.

    The median over its own time: what is called for each bar takes most of it.
    """
    calls = sorted((pair.after.calls / pair.before.calls, pair.after.own_ns) for pair in pairs)
    half_ns = sum(each_ns for _, each_ns in calls) / 2
    for ratio, each_ns in calls:
        half_ns -= each_ns
        if half_ns <= 0:
            return ratio
    return 1.0


def _machine_ratio(pairs: Iterable[Pair], shorter_ns: int) -> float:
    """Return how much slower the machine was in the longer run: what all calls have in common.

    Most functions of a program are linear, those of libraries above all, so it is the median of
    how much dearer a call became. Of fewer than 5 functions half may be the guilty ones: the lower
    of two in the middle counts, and never more than what a machine changes from hour to hour.
    Nothing to go by is the worst case. That a machine became faster than that is no explanation
    either: a function whose first calls are slow looks like it.
    """
    ratios = []
    for pair in pairs:
        is_called = pair.fewest_calls >= FEWEST_CALLS
        is_seen = pair.before.own_ns >= max(NEGLIGIBLE_SHARE * shorter_ns, 1)
        if is_called and is_seen:
            before, after = pair.per_call(own_ns)
            ratios.append(after / before)
    if len(ratios) >= FEWEST_FOR_MEDIAN:
        return max(statistics.median(ratios), 1 / MACHINE_RANGE)
    middle = statistics.median_low(ratios) if ratios else MACHINE_RANGE
    return min(max(middle, 1 / MACHINE_RANGE), MACHINE_RANGE)
