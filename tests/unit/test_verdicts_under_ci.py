"""A session under CI whose perf tests came to no verdict is no success."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.perf_tests import AGAINST_ITSELF, CERTAIN, HEAD, NO_BUDGET, SAME

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

NO_BASELINE = "def test_without_baseline(backtest, baseline):\n    pass\n"
NO_COMPARISON = """
def test_slope(backtest):
    assert backtest.memory_slope_bytes_per_day is None
"""
NO_VERDICT = "no perf test reached a verdict, and CI is set: the exit status is 1; *"


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


def test_a_session_under_ci_that_collects_perf_tests_only_is_not_judged(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.write("test_it.py", HEAD + NO_BASELINE)
    assert pytester.runpytest("--collect-only").ret == pytest.ExitCode.OK
