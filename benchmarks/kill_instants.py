"""Kill processes of ours at random instants and look whether anything is damaged or left over.

Each time three processes ask for the same run of one session, and one of them, or the worker, gets
SIGKILL at a random instant of the time that this takes. Then must hold: no reader ever saw a run
that was not whole; whoever lives got the one result; no lock is held; no process is left.

Exits with 1 if anything did not hold. Run: ``python benchmarks/kill_instants.py [TIMES] [SEED]``
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pytest_zacperf import store
from pytest_zacperf.process import MARKER
from pytest_zacperf.records import Window, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore, locks

TIMES = 100
ASKERS = 3
EVENTS = 2_000
LONGEST_S = 60.0
PATIENCE_S = 10.0

STRATEGY = f"""
import subprocess, sys, time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import OrderEvent
def run(start, end):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    time.sleep(0.2)
    return BacktestOutput(order_events=[
        OrderEvent(ts_event_ns=n, symbol="GLD", order_id=n + 1, event_id=1, status="submitted",
                   type="market", side="buy", quantity=1) for n in range({EVENTS})
    ])
engine = FunctionEngine("strategy:run")
"""
DAY = dt.date(2025, 1, 20)


@dataclass(slots=True)
class Trial:
    """One folder in which processes ask for the same run, and one of them is killed."""

    folder: Path
    problems: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def runs(self) -> RunStore:
        """The store of all trials."""
        return RunStore(self.folder / ".zacperf")

    def run(self, session: str, delay_s: float, choice: random.Random) -> None:
        """Let processes ask for a run, kill one after *delay_s*, and look at what is left."""
        askers = [self._asker(session) for _ in range(ASKERS)]
        with self._watched(session):
            time.sleep(delay_s)
            victim = self._victim(askers, choice)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            answers = [self._answer(asker, victim) for asker in askers]
        said = {answer for answer in answers if answer is not None}
        if len(said) > 1:
            self.problems.append(f"{session}: processes got different results: {sorted(said)}")
        self.outcomes.update(said)
        self._look_for_leftovers(session)

    def _asker(self, session: str) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--ask", str(self.folder), session]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this script

    def _victim(self, askers: list[subprocess.Popen[str]], choice: random.Random) -> int:
        pids = [asker.pid for asker in askers]
        workers = [
            process.pid
            for process in marked(self.folder)
            if "pytest_zacperf.worker" in argv(process)
        ]
        # The worker as often as all others together, once there is one.
        return choice.choice(workers) if workers and choice.random() < 0.5 else choice.choice(pids)  # noqa: PLR2004 - a coin

    def _answer(self, asker: subprocess.Popen[str], victim: int) -> str | None:
        output, _ = asker.communicate(timeout=LONGEST_S)
        if asker.returncode != 0 and asker.pid != victim:
            self.problems.append(f"a process that was not killed ended with {asker.returncode}")
        return output.strip() or None

    @contextlib.contextmanager
    def _watched(self, session: str) -> Iterator[None]:
        end = threading.Event()
        reader = threading.Thread(target=self._read_on, args=(session, end))
        reader.start()
        try:
            yield
        finally:
            end.set()
            reader.join()

    def _read_on(self, session: str, end: threading.Event) -> None:
        while not end.wait(0.002):
            for entry in self.runs.entries():
                if entry.state in {"damaged", "foreign"} and entry.folder.exists():
                    self.problems.append(f"{session}: {entry.problem}")
                if entry.run is not None and entry.run.status == "done":
                    self._read_whole(entry.folder)

    def _read_whole(self, folder: Path) -> None:
        events = store.read_order_events(folder)
        if len(events) != EVENTS:
            self.problems.append(f"{folder.name}: {len(events)} of {EVENTS} order events")

    def _look_for_leftovers(self, session: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while (left := marked(self.folder)) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        self.problems += [f"{session}: process {p.pid} is left: {argv(p)}" for p in left]
        held = [path for path in self.folder.rglob("*.lock") if locks.is_held(path)]
        self.problems += [f"{session}: the lock {path.name} is held" for path in held]


def main() -> int:
    """Kill as often as asked for; print what happened, and everything that did not hold."""
    if sys.argv[1:2] == ["--ask"]:
        ask(Path(sys.argv[2]), sys.argv[3])
        return 0
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)  # noqa: PLR2004, S311 - it shall be random, not secret
    choice = random.Random(seed)  # noqa: S311 - instants, no secrets
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = name  # a machine lock of its own
        trial = Trial(Path(name))
        (trial.folder / "strategy.py").write_text(STRATEGY, encoding="utf-8")
        started_s = time.monotonic()
        trial.run("undisturbed", 2.0, choice)
        for number in range(times):
            trial.run(f"session{number}", choice.uniform(0, 1.0), choice)
        seconds = time.monotonic() - started_s
    print(f"{times} kills in {seconds:.0f} s, seed {seed}")
    for outcome, count in trial.outcomes.most_common():
        print(f"{count:5}  {outcome}")
    print(f"{len(trial.problems):5}  problems")
    for problem in trial.problems:
        print(f"       {problem}")
    return 1 if trial.problems else 0


def ask(folder: Path, session: str) -> None:
    """Ask for the run of a session, as a pytest process does; print how it ended."""
    runs = RunStore(folder / ".zacperf")
    workload = Workload(engine="strategy:engine", window=Window(id="w", start=DAY, end=DAY))
    with runs.use(session):
        run = Runner(store=runs, root=folder).run_once(workload, session=session)
    print(run.status if run.reason is None else f"{run.status}: {run.reason}")


def marked(folder: Path) -> list[psutil.Process]:
    """Return the living processes of runs below a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER, "").startswith(str(folder)):
                found.append(process)
    return found


def argv(process: psutil.Process) -> str:
    """Return the command line of a process, empty when it has ended."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


if __name__ == "__main__":
    sys.exit(main())
