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


def with_body(project: Project, line: str) -> None:
    text = (project.root / "strategy.py").read_text()
    begin = "    if problem:\n"
    project.write("strategy.py", text.replace(begin, f"    {line}\n{begin}"))


def assert_nothing_ran(project: Project) -> None:
    assert not (project.root / ".zacperf" / "runs").exists()


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
    (folder,) = (project.root / ".zacperf" / "perf").iterdir()
    slower.stdout.fnmatch_lines([f"report of wk-1: .zacperf/perf/{folder.name}/report.md"])
    questions = [
        line for line in (folder / "report.md").read_text().splitlines() if line[:3] == "## "
    ]
    assert [line.split()[1] for line in questions[:2]] == ["runtime", "peak"]
    assert {file.suffix for file in folder.iterdir()} == {".md", ".json", ".csv"}
    same = bench(project, "--against", "HEAD", "--limit", "8", "--memory-limit", "2")
    assert same.ret == 0
    same.stdout.fnmatch_lines(["wk-1 * PASS * runtime *", "wk-1 * PASS * peak memory *"])
    same.stdout.no_fnmatch_line("*--against HEAD*")
    assert further_worktrees(project.root) == []


@pytest.mark.slow
def test_the_noise_of_the_machine_is_a_table_and_a_recommendation(project: Project) -> None:
    # By the wall clock one run makes a side of a pair; by the other it takes five so short ones.
    project.configure('engine = "strategy:engine"', 'clock = "wall"')
    with_loops(project, 1_500_000)
    shown = bench(project, "--aa", "--rounds", "4")
    assert shown.ret == 0
    shown.stdout.fnmatch_lines([
        "schedule * pairs * ratio * sd of a pair * farthest * pairs: lowest limit",
        "alternate, wall clock * 4 * *%* 5: *.*, 8: *.*, 11: *.*, 15: *.*",
        "limit 1.10*",
        "recommended: a limit of *.* or more, * pairs",
    ])


@pytest.mark.parametrize("sides", [(), ("--against", "HEAD", "--aa")], ids=["neither", "both"])
def test_one_of_against_and_aa_is_needed(project: Project, sides: tuple[str, ...]) -> None:
    shown = bench(project, *sides)
    assert shown.ret == 2
    shown.stderr.fnmatch_lines(["Error: give either --against REV or --aa"])


@pytest.mark.parametrize("rounds", ["1", "2", "3", "61"])
def test_noise_of_too_few_or_too_many_rounds_is_refused_before_the_first_run(
    project: Project, rounds: str
) -> None:
    shown = bench(project, "--aa", "--rounds", rounds)
    assert shown.ret == 2
    refused = f"Error: Invalid value for '--rounds': {rounds} pairs cannot be judged; give 4 to 60"
    assert refused in shown.errlines
    assert_nothing_ran(project)


@pytest.mark.parametrize("rounds", ["1", "61"])
def test_too_few_or_too_many_rounds_against_a_revision_are_refused(
    project: Project, rounds: str
) -> None:
    shown = bench(project, "--against", "HEAD", "--rounds", rounds)
    assert shown.ret == 2
    refused = f"Error: Invalid value for '--rounds': {rounds} pairs cannot be judged; give 2 to 60"
    assert refused in shown.errlines


@pytest.mark.parametrize("flag", ["--limit", "--memory-limit"])
@pytest.mark.parametrize("limit", ["inf", "nan", "0.0", "-1.0"])
def test_what_cannot_be_a_limit_is_refused_before_the_first_run(
    project: Project, flag: str, limit: str
) -> None:
    commit_all(project.root)
    shown = bench(project, "--against", "HEAD", flag, limit)
    assert shown.ret == 2
    refused = f"'{flag}': a limit is a positive number such as 1.10, got {limit}"
    assert f"Error: Invalid value for {refused}" in shown.errlines
    assert_nothing_ran(project)


def test_the_noise_of_several_windows_is_refused(project: Project) -> None:
    shown = bench(project, "--aa", "--window", "wk-2")
    assert shown.ret == 2
    assert "Error: --aa measures the noise of one window; give --window once" in shown.errlines
    assert_nothing_ran(project)


def test_sides_that_cannot_be_compared_exit_with_3(project: Project) -> None:
    commit_all(project.root)
    with_body(project, "orders = 3")
    shown = bench(project, "--against", "HEAD")
    assert shown.ret == 3
    shown.stderr.fnmatch_lines(["Error: *different work*"])


def test_a_run_that_fails_exits_with_1(project: Project) -> None:
    commit_all(project.root)
    with_body(project, "raise RuntimeError('no bars')")
    shown = bench(project, "--against", "HEAD")
    assert shown.ret == 1
    shown.stderr.fnmatch_lines([
        "Error: the warm-up of wk-1 failed: *no bars*",
        "  hint: read *stderr.log",
    ])


@pytest.mark.parametrize("sides", [("--against", "HEAD"), ("--aa",)], ids=["against", "aa"])
def test_parameters_that_an_engine_refuses_exit_with_2(
    project: Project, sides: tuple[str, ...]
) -> None:
    commit_all(project.root)
    shown = bench(project, *sides, "--set", "lops=5")
    assert shown.ret == 2
    shown.stderr.fnmatch_lines([
        "Error: the warm-up of wk-1 could not begin: *lops*",
        "  hint: correct the engine or its parameters",
    ])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "memory_limit", "code"),
    [
        pytest.param("orders += 1", "1000", 3, id="not comparable"),
        pytest.param("orders += 1", "0.001", 1, id="not comparable after a FAIL"),
        pytest.param("raise RuntimeError('no bars')", "1000", 1, id="failed"),
    ],
)
def test_the_verdicts_of_the_windows_before_an_error_are_shown(
    project: Project, body: str, memory_limit: str, code: int
) -> None:
    commit_all(project.root)
    with_body(project, f"if str(start)[:10] == '2025-01-27': {body}")
    arguments = ("--window", "wk-2", "--limit", "1000", "--memory-limit", memory_limit)
    shown = bench(project, "--against", "HEAD", "--no-blame", *arguments)
    assert shown.ret == code
    memory = "FAIL" if memory_limit == "0.001" else "PASS"
    shown.stdout.fnmatch_lines(["wk-1 * PASS * runtime *", f"wk-1 * {memory} * peak memory *"])
    shown.stderr.fnmatch_lines(["Error: *"])


def test_an_error_before_the_first_verdict_shows_no_table(project: Project) -> None:
    commit_all(project.root)
    with_body(project, "raise RuntimeError('no bars')")
    shown = bench(project, "--against", "HEAD")
    assert shown.outlines == []
    assert shown.errlines[-2].startswith("Error: the warm-up of wk-1 failed")


def test_an_unknown_revision_exits_with_2_and_runs_nothing(project: Project) -> None:
    commit_all(project.root)
    shown = bench(project, "--against", "nowhere")
    assert shown.ret == 2
    shown.stderr.fnmatch_lines([
        "Error: git knows no revision 'nowhere'",
        "  hint: see git branch --all",
    ])
    assert_nothing_ran(project)
