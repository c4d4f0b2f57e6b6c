from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest
from click.testing import CliRunner

from pytest_zacperf.cli import main
from pytest_zacperf.process import MARKER
from pytest_zacperf.records import Run

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

STRATEGY = """
import subprocess, sys, time
from pathlib import Path
from pytest_zacperf.engines.function import FunctionEngine

def run(start, end):
    print("bought 100 GLD")  # not flushed
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    Path("began").touch()
    time.sleep(60)

engine = FunctionEngine("strategy:run")
"""
# syrupy warns of xdist workers that did not come to an end.
PYTEST = (sys.executable, "-m", "pytest", "-W", "ignore:syrupy:UserWarning")
TEST = """
def test_it(backtest): assert backtest.run.status == "done"
"""


def processes(project: Project) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER, "").startswith(str(project.root)):
                found.append(process)
    return found


def wait_until_it_runs(project: Project) -> None:
    deadline_s = time.monotonic() + 30
    while not (project.root / "began").exists():
        assert time.monotonic() < deadline_s, "no backtest has begun"
        time.sleep(0.02)


def stored_run(project: Project) -> Run:
    (file,) = project.root.glob(".zacperf/runs/*/run.json")
    return msgspec.json.decode(file.read_bytes(), type=Run)


@pytest.fixture
def running(project: Project) -> Project:
    project.write("strategy.py", STRATEGY)
    project.write("test_it.py", TEST)
    return project


def session(project: Project, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - fixed
        [*PYTEST, "--zacperf-window", "wk-1", *arguments],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_ctrl_c_ends_the_whole_tree_and_keeps_what_there_is(
    running: Project, workers: tuple[str, ...]
) -> None:
    with session(running, *workers) as pytest_process:
        wait_until_it_runs(running)
        assert len(processes(running)) == 2
        # The terminal sends Ctrl-C to the whole group.
        os.killpg(pytest_process.pid, signal.SIGINT)
        output, _ = pytest_process.communicate(timeout=60)
    assert pytest_process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "KeyboardInterrupt" in output
    assert processes(running) == []
    run = stored_run(running)
    assert (run.status, run.reason) == ("error", "interrupted: Ctrl-C, or pytest was ended")
    listed = CliRunner().invoke(main, ["runs", "--root", str(running.root)])
    assert "interrupted" in listed.stdout
    stdout = running.root / ".zacperf" / "runs" / run.id / "stdout.log"
    assert stdout.read_text() == "bought 100 GLD\n"


def test_the_time_limit_ends_the_whole_tree_and_says_where_it_was(running: Project) -> None:
    result = running.run("--zacperf-window", "wk-1", "--zacperf-timeout", "2s")
    result.assert_outcomes(failed=1)
    reason = "time limit of 2 s reached; timeout under [tool.zacperf] sets it"
    assert any(
        line.startswith(f"the backtest of wk-1 has no result: {reason}") for line in result.outlines
    )
    assert processes(running) == []
    run = stored_run(running)
    assert run.reason == reason
    folder = running.root / ".zacperf" / "runs" / run.id
    assert (folder / "stdout.log").read_text() == "bought 100 GLD\n"
    # What the engine was doing when it was asked to end.
    assert 'strategy.py", line 10 in run' in (folder / "stderr.log").read_text()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_session_that_is_killed_leaves_no_process(
    running: Project, workers: tuple[str, ...]
) -> None:
    with session(running, *workers) as pytest_process:
        wait_until_it_runs(running)
        os.killpg(pytest_process.pid, signal.SIGKILL)
    deadline_s = time.monotonic() + 10
    while processes(running) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert processes(running) == []
    assert list(running.root.glob(".zacperf/runs/*/run.json")) == []
