"""What deletes recordings in plain syrupy deletes none of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.recorded_projects import UPDATE, record

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

TESTS = """
import pytest

def test_first(backtest, order_events_snapshot):
    BEFORE
    assert backtest.order_events == order_events_snapshot

def test_second(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""
TEST_FILE = "tests/test_orders.py"


def orders_tests(before: str) -> str:
    return TESTS.replace("BEFORE", before)


def contents(project: Project) -> dict[str, bytes]:
    folder = project.root / "snapshots"
    return {path.name: path.read_bytes() for path in folder.rglob("*.jsonl") if path.is_file()}


@pytest.fixture
def recorded(project: Project, kept: Path) -> dict[str, bytes]:
    """Return the recordings of two tests in two windows."""
    project.write(TEST_FILE, orders_tests("pass"))
    record(project, kept, tests=4)
    found = contents(project)
    assert len(found) == 4
    return found


@pytest.mark.parametrize(
    ("before", "arguments"),
    [
        pytest.param("raise ValueError", (), id="a test that raises"),
        pytest.param("raise ValueError", ("-n", "2"), id="a test that raises in a worker"),
        pytest.param("raise ValueError", ("-x",), id="stopped at the first failure"),
        pytest.param("import os; os._exit(1)", ("-n", "1"), id="a worker that dies"),
        pytest.param("pytest.skip('now')", (), id="a test that skips itself"),
        pytest.param("pass", ("-k", "second"), id="a part of the tests"),
        pytest.param("pass", ("--zacperf-window", "wk-2"), id="a part of the windows"),
    ],
)
def test_a_session_that_updates_deletes_and_changes_no_recording(
    project: Project,
    recorded: dict[str, bytes],
    before: str,
    arguments: tuple[str, ...],
) -> None:
    project.write(TEST_FILE, orders_tests(before))
    result = project.run(*arguments, *UPDATE)
    result.stdout.no_fnmatch_line("*unused*")
    assert contents(project) == recorded


def test_an_update_in_four_workers_writes_every_recording(
    project: Project, recorded: dict[str, bytes]
) -> None:
    strategy = (project.root / "strategy.py").read_text(encoding="utf-8")
    project.write("strategy.py", strategy.replace("price=297.12", "price=297.13"))
    project.run("-n", "4", *UPDATE).assert_outcomes(passed=4)
    assert contents(project) == {
        name: content.replace(b"297.12", b"297.13") for name, content in recorded.items()
    }
    assert not list(Path(project.root, "snapshots").rglob("*.tmp"))
    decisions = (project.root / "snapshots" / "decisions.md").read_text(encoding="utf-8")
    assert decisions.count("\n## ") == 2
