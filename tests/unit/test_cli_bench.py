from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from support.commands import ZACPERF
from support.repository import commit_all, further_worktrees

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
WINDOW = ("--window", "wk-1")


def bench(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.run(*ZACPERF, "bench", *WINDOW, *arguments, timeout=120)


def with_loops(project: Project, loops: int) -> None:
    text = (project.root / "strategy.py").read_text()
    before, _, after = text.partition("loops=")
    project.write("strategy.py", f"{before}loops={loops}{after[after.index(',') :]}")


@pytest.mark.slow
def test_a_working_tree_beyond_the_limit_exits_with_1_and_one_within_it_with_0(
    project: Project,
) -> None:
    with_loops(project, 1_500_000)
    commit = commit_all(project.root)[:7]
    with_loops(project, 6_000_000)
    slower = bench(project, "--against", "HEAD", "--memory-limit", "2")
    assert slower.ret == 1
    slower.stdout.fnmatch_lines([
        "window * outcome * of * ratio * interval * limit * candidate * baseline * rounds*",
        "wk-1 * FAIL * runtime * [[]*, *[]] * 1.10 *",
        "wk-1 * PASS * peak memory * [[]*, *[]] * 2.00 *",
        "runtime *.* [[]*, *[]] of baseline, limit 1.10: FAIL (* clock, * pairs)",
        "stages that grew: strategy +*",
        "worst: strategy.py run_backtest own time *",
        f"candidate wk-1, baseline wk-1 at {commit}*: --against HEAD",
    ])
    same = bench(project, "--against", "HEAD", "--limit", "8", "--memory-limit", "2")
    assert same.ret == 0
    same.stdout.fnmatch_lines(["wk-1 * PASS * runtime *", "wk-1 * PASS * peak memory *"])
    same.stdout.no_fnmatch_line("*--against HEAD*")
    assert further_worktrees(project.root) == []


@pytest.mark.slow
def test_the_noise_of_the_machine_is_a_table_and_a_recommendation(project: Project) -> None:
    with_loops(project, 1_500_000)
    shown = bench(project, "--aa", "--rounds", "4")
    assert shown.ret == 0
    shown.stdout.fnmatch_lines([
        "schedule * pairs * ratio * sd of a pair * farthest * pairs: lowest limit",
        "alternate, * clock * 4 * *%* 5: *.*, 8: *.*, 11: *.*, 15: *.*",
        "limit 1.10*",
        "recommended: a limit of *.* or more, * pairs",
    ])


@pytest.mark.parametrize("sides", [(), ("--against", "HEAD", "--aa")], ids=["neither", "both"])
def test_one_of_against_and_aa_is_needed(project: Project, sides: tuple[str, ...]) -> None:
    shown = bench(project, *sides)
    assert shown.ret == 2
    shown.stderr.fnmatch_lines(["Error: give either --against REV or --aa"])


def test_an_unknown_revision_exits_with_2_and_runs_nothing(project: Project) -> None:
    commit_all(project.root)
    shown = bench(project, "--against", "nowhere")
    assert shown.ret == 2
    shown.stderr.fnmatch_lines([
        "Error: git knows no revision 'nowhere'",
        "  hint: see git branch --all",
    ])
    assert not (project.root / ".zacperf" / "runs").exists()
