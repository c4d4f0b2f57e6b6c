"""Functions whose calls cost more in a longer run than in a shorter one: what is not linear.

Made for a run that was stopped early. Where a cost grows with the square of the bars, the calls of
the function behind it become dearer from bar to bar, and that shows long before the end. What it
cannot tell from growth is a warm-up: a function that does nothing in its first calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pytest_zacperf.call_costs import (
    CallGrowth,
    Pair,
    Scale,
    own_ns,
    scale_of,
    with_library_ns,
)
from pytest_zacperf.function_names import FunctionKey, functions_by_name
from pytest_zacperf.records import GARBAGE_COLLECTOR, FunctionProfile

__all__ = ["CallGrowth", "grown_per_call"]

# Of all own time of the longer run, and in any case: what nobody would notice, or a single pause
# of the machine may be, is not told.
LEAST_SHARE = 0.01
LEAST_EXTRA_NS = 100_000_000
OWN_SHARE = 0.5


def grown_per_call(
    shorter: Sequence[FunctionProfile],
    longer: Sequence[FunctionProfile],
    *,
    work: float | None = None,
) -> tuple[CallGrowth, ...]:
    """Return the functions whose calls cost more in the longer run, the worst first.

    The project's functions are judged, and what a library takes counts as its caller's: whoever
    looks for a cause can change that one, and not ``pandas.concat``. Where either profile has no
    function of the project, all are judged, by their own time. The garbage collector is none.

    A function is judged when both runs called it 3 times or more, and the longer one clearly more
    often. It is returned when a call costs 1.5 times as much, by the speed that the machine then
    had, or a call of a library's function that works for it does; and when that took 1 % of the
    longer run and 0.1 s or more. The worst is the one whose growth took most time. One that only
    waits for other threads is returned when no other one is.

    Where it is known how much work either run did, so is one that was called as often as before,
    such as a main loop, or more than 3 times as often as the work has grown, when it took 1.5 times
    as long as the work explains.

    Args:
        shorter: Functions of a finished run, in any order.
        longer: Functions of a run of more bars, which may have been stopped.
        work: How many times as many simulated days the longer one came to; None where nobody knows.

    """
    before = functions_by_name(shorter)
    pairs = [
        Pair(before[key], after)
        for key, after in functions_by_name(longer).items()
        if key in before and after.module != GARBAGE_COLLECTOR
    ]
    pairs = [pair for pair in pairs if pair.fewest_calls]
    scale = scale_of(pairs, sum(function.own_ns for function in shorter), work)
    least_ns = max(LEAST_EXTRA_NS, LEAST_SHARE * sum(function.own_ns for function in longer))
    knows_project = all(any(f.is_project for f in profile) for profile in (shorter, longer))
    found = [
        growth
        for growth in (_of_project(pairs, scale) if knows_project else _of_all(pairs, scale))
        if growth.extra_ns >= least_ns
    ]
    found.sort(key=lambda growth: (-growth.extra_ns, growth.module, growth.name))
    working = [growth for growth in found if not growth.waits]
    return tuple(working or found)


def _of_all(pairs: Iterable[Pair], scale: Scale) -> list[CallGrowth]:
    found = (scale.growth(pair, own_ns) for pair in pairs)
    return [growth for growth in found if growth is not None]


def _of_project(pairs: Iterable[Pair], scale: Scale) -> list[CallGrowth]:
    ours: list[Pair] = []
    theirs: list[Pair] = []
    for pair in pairs:
        (ours if pair.after.is_project else theirs).append(pair)
    libraries = _libraries(theirs, scale)
    found = (_of_one(pair, libraries, scale) for pair in ours)
    return [growth for growth in found if growth is not None]


def _of_one(
    pair: Pair, libraries: dict[FunctionKey | None, list[CallGrowth]], scale: Scale
) -> CallGrowth | None:
    charged = libraries.get((pair.after.module, pair.after.name), [])
    worst = max(charged, key=lambda library: library.extra_ns, default=None)
    growth = scale.growth(pair, with_library_ns)
    if growth is not None:
        explains_itself = scale.compared(pair, own_ns).extra_ns >= OWN_SHARE * growth.extra_ns
        return growth if explains_itself or worst is None else _within(growth, worst)
    extra_ns = sum(library.extra_ns for library in charged)
    whole = scale.compared(pair, with_library_ns)
    # All else that the libraries do for it may hide the growth in one of them, but not its time:
    # what only went from one function to another has not grown.
    if worst is None or whole.extra_ns < OWN_SHARE * extra_ns:
        return None
    return _within(replace(whole, extra_ns=extra_ns, ratio=worst.ratio), worst)


def _libraries(pairs: Iterable[Pair], scale: Scale) -> dict[FunctionKey | None, list[CallGrowth]]:
    """Return the libraries' functions that grew, by the project's function they worked for."""
    found: defaultdict[FunctionKey | None, list[CallGrowth]] = defaultdict(list)
    for pair in pairs:
        growth = scale.growth(pair, own_ns)
        if growth is not None and not growth.waits:
            found[pair.after.charged_to].append(growth)
    return found


def _within(growth: CallGrowth, library: CallGrowth) -> CallGrowth:
    return replace(growth, within=(library.module, library.name), within_ratio=library.ratio)
