"""A run: what is asked of a worker, what the worker found out, and how it ended."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

import msgspec

from pytest_zacperf.records.base import InvariantValue, Record, StatisticValue
from pytest_zacperf.records.costs import Costs, Downloads, RunConditions
from pytest_zacperf.records.profile import ProfileClock
from pytest_zacperf.records.workload import (
    Environment,
    Expectation,
    Fingerprints,
    Setup,
    SourceTree,
    Work,
    Workload,
)

# The reason of a run that somebody did not want any more.
INTERRUPTED = "interrupted: Ctrl-C, or pytest was ended"
MachineUse: TypeAlias = Literal["alone", "shared"]


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
        profile: Clock by which the run is profiled; its times are then no measurement. None for no
            profile.
        memory_by_stage: Whether the growth of memory is attributed to stages; its times are then
            no measurement.
        time_limit_s: Seconds after which ``run()`` is stopped and what it has come to is kept;
            None for no such limit.
        invariants: What the engine must keep, name to value.
        expected: What must be as in the first run of a queue; None for a run that is in none.

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
    profile: ProfileClock | None = None
    memory_by_stage: bool = False
    time_limit_s: float | None = None
    invariants: dict[str, InvariantValue] = msgspec.field(default_factory=dict)
    expected: Expectation | None = None


class WorkerResult(Record, frozen=True, kw_only=True):
    """What a worker found out itself; the parent completes it to a ``Run``.

    Attributes:
        workload: With the engine's name, version and effective parameters.
        costs: Of ``run()``, children's memory not included.
        work: What the run did; None when it was stopped at its time limit.
        order_events_hash: Of the canonical order events; None when it was stopped.
        fingerprints: Of code, parameters and data.
        environment: Of the worker.
        statistics: The engine's summary statistics.
        counts: What the engine counted with ``context.count``.
        warnings: Sentences about the data that a reader of the results must know.
        conditions: What else the machine did.
        setup: What stays the same within a queue.
        downloads: What it downloaded; None where the engine may download and does not say.
        invariants: What the engine kept, as it was in effect.
        partial: Whether it was stopped at its time limit.

    """

    workload: Workload
    costs: Costs
    work: Work | None
    order_events_hash: str | None
    fingerprints: Fingerprints
    environment: Environment
    statistics: dict[str, StatisticValue]
    counts: dict[str, int]
    warnings: tuple[str, ...]
    conditions: RunConditions
    setup: Setup
    downloads: Downloads | None
    invariants: dict[str, InvariantValue] = msgspec.field(default_factory=dict)
    partial: bool = False


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
        profile: Clock by which it was profiled, so that its times are no measurement; None for a
            run without a profile.
        partial: Whether it was stopped at its time limit, so that it did only part of its work.
        costs: None when it failed.
        work: None when it failed or is partial.
        order_events_hash: Of the canonical order events; None when it failed or is partial.
        differs_from: Id of a run with the same fingerprints and other order events: this backtest
            is not deterministic; None when no such run is known.
        fingerprints: None when it failed.
        environment: None when it failed.
        conditions: None when it failed.
        sources: The revision it was run from; None for the working tree.
        setup: What stays the same within a queue; None when it failed.
        downloads: What it downloaded; None where nobody knows.
        invariants: What the engine kept for a queue, as it was in effect.
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
    profile: ProfileClock | None = None
    partial: bool = False
    costs: Costs | None = None
    work: Work | None = None
    order_events_hash: str | None = None
    differs_from: str | None = None
    fingerprints: Fingerprints | None = None
    environment: Environment | None = None
    conditions: RunConditions | None = None
    sources: SourceTree | None = None
    setup: Setup | None = None
    downloads: Downloads | None = None
    invariants: dict[str, InvariantValue] = msgspec.field(default_factory=dict)
    statistics: dict[str, StatisticValue] = msgspec.field(default_factory=dict)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
