"""Profiling plans for the tests of the queue, and a strategy that is run for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from pytest_zacperf.cli import main
from pytest_zacperf.plan import Plan, parse_plan

COLD = {
    "id": "cold",
    "start": "2025-01-06",
    "end": "2025-01-07",
    "label": "cache_probe_cold",
}
WARM = {**COLD, "id": "warm", "label": "cache_probe_warm"}
SETTINGS = '[tool.zacperf]\nengine = "gold:engine"\nplan = "plan.json"\n'
# What it did is in a file, so that a test can tell what was executed, and how often.
STRATEGY = """
import datetime as dt
import os
import time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput, Capabilities
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import OrderEvent


def fetch(day, context):
    path = context.cache_folder / f"{day}.bar"
    if path.exists():
        return
    with context.stage("download"):
        time.sleep(DOWNLOAD_S)
        path.write_bytes(b"bars")
    context.count("download_requests", 1)
    context.count("download_bytes", 4)


def on_bar(bar):
    return bar * bar


def run_backtest(start, end, context, lookback=20):
    with open("executed", "a") as log:
        log.write(f"{start} {end} {os.getpid()}\\n")
    days = (end - start).days + 1
    for number in range(days):
        day = start + dt.timedelta(days=number)
        context.progress(day)
        fetch(day, context)
        for bar in range(BARS):
            on_bar(bar)
    BEHAVIOR
    event = OrderEvent(ts_event_ns=days, symbol="GLD", order_id=1, event_id=1, status="submitted",
                       type="market", side="buy", quantity=lookback)
    return BacktestOutput(order_events=[event], data_points=days * BARS)


DOWNLOAD_S, BARS = SECONDS, 200
engine = FunctionEngine("gold:run_backtest")
"""


def run_of(run_id: str, days: int = 1, **keys: object) -> dict[str, Any]:
    """Return a run of a plan that begins on 2025-01-06, a Monday."""
    end = f"2025-01-{5 + days:02}"
    return {"id": run_id, "start": "2025-01-06", "end": end, "label": "days", **keys}


def plan_text(*runs: dict[str, Any], **parts: object) -> str:
    """Return the text of a plan, laid out as people do: a run on each line."""
    lines = ",\n".join(f"    {json.dumps(run)}" for run in runs)
    rest = "".join(f',\n  "{name}": {json.dumps(value)}' for name, value in parts.items())
    return f'{{\n  "runs": [\n{lines}\n  ]{rest}\n}}\n'


def plan_of(*runs: dict[str, Any], **parts: object) -> Plan:
    """Return a plan."""
    return parse_plan(plan_text(*runs, **parts).encode(), "plan.json")


def make_project(
    root: Path,
    *runs: dict[str, Any],
    behavior: str = "pass",
    download_s: float = 0.0,
    **parts: object,
) -> Path:
    """Write a project whose strategy notes what it executes; return its plan file.

    Args:
        root: An empty folder.
        runs: Of the plan.
        behavior: A line of the strategy, at its end.
        download_s: How long it takes to download a day.
        parts: Of the plan, such as ``meta``.

    """
    (root / "pyproject.toml").write_text(SETTINGS)
    strategy = STRATEGY.replace("BEHAVIOR", behavior).replace("SECONDS", str(download_s))
    (root / "gold.py").write_text(strategy)
    plan = root / "plan.json"
    plan.write_text(plan_text(*runs, **parts))
    return plan


def zacperf(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments)


def result_in(root: Path, run_id: str) -> dict[str, Any]:
    """Return what a project's plan says about one of its runs."""
    found: dict[str, Any] = json.loads((root / "plan.json").read_text())["results"][run_id]
    return found


def executed(root: Path) -> list[str]:
    """Return the days of each execution, in order."""
    log = root / "executed"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.rpartition(" ")[0] for line in lines]
