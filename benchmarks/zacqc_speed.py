"""How fast the embedded backtest is on a Lean data folder, in CPU seconds; prints, judges nothing.

    python benchmarks/zacqc_speed.py ../shared/zacqc/data --rounds 5

Reading alone, incremental and full runs take turns in one process, so that a busy machine hits all
of them; each figure is the median of the rounds. The peak memory is that of a fresh process that
runs the incremental form once.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.stages import StageTimer
from pytest_zacperf.units import NS_PER_S
from pytest_zacperf.zacqc.feed import HISTORY_DAYS
from pytest_zacperf.zacqc.market import LeanFolder
from pytest_zacperf.zacqc.parameters import REFERENCE_SYMBOLS, TradingParameters
from pytest_zacperf.zacqc.replay import MetricsForm, Replay
from pytest_zacperf.zacqc.sessions import Session, sessions_between

START, END = dt.date(2025, 10, 1), dt.date(2025, 10, 10)
SYMBOL_SECONDS = 15 * 8 * 23_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The data folder, and the trading days found once."""

    folder: Path
    sessions: Sequence[Session]

    def read(self) -> None:
        """Read and parse the daily history and the 120 zips."""
        market = LeanFolder(self.folder)
        for symbol in REFERENCE_SYMBOLS:
            market.daily_bars(symbol, before=START, count=HISTORY_DAYS)
            for session in self.sessions:
                market.second_bars(symbol, session.day)

    def replay(self, metrics: MetricsForm, stages: StageTimer) -> None:
        """Run the backtest, reading included."""
        replay = Replay(
            LeanFolder(self.folder), TradingParameters(), metrics=metrics, stages=stages
        )
        replay.run(self.sessions)


def cpu_seconds(function: Callable[[], None]) -> float:
    """Return the CPU time of one call in seconds."""
    start = time.process_time()
    function()
    return time.process_time() - start


def print_stages(bench: Bench, metrics: MetricsForm) -> None:
    """Print where one run spends its wall time."""
    stages = StageTimer()
    with stages.stage("total"):
        bench.replay(metrics, stages)
    timings = {timing.name: timing for timing in stages.timings()}
    total_ns = timings["total"].total_ns
    print(f"\nstages of one {metrics} run (a stage includes those within it)")
    for timing in sorted(timings.values(), key=lambda timing: -timing.total_ns):
        share = timing.total_ns / total_ns
        print(
            f"  {timing.name:<9} {timing.total_ns / NS_PER_S:7.3f} s {share:6.1%}"
            f" {timing.count:>8} x, longest {timing.max_ns / 1e6:8.3f} ms"
        )


def peak_memory_mb(folder: Path) -> float:
    """Return the peak resident memory in MB of a fresh process with one incremental run."""
    command = [sys.executable, __file__, str(folder), "--once"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very script
    return float(done.stdout)


def print_own_peak(bench: Bench) -> None:
    """Run once and print this process's high-water mark in MB."""
    bench.replay("incremental", StageTimer(enabled=False))
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    print(peak_kib / 1024)


def print_table(bench: Bench, rounds: int) -> None:
    """Run all forms in turn and print their medians."""
    off, on = StageTimer(enabled=False), StageTimer()
    cases: dict[str, Callable[[], None]] = {
        "reading and parsing": bench.read,
        "incremental run": lambda: bench.replay("incremental", off),
        "incremental, stages timed": lambda: bench.replay("incremental", on),
        "full run": lambda: bench.replay("full", off),
    }
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, function in cases.items():
            samples[name].append(cpu_seconds(function))
    medians = {name: statistics.median(values) for name, values in samples.items()}
    print(f"{SYMBOL_SECONDS} symbol-seconds, {rounds} rounds in turn, CPU seconds")
    print(f"{'':<27} {'median':>7} {'min':>7} {'max':>7} {'symbol-seconds a CPU second':>29}")
    for name, values in samples.items():
        rate = SYMBOL_SECONDS / medians[name]
        print(
            f"{name:<27} {medians[name]:7.2f} {min(values):7.2f} {max(values):7.2f} {rate:29,.0f}"
        )
    incremental = medians["incremental run"]
    print(f"full / incremental      {medians['full run'] / incremental:6.2f}")
    print(f"stages timed / not      {medians['incremental, stages timed'] / incremental:6.3f}")


def main() -> None:
    """Parse the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a Lean data folder with the recorded days")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    bench = Bench(folder=arguments.folder, sessions=sessions_between(START, END))
    if arguments.once:
        print_own_peak(bench)
        return
    print_table(bench, arguments.rounds)
    print(f"peak memory of one run  {peak_memory_mb(arguments.folder):6.0f} MB")
    print_stages(bench, "incremental")
    print_stages(bench, "full")


if __name__ == "__main__":
    main()
