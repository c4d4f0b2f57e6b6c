"""Recorded trades, equity and statistics: met, missed, explained, approved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support.recorded_projects import record

from pytest_zacperf.cli import main

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

TEST_FILE = "tests/parity/test_values.py"
TESTS = """
import pytest

pytestmark = [pytest.mark.window("wk-1"), pytest.mark.parity(TOLERANCE)]

def test_trades(backtest, trades_snapshot):
    assert backtest.trades == trades_snapshot

def test_statistics(backtest, statistics_snapshot):
    assert backtest.statistics == statistics_snapshot

def test_equity(backtest, equity_snapshot):
    assert backtest.equity == equity_snapshot
"""


def with_tolerance(tolerance: str = "") -> str:
    return TESTS.replace("TOLERANCE", tolerance)


@pytest.fixture
def changed(project: Project, kept: Path) -> Project:
    """Return a project whose values are recorded, and whose strategy has changed since."""
    text = (project.root / "strategy.py").read_text(encoding="utf-8")
    text = text.replace(
        "data_points=1000,", "data_points=1000, equity=[EquityPoint(ts_ns=START_NS, equity=price)],"
    )
    project.write("strategy.py", text)
    project.write(TEST_FILE, with_tolerance())
    record(project, kept, tests=3)
    names = sorted(path.name for path in (project.root / "snapshots").rglob("test_*[[]*"))
    assert [name for name in names if not name.endswith("origin.json")] == [
        "test_equity[wk-1].equity.parquet",
        "test_statistics[wk-1].statistics.json",
        "test_trades[wk-1].trades.jsonl",
    ]
    text = text.replace("price=297.12", "price=297.13").replace('"sharpe": 1.5', '"sharpe": 1.75')
    project.write("strategy.py", text)
    return project


def test_what_is_the_same_passes(changed: Project) -> None:
    text = (changed.root / "strategy.py").read_text(encoding="utf-8")
    before = text.replace("price=297.13", "price=297.12").replace("1.75", "1.5")
    changed.write("strategy.py", before)
    changed.run().assert_outcomes(passed=3)


def test_what_is_not_the_same_is_named(changed: Project) -> None:
    result = changed.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([
        "E       assert trade 1 is not the same",
        "E           2025-01-21 09:45:03 New York, 14:45:03 UTC, MCD",
        "E           entry_price: expected 297.12, was 297.13",
        "E           exit_price: expected 297.12, was 297.13",
        "E           trades: 0 equal, 1 changed, 0 added, 0 removed",
        "E           if this run is right: zacperf approve '*test_trades[[]wk-1[]]' -m \"...\"",
    ])
    result.stdout.fnmatch_lines([
        "E       assert 1 of 1 statistics are not the same",
        "E           sharpe: expected 1.5, was 1.75",
    ])
    result.stdout.fnmatch_lines([
        "E       assert equity point 1 is not the same",
        "E           equity: expected 297.12, was 297.13",
    ])
    result.stdout.no_fnmatch_line("*truncated*")


def test_what_is_within_its_tolerance_is_the_same(changed: Project) -> None:
    tolerance = (
        '{"entry_price": 0.0101, "exit_price": relative(1e-4), "equity": 0.0101, '
        '"statistics.sharpe": 0.25}'
    )
    header = "from pytest_zacperf.parity import relative\n"
    changed.write(TEST_FILE, header + with_tolerance(f"tolerance={tolerance}"))
    changed.run().assert_outcomes(passed=3)


def test_a_tolerance_that_nobody_has_fails_the_test(changed: Project) -> None:
    changed.write(TEST_FILE, with_tolerance('tolerance={"symbol": 1}'))
    result = changed.run()
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["tolerance: 'symbol' has no tolerance; these have: quantity, *"])


def test_a_tolerance_of_a_statistic_that_nobody_has_is_told(changed: Project) -> None:
    changed.write(TEST_FILE, with_tolerance('tolerance={"statistics.sharp": 1}'))
    result = changed.run("-k", "statistics")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert 'statistics.sharp' has a tolerance and is no statistic",
        "E           did you mean 'sharpe'?",
    ])


def test_values_of_a_run_that_is_compared_with_itself_are_not_offered_for_approval(
    changed: Project,
) -> None:
    strategy = (changed.root / "strategy.py").read_text(encoding="utf-8")
    known = strategy.replace("data_points=", 'data_fingerprint="da7a", data_points=')
    changed.write("strategy.py", known.replace("1.75", "time.time()").replace("1.5", "time.time()"))
    changed.write("strategy.py", "import time\n" + (changed.root / "strategy.py").read_text())
    changed.run("-k", "statistics", "--snapshot-update", "--zacperf-reason", "r")
    result = changed.run("-k", "statistics")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E           same code, parameters and data on both sides: this compares a run with itself",
        "E           is it deterministic? zacperf backtest --start *",
    ])
    result.stdout.no_fnmatch_line("*zacperf approve*")


def test_what_was_received_can_be_approved(
    changed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed.run().assert_outcomes(failed=3)
    monkeypatch.chdir(changed.root)
    shown = CliRunner().invoke(main, ["approve", "wk-1", "-m", "better"])
    assert shown.exit_code == 0, shown.output
    changed.run().assert_outcomes(passed=3)


def test_nothing_recorded_is_told_with_the_command(project: Project) -> None:
    project.write(TEST_FILE, with_tolerance())
    result = project.run("-k", "statistics")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "*no recording of statistics yet",
        "*  record it with: pytest '*test_statistics[[]wk-1[]]' --snapshot-update *",
    ])


def test_what_the_engine_does_not_give_is_told(project: Project) -> None:
    project.write(TEST_FILE, with_tolerance())
    result = project.run("-k", "equity")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       assert this run has no equity: its engine gives none"])


def test_another_kind_of_value_is_told(project: Project) -> None:
    project.write(TEST_FILE, with_tolerance().replace("backtest.equity", "backtest.trades"))
    result = project.run("-k", "equity")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert equity_snapshot is compared with equity, not list; write: assert *"
    ])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("kind", "content"),
    [("trades", b"<<<<<<<\n"), ("statistics", b"{"), ("equity", b"PAR1")],
)
def test_a_damaged_recording_is_told(changed: Project, kind: str, content: bytes) -> None:
    (recording,) = (
        path
        for path in changed.root.glob(f"snapshots/parity/test_values/test_{kind}*")
        if not path.name.endswith("origin.json")
    )
    recording.write_bytes(content)
    result = changed.run("-k", kind)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       assert the recording *[[]wk-1[]]*is damaged: *"])
