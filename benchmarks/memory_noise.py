"""Print how much peak memory differs between equal runs, and what growth by day is found in them.

The embedded backtest on the synthetic market, each round in a fresh process of its own.
Asserts nothing. Run: ``python benchmarks/memory_noise.py [ROUNDS]``
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import sys
import tempfile
from pathlib import Path

from pytest_zacperf import memory
from pytest_zacperf.records import Costs, Run, Window, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore
from pytest_zacperf.units import format_bytes

ROUNDS = 10
TARGET_VARIATION = 0.01
TEN_DAYS = Window(id="ten-days", start=dt.date(2025, 3, 3), end=dt.date(2025, 3, 14))


def main() -> None:
    """Run both forms of the metrics and print a table of each."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = name  # a machine lock of its own
        runner = Runner(store=RunStore(Path(name) / ".zacperf"), root=Path(name))
        for metrics in ("incremental", "full"):
            # The first run makes the market up and is not counted.
            runs = [one_run(runner, metrics, number) for number in range(rounds + 1)][1:]
            print(f"\nmetrics={metrics}, {TEN_DAYS.start} to {TEN_DAYS.end}")
            print_table(runs)


def one_run(runner: Runner, metrics: str, number: int) -> Run:
    """Return one run of the embedded backtest, timed."""
    workload = Workload(
        engine="pytest_zacperf.zacqc:engine", window=TEN_DAYS, parameters={"metrics": metrics}
    )
    return runner.run_once(workload, session="noise", machine="alone", round=number)


def print_table(runs: list[Run]) -> None:
    """Print peak memory and slope of each run, and how much the peaks differ."""
    peaks = []
    for run in runs:
        costs = costs_of(run)
        peaks.append(costs.peak_memory_bytes)
        found = "; ".join(w for w in run.warnings if "memory" in w) or "no warning"
        print(f"{format_bytes(peaks[-1])}  {memory.slope(costs.memory_by_day)!r}  {found}")
    mean = statistics.mean(peaks)
    variation = statistics.stdev(peaks) / mean if len(peaks) > 1 else 0.0
    print(
        f"peak memory: median {format_bytes(statistics.median(peaks))}, "
        f"min {format_bytes(min(peaks))}, max {format_bytes(max(peaks))}, "
        f"coefficient of variation {variation:.2%} of {len(peaks)} rounds "
        f"(target {TARGET_VARIATION:.0%})"
    )


def costs_of(run: Run) -> Costs:
    """Return what a run cost, or end with the reason why it failed."""
    if run.costs is None:
        raise SystemExit(run.reason)
    return run.costs


if __name__ == "__main__":
    main()
