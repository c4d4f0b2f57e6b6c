"""The functions and threads of a session as a ``Profile``; begins and ends no session."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_zacperf.profiling.paths import is_project_file, module_path
from pytest_zacperf.profiling.rows import Row
from pytest_zacperf.records import (
    Callee,
    Profile,
    ProfileClock,
    ProfiledFunction,
    ThreadProfile,
)
from pytest_zacperf.units import NS_PER_S

# They wrap the run, and nobody who looks for a slow backtest can change them.
OWN_FRAMES = (
    *("pytest_zacperf/worker/", "pytest_zacperf/engines/"),
    *("pytest_zacperf/stages.py", "pytest_zacperf/profiling/"),
)
# Of a type or function in the name of a builtin; it differs from run to run.
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
NO_NAME = "N/A"  # what yappi calls a thread that has no name


def profile_of(
    rows: Iterable[Row],
    threads: Iterable[Any],
    *,
    engine_thread: int,
    clock: ProfileClock,
    root: Path,
) -> Profile:
    """Return what yappi saw, without the frames of the worker.

    What the worker calls stays, for it may be the engine's, but for builtins: like any function,
    the worker's have the time of their builtins.

    Args:
        rows: The functions, see ``rows_of``.
        threads: What ``yappi.get_thread_stats()`` has.
        engine_thread: The number that yappi gave the thread of the engine.
        clock: What yappi measured with.
        root: Folder of the project's code.

    """
    found = list(threads)
    # From 0 in each session: yappi goes on counting where its last session ended.
    others = sorted(thread.id for thread in found if thread.id != engine_thread)
    ids = {number: n for n, number in enumerate((engine_thread, *others))}
    named = (_thread(thread, ids[thread.id]) for thread in found)
    return Profile(
        clock=clock,
        threads=tuple(sorted(named, key=lambda thread: thread.id)),
        functions=_functions(rows, ids, root),
    )


def _thread(stat: Any, number: int) -> ThreadProfile:  # noqa: ANN401 - yappi has no types
    return ThreadProfile(
        id=number,
        name=f"thread {number}" if stat.name == NO_NAME else stat.name,
        total_ns=_ns(stat.ttot),
        schedules=stat.sched_count,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    module: str
    is_project: bool


def _functions(
    rows: Iterable[Row], ids: Mapping[int, int], root: Path
) -> tuple[ProfiledFunction, ...]:
    place_of = functools.cache(functools.partial(_place, root=root))
    by_index = {row.index: row for row in rows}
    places = {
        row.index: _Place(_builtin_text(row.file), is_project=False)
        if row.is_builtin
        else place_of(row.file)
        for row in by_index.values()
    }
    own = {index for index, place in places.items() if place.module.startswith(OWN_FRAMES)}
    for index in own:
        _take_builtins(by_index[index], by_index)
    left = [row for row in by_index.values() if row.index not in own and row.calls > 0]
    left.sort(key=lambda row: (ids[row.thread], places[row.index].module, row.line, row.name))
    positions = {row.index: position for position, row in enumerate(left)}
    return tuple(_function(row, ids[row.thread], places[row.index], positions) for row in left)


def _place(file: str, root: Path) -> _Place:
    return _Place(storable(module_path(file, root)), is_project_file(file, root))


def _take_builtins(caller: Row, by_index: Mapping[int, Row]) -> None:
    for index, calls, actual_calls, total_s, own_s in caller.children:
        callee = by_index.get(index)
        if callee is not None and callee.is_builtin:
            callee.calls -= calls
            callee.actual_calls -= actual_calls
            callee.total_s -= total_s
            callee.own_s -= own_s


def _function(
    row: Row, thread: int, place: _Place, positions: Mapping[int, int]
) -> ProfiledFunction:
    return ProfiledFunction(
        thread=thread,
        module=place.module,
        name=_builtin_text(row.name) if row.is_builtin else storable(row.name),
        line=row.line,
        is_builtin=row.is_builtin,
        is_project=place.is_project,
        calls=row.calls,
        actual_calls=max(0, row.actual_calls),
        own_ns=_ns(row.own_s),
        total_ns=_ns(row.total_s),
        callees=tuple(
            Callee(
                function=positions[index],
                calls=calls,
                actual_calls=actual_calls,
                own_ns=_ns(own_s),
                total_ns=_ns(total_s),
            )
            for index, calls, actual_calls, total_s, own_s in row.children
            if index in positions  # neither the worker's nor yappi's own
        ),
    )


def _ns(seconds: float) -> int:
    return max(0, round(seconds * NS_PER_S))


def _builtin_text(text: str) -> str:
    return storable(ADDRESS.sub("", text))


def storable(text: str) -> str:
    """Return *text* as it can stand in JSON: half a surrogate pair is written as its number."""
    return text.encode(errors="backslashreplace").decode()
