"""Call paths from a call graph: a profiler that counts knows who called whom, and no stacks.

A function may be reached by several paths, and the graph does not tell what it did on each. What
it took in the calls of one caller is known. What it called beyond that is taken to be in
proportion: the way of gprof, see Graham, Kessler, McKusick, "gprof: a call graph execution
profiler", 1982.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pytest_zacperf.records import Callee, ProfiledFunction

LEAST_SHARE = 0.000_01  # of a thread: what is narrower cannot be seen in any picture
MOST_PATHS = 10_000
MOST_DEPTH = 500  # a thousand long paths of a thousand functions are a large file


@dataclass(slots=True)
class CallPath:
    """Functions that called each other, and the time within the last one.

    Attributes:
        functions: Indexes of functions, the outermost one first.
        own_ns: Time in the last one by this path, and in what is too short for a path of its own.

    """

    functions: tuple[int, ...]
    own_ns: float


def call_paths(
    functions: Sequence[ProfiledFunction], members: Collection[int]
) -> Iterator[CallPath]:
    """Yield the call paths of a thread, the longest with all that is below first.

    Their times add up to the own times of the thread's functions. A function that calls itself, in
    whatever way, is on a path once: a call back to one that is still open belongs to that one.

    Args:
        functions: Of the whole profile.
        members: Indexes of those of the thread.

    """
    graph = _graph(functions, members)
    least_ns = LEAST_SHARE * sum(functions[member].own_ns for member in members)
    paths: list[CallPath] = []
    waiting: list[tuple[float, int, int, _Link, float]] = []
    for root in graph.roots:
        link = _Link(root, float(functions[root].own_ns), 1.0)
        time_ns = link.own_ns + graph.below_ns[root]
        heapq.heappush(waiting, (-time_ns, len(waiting), -1, link, 1.0))
    pushed = len(waiting)
    while waiting and len(paths) < MOST_PATHS:
        _, _, parent, link, share = heapq.heappop(waiting)
        outer = paths[parent].functions if parent >= 0 else ()
        path = CallPath((*outer, link.function), link.own_ns * share)
        paths.append(path)
        below = share * link.below_share
        for inner in graph.links[link.function]:
            time_ns = below * (inner.own_ns + inner.below_share * graph.below_ns[inner.function])
            if time_ns < least_ns or len(path.functions) >= MOST_DEPTH:
                path.own_ns += time_ns
            else:
                pushed += 1
                heapq.heappush(waiting, (-time_ns, pushed, len(paths) - 1, inner, below))
    for minus_ns, _, parent, link, _ in waiting:
        if parent >= 0:
            paths[parent].own_ns -= minus_ns
        else:
            paths.append(CallPath((link.function,), -minus_ns))
    yield from paths


@dataclass(frozen=True, slots=True)
class _Link:
    """A call, without those that go back to a function that is still open.

    Attributes:
        function: Index of the function that is called.
        own_ns: Its own time in these calls.
        below_share: Which part of all that it called happened in these calls.

    """

    function: int
    own_ns: float
    below_share: float


@dataclass(slots=True)
class _Graph:
    """The calls of a thread, free of circles.

    Attributes:
        roots: Functions that nobody calls.
        links: What each function calls.
        below_ns: Time of all that a function called, without its own.

    """

    roots: list[int] = field(default_factory=list)
    links: dict[int, list[_Link]] = field(default_factory=dict)
    below_ns: dict[int, float] = field(default_factory=dict)


def _graph(functions: Sequence[ProfiledFunction], members: Collection[int]) -> _Graph:
    calls = _calls_inwards(functions, members)
    own: defaultdict[int, int] = defaultdict(int)
    below: defaultdict[int, int] = defaultdict(int)
    for callees in calls.values():
        for callee in callees:
            own[callee.function] += _own(callee)
            below[callee.function] += _below(callee)
    graph = _Graph([member for member in members if member not in own])
    for function, callees in calls.items():  # the innermost first
        graph.links[function] = links = [
            _Link(
                callee.function,
                functions[callee.function].own_ns * _own(callee) / own[callee.function],
                _below(callee) / below[callee.function],
            )
            for callee in callees
        ]
        graph.below_ns[function] = sum(
            link.own_ns + link.below_share * graph.below_ns[link.function] for link in links
        )
    return graph


# One more than there is, so that there is always something to share.
def _own(callee: Callee) -> int:
    return callee.own_ns + 1


def _below(callee: Callee) -> int:
    return max(0, callee.total_ns - callee.own_ns) + 1


def _calls_inwards(
    functions: Sequence[ProfiledFunction], members: Collection[int]
) -> dict[int, list[Callee]]:
    """Return what each function calls, but for calls back; who is called before who calls."""
    called = {
        callee.function
        for member in members
        for callee in functions[member].callees
        if callee.function != member
    }
    # Where all are called by others, somebody must begin: who has the longest time.
    starts = sorted(members, key=lambda member: (member in called, -functions[member].total_ns))
    found: dict[int, list[Callee]] = {}
    kept: dict[int, list[Callee]] = {}  # of those that are begun; complete when they are in found
    for start in starts:
        if start not in kept:
            kept[start] = []
            _walk(functions, start, kept, found)
    return found


def _walk(
    functions: Sequence[ProfiledFunction],
    start: int,
    kept: dict[int, list[Callee]],
    found: dict[int, list[Callee]],
) -> None:
    # No recursion: some programs call each other deeper than Python itself may.
    open_calls = [(start, _longest_first(functions[start]))]
    while open_calls:
        function, rest = open_calls[-1]
        for callee in rest:
            is_new = callee.function not in kept
            if is_new or callee.function in found:
                kept[function].append(callee)
            if is_new:
                kept[callee.function] = []
                open_calls.append((callee.function, _longest_first(functions[callee.function])))
                break
        else:
            found[function] = kept[function]
            open_calls.pop()


def _longest_first(function: ProfiledFunction) -> Iterator[Callee]:
    return iter(sorted(function.callees, key=lambda callee: -callee.total_ns))
