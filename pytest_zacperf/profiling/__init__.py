"""Where the time of a block goes, function by function: yappi, in all threads.

A profiled block takes several times as long as it does alone. Its times say where to look, and are
never a measurement.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pytest_zacperf.errors import EngineError
from pytest_zacperf.profiling.capture import OWN_FRAMES, profile_of, storable
from pytest_zacperf.profiling.collections import Collections, set_collections_apart
from pytest_zacperf.profiling.paths import is_project_file, module_path
from pytest_zacperf.profiling.rows import Row, rows_of
from pytest_zacperf.records import Profile, ProfileClock

__all__ = ["OWN_FRAMES", "Profiler", "is_project_file", "module_path"]


class Profiler:
    """Profiles the block of a ``with``; ``profile()`` has the result afterwards.

    Builtins are functions of their own. Each time a generator goes on counts as a call.

    Args:
        root: Folder of the project's code, in the working tree or in a checkout of it.
        clock: ``wall``, by which waiting counts, or ``cpu``, which takes about twice as long.
        keep_on: Exceptions that end a block whose profile is worth having.

    Raises:
        EngineError: The process is being profiled already, or the block ended the profiler.

    """

    def __init__(
        self,
        root: Path,
        clock: ProfileClock = "wall",
        keep_on: type[BaseException] | tuple[type[BaseException], ...] = (),
    ) -> None:
        self._root = root
        self._clock: ProfileClock = clock
        self._keep_on = keep_on
        self._clock_before: str = clock
        self._collections = Collections(clock)
        self._profile = Profile(clock=clock, threads=(), functions=())

    def __enter__(self) -> Self:
        import yappi  # noqa: PLC0415 - only a profiled run needs it

        _refuse_another(yappi)
        self._clock_before = yappi.get_clock_type()
        yappi.set_clock_type(self._clock)
        yappi.set_context_name_callback(_thread_name)
        self._collections.begin()
        # With builtins: without, their time would belong to no function at all.
        yappi.start(builtins=True)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import yappi  # noqa: PLC0415

        _mark_end()
        yappi.stop()
        self._collections.end()
        try:
            threads = list(yappi.get_thread_stats())
            rows = rows_of(yappi)
        finally:
            yappi.clear_stats()
            yappi.set_clock_type(self._clock_before)
            yappi.set_context_name_callback(None)  # its own, which says the class of a thread
        if exc_type is None or issubclass(exc_type, self._keep_on):
            set_collections_apart(rows, threads, self._collections.taken_ns)
            self._profile = profile_of(
                rows,
                threads,
                engine_thread=_marked_thread(rows),
                clock=self._clock,
                root=self._root,
            )

    def profile(self) -> Profile:
        """Return what was called, in all threads; nothing if the block failed."""
        return self._profile


def _thread_name() -> str | None:
    # Not current_thread(): in a thread that is not registered it registers another one, and waits
    # for the lock that the thread may hold at this moment. yappi asks again where there is none.
    active: dict[int, threading.Thread] = getattr(threading, "_active", {})
    thread = active.get(threading.get_ident())
    # yappi loses all threads when the name of one is no Unicode.
    return None if thread is None else storable(thread.name)


def _refuse_another(yappi: Any) -> None:  # noqa: ANN401 - yappi has no types
    # There is room for one in a process: to start ours is to end theirs.
    watcher = sys.getprofile() or threading.getprofile()
    if yappi.is_running() or not yappi.get_func_stats().empty():
        name = "yappi"
    elif watcher is not None:
        name = getattr(watcher, "__module__", None) or type(watcher).__module__
    else:
        return
    raise EngineError(
        f"the run cannot be profiled: {name} profiles this process already",
        "end it before run(), and clear it; a perf test needs no profile with --zacperf-no-blame",
    )


def _mark_end() -> None:
    """Be seen by the profiler, if it still sees anything in this thread."""


def _marked_thread(rows: Iterable[Row]) -> int:
    code = _mark_end.__code__
    end = (code.co_filename, code.co_firstlineno)
    for row in rows:
        if (row.file, row.line) == end:
            return row.thread
    raise EngineError(
        "the run ended its profiler: it uses yappi or sys.setprofile itself",
        "let the engine profile nothing; a perf test needs no profile with --zacperf-no-blame",
    )
