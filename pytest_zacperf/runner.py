"""Run a workload once for a session, or two at once; knows no pytest and no terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pytest_zacperf import determinism, store
from pytest_zacperf.digest import digest_of
from pytest_zacperf.errors import RunError, SettingsError
from pytest_zacperf.execution import Execution, Limits, run_executions
from pytest_zacperf.job import Job
from pytest_zacperf.records import (
    MachineUse,
    Run,
    RunRequest,
    Workload,
)
from pytest_zacperf.secrecy import require_no_secret
from pytest_zacperf.store import Claim, OnWait, RunStore
from pytest_zacperf.worker import EXIT_BAD_INPUT

WINDOW_ID_CHARACTERS = 80  # of a run id, which is a file name
NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs workloads of one project.

    Attributes:
        store: Where runs are kept.
        root: The project; the worker's working directory and on its ``sys.path``.
        python_path: Absolute paths put before ``sys.path``, as pytest's ``pythonpath`` has them.
        stages: Whether stages are timed.
        cpus: Processors that workers keep to; empty for no restriction.
        limits: What workers are allowed.
        not_sources: Paths below the root that make no revision dirty.
        name: Of this process, for others that wait for it.
        on_wait: Told in a sentence when this process has to wait, each sentence once.
        unstored: Runs that failed because nothing could be stored, so that none is tried again.
        told: What ``on_wait`` has been told.

    """

    store: RunStore
    root: Path
    python_path: tuple[str, ...] = ()
    stages: bool = True
    cpus: tuple[int, ...] = ()
    limits: Limits = NO_LIMITS
    not_sources: tuple[str, ...] = ()
    name: str = ""
    on_wait: OnWait = lambda _: None
    unstored: dict[str, RunError] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def run_once(  # noqa: PLR0913 - the usual fields of a job
        self,
        workload: Workload,
        *,
        session: str,
        machine: MachineUse = "shared",
        round: int = 0,  # noqa: A002 - the word of the design
        side: str = "",
        limits: Limits | None = None,
    ) -> Run:
        """Return the run of one job; see ``Job`` and ``run_together``."""
        job = Job(
            workload=workload,
            session=session,
            machine=machine,
            round=round,
            side=side,
            limits=limits,
        )
        return self.run_together([job])[0]

    def run_together(self, jobs: Sequence[Job]) -> tuple[Run, ...]:
        """Return the runs of jobs that begin at once; execute them all unless all are stored.

        However many processes ask at once, one executes them and the others wait and read. A run
        that failed is stored too and is not tried again.

        Raises:
            RunError: Nothing can be stored; the sentence says where and why.

        """
        executions = [self._execution(job, waits=len(jobs) > 1) for job in jobs]
        for execution in executions:
            if execution.run_id in self.unstored:
                raise self.unstored[execution.run_id]
        try:
            with store.storing(self.store.folder):
                return self._stored(executions) or self._locked(executions)
        except RunError as e:
            self.unstored.update(dict.fromkeys([one.run_id for one in executions], e))
            raise

    def has(self, jobs: Sequence[Job]) -> bool:
        """Return whether the runs of all jobs are stored, so that nobody executes them."""
        return all(self.store.read_run(self._run_id(job)) is not None for job in jobs)

    def folder_of(self, job: Job) -> Path:
        """Return the folder of a job's run, which need not exist."""
        return self.store.run_folder(self._run_id(job))

    def run_into(self, workload: Workload, folder: Path, session: str) -> Run:
        """Execute a workload, timed, and leave its files in a folder that is new or empty.

        Raises:
            SettingsError: The folder holds something, or is none.

        """
        folder = folder.absolute()
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise SettingsError(
                f"{folder} exists and is not an empty folder", "name a new folder for the run"
            )
        folder.mkdir(parents=True, exist_ok=True)
        job = Job(workload=workload, session=session, machine="alone")
        request = self._request(job, folder)
        store.write_request(folder, request)
        execution = Execution(
            run_id=folder.name, request=request, limits=self.limits, machine="alone"
        )
        (run,) = self._executed([execution])
        if run.exit_status == EXIT_BAD_INPUT:
            # Nothing has run, and the corrected command shall find the folder free.
            shutil.rmtree(folder, ignore_errors=True)
        return run

    def claim(self, what: str) -> Claim:
        """Return what this process says of itself when it asks for a lock."""

        def tell(holder: str) -> None:
            text = f"waiting for {what}" + (f" ({holder})" if holder else "")
            if text not in self.told:
                self.told.add(text)
                self.on_wait(text)

        process = f"process {os.getpid()}" + (f", {self.name}," if self.name else "")
        return Claim(note=f"{process} has {what}", on_wait=tell)

    def _execution(self, job: Job, *, waits: bool) -> Execution:
        run_id = self._run_id(job)
        request = self._request(job, self.store.run_folder(run_id))
        return Execution(
            run_id=run_id,
            request=msgspec.structs.replace(request, waits_for_others=waits),
            limits=job.limits or self.limits,
            machine=job.machine,
            layout=job.layout,
            on_day=job.on_day,
        )

    def _stored(self, executions: Sequence[Execution]) -> tuple[Run, ...]:
        runs = [self.store.read_run(execution.run_id) for execution in executions]
        found = tuple(run for run in runs if run is not None)
        return found if len(found) == len(runs) else ()

    def _locked(self, executions: Sequence[Execution]) -> tuple[Run, ...]:
        with contextlib.ExitStack() as window_locks:
            for execution in executions:
                what = f"the backtest of {execution.request.workload.window.id}"
                lock = self.store.lock(execution.run_id, self.claim(what))
                window_locks.enter_context(lock)
            found = self._stored(executions)
            if found:
                return found
            for execution in executions:
                # The worker of a process that died may still be at work there.
                execution.end_predecessor()
                self.store.create_run_folder(execution.run_id, execution.request)
            try:
                return self._executed(executions)
            except OSError:
                for execution in executions:
                    shutil.rmtree(execution.folder, ignore_errors=True)
                raise

    def _executed(self, executions: Sequence[Execution]) -> tuple[Run, ...]:
        # Lock order is window, then machine: nobody who has the machine waits for a window.
        first = executions[0]
        lock = store.machine_lock()
        enter = lock.alone if first.machine == "alone" else lock.shared
        self.store.create_cache_folder()
        with enter(self.claim(f"the machine, for {first.request.workload.window.id}")):
            runs = run_executions(executions)
        return tuple(
            self._written(execution, run) for execution, run in zip(executions, runs, strict=True)
        )

    def _written(self, execution: Execution, run: Run) -> Run:
        if run.fingerprints is not None:
            run = determinism.checked(run, self.store.runs_of(run.fingerprints.workload))
        store.write_run(execution.folder, run)
        store.discard_messages(execution.folder)
        if run.status == "error":
            store.discard_output(execution.folder)
        return run

    def _run_id(self, job: Job) -> str:
        # The digest tells apart what the readable part does not.
        workload, revision = job.workload, job.sources.revision if job.sources else None
        digest = digest_of([
            *(job.session, workload.engine, workload.parameters, workload.window, revision),
            *(str(self.root), self.python_path, self.stages, self.cpus, self.limits.threads),
        ])
        window = workload.window.id[:WINDOW_ID_CHARACTERS]
        label = f"{job.side}{job.round}"
        return store.file_name(f"{job.session}-{window}-{digest[:12]}-{label}")

    def _request(self, job: Job, folder: Path) -> RunRequest:
        require_no_secret(job.workload.parameters)  # before it is in a file
        return RunRequest(
            run_folder=str(folder.absolute()),
            cache_folder=str((job.cache_folder or self.store.cache_folder).absolute()),
            root=str(self.root.absolute()),
            session=job.session,
            workload=job.workload,
            python_path=self.python_path,
            stages=self.stages,
            cpus=job.cpus or self.cpus,
            not_sources=self.not_sources,
            sources=job.sources,
            profile=job.profile,
            memory_by_stage=job.memory_by_stage,
            time_limit_s=job.time_limit_s,
            invariants=dict(job.invariants),
            expected=job.expected,
        )
