"""Wall time, CPU time and memory of a process tree; measures only, and never decides.

Peaks come from Linux's /proc: ``ru_maxrss`` is inherited through fork and exec, so a small child of
a large pytest would report the parent's peak, and nothing can reset it.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from pytest_zacperf.units import NS_PER_S

PROC = Path("/proc")

RESET_PEAK_MEMORY = "5"  # what clear_refs understands, see proc(5)

SAMPLED_CHILDREN = " + sampled children"
LOOK_AROUND_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the block of a ``Meter`` cost.

    Attributes:
        wall_ns: Elapsed time.
        cpu_ns: User and system time of the process and all its descendants.
        peak_memory_bytes: Highest resident memory of the process itself.
        peak_memory_source: Where that figure comes from; only equal sources are compared.
        start_monotonic_ns: Monotonic clock at the start, which all processes share.
        end_monotonic_ns: Monotonic clock at the end.
        main_thread_cpu_ns: CPU time of the thread that ran the block.
        runnable_wait_ns: Time that thread was ready and had no processor; None where the kernel
            does not say.
        machine_busy_ns: CPU time that all processors spent on anything; None where the kernel
            does not say.

    """

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    peak_memory_source: str
    start_monotonic_ns: int
    end_monotonic_ns: int
    main_thread_cpu_ns: int
    runnable_wait_ns: int | None
    machine_busy_ns: int | None


class Meter:
    """Measures the block of a ``with``; ``measurement`` holds the result afterwards.

    Args:
        proc: Where the kernel's process files are.

    """

    measurement: Measurement

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._peak_was_reset = False
        self._cpu_ns = self._start_ns = self._start_monotonic_ns = self._thread_cpu_ns = 0
        self._waited_ns: int | None = None
        self._busy_ns: int | None = None

    def __enter__(self) -> Self:
        # The clocks start last and stop first: looking for children is not part of the block.
        self._cpu_ns = -_living_descendants_cpu_ns()
        self._peak_was_reset = _reset_peak_memory(self._proc)
        self._busy_ns = _machine_busy_ns(self._proc)
        self._waited_ns = _runnable_wait_ns(self._proc)
        self._thread_cpu_ns = time.thread_time_ns()
        self._cpu_ns -= _own_cpu_ns()
        self._start_monotonic_ns = time.monotonic_ns()
        self._start_ns = time.perf_counter_ns()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        wall_ns = time.perf_counter_ns() - self._start_ns
        end_monotonic_ns = time.monotonic_ns()
        self._cpu_ns += _own_cpu_ns()
        thread_cpu_ns = time.thread_time_ns() - self._thread_cpu_ns
        waited_ns = _since(self._waited_ns, _runnable_wait_ns(self._proc))
        busy_ns = _since(self._busy_ns, _machine_busy_ns(self._proc))
        peak_bytes, source = _peak_memory(self._proc, was_reset=self._peak_was_reset)
        self._cpu_ns += _living_descendants_cpu_ns()
        self.measurement = Measurement(
            wall_ns=wall_ns,
            cpu_ns=self._cpu_ns,
            peak_memory_bytes=peak_bytes,
            peak_memory_source=source,
            start_monotonic_ns=self._start_monotonic_ns,
            end_monotonic_ns=end_monotonic_ns,
            main_thread_cpu_ns=thread_cpu_ns,
            runnable_wait_ns=waited_ns,
            machine_busy_ns=busy_ns,
        )


class ChildMemorySampler:
    """Samples the memory of a process's descendants.

    What a child held between two samples goes unseen, so the sum is labeled as sampled. Children
    count when the sample before saw some as well: whether a lone one that is gone by then is seen
    at all is chance, and until it has become a program of its own it shows its parent's memory.
    """

    def __init__(self) -> None:
        self._samples: list[tuple[int, int]] = []
        self._saw_some = False

    def sample(self, processes: Collection[psutil.Process]) -> None:
        """Note the memory of these processes at this moment, if the sample before saw some."""
        if processes and self._saw_some:
            self._samples.append((time.monotonic_ns(), sum(map(_memory_bytes, processes))))
        self._saw_some = bool(processes)

    def peak_bytes(self, start_monotonic_ns: int, end_monotonic_ns: int) -> int | None:
        """Return the highest sum between two times, or None if no child was seen then."""
        return max(
            (n for at_ns, n in self._samples if start_monotonic_ns <= at_ns <= end_monotonic_ns),
            default=None,
        )


def pinnable_processors(allowed: Collection[int]) -> tuple[int, ...]:
    """Return the processors a run can be pinned to; empty where affinity cannot be set.

    Args:
        allowed: Those that runs keep to; empty for no restriction.

    """
    if not hasattr(os, "sched_setaffinity"):
        return ()
    usable = os.sched_getaffinity(0)
    return tuple(sorted(usable & set(allowed) if allowed else usable))


def free_memory_bytes() -> int:
    """Return the memory that can be used without swapping."""
    return int(psutil.virtual_memory().available)


def least_busy(processors: Collection[int]) -> int:
    """Return the processor that did the least during a tenth of a second."""
    busy_percent = psutil.cpu_percent(interval=LOOK_AROUND_S, percpu=True)
    return min(
        processors,
        key=lambda number: busy_percent[number] if number < len(busy_percent) else math.inf,
    )


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def _memory_bytes(process: psutil.Process) -> int:
    try:
        try:
            # Summed RSS would count pages that the processes share once for each of them.
            return int(process.memory_full_info().pss)
        except (AttributeError, psutil.AccessDenied):
            return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it ended meanwhile


def _own_cpu_ns() -> int:
    ended_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    children_s = ended_children.ru_utime + ended_children.ru_stime
    return time.process_time_ns() + round(children_s * NS_PER_S)


def _living_descendants_cpu_ns() -> int:
    total_s = 0.0
    for process in _descendants(os.getpid()):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total_s += times.user + times.system + times.children_user + times.children_system
    return round(total_s * NS_PER_S)


def _since(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _runnable_wait_ns(proc: Path) -> int | None:
    """Time on the run queue of a processor: the second figure of schedstat, see proc(5)."""
    try:
        return int((proc / "thread-self" / "schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _machine_busy_ns(proc: Path) -> int | None:
    try:
        ticks = (proc / "stat").read_text().partition("\n")[0].split()[1:]
        user, nice, system, _, _, *rest = map(int, ticks[:8])
    except (OSError, ValueError):
        return None
    # Idle time and waiting for a disk keep nobody from a processor; stolen time (the last) does.
    return round((user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK") * NS_PER_S)


def _reset_peak_memory(proc: Path) -> bool:
    try:
        (proc / "self" / "clear_refs").write_text(RESET_PEAK_MEMORY)
    except OSError:
        return False
    return True


def _peak_memory(proc: Path, *, was_reset: bool) -> tuple[int, str]:
    try:
        status = (proc / "self" / "status").read_text()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # In bytes on macOS and in kB elsewhere.
        return (peak if sys.platform == "darwin" else peak * 1_024), "ru_maxrss"
    kilobytes = int(status.partition("VmHWM:")[2].split()[0])
    return kilobytes * 1_024, "VmHWM" if was_reset else "VmHWM since process start"
