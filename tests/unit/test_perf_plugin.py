"""Perf tests as people run them: real rounds in inner sessions, and everything they leave."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from support.perf_tests import (
    AGAINST_ITSELF,
    CERTAIN,
    ENGINE,
    HEAD,
    NO_BUDGET,
    UNCERTAIN,
    let_it_loop,
    reports,
)

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

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
CANDIDATES = """
def test_parameters(backtest, baseline_for):
    for candidate in (backtest, baseline_for(loops=2)):
        assert candidate.peak_memory / baseline_for(loops=3).peak_memory <= 1.5
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
OTHER_ENGINE = """
def other_backtest(start, end, context, orders=2):
    return run_backtest(start, end, context, orders=orders)


other = FunctionEngine("strategy:other_backtest", volatile=frozenset({"order_id"}))
"""


def runs(project: Project, kind: str) -> list[str]:
    folder = project.root / ".zacperf" / "runs"
    return [path.name for path in folder.iterdir() if f"-{kind}-" in path.name]


@pytest.mark.slow
def test_two_workers_leave_reports_figures_and_one_table(project: Project) -> None:
    looks = "alternate_looks = [2, 4]"  # the sides are far from the limits
    project.configure(ENGINE, "baseline = { loops = 1_500_000 }", looks)
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
    # A run takes far less than a second, so a pair takes the best of five.
    assert [(row["pair"], row["side"]) for row in rows] == [
        (str(pair), side)
        for pair in range(1, len(rows) // 10 + 1)
        for side in ("baseline", "candidate") * 5
    ]
    assert len(rows) >= 2 * 10
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


def test_every_candidate_of_a_test_has_a_row_of_its_own(
    project: Project, pytester: pytest.Pytester
) -> None:
    project.write("test_it.py", HEAD + CANDIDATES)
    arguments = (NO_BUDGET, "--zacperf-inconclusive=warn", "-W", "default")
    result = pytester.runpytest(*arguments)
    result.assert_outcomes(passed=1, warnings=2)
    assert sum(line.startswith("INCONCLUSIVE  peak memory ") for line in result.outlines) == 2


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
