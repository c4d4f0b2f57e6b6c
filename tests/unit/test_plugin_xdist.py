from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_run(backtest, number):
    assert backtest.run.status == "done"

@pytest.mark.window("wk-1")
def test_memory(backtest, baseline):
    assert backtest.peak_memory / baseline.peak_memory <= 1.5

@pytest.mark.window("wk-1")
def test_runtime(backtest, baseline):
    assert baseline.runtime / backtest.runtime <= 2
"""
PARITY_TEST = """
def test_order_events(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""


def test_two_workers_run_each_backtest_once_and_show_the_same_tables(project: Project) -> None:
    project.configure('engine = "strategy:engine"', "baseline = { loops = 3_000_000 }")
    project.write("test_it.py", TESTS)
    result = project.run("-n", "2")
    result.assert_outcomes(passed=9, failed=1)
    summary = result.outlines[result.outlines.index(next(filter(is_header, result.outlines))) :]
    rows = [line.split() for line in summary if line.startswith(("wk-1 ", "wk-2 "))]
    assert sorted((row[0], "loops=3000000" in row) for row in rows) == [
        *(("wk-1", False), ("wk-1", True), ("wk-2", False))
    ]
    assert all(row[-1] in {"gw0", "gw1"} for row in rows)
    result.stdout.fnmatch_lines_random([
        "E       assert runtime *.* of baseline, limit 2.00: FAIL (* clock, * pairs)",
        "PASS     peak memory *  1.50  - *2  *  test_it.py::test_memory[[]wk-1[]]",
        "FAIL     runtime *  2.00 *  test_it.py::test_runtime[[]wk-1[]]",
        "warning: wk-1: MCD has no bars on 2025-01-20",
    ])
    runs = [path.name for path in (project.root / ".zacperf" / "runs").iterdir()]
    # Three single runs, of which two warm up; each round once; one profiled run a side.
    rounds = [name for name in runs if "-duet-" in name or "-alternate-" in name]
    profiles = [name for name in runs if "-profile-" in name]
    assert (len(runs) - len(rounds) - len(profiles), len(profiles)) == (3, 2)
    assert len(rounds) >= 2 * 2
    assert len(rounds) % 2 == 0


def test_a_fixed_id_of_xdist_does_not_bring_back_an_earlier_session(project: Project) -> None:
    project.write("test_it.py", "def test_it(backtest): assert backtest.run.status == 'done'\n")
    for _ in range(2):
        project.run("-n", "2", "--testrunuid=1").assert_outcomes(passed=2)
    assert len(list((project.root / ".zacperf" / "runs").iterdir())) == 2 * 2


def test_a_failed_run_is_told_from_a_worker(project: Project) -> None:
    project.write(
        "test_it.py", "def test_it(baseline_for): baseline_for(problem='no data').order_events\n"
    )
    result = project.run("-n", "2")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([
        "the backtest of wk-? problem=no data has no result: *ValueError: no data*",
        "  hint: its traceback, if it left one, is in *.zacperf/runs/*/stderr.log",
    ])


def test_recordings_are_written_and_compared_in_workers(project: Project) -> None:
    project.write("tests/test_orders.py", PARITY_TEST)
    update = ("--snapshot-update", "--zacperf-reason", "the first")
    project.run("-n", "2", *update).assert_outcomes(passed=2)
    files = sorted((project.root / "snapshots" / "test_orders").glob("*.jsonl"))
    assert [path.name for path in files] == [
        f"test_order_events[wk-{number}].order_events.jsonl" for number in (1, 2)
    ]
    files[0].write_text(files[0].read_text(encoding="utf-8").replace("297.12", "297.11"))
    result = project.run("-n", "2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E           fill_price: expected 297.11, was 297.12"])


def test_a_bad_marker_stops_a_session_of_workers(project: Project) -> None:
    project.write(
        "test_it.py",
        'import pytest\n\n@pytest.mark.window("wk-3")\ndef test_it(window): pass\n',
    )
    result = project.run("-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: test_it.py::test_it: plan.json has no window 'wk-3'"])


def is_header(line: str) -> bool:
    return line.startswith("window ") and line.endswith("run by")
