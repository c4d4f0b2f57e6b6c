"""Runs that are stopped at a time limit, and what their profile says about growth."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from support.plans import SETTINGS, plan_text, result_in, run_of, zacperf

# A frame that is concatenated on every bar, and the same strategy without that mistake.
STRATEGY = """
import datetime as dt
import pandas as pd
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

COLUMNS = [f"indicator_{n}" for n in range(200)]


class Strategy:
    def __init__(self):
        self.bars = pd.DataFrame([[1.0] * len(COLUMNS)], columns=COLUMNS)
        self.newest = [1.0] * 50

    def on_bar(self, close):
        self.remember(close)
        return self.signal(close)

    def remember(self, close):
        bar = self.bars.iloc[-1:]
        KEEP

    def signal(self, close):
        self.newest = [*self.newest[1:], close]
        return sum(self.newest) / len(self.newest)


def run_backtest(start, end, context):
    strategy = Strategy()
    bars = 0
    for number in range((end - start).days + 1):
        context.progress(start + dt.timedelta(days=number))
        for bar in range(100):
            with context.stage("strategy"):
                strategy.on_bar(100.0 + bar % 7)
            bars += 1
    return BacktestOutput(data_points=bars)


engine = FunctionEngine("gold:run_backtest")
"""
QUADRATIC = "self.bars = pd.concat([self.bars, bar], ignore_index=True)"
LINEAR = "self.bars = pd.concat([self.bars.iloc[-50:], bar], ignore_index=True)"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    year = run_of("year", end="2025-12-31")
    (tmp_path / "plan.json").write_text(plan_text(run_of("day", 2), year))
    return tmp_path


def stop_early(root: Path, keep: str, limit: str) -> Result:
    (root / "gold.py").write_text(STRATEGY.replace("KEEP", keep))
    assert zacperf("run", "day").exit_code == 0
    return zacperf("run", "year", "--time-limit", limit)


@pytest.mark.slow
def test_a_frame_that_is_concatenated_on_every_bar_is_found_long_before_the_end(root: Path) -> None:
    done = stop_early(root, QUADRATIC, "3s")
    assert done.exit_code == 0, done.output
    first = next(line for line in done.output.splitlines() if line.lstrip().startswith("1 "))
    assert first.split()[1:3] == ["gold.py:19", "Strategy.remember"]
    grown = next(word for word in first.split() if word.startswith("x"))
    assert float(grown.removeprefix("x")) > 1.5
    report = (root / "profiling" / "year.report.md").read_text()
    assert "## What grew" in report
    assert first in report


@pytest.mark.slow
def test_a_strategy_whose_bars_all_cost_the_same_raises_nothing(root: Path) -> None:
    done = stop_early(root, LINEAR, "1500ms")
    assert "no function's calls cost more in year than in day" in done.output


def test_a_run_that_takes_too_long_is_stopped_and_its_part_is_kept(root: Path) -> None:
    (root / "gold.py").write_text(STRATEGY.replace("KEEP", LINEAR))
    done = zacperf("run", "year", "--time-limit", "800ms")
    assert done.exit_code == 0
    assert "year: partial: wall " in done.output
    assert "no shorter window of this plan has finished, so nothing was compared" in done.output
    found = result_in(root, "year")
    assert found["partial"] is True
    assert found["run"]["partial"] is True
    assert found["run"]["work"] is None
    assert found["run"]["order_events_hash"] is None
    stages = {stage["name"]: stage for stage in found["run"]["costs"]["stages"]}
    assert stages["strategy"]["count"] > 0
    assert "Strategy.on_bar" in (root / "profiling" / "year.funcs.wall.csv").read_text()
    run_id = found["run"]["id"]
    assert (root / ".zacperf" / "runs" / run_id / "stages.json").exists()
    assert not (root / ".zacperf" / "runs" / run_id / "order_events.jsonl").exists()
    assert "  done, partial  " in zacperf("status").output
    assert "stopped at its time limit, so it has no result" in zacperf("show", run_id).output
    refused = zacperf("compare", run_id, run_id)
    assert refused.exit_code == 3
    assert f"run {run_id} was stopped at its time limit" in refused.output
    # A window of which nobody knows how large it is says nothing of how costs grow.
    assert "plan.json has no finished window" in zacperf("scaling").output


def test_what_was_stopped_is_left_out_of_the_fit_and_of_the_profilers_cost(root: Path) -> None:
    (root / "gold.py").write_text(STRATEGY.replace("KEEP", "pass"))
    year = run_of("year", end="2025-12-31", timed=True)
    (root / "plan.json").write_text(plan_text(run_of("d1"), run_of("d3", 3), run_of("d9", 9), year))
    assert zacperf("run", "d1", "d3", "d9").exit_code == 0
    (root / "profiling" / "d9.profile.json").rename(root / "kept.json")
    done = zacperf("run", "--time-limit", "300ms")
    # Of the shorter windows it is the longest one whose profile is still there.
    assert "no function's calls cost more in year than in d3" in done.output
    (root / "kept.json").rename(root / "profiling" / "d9.profile.json")
    report = (root / "profiling" / "year.report.md").read_text()
    assert "not comparable, for one of both was stopped at the time limit" in report
    shown = zacperf("scaling")
    assert shown.exit_code == 0, shown.output
    assert "left out: year, stopped at a time limit" in shown.output
    assert "\nrank  function" in shown.output
    assert "3 windows of 100 to 900 bars; year has " in shown.output
