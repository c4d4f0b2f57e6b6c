"""What a run cost, by stage and by simulated day, and what the machine did meanwhile."""

from __future__ import annotations

import datetime as dt

from pytest_zacperf.records.base import Record

WHOLE_RUN = "total"  # the stage around run()
# What an engine calls the stage in which it downloads, and the counters of what came.
DOWNLOAD_STAGE = "download"
DOWNLOAD_REQUESTS = "download_requests"
DOWNLOAD_BYTES = "download_bytes"
# Where a time comes from: the worker's clocks, another one, a run that is not ours, or nowhere.
WORKER = "worker"
RECORDED = "recorded"
NOT_MEASURED = "not measured"


class StageTiming(Record, frozen=True, kw_only=True):
    """How long a named part of a run took: all entries together, their count, the longest one."""

    name: str
    total_ns: int
    count: int
    max_ns: int


class MemoryPoint(Record, frozen=True, kw_only=True):
    """Highest resident memory since the simulated day before began, noted when this one begins."""

    day: dt.date
    resident_bytes: int


class StageMemory(Record, frozen=True, kw_only=True):
    """By how much the resident memory of a run grew while a stage was the innermost one."""

    name: str
    growth_bytes: int


class Costs(Record, frozen=True, kw_only=True):
    """What ``run()`` cost; a figure whose source is ``not measured`` is 0 and says nothing.

    Attributes:
        wall_ns: Elapsed time.
        cpu_ns: User and system time of the process and its children.
        peak_memory_bytes: Highest resident memory of the process tree.
        peak_memory_source: Where that figure comes from; only equal sources are compared.
        wall_source: Where the elapsed time comes from; only equal sources are compared.
        cpu_source: Where the CPU time comes from; only equal sources are compared.
        stages: Timings by stage, in order of first entry.
        memory_by_day: Peak by simulated day, where the engine says which day it is.
        memory_by_stage: Growth by stage, where the request asked for it.

    """

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    peak_memory_source: str
    wall_source: str = WORKER
    cpu_source: str = WORKER
    stages: tuple[StageTiming, ...] = ()
    memory_by_day: tuple[MemoryPoint, ...] = ()
    memory_by_stage: tuple[StageMemory, ...] = ()

    @property
    def clock_sources(self) -> tuple[str, str]:
        """Where both times come from: elapsed time, CPU time."""
        return self.wall_source, self.cpu_source

    @property
    def known_wall_ns(self) -> int | None:
        """Elapsed time; None where nothing measured it."""
        return None if self.wall_source == NOT_MEASURED else self.wall_ns

    @property
    def known_cpu_ns(self) -> int | None:
        """CPU time; None where nothing measured it."""
        return None if self.cpu_source == NOT_MEASURED else self.cpu_ns

    @property
    def known_peak_memory_bytes(self) -> int | None:
        """Peak memory; None where nothing measured it."""
        return None if self.peak_memory_source == NOT_MEASURED else self.peak_memory_bytes


class Downloads(Record, frozen=True, kw_only=True):
    """What a run downloaded.

    Attributes:
        wall_ns: Time of the stage ``download``.
        requests: As the engine counted them; None where it does not.
        bytes: The same.

    """

    wall_ns: int
    requests: int | None
    bytes: int | None


class RunConditions(Record, frozen=True, kw_only=True):
    """What the machine did while ``run()`` was under way.

    Attributes:
        start_monotonic_ns: Monotonic clock when ``run()`` began; all processes share it.
        end_monotonic_ns: Monotonic clock when ``run()`` returned.
        main_thread_cpu_ns: CPU time of the main thread alone.
        runnable_wait_ns: Time the main thread was ready to compute and had no processor; None
            where the kernel does not say.
        machine_busy_ns: CPU time that all processors spent on anything, this run included; None
            where the kernel does not say.

    """

    start_monotonic_ns: int
    end_monotonic_ns: int
    main_thread_cpu_ns: int
    runnable_wait_ns: int | None
    machine_busy_ns: int | None
