from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from support.commands import ZACPERF
from support.repository import commit_all, further_worktrees

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ENGINE = 'engine = "strategy:engine"'
FASTER = "baseline = { loops = 1_000_000 }"
HEAD = """
import math
from pathlib import Path

import pytest

pytestmark = [pytest.mark.perf, pytest.mark.window("wk-1")]
"""
RUNTIME = """
def test_runtime(backtest, baseline):
    assert backtest.runtime / baseline.runtime <= 1.10
"""
SLOWER = """
def test_slower(baseline_for, baseline):
    assert baseline_for(loops=4_000_000).runtime / baseline.runtime <= 1.10
"""
MEMORY = """
def test_memory(backtest, baseline):
    assert backtest.peak_memory / baseline.peak_memory <= 1.5
"""
STAGE = """
def test_stage(baseline_for, baseline):
    stage = baseline_for(loops=4_000_000).stage_runtime("strategy")
    assert stage / baseline.stage_runtime("strategy") <= 1.10
"""
OTHER_ENGINE = """
def test_other_engine(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for("other:engine").peak_memory <= 1.5

def test_same_program(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for().peak_memory <= 0.5

def test_different_work(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for(orders=3).peak_memory <= 1.5

@pytest.mark.perf(allow_different_work=True)
def test_different_work_that_is_allowed(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for(orders=3).peak_memory <= 1.5

def test_no_baseline(backtest, baseline):
    assert backtest.runtime / baseline.runtime <= 1.10

def test_nothing_runs(backtest, baseline_for):
    ratio = backtest.runtime / baseline_for(loops=7).runtime
    before = sorted(Path(".zacperf/runs").iterdir())
    assert math.isnan(float(ratio))
    assert repr(ratio) == "<runtime ratio of wk-1 to wk-1 loops=7, not measured>"
    assert sorted(Path(".zacperf/runs").iterdir()) == before
"""
STORED = """
def test_stored(backtest, baseline):
    assert backtest.peak_memory / baseline.peak_memory <= 1.10

def test_slower(baseline_for, baseline):
    assert baseline_for(loops=4_000_000).runtime / baseline.runtime <= 1.10
"""
UNDECIDED = "no perf test reached a verdict, and CI is set: the exit status is 1; *"


def with_loops(project: Project, loops: int) -> None:
    text = (project.root / "strategy.py").read_text()
    before, _, after = text.partition("loops=")
    project.write("strategy.py", f"{before}loops={loops}{after[after.index(',') :]}")


def record(project: Project) -> None:
    arguments = ("baseline", "record", "--window", "wk-1", "--rounds", "5", "--reason", "x")
    assert project.pytester.run(*ZACPERF, *arguments, timeout=120).ret == 0


@pytest.mark.slow
def test_a_verdict_is_told_blamed_filed_and_summed_up(project: Project) -> None:
    project.configure(ENGINE, FASTER)
    project.write("test_it.py", HEAD + SLOWER + MEMORY)
    result = project.run("-n", "2", "--junit-xml=junit.xml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "E       assert runtime *.* [[]*, *[]] of baseline, limit 1.10: FAIL (* clock, * pairs)",
        "E         worst: strategy.py run_backtest own time * -> * profiled; *",
        "E         report: .zacperf/perf/test_it.py__test_slower[[]wk-1[]]-*/report.md",
    ])
    headers = [line for line in result.outlines if line.startswith("outcome ")]
    rows = [line for line in result.outlines if line.endswith("[wk-1]") and " rounds" not in line]
    verdicts = sorted(row.split()[0] for row in rows if row.startswith(("FAIL ", "PASS ")))
    assert (len(headers), verdicts) == (1, ["FAIL", "PASS"])

    properties = {
        one.get("name"): one.get("value", "")
        for one in ET.parse(project.root / "junit.xml").iter("property")  # noqa: S314
    }
    assert properties["zacperf runtime outcome"] == "FAIL"
    assert properties["zacperf runtime limit"] == "<= 1.1"
    assert float(properties["zacperf runtime low"]) > 1.1
    assert float(properties["zacperf runtime ratio"]) > float(properties["zacperf runtime low"])
    assert properties["zacperf peak memory outcome"] == "PASS"

    (folder,) = (project.root / ".zacperf" / "perf").glob("test_it.py__test_slower*")
    assert (folder / "report.md").read_text().startswith("# test_it.py::test_slower[wk-1]\n\n## ")
    (content,) = json.loads((folder / "report.json").read_text())
    assert content["verdict"]["outcome"] == "FAIL"
    with (folder / "report.csv").open(newline="") as file:
        rounds = list(csv.DictReader(file))
    assert {one["side"] for one in rounds} == {"baseline", "candidate"}
    assert len(rounds) == 2 * content["verdict"]["estimate"]["pairs"]


