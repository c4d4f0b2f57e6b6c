"""Runs of one engine for its conformance tests: real processes, in a store of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pytest_zacperf import process, store
from pytest_zacperf.engines import Engine
from pytest_zacperf.engines.lookup import load_engine
from pytest_zacperf.engines.watched import (
    BEGAN_FILE,
    CLAIMS_NETWORK,
    CONNECTIONS,
    INNER,
    LINGER,
    REFERENCE,
)
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.execution import Limits
from pytest_zacperf.job import Job
from pytest_zacperf.project import importable, read_python_path
from pytest_zacperf.records import OrderEvent, ParameterValue, Run, Window, Workload
from pytest_zacperf.repeatability import run_twice
from pytest_zacperf.runner import Runner
from pytest_zacperf.sentences import with_hint
from pytest_zacperf.settings import STORE_FOLDER
from pytest_zacperf.store import RunStore

SESSION = "conformance"
FILES = ("order_events.jsonl", "trades.jsonl", "equity.parquet", "statistics.json")
OUTLIVES_S = 60.0  # for as long as it lingers, it can be ended
LONGEST_START_S = 120.0
PAUSE_S = 0.05
# What pytest and Python leave, and other tests that run meanwhile.
NOT_LEFT = frozenset({"__pycache__", "node_modules", "venv"})
COMMAND = "from pytest_zacperf.command import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """What came of a command that somebody ended with Ctrl-C.

    Attributes:
        exit_status: Of the command.
        output: What it printed.
        left: Names of the processes that it left.

    """

    exit_status: int
    output: str
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One engine, and where it is run.

    Attributes:
        root: The project: working directory of the runs.
        folder: For all files of the trial.
        engine: Reference.
        parameters: What it is run with.
        timeout_s: Seconds that one run may take.

    """

    root: Path
    folder: Path
    engine: str
    parameters: Mapping[str, ParameterValue]
    timeout_s: float

    @property
    def runner(self) -> Runner:
        """Runs backtests, and keeps them apart from those of the project."""
        return Runner(
            store=RunStore(self.folder / STORE_FOLDER),
            root=self.root,
            python_path=read_python_path(self.root),
            limits=Limits(timeout_s=self.timeout_s),
        )

    def workload(self, window: Window, **own: ParameterValue) -> Workload:
        """Return the engine on a window, watched."""
        parameters = {**self.parameters, INNER: self.engine, **own}
        return Workload(engine=REFERENCE, window=window, parameters=parameters)

    def twice(self, window: Window) -> tuple[Run, Run]:
        """Return two runs in processes with different hash seeds."""
        repeated = run_twice(self.runner, self.workload(window), session=SESSION)
        for run in repeated.runs:
            self._require_done(run)
        first, second = repeated.runs[:2]
        return first, second

    def once(self, window: Window) -> Run:
        """Return one run."""
        run = self.runner.run_once(self.workload(window), session=SESSION, side="once")
        self._require_done(run)
        return run

    def raising(self, engine: str, window: Window) -> Run:
        """Return the run of another engine, whose strategy raises an error."""
        workload = Workload(engine=engine, window=window, parameters=dict(self.parameters))
        return self.runner.run_once(workload, session=SESSION, side="raising")

    def stopped_after(self, seconds: float, window: Window) -> Run:
        """Return a run that is stopped at a time limit while it is under way."""
        workload = self.workload(window, **{LINGER: OUTLIVES_S})
        job = Job(workload=workload, session=SESSION, side="stopped", time_limit_s=seconds)
        return self.runner.run_together([job])[0]

    def interrupted(self, window: Window) -> Interrupted:
        """Run a command as on a terminal, and press Ctrl-C while its backtest is under way."""
        output = self.folder / "interrupted"
        with self._command(window, output) as command:
            self._wait_until_it_ran(output, command)
            os.killpg(command.pid, signal.SIGINT)
            printed, _ = command.communicate(timeout=self.timeout_s)
        return Interrupted(
            exit_status=command.returncode, output=printed, left=tuple(_left_by(output))
        )

    def events_of(self, run: Run) -> list[OrderEvent]:
        """Return the order events of a run."""
        return store.read_order_events(self.runner.store.run_folder(run.id))

    def files_of(self, run: Run) -> dict[str, bytes]:
        """Return the files of a run's results, by name."""
        folder = self.runner.store.run_folder(run.id)
        return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}

    def stderr_of(self, run: Run) -> str:
        """Return what a run wrote to stderr."""
        file = self.runner.store.run_folder(run.id) / store.STDERR_FILE
        return file.read_text(encoding="utf-8", errors="replace")

    def processes_of(self, run: Run) -> tuple[str, ...]:
        """Return the names of processes that a run has left."""
        return tuple(_left_by(self.runner.store.run_folder(run.id)))

    def claims_network(self, run: Run) -> bool:
        """Return what the engine of a run claimed of the network once it was prepared."""
        return bool(run.counts.get(CLAIMS_NETWORK))

    def connections_of(self, run: Run) -> int:
        """Return how many connections by IP a run opened."""
        return run.counts.get(CONNECTIONS, 0)

    def loaded(self, engine: str) -> Engine:
        """Return an engine, loaded in this process."""
        try:
            with importable(self.root):
                return load_engine(engine)
        except ZacperfError as e:
            pytest.fail(with_hint(e.problem, e.hint), pytrace=False)

    def entries(self) -> dict[str, tuple[int, int]]:
        """Return the files and folders of the project, with size and time of the last change.

        What Python and pytest leave there is left out, and so are hidden folders.
        """
        found: dict[str, tuple[int, int]] = {}
        for folder, names, files in os.walk(self.root):
            names[:] = [name for name in names if not (name in NOT_LEFT or name.startswith("."))]
            for name in [*names, *files]:
                path = Path(folder) / name
                with contextlib.suppress(OSError):
                    status = path.stat()
                    is_file = path.is_file()
                    key = path.relative_to(self.root).as_posix()
                    found[key] = (status.st_size, status.st_mtime_ns) if is_file else (0, 0)
        return found

    def _require_done(self, run: Run) -> None:
        if run.status != "done":
            folder = self.runner.store.run_folder(run.id)
            pytest.fail(
                f"{self.engine} has no result for {run.workload.window.id}: {run.reason}\n"
                f"  hint: its output is in {folder}",
                pytrace=False,
            )

    @contextlib.contextmanager
    def _command(self, window: Window, output: Path) -> Iterator[subprocess.Popen[str]]:
        given = {**self.parameters, INNER: self.engine, LINGER: OUTLIVES_S}
        sets = [part for name, value in given.items() for part in ("--set", f"{name}={value}")]
        with subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-c", COMMAND, "backtest", "--engine", REFERENCE, *sets),
                *("--start", str(window.start), "--end", str(window.end)),
                *("--root", str(self.root), "--output", str(output)),
            ],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as command:
            try:
                yield command
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(command.pid, signal.SIGKILL)

    def _wait_until_it_ran(self, output: Path, command: subprocess.Popen[str]) -> None:
        deadline_s = time.monotonic() + LONGEST_START_S
        while not (output / "work" / BEGAN_FILE).exists():
            if command.poll() is not None or time.monotonic() > deadline_s:
                command.kill()
                printed, _ = command.communicate()
                pytest.fail(
                    f"the backtest of {self.engine} did not run: {printed.strip()}\n"
                    f"  hint: it may take {LONGEST_START_S:g} s to come to its run()",
                    pytrace=False,
                )
            time.sleep(PAUSE_S)


def _left_by(folder: Path) -> Iterator[str]:
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get(process.MARKER) == str(folder) and one.is_running():
                yield f"{one.name()} ({one.pid})"
