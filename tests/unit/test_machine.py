from __future__ import annotations

import subprocess
import sys
import time
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from pytest_zacperf.records import Run
from pytest_zacperf.store import Claim, machine_lock

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

PERF_TESTS = """
import pytest

@pytest.mark.window(WINDOWS)
def test_memory(backtest, baseline):
    assert backtest.peak_memory / baseline.peak_memory <= 1.5
"""
PARITY_TEST = """
def test_it(backtest): assert backtest.run.status == "done"
"""
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
LOOPS = "baseline = { loops = 2_000_000 }"


def runs(project: Project) -> list[Run]:
    return [
        msgspec.json.decode(file.read_bytes(), type=Run)
        for file in project.root.glob("*/.zacperf/runs/*/run.json")
    ]


def pair_of(run: Run) -> str:
    """Return the same text for both sides of a pair of a duet, which are run at once."""
    comparison, duet, side = run.id.partition("-duet-")
    # The part that tells the two workloads apart is between window and comparison.
    digest = comparison.rpartition("-")[2]
    return f"{run.session} {digest} {side.rpartition('-')[2]}" if duet else run.id


def write(project: Project, name: str, tests: str) -> None:
    for file in ("strategy.py", "plan.json", "pyproject.toml"):
        project.write(f"{name}/{file}", (project.root / file).read_text(encoding="utf-8"))
    project.write(f"{name}/test_it.py", tests)


def start(project: Project, name: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - fixed
        [*PYTEST, *arguments],
        cwd=project.root / name,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_timed_runs_of_two_sessions_do_not_overlap_with_any_run(project: Project) -> None:
    project.configure('engine = "strategy:engine"', LOOPS)
    # As long as the baseline, so that both sides only compute: then they are a duet.
    source = (project.root / "strategy.py").read_text(encoding="utf-8")
    project.write("strategy.py", source.replace("loops=1000", "loops=2_000_001"))
    write(project, "one", PERF_TESTS.replace("WINDOWS", '"wk-1"'))
    write(project, "two", PERF_TESTS.replace("WINDOWS", '"wk-1", "wk-2"') + PARITY_TEST)
    sessions = [start(project, "one"), start(project, "two", "-n", "2")]
    for session in sessions:
        output, errors = session.communicate(timeout=100)
        assert session.returncode == 0, output + errors
    found = runs(project)
    timed = [run for run in found if run.machine == "alone"]
    # Three comparisons of at least two pairs; other runs are the single ones of the sessions.
    assert len(timed) >= 3 * 2 * 2
    overlaps = [
        (one.id, other.id)
        for one, other in combinations(found, 2)
        if "alone" in {one.machine, other.machine}
        and pair_of(one) != pair_of(other)
        and one.start_utc < other.end_utc
        and other.start_utc < one.end_utc
    ]
    assert overlaps == []


def test_runs_that_are_not_timed_share_the_machine(project: Project) -> None:
    project.configure('engine = "strategy:engine"')
    project.write("strategy.py", STRATEGY_THAT_MEETS)
    write(project, "one", PARITY_TEST)
    # Each of the two runs waits for the other one to have begun.
    with start(project, "one", "-n", "2") as session:
        output, _ = session.communicate(timeout=100)
    assert "2 passed" in output
    assert {run.machine for run in runs(project)} == {"shared"}


STRATEGY_THAT_MEETS = r"""
import time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

def run(start, end):
    Path("began-" + str(start)).touch()
    deadline = time.monotonic() + 30
    while len(list(Path().glob("began-*"))) < 2:
        assert time.monotonic() < deadline, "the other run did not begin"
        time.sleep(0.05)
    return BacktestOutput()

engine = FunctionEngine("strategy:run")
"""


def test_who_waits_for_the_machine_says_for_whom(
    project: Project,
) -> None:
    write(project, "one", PARITY_TEST)
    with machine_lock().alone(Claim(note="process 4711, gw3, has the machine, for wk-9")):
        session = start(project, "one", "--zacperf-window", "wk-1")
        time.sleep(2.0)
    output, errors = session.communicate(timeout=60)
    assert "1 passed" in output
    assert errors == (
        "\nzacperf: main: waiting for the machine, for wk-1 "
        "(process 4711, gw3, has the machine, for wk-9)\n"
    )


def test_a_stderr_that_nobody_reads_fails_no_backtest(project: Project) -> None:
    write(project, "one", PARITY_TEST)
    with machine_lock().alone(Claim(note="somebody")):
        session = start(project, "one", "--zacperf-window", "wk-1")
        assert session.stderr is not None
        session.stderr.close()
        time.sleep(1.5)
    with session:
        assert session.stdout is not None
        assert "1 passed" in session.stdout.read()
