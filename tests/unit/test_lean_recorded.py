"""LeanResults: tests on what LEAN wrote some time ago; parity is judged, and no runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.lean_results import LEAN_RESULTS, needs_results, write_run

from pytest_zacperf.engines.lean import LeanResults
from pytest_zacperf.errors import EngineError

if TYPE_CHECKING:
    from conftest import Project

ENGINE = """
from pytest_zacperf.engines.lean import LeanResults
engine = LeanResults("backtests/{window}")
"""
PLAN = '{"runs": [{"id": "wk", "start": "2025-10-01", "end": "2025-10-10", "label": "week"}]}'
TESTS = """
import pytest

@pytest.mark.parity
def test_order_events(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot

@pytest.mark.perf
def test_runtime(backtest, baseline_for):
    assert backtest.runtime / baseline_for(folder="backtests/before").runtime <= 1.10
"""


@pytest.fixture
def lean(project: Project) -> Project:
    project.write("results.py", ENGINE)
    project.write("plan.json", PLAN)
    project.write("test_gold.py", TESTS)
    project.configure('engine = "results:engine"')
    write_run(project.root / "backtests" / "wk")
    write_run(project.root / "backtests" / "before")
    return project


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_order_events_are_recorded_and_hold(lean: Project, workers: tuple[str, ...]) -> None:
    reason = ("--snapshot-update", "--zacperf-reason", "the first")
    lean.run("-m", "parity", *reason).assert_outcomes(passed=1, deselected=1)
    second = lean.run("-m", "parity", *workers)
    assert second.parseoutcomes()["passed"] == 1


def test_a_runtime_that_was_recorded_is_not_judged(lean: Project) -> None:
    shown = lean.run("-m", "perf")
    shown.stdout.fnmatch_lines([
        "*costs are not compared: they were recorded with the results, not measured now*",
    ])
    assert shown.parseoutcomes().get("passed") is None


def test_results_of_another_window_are_refused(lean: Project) -> None:
    lean.write("plan.json", PLAN.replace("10-10", "10-09"))
    shown = lean.run("-m", "parity")
    shown.stdout.fnmatch_lines([
        (
            "*LEAN ran 2025-10-01 to 2025-10-10, not 2025-10-01 to 2025-10-09*"
            "name the results of that window; {window} in the folder is its id*"
        ),
    ])


def test_results_that_are_not_there_are_told(lean: Project) -> None:
    lean.write("plan.json", PLAN.replace("wk", "mo"))
    shown = lean.run("-m", "parity")
    shown.stdout.fnmatch_lines(["*there are no results of LEAN at backtests/mo*"])


def test_no_other_parameter_than_the_folder_is_known(tmp_path: Path) -> None:
    engine = LeanResults(tmp_path)
    assert engine.with_parameters({"folder": "x"}).parameters == {"folder": "x"}
    with pytest.raises(EngineError, match="lean results have no parameter 'image'"):
        engine.with_parameters({"image": "x"})


@needs_results
def test_a_real_failed_run_fails_with_its_line(lean: Project) -> None:

    folder = LEAN_RESULTS / "equity-daily-2024-11" / "2024-11-21_21-01-00"
    lean.write("results.py", ENGINE.replace("backtests/{window}", str(folder)))
    shown = lean.run("-m", "parity")
    shown.stdout.fnmatch_lines(["*the algorithm failed: Trying to retrieve an element*"])
