"""Runs are pruned when a pytest session ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.stored import leave_run

from pytest_zacperf.store import RunStore

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

TEST = "def test_it(backtest): assert backtest.run.status == 'done'\n"
KEEP_ONE = "--zacperf-keep-runs=1"
WORKERS = [pytest.param([], id="plain"), pytest.param(["-n", "2"], id="xdist")]
ASK_CONTROLLER = """
import pytest
from pytest_zacperf.session import SESSION
from pytest_zacperf.store import RunStore

@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    session = config.stash[SESSION]
    if session.process == "main":
        print("in use:", RunStore(session.root / ".zacperf").is_in_use(session.id))
"""


def run_ids(project: Project) -> list[str]:
    return [entry.folder.name for entry in RunStore(project.root / ".zacperf").entries()]


@pytest.mark.parametrize("arguments", WORKERS)
def test_the_end_of_a_session_prunes_what_earlier_ones_left(
    project: Project, arguments: list[str]
) -> None:
    for session in ("s1", "s2"):
        leave_run(RunStore(project.root / ".zacperf"), session, session, modified_s=1)
    project.write("test_it.py", TEST)
    result = project.run(*arguments, "--zacperf-keep-runs=2")
    result.assert_outcomes(passed=2)
    assert len(run_ids(project)) == 2
    assert not {"s1", "s2"} & set(run_ids(project))
    assert "could not be deleted" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("arguments", WORKERS)
def test_the_runs_of_a_session_stay_until_the_next_one_has_ended(
    project: Project, arguments: list[str]
) -> None:
    # Its logs are named in what it has just printed.
    project.write("test_it.py", TEST)
    project.run(*arguments, KEEP_ONE).assert_outcomes(passed=2)
    first = run_ids(project)
    assert len(first) == 2
    project.run(*arguments, KEEP_ONE).assert_outcomes(passed=2)
    second = run_ids(project)
    assert len(second) == 2
    assert not set(first) & set(second)


def test_a_session_that_has_no_backtest_prunes_too(project: Project) -> None:
    leave_run(RunStore(project.root / ".zacperf"), "old", "s", modified_s=1)
    project.write("test_it.py", "def test_it(): pass\n")
    project.run().assert_outcomes(passed=1)
    assert run_ids(project) == []


def test_a_session_without_runs_leaves_no_folder(project: Project) -> None:
    project.write("test_it.py", "def test_it(): pass\n")
    project.run().assert_outcomes(passed=1)
    assert not (project.root / ".zacperf").exists()


def test_the_controller_of_xdist_uses_the_runs_of_workers_that_have_ended(
    project: Project,
) -> None:
    project.write("conftest.py", ASK_CONTROLLER)
    project.write("test_it.py", TEST)
    result = project.run("-n", "2")
    result.stdout.fnmatch_lines(["in use: True"])


@pytest.mark.parametrize("arguments", WORKERS)
def test_a_prune_that_fails_is_one_line_and_fails_no_session(
    project: Project, arguments: list[str]
) -> None:
    leave_run(RunStore(project.root / ".zacperf"), "old", "s", modified_s=1)
    project.write(".zacperf/trash", "no folder")
    project.write("test_it.py", TEST)
    result = project.run(*arguments)
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    lines = [line for line in result.errlines if line]
    trash = project.root / ".zacperf" / "trash"
    assert lines == [f"zacperf: main: old runs could not be deleted: {trash}: File exists"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_sees_nothing_of_what_a_session_leaves(project: Project) -> None:
    project.write("test_it.py", TEST)
    project.write(".gitignore", "__pycache__/\n.pytest_cache/\n")
    project.run().assert_outcomes(passed=2)
    git(project.root, "init", "--quiet")
    assert run_ids(project)
    assert "?? strategy.py" in git(project.root, "status", "--porcelain")
    assert "?? .zacperf/" not in git(project.root, "status", "--porcelain")
    (project.root / ".zacperf" / ".gitignore").unlink()
    assert "?? .zacperf/" in git(project.root, "status", "--porcelain")


def git(root: Path, *arguments: str) -> list[str]:
    completed = subprocess.run(  # noqa: S603 - fixed
        ["git", *arguments],  # noqa: S607 - that of the machine
        cwd=root,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.splitlines()
