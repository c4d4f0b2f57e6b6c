"""Perf tests as people run them: real rounds in inner sessions, and everything they leave."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner

from pytest_zacperf.cli import main
from pytest_zacperf.store import BaselineStore

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

ENGINE = 'engine = "strategy:engine"'
HEAD = "import pytest\n\npytestmark = [pytest.mark.perf, pytest.mark.window('wk-1')]\n"
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
QUESTIONS = (
    HEAD
    + """
def test_runtime(backtest, baseline):
    assert backtest.runtime / baseline.runtime <= 1.10

def test_stage(backtest, baseline):
    assert backtest.stage_runtime("strategy") / baseline.stage_runtime("strategy") >= 2

@pytest.mark.perf(allow_different_work=True)
def test_engine(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for("strategy:other", orders=3).peak_memory <= 1.5
"""
)
AGAINST_ITSELF = (
    HEAD
    + """
def test_memory(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for().peak_memory <= LIMIT
    print("the test went on")
"""
)
CERTAIN, UNCERTAIN = "1.5", "1.0"
NO_BASELINE = "def test_without_baseline(backtest, baseline):\n    pass\n"
NO_COMPARISON = """
def test_slope(backtest):
    assert backtest.memory_slope_bytes_per_day is None
"""
THIRD = "wk-1 strategy:third"
OTHERS = """
def test_it(backtest, baseline_for):
    first, third = baseline_for("strategy:other"), baseline_for("strategy:third")
    assert backtest.peak_memory / first.peak_memory <= 1.5
    assert backtest.peak_memory / third.peak_memory <= 1.5
    assert backtest.peak_memory / third.peak_memory <= 2
    assert backtest.peak_memory / third.peak_memory <= 2
"""
NO_BUDGET = "--zacperf-budget=1ms"
NO_VERDICT = "no perf test reached a verdict, and CI is set: the exit status is 1; *"
SAME = "A/A: same code and parameters on both sides, and data without a fingerprint"
OTHER_ENGINE = """
def other_backtest(start, end, context, orders=2):
    return run_backtest(start, end, context, orders=orders)


other = FunctionEngine("strategy:other_backtest", volatile=frozenset({"order_id"}))
"""


def git(project: Project, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(project.root), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(project: Project) -> str:
    git(project, "add", "-A", "--", "*.py", "*.toml", "*.json")
    git(project, "commit", "-q", "-m", "m")
    return git(project, "rev-parse", "HEAD")


def let_it_loop(project: Project, loops: str) -> None:
    """Change the strategy itself, so that only its code tells the sides apart."""
    text = (project.root / "strategy.py").read_text()
    head, _, tail = text.partition("loops=")
    project.write("strategy.py", f"{head}loops={loops},{tail.partition(',')[2]}")


def reports(project: Project) -> dict[str, Path]:
    """Return the folder of each test's report by the name of the test."""
    return {
        folder.name.partition("__")[2].partition("[")[0]: folder
        for folder in (project.root / ".zacperf" / "perf").iterdir()
    }


def runs(project: Project, kind: str) -> list[str]:
    folder = project.root / ".zacperf" / "runs"
    return [path.name for path in folder.iterdir() if f"-{kind}-" in path.name]


@pytest.mark.slow
def test_two_workers_leave_reports_figures_and_one_table(project: Project) -> None:
    project.configure(ENGINE, "baseline = { loops = 1_500_000 }")
    let_it_loop(project, "9_000_000")
    strategy = (project.root / "strategy.py").read_text()
    project.write("strategy.py", strategy + OTHER_ENGINE)
    project.write("test_it.py", QUESTIONS)
    result = project.run("-n", "2", "--zacperf-no-blame", "--junitxml=junit.xml")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines([
        "E       assert runtime *.* [[]*, *[]] of baseline, limit 1.10: FAIL (* clock, * pairs)",
        "E         stages that grew: strategy +* (*%)",
        "E         candidate wk-1, baseline wk-1 loops=1500000: baseline under [[]tool.zacperf[]]",
        "## runtime *.* of baseline, limit 1.10: FAIL *",  # the long form is a section
    ])
    result.stdout.no_fnmatch_line("E *worst: *")
    assert runs(project, "profile") == []
    assert sum(line.startswith("outcome ") for line in result.outlines) == 1
    result.stdout.fnmatch_lines_random([
        "FAIL     runtime  *  1.10 * test_it.py::test_runtime[[]wk-1[]]",
        "PASS     runtime of stage strategy * >= 2.00 * alternate  *test_stage[[]wk-1[]]",
        "PASS     peak memory * test_it.py::test_engine[[]wk-1[]]",
    ])
    check_files(reports(project))
    check_figures(project.root / "junit.xml")


def check_files(folders: dict[str, Path]) -> None:
    assert set(folders) == {"test_runtime", "test_stage", "test_engine"}
    content = {name: json.loads((at / "report.json").read_text()) for name, at in folders.items()}
    (runtime,), (engine,) = content["test_runtime"], content["test_engine"]
    assert (runtime["verdict"]["outcome"], runtime["functions"]) == ("FAIL", [])
    assert (engine["origin"], engine["baseline"]) == (
        "named by the test",
        "wk-1 strategy:other orders=3",
    )
    text = (folders["test_stage"] / "report.md").read_text()
    assert "\n- no duet: " in text
    with (folders["test_stage"] / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["pair"], row["side"]) for row in rows] == [
        (str(pair), side)
        for pair in range(1, len(rows) // 2 + 1)
        for side in ("baseline", "candidate")
    ]
    assert len(rows) >= 5 * 2
    assert all(int(row["wall_ns"]) > 0 for row in rows)


def check_figures(junit: Path) -> None:
    figures = {
        case.attrib["name"]: {
            one.attrib["name"]: one.attrib["value"] for one in case.iter("property")
        }
        for case in ET.parse(junit).iter("testcase")  # noqa: S314 - pytest wrote it
    }
    runtime, memory = figures["test_runtime[wk-1]"], figures["test_engine[wk-1]"]
    assert runtime["zacperf runtime outcome"] == "FAIL"
    assert runtime["zacperf runtime limit"] == "<= 1.1"
    assert 1.1 < float(runtime["zacperf runtime low"]) < float(runtime["zacperf runtime ratio"])
    assert float(runtime["zacperf runtime candidate_median_ns"]) > 0
    assert memory["zacperf peak memory outcome"] == "PASS"
    assert float(memory["zacperf peak memory baseline_median_bytes"]) > 1_000_000
    assert memory["zacperf peak memory clock"] == "none"
    assert "zacperf runtime of stage strategy ratio" in figures["test_stage[wk-1]"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_session_under_ci_needs_one_verdict(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", AGAINST_ITSELF.replace("LIMIT", CERTAIN) + "\n" + NO_BASELINE)
    undecided = project.run(*workers, NO_BUDGET)
    undecided.assert_outcomes(skipped=2)
    assert undecided.ret == pytest.ExitCode.TESTS_FAILED
    undecided.stdout.fnmatch_lines([NO_VERDICT])
    decided = project.run(*workers)
    decided.assert_outcomes(passed=1, skipped=1)
    assert decided.ret == pytest.ExitCode.OK
    decided.stdout.no_fnmatch_line(NO_VERDICT)
    decided.stdout.fnmatch_lines([f"test_it.py::test_memory[[]wk-1[]]: {SAME}"])


def test_without_ci_or_without_perf_tests_no_verdict_is_no_failure(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("test_it.py", HEAD + NO_BASELINE)
    project.write("test_other.py", "def test_it():\n    pass\n")
    assert pytester.runpytest("test_it.py").ret == pytest.ExitCode.OK
    for value, path, expected in (
        *(("false", "test_it.py", 0), ("0", "test_it.py", 0), ("", "test_it.py", 0)),
        *(("true", "test_other.py", 0), ("1", "test_it.py", 1), ("woodpecker", "test_it.py", 1)),
    ):
        monkeypatch.setenv("CI", value)
        assert pytester.runpytest(path).ret == expected, (value, path)


def test_under_ci_perf_tests_that_compare_nothing_need_no_verdict(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", HEAD + NO_COMPARISON)
    passed = pytester.runpytest()
    passed.assert_outcomes(passed=1)
    assert passed.ret == pytest.ExitCode.OK
    passed.stdout.no_fnmatch_line(NO_VERDICT)
    project.write("test_it.py", HEAD + NO_COMPARISON + "\n" + NO_BASELINE)
    assert pytester.runpytest().ret == pytest.ExitCode.TESTS_FAILED


def test_under_ci_perf_tests_that_are_all_skipped_are_no_success(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", HEAD + "@pytest.mark.skip(reason='not here')\n" + NO_BASELINE)
    skipped = pytester.runpytest()
    skipped.assert_outcomes(skipped=1)
    assert skipped.ret == pytest.ExitCode.TESTS_FAILED


def test_under_ci_a_comparison_that_only_warns_of_its_doubt_is_no_verdict(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", AGAINST_ITSELF.replace("LIMIT", CERTAIN))
    warned = pytester.runpytest(NO_BUDGET, "--zacperf-inconclusive=warn", "-W", "default")
    warned.assert_outcomes(passed=1, warnings=1)
    assert warned.ret == pytest.ExitCode.TESTS_FAILED
    warned.stdout.fnmatch_lines([NO_VERDICT])


def test_every_engine_and_limit_of_a_test_is_told_apart(
    project: Project, pytester: pytest.Pytester
) -> None:
    strategy = (project.root / "strategy.py").read_text()
    project.write("strategy.py", strategy + OTHER_ENGINE + "\n\nthird = other\n")
    project.write("test_it.py", HEAD + OTHERS)
    arguments = (NO_BUDGET, "--zacperf-inconclusive=warn", "-W", "default", "--junitxml=junit.xml")
    result = pytester.runpytest(*arguments)
    result.assert_outcomes(passed=1, warnings=4)
    assert sum(line.startswith("INCONCLUSIVE  peak memory ") for line in result.outlines) == 3
    text = (reports(project)["test_it"] / "report.md").read_text()
    assert [line.partition(", named")[0] for line in text.splitlines() if "baseline: " in line] == [
        *("- baseline: wk-1 strategy:other", f"- baseline: {THIRD}"),
        f"- baseline: {THIRD}",
    ]
    figures = [
        (one.attrib["name"].removeprefix("zacperf peak memory "), one.attrib["value"])
        for one in ET.parse(project.root / "junit.xml").iter("property")  # noqa: S314 - our own
    ]
    assert figures == [
        *(("outcome", "INCONCLUSIVE"), ("limit", "<= 1.5"), ("baseline", "wk-1 strategy:other")),
        *(("outcome 2", "INCONCLUSIVE"), ("limit 2", "<= 1.5")),
        ("baseline 2", THIRD),
        *(("outcome 3", "INCONCLUSIVE"), ("limit 3", "<= 2"), ("baseline 3", THIRD)),
    ]


def test_a_session_under_ci_that_collects_perf_tests_only_is_not_judged(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", HEAD + NO_BASELINE)
    assert pytester.runpytest("--collect-only").ret == pytest.ExitCode.OK


@pytest.mark.slow
def test_an_interval_that_holds_the_limit_skips_the_test_with_the_reason(project: Project) -> None:
    project.configure(ENGINE, "duet_looks = [2]")
    project.write("test_it.py", AGAINST_ITSELF.replace("LIMIT", UNCERTAIN))
    result = project.run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([
        "INCONCLUSIVE  peak memory * 1.00  -          2  * test_it.py::test_memory[[]wk-1[]]",
        "test_it.py::test_memory[[]wk-1[]]: INCONCLUSIVE: the interval still holds the limit; *",
        "SKIPPED *: peak memory * of baseline, limit 1.00: INCONCLUSIVE (2 pairs)*",
    ])


def test_a_budget_that_allows_no_pair_fails_or_warns_as_the_setting_says(
    project: Project, pytester: pytest.Pytester
) -> None:
    project.write("test_it.py", AGAINST_ITSELF.replace("LIMIT", CERTAIN))
    sentence = "peak memory not measured, limit 1.50: INCONCLUSIVE"
    failed = pytester.runpytest(NO_BUDGET, "--zacperf-inconclusive=fail")
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines([
        sentence,
        "the budget of 1.00 ms is too short for 2 pairs of about *; set a larger budget *",
        "INCONCLUSIVE  peak memory      -  - * 1.50  -          0  -       test_it.py::*",
    ])
    failed.stdout.no_fnmatch_line("*_act_on_doubt*")
    warned = pytester.runpytest(NO_BUDGET, "--zacperf-inconclusive=warn", "-W", "default", "-rP")
    warned.assert_outcomes(passed=1, warnings=1)
    warned.stdout.fnmatch_lines_random([
        "the test went on",
        f"  *test_it.py:6: InconclusiveVerdictWarning: {sentence}",
    ])


@pytest.mark.slow
def test_a_revision_is_the_baseline_for_a_session_and_leaves_nothing(project: Project) -> None:
    git(project, "init", "-q", "-b", "main")
    # The flag beats the setting: against that the candidate would be slower.
    project.configure(ENGINE, "baseline = { loops = 10 }")
    project.write("test_it.py", FASTER_OR_SLOWER)
    let_it_loop(project, "9_000_000")
    first = commit(project)
    git(project, "checkout", "-q", "-b", "topic")
    let_it_loop(project, "1_000_000")
    commit(project)
    git(project, "branch", "-q", "-f", "main", first)
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
    assert len(git(project, "worktree", "list").splitlines()) == 1


def test_a_revision_that_nobody_knows_is_told_before_anything_runs(
    project: Project, pytester: pytest.Pytester
) -> None:
    git(project, "init", "-q")
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
    git(project, "init", "-q")
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
