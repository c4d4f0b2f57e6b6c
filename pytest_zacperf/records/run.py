"""A run: what is asked of a worker, what it cost, where it was measured, how it ended."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

import msgspec

from pytest_zacperf.records.backtest import Window
from pytest_zacperf.records.base import ParameterValue, Record, StatisticValue

# The reason of a run that somebody did not want any more.
INTERRUPTED = "interrupted: Ctrl-C, or pytest was ended"
WHOLE_RUN = "total"  # the stage around run()
MachineUse: TypeAlias = Literal["alone", "shared"]


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
    """What ``run()`` cost.

    Attributes:
        wall_ns: Elapsed time.
        cpu_ns: User and system time of the process and its children.
        peak_memory_bytes: Highest resident memory of the process tree.
        peak_memory_source: Where that figure comes from; only equal sources are compared.
        stages: Timings by stage, in order of first entry.
        memory_by_day: Peak by simulated day, where the engine says which day it is.
        memory_by_stage: Growth by stage, where the request asked for it.

    """

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    peak_memory_source: str
    stages: tuple[StageTiming, ...] = ()
    memory_by_day: tuple[MemoryPoint, ...] = ()
    memory_by_stage: tuple[StageMemory, ...] = ()


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


class Work(Record, frozen=True, kw_only=True):
    """What a run did; costs of runs that did different work are not compared.

    Attributes:
        data_points: Bars or ticks the engine went through; None where it cannot count.
        orders: Number of distinct orders.
        order_events: Number of order events.
        final_equity: Last equity in account currency; None where the engine has none.

    """

    data_points: int | None
    orders: int
    order_events: int
    final_equity: float | None


class Fingerprints(Record, frozen=True, kw_only=True):
    """Hashes of everything that decides a result: BLAKE2b, 32 hexadecimal digits each.

    Attributes:
        code: The project's own modules that the run imported: path below the root and content.
        parameters: Canonical JSON of the engine's parameters.
        data: The bytes read; None where the engine cannot say.
        workload: All of these, the engine, the window, Python and the packages.

    """

    code: str
    parameters: str
    data: str | None
    workload: str


class Environment(Record, frozen=True, kw_only=True):
    """Where a run was measured: an allow-list, so that no secret is ever stored.

    Attributes:
        python: Implementation and version.
        platform: Operating system and its release.
        machine: Processor architecture and model.
        cpus: Numbers of the processors the process may use.
        variables: Environment variables of an allow-list that were set: thread limits, hash seed.
        packages: Installed distributions that can influence a run, name to version.
        git_revision: Commit of the project; None outside a repository.
        git_dirty: Whether tracked files differ from that commit; the plan file does not count.

    """

    python: str
    platform: str
    machine: str
    cpus: tuple[int, ...]
    variables: dict[str, str]
    packages: dict[str, str]
    git_revision: str | None
    git_dirty: bool | None


class Workload(Record, frozen=True, kw_only=True):
    """What is run: the engine by reference, its parameters, the window.

    Attributes:
        engine: ``module:object`` or the name of an entry point.
        engine_name: The engine's own name; empty until a run has loaded it.
        engine_version: The engine's own version; empty until a run has loaded it.
        parameters: The overrides of a request; the effective values in a run.
        window: The simulated days.

    """

    engine: str
    window: Window
    engine_name: str = ""
    engine_version: str = ""
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)


class SourceTree(Record, frozen=True, kw_only=True):
    """A revision of the project that is checked out beside the working tree.

    Attributes:
        top: Absolute path of the repository's working tree.
        checkout: Absolute path of the folder that holds the revision.
        revision: Its full commit.

    """

    top: str
    checkout: str
    revision: str


class RunRequest(Record, frozen=True, kw_only=True):
    """What a worker is told.

    Attributes:
        run_folder: Absolute path of the folder to write to.
        cache_folder: Absolute path of the folder that outlives runs.
        root: Absolute path of the project; the worker's working directory.
        python_path: Absolute paths put before ``sys.path``, as pytest's ``pythonpath`` has them.
        session: Id of the session that asks; its runs are not pruned while it lives.
        workload: What to run.
        stages: Whether stages are timed.
        cpus: Processors the worker shall keep to; empty for no restriction.
        not_sources: Paths below the root that make no revision dirty: what our queue writes.
        sources: Where the code comes from when it is not the working tree; None for that.
        waits_for_others: Whether it waits, before ``run()`` and after it, until those that run
            beside it have come as far.
        profile: Whether the run is profiled; its times are then no measurement.
        memory_by_stage: Whether the growth of memory is attributed to stages; its times are then
            no measurement.

    """

    run_folder: str
    cache_folder: str
    root: str
    session: str
    workload: Workload
    python_path: tuple[str, ...] = ()
    stages: bool = True
    cpus: tuple[int, ...] = ()
    not_sources: tuple[str, ...] = ()
    sources: SourceTree | None = None
    waits_for_others: bool = False
    profile: bool = False
    memory_by_stage: bool = False


class WorkerResult(Record, frozen=True, kw_only=True):
    """What a worker found out itself; the parent completes it to a ``Run``.

    Attributes:
        workload: With the engine's name, version and effective parameters.
        costs: Of ``run()``, children's memory not included.
        work: What the run did.
        order_events_hash: Of the canonical order events.
        fingerprints: Of code, parameters and data.
        environment: Of the worker.
        statistics: The engine's summary statistics.
        counts: What the engine counted with ``context.count``.
        warnings: Sentences about the data that a reader of the results must know.
        conditions: What else the machine did.

    """

    workload: Workload
    costs: Costs
    work: Work
    order_events_hash: str
    fingerprints: Fingerprints
    environment: Environment
    statistics: dict[str, StatisticValue]
    counts: dict[str, int]
    warnings: tuple[str, ...]
    conditions: RunConditions


class Run(Record, frozen=True, kw_only=True):
    """One execution of a workload: what it did, what it cost, or why it failed.

    ``run.json`` holds it and is written last: a run exists only when that file does.

    Attributes:
        id: Name of the run, also of its folder.
        session: Id of the session that had it executed.
        status: ``done``, or ``error`` with a reason.
        reason: One sentence; None when done.
        exit_status: Of the worker process; negative for a signal, None if it never started.
        start_utc: When the worker was started.
        end_utc: When it had ended.
        workload: What was run.
        machine: Whether other runs could share the machine, as far as our lock can say.
        layout: Number of the memory layout that it shared with the run beside it; None for one by
            chance.
        costs: None when it failed.
        work: None when it failed.
        order_events_hash: Of the canonical order events; None when it failed.
        differs_from: Id of a run with the same fingerprints and other order events: this backtest
            is not deterministic; None when no such run is known.
        fingerprints: None when it failed.
        environment: None when it failed.
        conditions: None when it failed.
        sources: The revision it was run from; None for the working tree.
        statistics: The engine's summary statistics.
        counts: What the engine counted.
        warnings: Sentences about the data that a reader of the results must know.

    """

    id: str
    session: str
    status: Literal["done", "error"]
    reason: str | None
    exit_status: int | None
    start_utc: dt.datetime
    end_utc: dt.datetime
    workload: Workload
    machine: MachineUse
    layout: int | None = None
    costs: Costs | None = None
    work: Work | None = None
    order_events_hash: str | None = None
    differs_from: str | None = None
    fingerprints: Fingerprints | None = None
    environment: Environment | None = None
    conditions: RunConditions | None = None
    sources: SourceTree | None = None
    statistics: dict[str, StatisticValue] = msgspec.field(default_factory=dict)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
