"""What the garbage collector took, and from which function's own time a profiler would count it.

A collection begins wherever an object happens to be made, and takes the longer the more objects
there are: left where it fell, it makes an innocent function look slow, and slower in a longer run.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType
from typing import Any

from pytest_zacperf.profiling.rows import Row
from pytest_zacperf.records import GARBAGE_COLLECTOR, ProfileClock
from pytest_zacperf.units import NS_PER_S


class Collections:
    """Notes the time of each collection of the block of a ``with``, by thread and interrupted code.

    Args:
        clock: Of the profile.

    """

    def __init__(self, clock: ProfileClock) -> None:
        self._now_ns = time.perf_counter_ns if clock == "wall" else time.thread_time_ns
        self._start_ns = 0
        self._taken: defaultdict[tuple[int, CodeType], list[int]] = defaultdict(list)

    @property
    def taken_ns(self) -> Mapping[tuple[int, CodeType], Sequence[int]]:
        """Time of each collection, by (identifier of the thread, code that was interrupted)."""
        return self._taken

    def begin(self) -> None:
        """Begin to note."""
        gc.callbacks.append(self._note)

    def end(self) -> None:
        """Note no more."""
        gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: Mapping[str, int]) -> None:  # noqa: ARG002 - what gc gives
        # Only one thread collects at a time.
        if phase == "start":
            self._start_ns = self._now_ns()
            return
        elapsed_ns = self._now_ns() - self._start_ns
        interrupted = sys._getframe(1).f_code  # noqa: SLF001 - there is no other way
        self._taken[threading.get_ident(), interrupted].append(elapsed_ns)


def set_collections_apart(
    rows: list[Row],
    threads: Iterable[Any],
    taken_ns: Mapping[tuple[int, CodeType], Sequence[int]],
) -> None:
    """Make the garbage collector a function of its own, called by those that it interrupted.

    Args:
        rows: The functions; the collector is added to them.
        threads: What ``yappi.get_thread_stats()`` has.
        taken_ns: See ``Collections``.

    """
    numbers = {thread.tid: thread.id for thread in threads}
    by_code = {(row.thread, row.code): row for row in rows if row.code is not None}
    by_index = {row.index: row for row in rows}
    collectors: dict[int, Row] = {}
    for (identifier, code), each_ns in taken_ns.items():
        caller = by_code.get((numbers.get(identifier, -1), code))
        if caller is None:  # it interrupted one of ours, or the profiler
            continue
        collector = collectors.setdefault(
            caller.thread, _collector(caller.thread, -len(collectors) - 2)
        )
        seconds = _take(caller, sum(each_ns) / NS_PER_S, by_index)
        caller.children = [
            *caller.children,
            (collector.index, len(each_ns), len(each_ns), seconds, seconds),
        ]
        collector.calls += len(each_ns)
        collector.own_s += seconds
    for collector in collectors.values():
        collector.actual_calls, collector.total_s = collector.calls, collector.own_s
        rows.append(collector)


def _collector(thread: int, index: int) -> Row:
    return Row(
        thread=thread,
        index=index,
        file=GARBAGE_COLLECTOR,
        name="collect",
        line=0,
        is_builtin=False,
        calls=0,
        actual_calls=0,
        own_s=0.0,
        total_s=0.0,
        children=[],
    )


def _take(caller: Row, seconds: float, by_index: Mapping[int, Row]) -> float:
    """Take time from a function's own, then from that of its builtins; return how much was there.

    An object that a builtin makes may begin a collection, too. What destructors take in one is time
    of their own already.
    """
    taken = min(seconds, caller.own_s)
    caller.own_s -= taken
    children = []
    for index, calls, actual_calls, total_s, own_s in caller.children:
        part = 0.0
        callee = by_index.get(index)
        if callee is not None and callee.is_builtin:
            part = min(seconds - taken, own_s, callee.own_s)
            callee.own_s -= part
            callee.total_s -= part
            taken += part
        children.append((index, calls, actual_calls, total_s - part, own_s - part))
    caller.children = children
    return taken
