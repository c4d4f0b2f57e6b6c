"""Print what a run costs beyond the engine's own work, and what a second test adds.

The engine does nothing, so all that is measured is ours: interpreter, imports, files, locks.
Asserts nothing. Run: ``python benchmarks/run_overhead.py [ROUNDS]``
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from pytest_zacperf.records import Window, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore

ROUNDS = 15
TARGET_RUN_MS = 350
TARGET_SECOND_USE_MS = 10

STRATEGY = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): return BacktestOutput()
engine = FunctionEngine("strategy:run")
"""
PLAN = '{"runs": [{"id": "w", "start": "2025-01-20", "end": "2025-01-20", "label": "week"}]}'
SETTINGS = """
[tool.pytest]
junit_duration_report = "total"
pythonpath = ["."]
[tool.zacperf]
engine = "strategy:engine"
plan = "plan.json"
"""
TESTS = """
def test_first(backtest): assert backtest.run.status == "done"
def test_second(backtest): assert backtest.run.status == "done"
"""


def main() -> None:
    """Time runs of an engine that does nothing, and two tests that share one run."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TMPDIR"] = name  # a machine lock of its own
        files = {
            "strategy.py": STRATEGY,
            "plan.json": PLAN,
            "pyproject.toml": SETTINGS,
            "test_it.py": TESTS,
        }
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        runs_ms = [run_ms(folder, str(number)) for number in range(rounds + 1)][1:]
        tests_ms = [second_test_ms(folder) for _ in range(rounds)]
    print(f"{'ms of wall time':34}  median     min     max  target")
    print(row("one run through the runner", runs_ms, TARGET_RUN_MS))
    print(row("a second test of the same window", tests_ms, TARGET_SECOND_USE_MS))


def run_ms(folder: Path, session: str) -> float:
    """Return how long one run takes, less what the engine itself took."""
    day = dt.date(2025, 1, 20)
    workload = Workload(engine="strategy:engine", window=Window(id="w", start=day, end=day))
    runner = Runner(store=RunStore(folder / ".zacperf"), root=folder)
    start_ns = time.perf_counter_ns()
    run = runner.run_once(workload, session=session, machine="alone")
    elapsed_ns = time.perf_counter_ns() - start_ns
    if run.costs is None:
        raise SystemExit(run.reason)
    return (elapsed_ns - run.costs.wall_ns) / 1e6


def second_test_ms(folder: Path) -> float:
    """Return how long the second of two tests takes, set-up and teardown included."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603 - pytest
    cases = {case.attrib["name"]: case for case in ET.parse(report).iter("testcase")}  # noqa: S314 - pytest wrote it
    return float(cases["test_second[w]"].attrib["time"]) * 1000


def row(name: str, values_ms: Sequence[float], target_ms: float) -> str:
    """Return one line of the table."""
    figures = (statistics.median(values_ms), min(values_ms), max(values_ms))
    return f"{name:34}  " + "  ".join(f"{f:6.1f}" for f in figures) + f"  {target_ms:6.0f}"


if __name__ == "__main__":
    main()
