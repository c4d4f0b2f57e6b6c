"""Run a workload once for a session, or in rounds; knows no pytest and no terminal."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pytest_zacperf import determinism, store
from pytest_zacperf.digest import digest_of
from pytest_zacperf.errors import RunError, SettingsError
from pytest_zacperf.execution import Execution, Limits
from pytest_zacperf.records import MachineUse, Run, RunRequest, Workload
from pytest_zacperf.store import Claim, OnWait, RunStore
from pytest_zacperf.worker import EXIT_BAD_INPUT

WINDOW_ID_CHARACTERS = 80  # of a run id, which is a file name
NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPair:
    """Two runs timed one after the other, one of either side."""

    baseline: Run
    candidate: Run


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

    def run_once(  # noqa: PLR0913 - what tells one run of a session from another
        self,
        workload: Workload,
        *,
        session: str,
        machine: MachineUse = "shared",
        round: int = 0,  # noqa: A002 - the word of the design
        side: str = "",
        limits: Limits | None = None,
    ) -> Run:
        """Return the run of this session, side and round; execute it unless a process has.

        However many processes ask at once, one executes it and the others wait and read. A run
        that failed is stored too and is not tried again.

        Args:
            workload: What is run.
            session: Runs of different sessions are different runs.
            machine: ``alone`` for a run that is timed.
            round: Number of the round; 0 is the single run, or the warm-up.
            side: Which side of which comparison.
            limits: What the worker is allowed, when it is not what all are.

        Raises:
            RunError: Nothing can be stored; the sentence says where and why.

        """
        run_id = self._run_id(workload, session, f"{side}{round}")
        if run_id in self.unstored:
            raise self.unstored[run_id]
        request = self._request(workload, session, self.store.run_folder(run_id))
        execution = Execution(
            run_id=run_id, request=request, limits=limits or self.limits, machine=machine
        )
        try:
            with store.storing(self.store.folder):
                return self.store.read_run(run_id) or self._locked(execution)
        except RunError as e:
            self.unstored[run_id] = e
            raise

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
        request = self._request(workload, session, folder)
        store.write_request(folder, request)
        run = self._executed(
            Execution(run_id=folder.name, request=request, limits=self.limits, machine="alone")
        )
        if run.exit_status == EXIT_BAD_INPUT:
            # Nothing has run, and the corrected command shall find the folder free.
            shutil.rmtree(folder, ignore_errors=True)
        return run

    def rounds(
        self, baseline: Workload, candidate: Workload, *, session: str, pairs: int
    ) -> tuple[RoundPair, ...]:
        """Run both sides in alternation (A B B A A B ...), after a warm-up of each.

        Raises:
            RunError: A round failed; the reason is the run's.

        """
        sides = {"baseline": baseline, "candidate": candidate}
        # A round belongs to its opponent: against another one it was not timed in turn.
        comparison = digest_of([baseline, candidate])[:8]
        found: list[RoundPair] = []
        # One comparison at a time, so that two processes do not take turns in each other's rounds.
        claim = self._claim(f"the rounds of {candidate.window.id}")
        with self.store.lock(f"{session}-rounds", claim):
            for number in range(pairs + 1):
                # Number 0 is the warm-up; A goes first in the odd pairs and B in the even ones.
                order = sides if number == 0 or number % 2 else reversed(sides)
                runs = {
                    side: self._round(
                        sides[side], session=session, round=number, side=f"{comparison}-{side}"
                    )
                    for side in order
                }
                found.append(RoundPair(**runs))
        return tuple(found[1:])

    def _round(self, workload: Workload, *, session: str, round: int, side: str) -> Run:  # noqa: A002 - the word of the design
        run = self.run_once(workload, session=session, machine="alone", round=round, side=side)
        if run.status == "error":
            raise RunError(
                f"round {round} of the {side.partition('-')[2]} failed: {run.reason}",
                f"read {self.store.run_folder(run.id) / store.STDERR_FILE}",
            )
        return run

    def _locked(self, execution: Execution) -> Run:
        run_id = execution.run_id
        what = f"the backtest of {execution.request.workload.window.id}"
        with self.store.lock(run_id, self._claim(what)):
            found = self.store.read_run(run_id)
            if found is not None:
                return found
            # The worker of a process that died may still be at work there.
            execution.end_predecessor()
            self.store.create_run_folder(run_id, execution.request)
            try:
                return self._executed(execution)
            except OSError:
                shutil.rmtree(execution.folder, ignore_errors=True)
                raise

    def _executed(self, execution: Execution) -> Run:
        # Lock order is window, then machine: nobody who has the machine waits for a window.
        lock = store.machine_lock()
        enter = lock.alone if execution.machine == "alone" else lock.shared
        self.store.create_cache_folder()
        with enter(self._claim(f"the machine, for {execution.request.workload.window.id}")):
            run = execution.run()
        if run.fingerprints is not None:
            run = determinism.checked(run, self.store.runs_of(run.fingerprints.workload))
        store.write_run(execution.folder, run)
        store.discard_messages(execution.folder)
        if run.status == "error":
            store.discard_output(execution.folder)
        return run

    def _claim(self, what: str) -> Claim:
        def tell(holder: str) -> None:
            text = f"waiting for {what}" + (f" ({holder})" if holder else "")
            if text not in self.told:
                self.told.add(text)
                self.on_wait(text)

        process = f"process {os.getpid()}" + (f", {self.name}," if self.name else "")
        return Claim(note=f"{process} has {what}", on_wait=tell)

    def _run_id(self, workload: Workload, session: str, label: str) -> str:
        # The digest tells apart what the readable part does not.
        digest = digest_of([
            *(session, workload.engine, workload.parameters, workload.window),
            *(str(self.root), self.python_path, self.stages, self.cpus, self.limits.threads),
        ])
        window = workload.window.id[:WINDOW_ID_CHARACTERS]
        return store.file_name(f"{session}-{window}-{digest[:12]}-{label}")

    def _request(self, workload: Workload, session: str, folder: Path) -> RunRequest:
        return RunRequest(
            run_folder=str(folder.absolute()),
            cache_folder=str(self.store.cache_folder.absolute()),
            root=str(self.root.absolute()),
            session=session,
            workload=workload,
            python_path=self.python_path,
            stages=self.stages,
            cpus=self.cpus,
            not_sources=self.not_sources,
        )
