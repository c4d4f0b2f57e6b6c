"""One execution of a workload: a worker process, from its request to the record of its run."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import msgspec
import psutil

from pytest_zacperf import store
from pytest_zacperf.environment import THREAD_VARIABLES
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.measure import SAMPLED_CHILDREN, ChildMemorySampler
from pytest_zacperf.process import Command, Ended, Task, kill_marked, run_together
from pytest_zacperf.records import (
    INTERRUPTED,
    WORKER,
    Costs,
    MachineUse,
    Run,
    RunRequest,
    WorkerResult,
)
from pytest_zacperf.sentences import one_line, with_hint
from pytest_zacperf.units import format_bytes
from pytest_zacperf.worker import EXIT_NOT_WRITTEN

OnDay: TypeAlias = Callable[[dt.date | None], None]

STDERR_LINES = 3
SMALLEST_CHILDREN = 0.05  # share of the worker's own peak memory
LONGEST_LOG_BYTES = 10_000_000

TIME_LIMIT = "time limit of {:g} s reached; timeout under [tool.zacperf] sets it"

# What would trace or question the worker because this process is traced or questioned.
INHERITED_WATCHERS = (
    *("COV_CORE_", "COVERAGE_PROCESS_", "PYDEVD_", "PYTHONTRACEMALLOC", "PYTHONPROFILEIMPORTTIME"),
    *("PYTHONINSPECT", "PYTHONBREAKPOINT", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker is allowed.

    Attributes:
        timeout_s: Seconds after which it is ended; None waits for ever.
        threads: Threads of its numeric libraries; None leaves that to them.
        hash_seed: Python's hash seed; None leaves that to the environment.

    """

    timeout_s: float | None = None
    threads: int | None = None
    hash_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution: what is asked for, and how.

    Attributes:
        run_id: Name of the run.
        request: What the worker is told.
        limits: What it is allowed.
        machine: How the machine lock is held meanwhile.
        layout: Number of the worker's memory layout; None for one by chance.
        children: Notes the memory of the worker's children.
        on_day: Told every 100 ms which simulated day the worker has come to.

    """

    run_id: str
    request: RunRequest
    limits: Limits
    machine: MachineUse
    layout: int | None = None
    children: ChildMemorySampler = field(default_factory=ChildMemorySampler)
    on_day: OnDay | None = None

    @property
    def folder(self) -> Path:
        """The run folder."""
        return Path(self.request.run_folder)

    def end_predecessor(self) -> None:
        """End whatever an interrupted execution of this run has left at work."""
        if self.folder.exists():
            kill_marked(_marker(self.folder))

    @property
    def task(self) -> Task:
        """The process to start."""
        return Task(command=self._command(), on_tick=self._look)

    def ended(self, start_utc: dt.datetime, ended: Ended | None, failure: str | None) -> Run:
        """Return the record of a worker that has ended, or could not be started."""
        exit_status = ended.exit_status if ended else None
        run = self._completed(self.failed(start_utc, failure, exit_status))
        # Part of it may be what an engine has written to its log.
        return msgspec.structs.replace(run, reason=run.reason and one_line(run.reason))

    def _look(self, processes: Collection[psutil.Process]) -> None:
        self.children.sample(processes)
        if self.on_day is not None:
            self.on_day(store.read_progress(self.folder))

    def _command(self) -> Command:
        return Command(
            arguments=(
                *(sys.executable, "-m", "pytest_zacperf.worker"),
                str(self.folder / store.REQUEST_FILE),
            ),
            cwd=_start_folder(self.folder),
            variables=_variables(self.limits),
            marker=_marker(self.folder),
            stdout=self.folder / store.STDOUT_FILE,
            stderr=self.folder / store.STDERR_FILE,
            gates=tuple(self.folder / name for name in store.GATE_FILES)
            if self.request.waits_for_others
            else (),
            layout=self.layout,
        )

    def failed(self, start_utc: dt.datetime, reason: str | None, exit_status: int | None) -> Run:
        """Return the record of a run without a result."""
        return Run(
            id=self.run_id,
            session=self.request.session,
            status="error",
            reason=reason,
            exit_status=exit_status,
            start_utc=start_utc,
            end_utc=dt.datetime.now(dt.UTC),
            workload=self.request.workload,
            machine=self.machine,
            layout=self.layout,
            profile=self.request.profile,
            warnings=tuple(_cut_logs(self.folder)),
        )

    def _completed(self, run: Run) -> Run:
        try:
            result = store.read_worker_result(self.folder)
            reason = store.read_worker_error(self.folder)
        except ZacperfError as e:
            return msgspec.structs.replace(run, reason=with_hint(e.problem, e.hint))
        # A result counts even if the worker did not end by itself then, say for a thread.
        if result is None:
            reason = run.reason or reason or _death(self.folder, run.exit_status)
            return msgspec.structs.replace(run, reason=reason)
        return msgspec.structs.replace(
            run,
            status="done",
            reason=None,
            workload=result.workload,
            costs=_with_children(result, self.children),
            work=result.work,
            order_events_hash=result.order_events_hash,
            fingerprints=result.fingerprints,
            environment=result.environment,
            conditions=result.conditions,
            sources=self.request.sources,
            setup=result.setup,
            downloads=result.downloads,
            invariants=result.invariants,
            partial=result.partial,
            statistics=result.statistics,
            counts=result.counts,
            warnings=(*result.warnings, *run.warnings),
        )


def run_executions(executions: Sequence[Execution]) -> tuple[Run, ...]:
    """Run workers beside each other to their ends; their requests are in their folders already.

    ``run.json`` is left to the caller unless Ctrl-C comes.

    Raises:
        OSError: A run folder cannot be written.
        KeyboardInterrupt: Ctrl-C; the runs are stored as failed.

    """
    start_utc = dt.datetime.now(dt.UTC)
    # Those that share a processor take turns on it.
    limits_s = [execution.limits.timeout_s for execution in executions]
    timeout_s = None if None in limits_s else sum(limit_s for limit_s in limits_s if limit_s)
    try:
        ended = run_together([execution.task for execution in executions], timeout_s=timeout_s)
    except OSError as e:
        failure = f"worker could not be started: {e}"
        return tuple(execution.ended(start_utc, None, failure) for execution in executions)
    except KeyboardInterrupt:
        for execution in executions:
            store.write_run(execution.folder, execution.failed(start_utc, INTERRUPTED, None))
        raise
    return tuple(
        execution.ended(start_utc, one, None if one.in_time else _overdue(execution, timeout_s))
        for execution, one in zip(executions, ended, strict=True)
    )


def _overdue(execution: Execution, timeout_s: float | None) -> str:
    reason = TIME_LIMIT.format(timeout_s)
    if execution.request.waits_for_others:
        last_gate = execution.folder / store.GATE_FILES[-1]
        if last_gate.exists():
            return f"it had finished, but the run beside it had not: {reason}"
    return reason


def _marker(folder: Path) -> str:
    return str(folder)


def _variables(limits: Limits) -> Mapping[str, str]:
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(INHERITED_WATCHERS)
    }
    if limits.threads is not None:
        variables |= dict.fromkeys(THREAD_VARIABLES, str(limits.threads))
    if limits.hash_seed is not None:
        variables["PYTHONHASHSEED"] = str(limits.hash_seed)
    return variables


def _start_folder(folder: Path) -> Path:
    # Python puts this folder before the standard library: site-packages may hold an old backport
    # of it, and a checkout that is not installed is found in no other way.
    package_parent = Path(__file__).resolve().parents[1]
    is_installed = package_parent.name in {"site-packages", "dist-packages"}
    return folder if is_installed else package_parent


def _with_children(result: WorkerResult, children: ChildMemorySampler) -> Costs:
    if result.costs.cpu_source != WORKER:  # then its children are no part of the backtest either
        return result.costs
    during = result.conditions
    peak_bytes = children.peak_bytes(during.start_monotonic_ns, during.end_monotonic_ns)
    # Whether a helper that lives for a tenth of a second is seen is chance, and the figures of two
    # sides with different labels are not compared.
    if peak_bytes is None or peak_bytes < SMALLEST_CHILDREN * result.costs.peak_memory_bytes:
        return result.costs
    return msgspec.structs.replace(
        result.costs,
        peak_memory_bytes=result.costs.peak_memory_bytes + peak_bytes,
        peak_memory_source=result.costs.peak_memory_source + SAMPLED_CHILDREN,
    )


def _cut_logs(folder: Path) -> Iterator[str]:
    for name in (store.STDOUT_FILE, store.STDERR_FILE):
        size = store.cut_middle(folder / name, LONGEST_LOG_BYTES)
        if size is not None:
            yield (
                f"{name} had {format_bytes(size)}; "
                f"only its first and last {format_bytes(LONGEST_LOG_BYTES // 2)} were kept"
            )


def _death(folder: Path, exit_status: int | None) -> str:
    if exit_status == EXIT_NOT_WRITTEN:
        free = format_bytes(shutil.disk_usage(folder).free)
        return (
            f"its results could not be written to {folder}, where {free} are free "
            f"(hint: free some space there, then run again)"
        )
    said = store.last_lines(folder / store.STDERR_FILE, STDERR_LINES)
    return _end(exit_status) + (f": {said}" if said else "")


def _end(exit_status: int | None) -> str:
    if exit_status is not None and exit_status < 0:
        name = {number.value: number.name for number in signal.Signals}.get(-exit_status)
        return f"worker was ended by {name or f'signal {-exit_status}'}"
    if exit_status == 0:
        return "worker ended without a result, though with exit status 0"
    return f"worker ended with exit status {exit_status}"
