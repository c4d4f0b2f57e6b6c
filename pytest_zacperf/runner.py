"""Run a workload in a process of its own, once or in rounds; knows no pytest and no terminal."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_zacperf import store
from pytest_zacperf.environment import digest_of
from pytest_zacperf.errors import RunError, SettingsError, ZacperfError
from pytest_zacperf.measure import SAMPLED_CHILDREN, ChildMemorySampler
from pytest_zacperf.process import Command, run_process
from pytest_zacperf.records import Costs, Run, RunRequest, WorkerResult, Workload
from pytest_zacperf.store import RunStore

STDERR_LINES = 3
WINDOW_ID_CHARACTERS = 80  # of a run id, which is a file name

TIME_LIMIT = "time limit of {:g} s reached; timeout under [tool.zacperf] sets it"


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
        timeout_s: Seconds after which a worker is ended; None waits for ever.
        stages: Whether stages are timed.

    """

    store: RunStore
    root: Path
    python_path: tuple[str, ...] = ()
    timeout_s: float | None = None
    stages: bool = True

    def run_once(
        self,
        workload: Workload,
        *,
        session: str,
        round: int = 0,  # noqa: A002 - the word of the design
        side: str = "",
    ) -> Run:
        """Return the run of this session, side and round; execute it unless a process has.

        However many processes ask at once, one executes it and the others wait and read. A run
        that failed is stored too and is not tried again.
        """
        run_id = self._run_id(workload, session, f"{side}{round}")
        found = self.store.read_run(run_id)
        if found is not None:
            return found
        with self.store.lock(run_id):
            found = self.store.read_run(run_id)
            if found is not None:
                return found
            with self.store.machine_lock():
                folder = self.store.create_run_folder(run_id)
                return self._execute(workload, folder, run_id, self.store.cache_folder)

    def run_into(self, workload: Workload, folder: Path, cache_folder: Path) -> Run:
        """Execute a workload and leave its files in a folder that is new or empty.

        Raises:
            SettingsError: The folder holds something, or is none.

        """
        folder = folder.absolute()
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise SettingsError(
                f"{folder} exists and is not an empty folder", "name a new folder for the run"
            )
        folder.mkdir(parents=True, exist_ok=True)
        with self.store.machine_lock():
            return self._execute(workload, folder, folder.name, cache_folder)

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
        with self.store.lock("rounds"):
            for number in range(pairs + 1):
                # Number 0 is the warm-up; A goes first in the odd pairs and B in the even ones.
                order = sides if number == 0 or number % 2 else reversed(sides)
                runs: dict[str, Run] = {}
                for side in order:
                    label = f"{comparison}-{side}"
                    run = self.run_once(sides[side], session=session, round=number, side=label)
                    if run.status == "error":
                        raise RunError(
                            f"round {number} of the {side} failed: {run.reason}",
                            f"read {self.store.run_folder(run.id) / store.STDERR_FILE}",
                        )
                    runs[side] = run
                found.append(RoundPair(**runs))
        return tuple(found[1:])

    def _run_id(self, workload: Workload, session: str, label: str) -> str:
        # The digest tells apart what the readable part does not.
        digest = digest_of([
            session,
            workload.engine,
            workload.parameters,
            workload.window,
            str(self.root),
            self.python_path,
            self.stages,
        ])
        window = workload.window.id[:WINDOW_ID_CHARACTERS]
        return store.file_name(f"{session}-{window}-{digest[:12]}-{label}")

    def _execute(self, workload: Workload, folder: Path, run_id: str, cache_folder: Path) -> Run:
        cache_folder.mkdir(parents=True, exist_ok=True)
        store.write_request(
            folder,
            RunRequest(
                run_folder=str(folder.absolute()),
                cache_folder=str(cache_folder.absolute()),
                root=str(self.root.absolute()),
                workload=workload,
                python_path=self.python_path,
                stages=self.stages,
            ),
        )
        run = self._watched(workload, folder.absolute(), run_id)
        store.write_run(folder, run)
        if run.status == "done":
            store.discard_worker_result(folder)
        return run

    def _watched(self, workload: Workload, folder: Path, run_id: str) -> Run:
        children = ChildMemorySampler()
        start_utc = dt.datetime.now(dt.UTC)
        exit_status, failure = None, None
        try:
            ended = run_process(
                _worker_command(folder), timeout_s=self.timeout_s, on_tick=children.sample
            )
        except OSError as e:
            failure = f"worker could not be started: {e}"
        else:
            exit_status = ended.exit_status
            failure = None if ended.in_time else TIME_LIMIT.format(self.timeout_s)
        run = Run(
            id=run_id,
            status="error",
            reason=failure,
            exit_status=exit_status,
            start_utc=start_utc,
            end_utc=dt.datetime.now(dt.UTC),
            workload=workload,
        )
        return _completed(run, folder, children)


def _worker_command(folder: Path) -> Command:
    request = folder / store.REQUEST_FILE
    return Command(
        arguments=(sys.executable, "-m", "pytest_zacperf.worker", str(request)),
        cwd=_start_folder(folder),
        stdout=folder / store.STDOUT_FILE,
        stderr=folder / store.STDERR_FILE,
    )


def _start_folder(folder: Path) -> Path:
    # Python puts this folder before the standard library: site-packages may hold an old backport
    # of it, and a checkout that is not installed is found in no other way.
    package_parent = Path(__file__).resolve().parents[1]
    is_installed = package_parent.name in {"site-packages", "dist-packages"}
    return folder if is_installed else package_parent


def _completed(run: Run, folder: Path, children: ChildMemorySampler) -> Run:
    try:
        result = store.read_worker_result(folder)
        reason = store.read_worker_error(folder)
    except ZacperfError as e:
        return msgspec.structs.replace(run, reason=e.problem)
    # A result counts even if the worker did not end by itself then, say for a thread of the engine.
    if result is None:
        reason = run.reason or reason or _death(folder, run.exit_status)
        return msgspec.structs.replace(run, reason=reason)
    return msgspec.structs.replace(
        run,
        status="done",
        reason=None,
        workload=result.workload,
        costs=_with_children(result, children),
        work=result.work,
        fingerprints=result.fingerprints,
        environment=result.environment,
        statistics=result.statistics,
        counts=result.counts,
        warnings=result.warnings,
    )


def _with_children(result: WorkerResult, children: ChildMemorySampler) -> Costs:
    peak_bytes = children.peak_bytes(result.run_start_monotonic_ns, result.run_end_monotonic_ns)
    if peak_bytes is None:
        return result.costs
    return msgspec.structs.replace(
        result.costs,
        peak_memory_bytes=result.costs.peak_memory_bytes + peak_bytes,
        peak_memory_source=result.costs.peak_memory_source + SAMPLED_CHILDREN,
    )


def _death(folder: Path, exit_status: int | None) -> str:
    said = store.last_lines(folder / store.STDERR_FILE, STDERR_LINES)
    return f"worker ended with exit status {exit_status}" + (f": {said}" if said else "")
