"""Functions whose calls cost more in a longer run than in a shorter one: what is not linear.

Made for a run that was stopped early. Where a cost grows with the square of the bars, the calls of
the function behind it become dearer from bar to bar, and that shows long before the end. What it
cannot tell from growth is a warm-up: a function that does nothing in its first calls.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pytest_zacperf.blame import WAITING_MODULES
from pytest_zacperf.function_names import FunctionKey, functions_by_name
from pytest_zacperf.records import FunctionProfile

# Fewer say too little of what a call costs.
FEWEST_CALLS = 3
# A function that is called as often as before, such as the main loop, does more in each call.
MORE_CALLS = 1.2
GROWN = 1.5
LEAST_SHARE = 0.01  # of all own time of the longer run: what nobody would notice is not told
# Of all own time of the shorter run: below, the profiler itself is most of what is measured.
NEGLIGIBLE_SHARE = 0.001
# Of so many functions most are linear, or the whole program is none.
FEWEST_FOR_MEDIAN = 5
# How much slower or faster one machine is an hour later.
MACHINE_RANGE = 2.0
OWN_SHARE = 0.5

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


def grown_per_call(
    shorter: Sequence[FunctionProfile], longer: Sequence[FunctionProfile]
) -> tuple[CallGrowth, ...]:
    """Return the functions whose calls cost more in the longer run, the worst first.

    The project's functions are judged, and what a library takes counts as its caller's: whoever
    looks for a cause can change that one, and not ``pandas.concat``. Where either profile has no
    function of the project, all are judged, by their own time.

    A function is judged when both runs called it 3 times or more, and the longer one clearly more
    often. It is returned when a call costs 1.5 times as much, by the speed that the machine then
    had, or a call of a library's function that works for it does; and when that took 1 % of the
    longer run or more. The worst is the one whose growth took
    most time. One that only waits for other threads is returned when no other one is.

    Args:
        shorter: Functions of a finished run, in any order.
        longer: Functions of a run of more bars, which may have been stopped.

    """
    before = functions_by_name(shorter)
    pairs = [
        _Pair(before[key], after)
        for key, after in functions_by_name(longer).items()
        if key in before
    ]
    scale = _Scale(
        machine=_machine_ratio(pairs, sum(function.own_ns for function in shorter)),
        work=_work_ratio(pairs),
    )
    least_ns = LEAST_SHARE * sum(function.own_ns for function in longer)
    knows_project = all(any(f.is_project for f in profile) for profile in (shorter, longer))
    growths = _of_project(pairs, scale) if knows_project else _grown(pairs, _own_ns, scale)
    found = [growth for growth in growths if growth.extra_ns >= least_ns]
    found.sort(key=lambda growth: (-growth.extra_ns, growth.module, growth.name))
    working = [growth for growth in found if not growth.waits]
    return tuple(working or found)


@dataclass(frozen=True, slots=True)
class _Pair:
    before: FunctionProfile
    after: FunctionProfile

    @property
    def fewest_calls(self) -> int:
        return min(self.before.calls, self.after.calls)

    @property
    def is_judged(self) -> bool:
        is_called = self.fewest_calls >= FEWEST_CALLS
        return is_called and self.after.calls >= MORE_CALLS * self.before.calls

    def per_call(self, cost: Cost) -> tuple[float, float]:
        # What takes less than the clock can tell is taken for the least it can.
        before_ns = max(cost(self.before), 1)
        return before_ns / self.before.calls, cost(self.after) / self.after.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """What both runs differ in beside the program.

    Attributes:
        machine: How much slower the machine was in the longer run.
        work: How many times as much work that one did.

    """

    machine: float
    work: float

    def is_grown(self, growth: CallGrowth) -> bool:
        # Of a function with a fixed number of cheap calls and ever more dear ones, a call costs
        # more on average, and the whole no more than the work has grown.
        calls = growth.calls_after / growth.calls_before
        return growth.ratio * min(calls / self.work, 1.0) >= GROWN


def _work_ratio(pairs: Iterable[_Pair]) -> float:
    """Return how many times as often the longer run called what takes its time.

    The median over its own time: what is called for each bar takes most of it, and a stopped run
    cannot say how many bars it has seen.
    """
    calls = sorted(
        (pair.after.calls / pair.before.calls, pair.after.own_ns)
        for pair in pairs
        if pair.fewest_calls
    )
    half_ns = sum(own_ns for _, own_ns in calls) / 2
    for ratio, own_ns in calls:
        half_ns -= own_ns
        if half_ns <= 0:
            return ratio
    return 1.0


def _own_ns(function: FunctionProfile) -> int:
    return function.own_ns


def _with_library_ns(function: FunctionProfile) -> int:
    return function.with_library_ns


def _machine_ratio(pairs: Iterable[_Pair], shorter_ns: int) -> float:
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
            before, after = pair.per_call(_own_ns)
            ratios.append(after / before)
    if len(ratios) >= FEWEST_FOR_MEDIAN:
        return max(statistics.median(ratios), 1 / MACHINE_RANGE)
    middle = statistics.median_low(ratios) if ratios else MACHINE_RANGE
    return min(max(middle, 1 / MACHINE_RANGE), MACHINE_RANGE)


def _of_project(pairs: Iterable[_Pair], scale: _Scale) -> list[CallGrowth]:
    ours: list[_Pair] = []
    theirs: list[_Pair] = []
    for pair in pairs:
        (ours if pair.after.is_project else theirs).append(pair)
    libraries = _libraries(theirs, scale)
    own_extra_ns = {_key(one): one.extra_ns for one in _growths(ours, _own_ns, scale)}
    found = []
    for growth in _growths(ours, _with_library_ns, scale):
        charged = libraries.get(_key(growth), [])
        worst = max(charged, key=lambda library: library.extra_ns, default=None)
        explains_itself = own_extra_ns[_key(growth)] >= OWN_SHARE * growth.extra_ns
        if scale.is_grown(growth):
            found.append(growth if explains_itself else _within(growth, worst))
        elif charged:
            # All else that the libraries do for it hides the growth, but not its time.
            extra_ns = sum(library.extra_ns for library in charged)
            found.append(_within(replace(growth, extra_ns=extra_ns), worst))
    return found


def _libraries(pairs: Sequence[_Pair], scale: _Scale) -> dict[FunctionKey | None, list[CallGrowth]]:
    """Return the libraries' functions that grew, by the project's function they worked for."""
    found: defaultdict[FunctionKey | None, list[CallGrowth]] = defaultdict(list)
    for pair in pairs:
        for growth in _grown([pair], _own_ns, scale):
            if not growth.waits:
                found[pair.after.charged_to].append(growth)
    return found


def _within(growth: CallGrowth, library: CallGrowth | None) -> CallGrowth:
    if library is None:
        return growth
    return replace(growth, within=_key(library), within_ratio=library.ratio)


def _grown(pairs: Iterable[_Pair], cost: Cost, scale: _Scale) -> list[CallGrowth]:
    return [growth for growth in _growths(pairs, cost, scale) if scale.is_grown(growth)]


def _growths(pairs: Iterable[_Pair], cost: Cost, scale: _Scale) -> list[CallGrowth]:
    return [_growth(pair, cost, scale) for pair in pairs if pair.is_judged]


def _growth(pair: _Pair, cost: Cost, scale: _Scale) -> CallGrowth:
    before_ns, after_ns = pair.per_call(cost)
    expected_ns = before_ns * scale.machine
    return CallGrowth(
        module=pair.after.module,
        name=pair.after.name,
        line=pair.after.line,
        calls_before=pair.before.calls,
        calls_after=pair.after.calls,
        ns_per_call_before=before_ns,
        ns_per_call_after=after_ns,
        ratio=after_ns / expected_ns,
        extra_ns=(after_ns - expected_ns) * pair.after.calls,
    )


def _key(growth: CallGrowth) -> FunctionKey:
    return growth.module, growth.name
