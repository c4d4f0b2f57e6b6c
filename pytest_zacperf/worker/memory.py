"""What the memory of a run does: day by day for every run, stage by stage where it is asked for."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from pytest_zacperf.records import WHOLE_RUN, MemoryPoint, StageMemory

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Memory that came and went in less time is not worth looking for: 100 us fill about half a MB.
LONG_NS = 100_000
RESET_PEAK_MEMORY = b"5"  # what clear_refs understands, see proc(5)


def resident_bytes(proc: Path = PROC) -> int:
    """Return the resident memory of this process.

    Args:
        proc: Where the kernel's process files are.

    """
    try:
        pages = int(_read(proc / "self" / "statm").split()[1])
    except OSError:
        return int(psutil.Process().memory_info().rss)
    return pages * PAGE_BYTES


def highest_resident_bytes(proc: Path = PROC) -> int:
    """Return the high-water mark of resident memory.

    What is resident now, where the kernel keeps no such mark.

    Args:
        proc: Where the kernel's process files are.

    """
    try:
        status = _read(proc / "self" / "status")
    except OSError:
        return resident_bytes(proc)
    mark = status.partition(b"VmHWM:")[2].split(None, 1)
    return int(mark[0]) * 1_024 if mark else resident_bytes(proc)


def taken_peak_bytes(proc: Path = PROC) -> int:
    """Return the highest resident memory since this was last asked, and start over.

    What is resident now, where the kernel's high-water mark cannot be reset.

    Args:
        proc: Where the kernel's process files are.

    """
    highest = highest_resident_bytes(proc)
    try:
        _write(proc / "self" / "clear_refs", RESET_PEAK_MEMORY)
    except OSError:
        return resident_bytes(proc)
    return highest


def _read(file: Path) -> bytes:
    # A third of the time that a file object takes: some backtests pass a day in a millisecond.
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, 8_192)
    finally:
        os.close(descriptor)


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


class MemoryByDay:
    """Notes at the begin of each simulated day how much memory the day before took at most.

    The peak of a day is steadier than what is resident at one moment: allocators give memory back
    now and then. There is no point at the end of the block: what a run builds after its last day
    is no growth by day.

    Args:
        read: Returns the highest resident memory in bytes since it was last called.

    Attributes:
        highest_bytes: Of all days that were noted; the kernel has forgotten it.

    """

    def __init__(self, read: Callable[[], int] = taken_peak_bytes) -> None:
        self.highest_bytes = 0
        self._read = read
        self._is_open = False
        self._bytes_by_day: dict[dt.date, int] = {}

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False

    def note(self, day: object) -> None:
        """Note the memory unless this day is noted already, or is no day."""
        if isinstance(day, dt.datetime):  # a pandas.Timestamp is one, too
            day = day.date()
        if self._is_open and isinstance(day, dt.date) and day not in self._bytes_by_day:
            self._bytes_by_day[day] = self._read()
            self.highest_bytes = max(self.highest_bytes, self._bytes_by_day[day])

    def points(self) -> tuple[MemoryPoint, ...]:
        """Return what was noted, in the order in which the days began."""
        return tuple(
            MemoryPoint(day=day, resident_bytes=n) for day, n in self._bytes_by_day.items()
        )


class ResidentMemory:
    """Reads the resident memory of this process again and again; call it.

    Args:
        proc: Where the kernel's process files are.

    """

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            # Kept open until the process ends: opening takes three times as long as reading.
            self._descriptor = os.open(proc / "self" / "statm", os.O_RDONLY)

    def __call__(self) -> int:
        """Return it in bytes."""
        if self._descriptor is None:
            return resident_bytes(self._proc)
        return int(os.pread(self._descriptor, 256, 0).split()[1]) * PAGE_BYTES


class MemoryByStage:
    """Attributes growth of the high-water mark to the innermost stage, while its block runs.

    It reads memory whenever a stage is entered or left, and the mark itself where much may have
    come and gone since. A sampling thread would have to wait for the interpreter's lock and would
    name the stage that came after. Reading takes longer than many stages do: the times of such a
    run are no measurement.

    Args:
        read: Returns the high-water mark in bytes.
        read_now: Returns the resident memory in bytes; quicker.

    """

    def __init__(
        self,
        read: Callable[[], int] = highest_resident_bytes,
        read_now: Callable[[], int] | None = None,
    ) -> None:
        self._read = read
        self._read_now = ResidentMemory() if read_now is None else read_now
        self._is_open = False
        self._mark_bytes = self._read_ns = 0
        self._innermost = [WHOLE_RUN]
        self._growth_bytes: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._mark_bytes = self._read()
        self._read_ns = time.perf_counter_ns()
        self._is_open = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._attribute()
        self._is_open = False

    def entered(self, name: str) -> None:
        """Note that a stage begins."""
        self._attribute()
        self._innermost.append(name)

    def left(self) -> None:
        """Note that the innermost stage ends."""
        self._attribute()
        self._innermost.pop()

    def growth(self) -> tuple[StageMemory, ...]:
        """Return the stages in which memory grew, in the order in which they first did."""
        return tuple(
            StageMemory(name=name, growth_bytes=n) for name, n in self._growth_bytes.items()
        )

    def _attribute(self) -> None:
        if not self._is_open:
            return
        is_long = time.perf_counter_ns() - self._read_ns >= LONG_NS
        highest = self._read() if is_long else self._read_now()
        self._read_ns = time.perf_counter_ns()
        if highest > self._mark_bytes:
            self._growth_bytes[self._innermost[-1]] += highest - self._mark_bytes
            self._mark_bytes = highest
