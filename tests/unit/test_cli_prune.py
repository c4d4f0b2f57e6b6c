"""``zacperf backtest`` keeps its own run while it runs, and prunes at its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.stored import leave_run

from pytest_zacperf.cli import main
from pytest_zacperf.store import RunStore

STRATEGY = """
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.store import RunStore
engine = FunctionEngine("gold:run")
def run(start, end):
    locks = Path(".zacperf/locks").glob("session-*.lock")
    sessions = [path.stem.removeprefix("session-") for path in locks]
    used = [RunStore(Path(".zacperf")).is_in_use(session) for session in sessions]
    Path("used").write_text(repr(used))
    return BacktestOutput()
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    (tmp_path / "gold.py").write_text(STRATEGY)
    (tmp_path / "pyproject.toml").write_text("[tool.zacperf]\nkeep_runs = 1\n")
    monkeypatch.chdir(tmp_path)
    return RunStore(tmp_path / ".zacperf")


def backtest() -> Result:
    window = ("--start", "2025-10-01", "--end", "2025-10-10")
    return CliRunner().invoke(main, ["backtest", "--engine", "gold:engine", *window])


def test_the_session_of_a_backtest_is_in_use_while_it_runs(runs: RunStore) -> None:
    assert backtest().exit_code == 0
    assert (runs.folder.parent / "used").read_text() == "[True]"


def test_the_run_of_a_backtest_replaces_older_ones(runs: RunStore) -> None:
    leave_run(runs, "old", "s", modified_s=1)
    shown = backtest()
    assert [f"run folder: {entry.folder}" for entry in runs.entries()] == [
        shown.stdout.splitlines()[-1]
    ]


def test_the_run_of_a_backtest_stays_though_another_is_newer(runs: RunStore) -> None:
    leave_run(runs, "newer", "s", modified_s=1e11)
    shown = backtest()
    assert Path(shown.stdout.splitlines()[-1].removeprefix("run folder: ")).is_dir()


def test_a_prune_that_fails_is_one_line_and_fails_no_backtest(runs: RunStore) -> None:
    leave_run(runs, "old", "s", modified_s=1)
    trash = runs.folder / "trash"
    trash.touch()
    shown = backtest()
    assert shown.exit_code == 0
    assert shown.stderr == f"old runs could not be deleted: {trash}: File exists\n"
