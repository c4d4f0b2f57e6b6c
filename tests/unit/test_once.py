from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest

from pytest_zacperf.process import MARKER
from pytest_zacperf.records import Run

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

STRATEGY = r"""
import os, sys, time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

def note(name, text):
    with open(name, "a") as file:
        file.write(text + "\n")

def run(start, end, seconds=0.0, words=""):
    note("counter", str(start))
    note("pids", f"{os.getpid()} {os.getppid()}")
    print(words, file=sys.stderr, flush=True)
    if Path("counter").read_text().count("\n") == 1:
        time.sleep(seconds)
    return BacktestOutput(data_points=1)

engine = FunctionEngine("strategy:run", parameters=PARAMETERS)
"""
MODULE = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_it(backtest, number):
    assert backtest.run.status == "done"

class TestMore:
    def test_orders(self, backtest, request):
        assert len(backtest.order_events) == 0
        assert request.getfixturevalue("backtest").run is backtest.run
"""
ONE_TEST = """
def test_it(backtest): assert backtest.run.status == "done"
"""
WORKER, PARENT = 0, 1
WINDOWS = {"2025-01-20": 1, "2025-01-27": 1}


def write(project: Project, parameters: str = "{}", tests: str = MODULE, modules: int = 3) -> None:
    project.write("strategy.py", STRATEGY.replace("PARAMETERS", parameters))
    for number in range(modules):
        project.write(f"tests/test_{number}.py", tests)


def counted(project: Project) -> Counter[str]:
    return Counter((project.root / "counter").read_text().split())


def runs(project: Project) -> list[Run]:
    folders = sorted((project.root / ".zacperf" / "runs").iterdir())
    return [msgspec.json.decode((folder / "run.json").read_bytes(), type=Run) for folder in folders]


def pids(project: Project) -> tuple[int, int]:
    """Return the first worker and its pytest process, once the backtest has begun."""
    file = project.root / "pids"
    for _ in range(1_000):
        if file.exists() and file.read_text().endswith("\n"):
            worker, parent = map(int, file.read_text().splitlines()[0].split())
            return worker, parent
        time.sleep(0.02)
    pytest.fail("no backtest has begun")


@contextlib.contextmanager
def killing(project: Project, victim: int) -> Iterator[None]:
    """Kill the worker (0) or its pytest process (1) as soon as the first backtest runs."""
    killer = threading.Thread(target=lambda: os.kill(pids(project)[victim], signal.SIGKILL))
    killer.start()
    yield
    killer.join()


def left_over(project: Project) -> list[int]:
    """Return the processes of runs of this project that still live."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER, "").startswith(str(project.root)):
                found.append(process.pid)
    return found


@pytest.mark.parametrize("processes", [(), ("-n", "4")], ids=["one process", "four workers"])
def test_each_window_runs_once_for_all_modules_and_parametrizations(
    project: Project, processes: tuple[str, ...]
) -> None:
    write(project, "{'seconds': 0.5}")
    project.run(*processes).assert_outcomes(passed=3 * 4 * 2)
    assert counted(project) == WINDOWS


def test_the_next_session_runs_each_window_again(project: Project) -> None:
    write(project, modules=1)
    for _ in range(2):
        project.run().assert_outcomes(passed=4 * 2)
    assert counted(project) == {"2025-01-20": 2, "2025-01-27": 2}


def test_who_waits_for_a_window_says_for_what(project: Project) -> None:
    write(project, "{'seconds': 2.0}", ONE_TEST, modules=2)
    result = project.run("-n", "2", "--zacperf-window", "wk-1")
    result.assert_outcomes(passed=2)
    (line,) = [line for line in result.errlines if "waiting for the backtest" in line]
    waiting, holder = ("gw0", "gw1") if line.startswith("zacperf: gw0:") else ("gw1", "gw0")
    assert line.startswith(f"zacperf: {waiting}: waiting for the backtest of wk-1 (process ")
    assert line.endswith(f", {holder}, has the backtest of wk-1)")
    assert counted(project) == {"2025-01-20": 1}


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_worker_that_is_killed_fails_all_tests_of_its_window_once(
    project: Project, processes: tuple[str, ...]
) -> None:
    write(project, "{'seconds': 60.0, 'words': 'last words'}", ONE_TEST)
    with killing(project, WORKER):
        result = project.run(*processes, "--zacperf-window", "wk-1")
    result.assert_outcomes(failed=3)
    sentence = "the backtest of wk-1 has no result: worker was ended by SIGKILL: last words"
    assert sum(sentence in line for line in result.outlines) >= 3
    assert counted(project) == {"2025-01-20": 1}
    (run,) = runs(project)
    assert (run.status, run.reason) == ("error", "worker was ended by SIGKILL: last words")


def test_when_the_parent_is_killed_another_worker_takes_the_window_up(project: Project) -> None:
    write(project, "{'seconds': 3.0}", ONE_TEST, modules=2)
    with killing(project, PARENT):
        result = project.run("-n", "2", "--zacperf-window", "wk-1")
    # One test crashed with its pytest worker; the other one got its result.
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["worker 'gw?' crashed while running *"])
    assert counted(project) == {"2025-01-20": 2}
    (run,) = runs(project)
    assert run.status == "done"
    assert left_over(project) == []


def test_who_waits_for_a_comparison_says_for_which(project: Project) -> None:
    project.configure(
        'engine = "strategy:engine"',
        'schedule = "alternate"',
        'clock = "wall"',  # a pair is one run a side, however short
        "alternate_looks = [2]",
        'baseline = { words = "old" }',
    )
    test = "def test_it(backtest, baseline): assert backtest.runtime / baseline.runtime < 100\n"
    write(project, tests=test, modules=2)
    result = project.run("-n", "2", "--zacperf-window", "wk-1")
    result.assert_outcomes(passed=2)
    (line,) = [line for line in result.errlines if "waiting for the rounds" in line]
    assert re.fullmatch(
        r"zacperf: gw\d: waiting for the rounds of wk-1 "
        r"\(process \d+, gw\d, has the rounds of wk-1\)",
        line,
    )
    # A single run of either side, which warms it up, then two rounds each.
    assert counted(project) == {"2025-01-20": 2 + 2 * 2}
