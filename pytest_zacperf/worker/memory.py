"""What the memory of a run does: day by day for every run, stage by stage where it is asked for."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from pytest_zacperf.records import WHOLE_RUN, MemoryPoint, StageMemory

PROC = Path("/proc")


def resident_bytes(proc: Path = PROC) -> int:
    """Return the resident memory of this process; takes a few microseconds where /proc exists.

    Args:
        proc: Where the kernel's process files are.

    """
    try:
        pages = int((proc / "self" / "statm").read_bytes().split()[1])
    except OSError:
        return int(psutil.Process().memory_info().rss)
    return pages * os.sysconf("SC_PAGE_SIZE")


def highest_resident_bytes(proc: Path = PROC) -> int:
    """Return the high-water mark of resident memory; what is resident now where there is no /proc.

    Args:
        proc: Where the kernel's process files are.

    """
    try:
        status = (proc / "self" / "status").read_bytes()
    except OSError:
        return resident_bytes(proc)
    return int(status.partition(b"VmHWM:")[2].split(None, 1)[0]) * 1_024


class MemoryByDay:
    """Notes the resident memory when a simulated day begins, while its ``with`` block runs.

    There is no point at the end of the block: what a run builds or lets go of after its last day
    is no growth by day.

    Args:
        read: Returns the resident memory in bytes.

    """

    def __init__(self, read: Callable[[], int] = resident_bytes) -> None:
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

    def points(self) -> tuple[MemoryPoint, ...]:
        """Return what was noted, in the order in which the days began."""
        return tuple(
            MemoryPoint(day=day, resident_bytes=n) for day, n in self._bytes_by_day.items()
        )


class MemoryByStage:
    """Attributes growth of the high-water mark to the innermost stage, while its block runs.

    It reads the mark whenever a stage is entered or left, so that a peak within a stage belongs to
    that stage however short it was. A sampling thread would have to wait for the interpreter's lock
    and would name the stage that came after. Reading takes longer than most stages do: the times
    of such a run are no measurement.

    Args:
        read: Returns the high-water mark in bytes.

    """

    def __init__(self, read: Callable[[], int] = highest_resident_bytes) -> None:
        self._read = read
        self._is_open = False
        self._mark_bytes = 0
        self._innermost = [WHOLE_RUN]
        self._growth_bytes: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._mark_bytes = self._read()
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
        highest = self._read()
        if highest > self._mark_bytes:
            self._growth_bytes[self._innermost[-1]] += highest - self._mark_bytes
            self._mark_bytes = highest
