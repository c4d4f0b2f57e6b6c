"""Where a perf test's baseline comes from: a revision, or stored samples and theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner
from support.perf_tests import ENGINE, HEAD, NO_BUDGET, let_it_loop, reports
from support.repository import git

from pytest_zacperf.cli import main
from pytest_zacperf.store import BaselineStore

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

RUNTIME_AND_MEMORY = (
    HEAD
    + """
def test_runtime(backtest, baseline):
    assert backtest.runtime / baseline.runtime <= 1.10

def test_memory(backtest, baseline):
    assert backtest.peak_memory / baseline.peak_memory <= 1.5
"""
)
FASTER_OR_SLOWER = (
    HEAD
    + """
def test_faster(backtest, baseline):
    assert backtest.runtime / baseline.runtime <= 0.75

def test_slower(backtest, baseline):
    assert backtest.runtime / baseline.runtime >= 1
"""
)


def commit(project: Project) -> str:
    git(project.root, "add", "-A", "--", "*.py", "*.toml", "*.json")
    git(project.root, "commit", "-q", "-m", "m")
    return git(project.root, "rev-parse", "HEAD")


@pytest.mark.slow
def test_a_revision_is_the_baseline_for_a_session_and_leaves_nothing(project: Project) -> None:
    git(project.root, "init", "-q", "-b", "main")
    # The flag beats the setting: against that the candidate would be slower.
    project.configure(ENGINE, "baseline = { loops = 10 }")
    project.write("test_it.py", FASTER_OR_SLOWER)
    let_it_loop(project, "9_000_000")
    first = commit(project)
    git(project.root, "checkout", "-q", "-b", "topic")
    let_it_loop(project, "1_000_000")
    commit(project)
    git(project.root, "branch", "-q", "-f", "main", first)
    against = project.run("-n", "2", "--zacperf-against", "HEAD~1")
    against.assert_outcomes(passed=1, failed=1)
    against.stdout.fnmatch_lines([
        "E       assert runtime 0.* of baseline, limit >= 1.00: FAIL (* clock, * pairs)",
        f"E         candidate wk-1, baseline wk-1 at {first[:12]}: --zacperf-against HEAD~1",
    ])
    check_no_checkout(project)
    merge_base = project.run("--zacperf-against=merge-base:main", NO_BUDGET, "-k", "faster")
    merge_base.assert_outcomes(skipped=1)
    report = (reports(project)["test_faster"] / "report.md").read_text()
    assert (
        f"\n- baseline: wk-1 at {first[:12]}, --zacperf-against merge-base:main; {first[:12]}\n"
    ) in report
    check_no_checkout(project)


def check_no_checkout(project: Project) -> None:
    folder = project.root / ".zacperf" / "worktrees"
    assert [path.name for path in folder.iterdir()] == [".gitignore"]
    assert len(git(project.root, "worktree", "list").splitlines()) == 1


def test_a_revision_that_nobody_knows_is_told_before_anything_runs(
    project: Project, pytester: pytest.Pytester
) -> None:
    git(project.root, "init", "-q")
    project.write("test_it.py", RUNTIME_AND_MEMORY)
    commit(project)
    result = pytester.runpytest("--zacperf-against=nope")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([
        "--zacperf-against: git knows no revision 'nope'",
        "  hint: see git branch --all",
    ])
    assert not (project.root / ".zacperf" / "runs").exists()


@pytest.mark.slow
def test_a_stored_baseline_is_looked_at_first_and_its_revision_decides(project: Project) -> None:
    git(project.root, "init", "-q")
    let_it_loop(project, "2_000_000")
    project.write("test_it.py", RUNTIME_AND_MEMORY)
    first = commit(project)
    recorded = CliRunner().invoke(
        main, ["baseline", "record", "--window", "wk-1", "--rounds", "5", "--reason", "first"]
    )
    assert recorded.exit_code == 0, recorded.output
    let_it_loop(project, "12_000_000")
    decided = project.run()
    decided.assert_outcomes(passed=1, failed=1)
    decided.stdout.fnmatch_lines([
        "E       assert runtime *.* of baseline, limit 1.10: FAIL (* clock, * pairs)",
        "E         worst: strategy.py run_backtest own time *",
        f"E         candidate wk-1, baseline wk-1 at {first[:12]}: stored baseline of revision *",
        "PASS     peak memory * 1.50  -          1  stored  test_it.py::test_memory[[]wk-1[]]",
    ])
    check_no_checkout(project)
    change_stored_environment(project, git_dirty=True)
    undecided = project.run("-rs")
    undecided.assert_outcomes(passed=1, skipped=1)
    undecided.stdout.fnmatch_lines([
        "INCONCLUSIVE  runtime * 1.10  *  1  stored  test_it.py::test_runtime[[]wk-1[]]",
        "PASS          peak memory * 1  stored  test_it.py::test_memory[[]wk-1[]]",
        (
            "*: INCONCLUSIVE: stored samples alone cannot settle the limit 1.10, not by 8 more "
            "runs without any noise, so none were begun: tracked files differ from "
            f"{first[:12]}; record a new baseline: zacperf baseline record --window wk-1 *"
        ),
    ])
    strategy = (project.root / "strategy.py").read_text()
    project.write("strategy.py", strategy.replace("orders=2", "orders=3"))
    refused = project.run("-k", "memory")
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines([
        "wk-1: costs are not compared: * different work *: orders 2 / 3, order events 4 / 6)"
    ])
    change_stored_environment(project, machine="another one")
    skipped = project.run("-k", "memory", "-rs")
    skipped.assert_outcomes(skipped=1)
    skipped.stdout.fnmatch_lines([
        (
            "SKIPPED *: wk-1 is not compared with the stored baseline of revision *: it was "
            "recorded in another environment (processor another one / *) and tracked files *"
        )
    ])


def change_stored_environment(project: Project, **changes: object) -> None:
    """Let the stored samples have been measured elsewhere."""
    store = BaselineStore(project.root / ".zacperf")
    (found,) = store.all()
    assert found.baseline is not None
    environment = msgspec.structs.replace(found.baseline.environment, **changes)
    changed = msgspec.structs.replace(found.baseline, environment=environment)
    found.path.write_bytes(msgspec.json.encode(changed))
