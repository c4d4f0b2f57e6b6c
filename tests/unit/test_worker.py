from __future__ import annotations

import datetime as dt
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pytest_zacperf import store
from pytest_zacperf.records import ParameterValue, RunRequest, Window, Work, WorkerResult, Workload
from pytest_zacperf.worker import EXIT_BAD_INPUT

WINDOW = Window(id="w", start=dt.date(2025, 10, 10), end=dt.date(2025, 10, 10))
HEADER = """
import datetime as dt, os, subprocess, sys, time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.errors import EngineError, MarketDataError
from pytest_zacperf.records import Coverage, EquityPoint, OrderEvent
engine = FunctionEngine("gold:run", volatile=frozenset({"order_id"}))
def event(order_id):
    return OrderEvent(ts_event_ns=1, symbol="V", order_id=order_id, event_id=1, status="submitted",
                      type="market", side="buy", quantity=1)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a worker left."""

    folder: Path
    exit_status: int

    @property
    def result(self) -> WorkerResult:
        found = store.read_worker_result(self.folder)
        assert found is not None, self.log("stderr")
        return found

    @property
    def reason(self) -> str | None:
        assert store.read_worker_result(self.folder) is None
        return store.read_worker_error(self.folder)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with one strategy, and workers that run it."""

    root: Path

    @contextmanager
    def worker(
        self,
        source: str,
        *,
        parameters: dict[str, ParameterValue] | None = None,
        stages: bool = True,
    ) -> Iterator[subprocess.Popen[bytes]]:
        (self.root / "gold.py").write_text(HEADER + source)
        folder = self.root / "run"
        folder.mkdir()
        request = RunRequest(
            session="s",
            run_folder=str(folder),
            cache_folder=str(self.root / "cache"),
            root=str(self.root),
            python_path=(str(self.root / "src"),),
            workload=Workload(
                engine="gold:engine", window=WINDOW, parameters=dict(parameters or {})
            ),
            stages=stages,
        )
        store.write_request(folder, request)
        with (
            (folder / "stdout.log").open("wb") as stdout,
            (folder / "stderr.log").open("wb") as stderr,
            subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-m", "pytest_zacperf.worker", str(folder / "request.json")],
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            ) as process,
        ):
            yield process

    def run(
        self,
        source: str,
        *,
        parameters: dict[str, ParameterValue] | None = None,
        stages: bool = True,
    ) -> Ended:
        with self.worker(source, parameters=parameters, stages=stages) as process:
            return Ended(self.root / "run", process.wait(30))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_run_leaves_its_work_costs_and_files(project: Project) -> None:
    ended = project.run(
        "def run(start, end, lookback=20):\n"
        "    return BacktestOutput(order_events=[event(7), event(7), event(4)], data_points=10,\n"
        "        equity=[EquityPoint(ts_ns=1, equity=1.5)], statistics={'Sharpe': 2.0})\n",
        parameters={"lookback": "30"},
    )
    assert ended.exit_status == 0
    result = ended.result
    assert result.work == Work(data_points=10, orders=2, order_events=3, final_equity=1.5)
    assert result.costs.wall_ns > 0
    assert result.costs.peak_memory_source == "VmHWM"
    assert result.conditions.start_monotonic_ns < result.conditions.end_monotonic_ns
    assert result.statistics == store.read_statistics(ended.folder) == {"Sharpe": 2.0}
    # As the engine has them after it was told: parsed, and with its name.
    assert result.workload.parameters == {"lookback": 30}
    assert result.workload.engine_name == "function gold:run"


def test_volatile_order_ids_are_renumbered_before_they_are_written(project: Project) -> None:
    ended = project.run(
        "def run(*window): return BacktestOutput(order_events=[event(7), event(4)])\n"
    )
    assert [e.order_id for e in store.read_order_events(ended.folder)] == [1, 2]


def test_prepare_and_import_are_not_timed(project: Project) -> None:
    ended = project.run("time.sleep(0.5)\ndef run(*window): pass\n")
    assert ended.result.costs.wall_ns < 100_000_000


def test_stages_are_timed_within_the_total(project: Project) -> None:
    ended = project.run(
        "def run(*window, context):\n    with context.stage('data'): time.sleep(0.01)\n"
    )
    stages = ended.result.costs.stages
    assert [(stage.name, stage.count) for stage in stages] == [("total", 1), ("data", 1)]
    assert stages[0].total_ns >= stages[1].total_ns >= 10_000_000


def test_without_stages_nothing_is_timed_but_the_run(project: Project) -> None:
    source = "def run(*window, context):\n    with context.stage('data'): pass\n"
    costs = project.run(source, stages=False).result.costs
    assert costs.stages == ()
    assert costs.wall_ns > 0


def test_what_the_engine_counts_and_warns_of_is_kept(project: Project) -> None:
    ended = project.run(
        "def run(start, end, context):\n"
        "    context.count('downloads', 2); context.count('downloads', 1)\n"
        "    rows = [Coverage(symbol='V', day=end, real_bars=n) for n in (0, 5)]\n"
        "    return BacktestOutput(coverage=rows, warnings=['half a day'])\n"
    )
    assert ended.result.counts == {"downloads": 3}
    assert ended.result.warnings == ("half a day", "no real bar of V on 2025-10-10")


def test_the_worker_stands_in_the_project_with_its_path_first(project: Project) -> None:
    ended = project.run(
        "def run(*window):\n"
        "    here = os.getcwd()\n"
        "    print(here, *sys.path[:2], sys.path.count(here), sep='|')\n"
    )
    root = str(project.root)
    assert ended.log("stdout").strip().split("|") == [root, f"{root}/src", root, "1"]


def test_the_worker_loads_no_pytest(project: Project) -> None:
    ended = project.run(
        "def run(*window): print('pytest' in sys.modules, 'numpy' in sys.modules)\n"
    )
    assert ended.log("stdout").strip() == "False False"


def test_the_strategy_gets_an_empty_stdin_and_a_folder_of_its_own(project: Project) -> None:
    ended = project.run(
        "def run(*window, context):\n"
        "    (context.working_folder / 'model.txt').write_text(repr(sys.stdin.read()))\n"
    )
    assert (ended.folder / "work" / "model.txt").read_text() == "''"


def test_the_code_of_a_function_in_an_installed_package_counts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = project.root / "site-packages"
    (installed / "strategies").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    codes = set()
    for number in (1, 2):
        (installed / "strategies" / "__init__.py").write_text(f"LOOKBACK = {number}\n")
        (installed / "strategies" / "gold.py").write_text(
            "from pytest_zacperf.engines import BacktestOutput\n"
            "def run(start, end): return BacktestOutput()\n"
        )
        ended = project.run("engine = FunctionEngine('strategies.gold:run')\n")
        codes.add(ended.result.fingerprints.code)
        shutil.rmtree(ended.folder)
    assert len(codes) == 2


def test_the_fingerprints_say_what_ran(project: Project) -> None:
    ended = project.run("def run(*window): return BacktestOutput(data_fingerprint='d' * 32)\n")
    fingerprints = ended.result.fingerprints
    assert fingerprints.data == "d" * 32
    assert len(fingerprints.code) == len(fingerprints.parameters) == 32


def test_an_error_of_the_strategy_is_one_sentence_and_a_traceback(project: Project) -> None:
    ended = project.run("def run(*window): raise KeyError('GC')\n")
    assert ended.exit_status == 1
    assert re.fullmatch(r"KeyError: 'GC', at gold\.py:\d+", ended.reason or "")
    assert "Traceback (most recent call last)" in ended.log("stderr")
    assert "gold.py" in ended.log("stderr")


def test_an_error_names_the_simulated_day_where_the_engine_told_it(project: Project) -> None:
    ended = project.run(
        "def run(start, end, context):\n    context.progress(end)\n    raise ValueError\n"
    )
    assert re.fullmatch(
        r"ValueError, at gold\.py:\d+, on simulated day 2025-10-10", ended.reason or ""
    )


def test_our_own_error_keeps_its_hint(project: Project) -> None:
    ended = project.run("def run(*window): raise MarketDataError('no bars', 'download them')\n")
    assert ended.reason == "no bars (hint: download them)"


def test_a_strategy_that_exits_has_failed(project: Project) -> None:
    ended = project.run("def run(*window): sys.exit(0)\n")
    assert ended.exit_status == 1
    assert (ended.reason or "").startswith("SystemExit: 0, at gold.py:")


def test_a_refused_parameter_is_bad_input_and_not_a_failed_run(project: Project) -> None:
    ended = project.run("def run(start, end): pass\n", parameters={"lookback": 3})
    assert ended.exit_status == EXIT_BAD_INPUT
    assert ended.reason == "'gold:run' has no parameter 'lookback' (hint: it knows none)"


def test_an_engine_error_within_the_run_is_a_failed_run(project: Project) -> None:
    ended = project.run("def run(*window): raise EngineError('no contract', 'roll it')\n")
    assert ended.exit_status == 1


def test_an_order_event_that_cannot_be_compared_fails_the_run(project: Project) -> None:
    ended = project.run(
        "import msgspec\ndef run(*window):\n"
        "    bad = msgspec.structs.replace(event(1), quantity=float('nan'))\n"
        "    return BacktestOutput(order_events=[bad])\n"
    )
    assert ended.exit_status == 1
    assert "nan" in (ended.reason or "")


def test_a_value_that_no_record_allows_fails_the_run(project: Project) -> None:
    ended = project.run("def run(*window, context): context.count('bars', 0.5)\n")
    assert ended.reason == (
        "the engine gave a value that cannot be stored: Expected `int`, got `float` - at "
        "`$.counts[...]` (hint: let the engine give text, numbers or None)"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "status"), [("pass", 0), ("raise KeyError", 1)])
def test_a_thread_that_never_ends_does_not_keep_the_worker(
    project: Project, ending: str, status: int
) -> None:
    ended = project.run(
        "import threading\ndef run(*window):\n"
        "    threading.Thread(target=time.sleep, args=(60,), name='feed').start()\n"
        f"    print('done'); {ending}\n"
    )
    assert ended.exit_status == status
    assert ended.log("stdout") == "done\n"
    assert ended.log("stderr").endswith("the engine left threads running: feed\n")


def test_a_thread_that_ends_soon_is_waited_for(project: Project) -> None:
    ended = project.run(
        "import threading\ndef later(): time.sleep(0.2); print('later')\n"
        "def run(*window): threading.Thread(target=later).start()\n"
    )
    assert (ended.log("stdout"), ended.log("stderr")) == ("later\n", "")


def test_ctrl_c_in_a_worker_is_an_error_of_the_engine(project: Project) -> None:
    ended = project.run("def run(*window): raise KeyboardInterrupt\n")
    assert ended.exit_status == 1
    assert (ended.reason or "").startswith("KeyboardInterrupt, at gold.py:")


def test_a_crash_leaves_where_it_was(project: Project) -> None:
    with project.worker("def run(*window): os.abort()\n") as process:
        assert process.wait(30) == -signal.SIGABRT
    assert "in run\n" in (project.root / "run" / "stderr.log").read_text()


def test_a_worker_ends_with_its_parent_and_takes_its_children_along(project: Project) -> None:
    source = (
        "def run(*window):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    Path('child').write_text(str(child.pid))\n"
        "    Path('child').rename('ready')\n"
        "    time.sleep(60)\n"
    )
    with project.worker(source) as process:
        ready = project.root / "ready"
        while not ready.exists():
            time.sleep(0.02)
        child = psutil.Process(int(ready.read_text()))
        assert process.stdin is not None
        process.stdin.close()  # what the kernel does when the parent dies
        assert process.wait(5) == -signal.SIGKILL
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert not (project.root / "run" / "worker.json").exists()