@pytest.mark.slow
def test_a_stage_is_judged_and_blamed_only_where_that_is_wanted(project: Project) -> None:
    project.configure(ENGINE, FASTER)
    project.write("test_it.py", HEAD + STAGE)
    result = project.run("--zacperf-no-blame")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       assert *strategy* of baseline, limit 1.10: FAIL (*"])
    result.stdout.no_fnmatch_line("*worst: *")
    assert not list((project.root / ".zacperf" / "runs").glob("*-profile-*"))


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("skip", {"skipped": 1}), ("fail", {"failed": 1}), ("warn", {"passed": 1, "warnings": 1})],
)
def test_what_is_not_certain_does_what_the_setting_says(
    project: Project, action: str, outcome: dict[str, int]
) -> None:
    project.configure(ENGINE, FASTER, f'inconclusive = "{action}"')
    project.write("test_it.py", HEAD + RUNTIME)
    quiet = "default::pytest_zacperf.ratios.InconclusiveVerdictWarning"
    result = project.run("--zacperf-budget=1ms", "-rs", "-W", quiet)
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines_random([
        "*runtime not measured, limit 1.10: INCONCLUSIVE",
        "*the budget of 1* is too short for * pairs of about *",
        "INCONCLUSIVE  runtime *",
        "test_it.py::test_runtime[[]wk-1[]]: INCONCLUSIVE: the budget of *",
    ])


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_under_ci_a_session_without_a_verdict_fails(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")
    project.configure(ENGINE)
    project.write("test_it.py", HEAD + RUNTIME)
    undecided = project.run(*workers)
    undecided.assert_outcomes(skipped=1)
    assert undecided.ret == pytest.ExitCode.TESTS_FAILED
    undecided.stdout.fnmatch_lines([UNDECIDED])
    named = MEMORY.replace("baseline", "baseline_for").replace("/ baseline_for", "/ baseline_for()")
    project.write("test_it.py", HEAD + RUNTIME + named)
    decided = project.run(*workers)
    decided.assert_outcomes(passed=1, skipped=1)
    assert decided.ret == pytest.ExitCode.OK
    decided.stdout.no_fnmatch_line(UNDECIDED)


@pytest.mark.slow
def test_a_test_can_name_its_baseline(project: Project) -> None:
    strategy = (project.root / "strategy.py").read_text()
    project.write("other.py", strategy.replace('"strategy:', '"other:'))
    project.write("test_it.py", HEAD + OTHER_ENGINE)
    result = project.run("-rs")
    result.assert_outcomes(passed=3, failed=2, skipped=1)
    result.stdout.fnmatch_lines_random([
        "E         A/A: same code and parameters on both sides*",
        "wk-1: costs are not compared: * different work *: orders 2 / 3*",
        "SKIPPED * no baseline for wk-1: record one with: zacperf baseline record --window wk-1 *",
        "PASS *test_it.py::test_other_engine[[]wk-1[]]",
        "PASS *test_it.py::test_different_work_that_is_allowed[[]wk-1[]]",
    ])


@needs_git
@pytest.mark.slow
def test_a_revision_is_the_baseline_and_its_checkout_is_gone_afterwards(project: Project) -> None:
    with_loops(project, 1_000_000)
    commit = commit_all(project.root)
    with_loops(project, 4_000_000)
    project.write("test_it.py", HEAD + RUNTIME)
    result = project.run("--zacperf-against", "HEAD", "--zacperf-no-blame")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert runtime *, limit 1.10: FAIL (*",
        f"E         candidate wk-1, baseline wk-1 at {commit[:7]}*: --zacperf-against HEAD",
    ])
    result.stdout.no_fnmatch_line("*worst: *")
    assert not list((project.root / ".zacperf" / "runs").glob("*-profile-*"))
    assert further_worktrees(project.root) == []
    unknown = project.run("--zacperf-against", "nowhere")
    unknown.assert_outcomes(errors=1)
    unknown.stdout.fnmatch_lines([
        "*--zacperf-against: git knows no revision 'nowhere'",
        "  hint: see git branch --all",
    ])


@needs_git
@pytest.mark.slow
def test_stored_samples_pass_and_those_of_a_dirty_revision_never_fail(project: Project) -> None:
    with_loops(project, 500_000)
    commit_all(project.root)
    with_loops(project, 1_000_000)
    record(project)
    project.write("test_it.py", HEAD + STORED)
    result = project.run("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines([
        "PASS * peak memory * 1.10 * stored * test_it.py::test_stored*",
        "INCONCLUSIVE * runtime * 1.10 * stored * test_it.py::test_slower*",
        "*stored samples alone never fail a test: tracked files differ from *",
    ])
