"""Print what the queue costs beside the runs: for each run, for a large profile, for a large plan.

Asserts nothing. Run: ``python benchmarks/queue_cost.py [ROUNDS]``
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pytest_zacperf.plan import PlannedRun, parse_plan
from pytest_zacperf.queue.files import RunFiles
from pytest_zacperf.records import Callee, Profile, ProfiledFunction, ThreadProfile

ROUNDS = 5
RUNS = 20
FUNCTIONS = 5_000
CALLEES = 3
PLANNED = 1_000
ZACPERF = (sys.executable, "-c", "from pytest_zacperf.command import main; main()")
SETTINGS = '[tool.zacperf]\nengine = "strategy:engine"\nplan = "plan.json"\n'
STRATEGY = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): return BacktestOutput()
engine = FunctionEngine("strategy:run")
"""


def main() -> None:
    """Measure each of the three."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TMPDIR"] = name  # a machine lock of its own
        (folder / "pyproject.toml").write_text(SETTINGS)
        (folder / "strategy.py").write_text(STRATEGY)
        print(f"{'seconds of wall time':58}  median     min     max  target")
        overhead, record = queue_overhead(folder, rounds)
        print_row(f"queue, for each of {RUNS} runs, beside its worker", overhead, 0.3)
        print_row(
            f"files of a profile of {FUNCTIONS:,} functions", profile_files(folder, rounds), 1.0
        )
        seconds, size_mb = status_of_large_plan(folder, record, rounds)
        print_row(f"status, {PLANNED:,} runs with results ({size_mb:.1f} MB)", seconds, 0.5)


def queue_overhead(folder: Path, rounds: int) -> tuple[list[float], dict[str, object]]:
    """Return what a run costs beyond the life of its worker, and a result to fill a plan with."""
    found = []
    for _ in range(rounds):
        write_plan(folder, RUNS, {})
        start_s = time.perf_counter()
        subprocess.run([*ZACPERF, "run"], cwd=folder, check=True, capture_output=True)  # noqa: S603
        whole_s = time.perf_counter() - start_s
        results = json.loads((folder / "plan.json").read_text())["results"]
        found.append((whole_s - sum(map(worker_s, results.values()))) / RUNS)
    return found, results["r0"]


def worker_s(result: dict[str, dict[str, str]]) -> float:
    """Return how long the worker of a run lived, by its own record."""
    start, end = (
        dt.datetime.fromisoformat(result["run"][name]) for name in ("start_utc", "end_utc")
    )
    return (end - start).total_seconds()


def profile_files(folder: Path, rounds: int) -> list[float]:
    """Return how long the files of a large profile take to write."""
    plan = parse_plan(b'{"runs": [{"id": "a", "start": "2025-01-06", "end": "2025-01-06"}]}', "p")
    planned: PlannedRun = plan.runs[0]
    profile = large_profile()
    return [
        seconds_of(lambda: RunFiles(folder, plan, planned).write_profile(profile))
        for _ in range(rounds)
    ]


def large_profile() -> Profile:
    """Return a profile in which each function calls some of those behind it."""
    choose = random.Random(1)  # noqa: S311 - no secret
    return Profile(
        clock="wall",
        threads=(ThreadProfile(id=0, name="MainThread", total_ns=10**9, schedules=1),),
        functions=tuple(profiled(number, choose) for number in range(FUNCTIONS)),
    )


def profiled(number: int, choose: random.Random) -> ProfiledFunction:
    """Return one function of it."""
    behind = range(number + 1, FUNCTIONS)
    callees = choose.sample(behind, min(CALLEES, len(behind)))
    return ProfiledFunction(
        thread=0,
        module=f"package/module_{number % 50}.py",
        name=f"function_{number}",
        line=number,
        is_builtin=False,
        is_project=number % 2 == 0,
        calls=10,
        actual_calls=10,
        own_ns=choose.randrange(10**6),
        total_ns=10**7,
        callees=tuple(
            Callee(function=n, calls=2, actual_calls=2, own_ns=1000, total_ns=2000) for n in callees
        ),
    )


def status_of_large_plan(
    folder: Path, record: dict[str, object], rounds: int
) -> tuple[list[float], float]:
    """Return how long ``zacperf status`` takes, and the size of its plan in MB."""
    write_plan(folder, PLANNED, {f"r{number}": record for number in range(PLANNED)})
    command = [*ZACPERF, "status"]
    found = [
        seconds_of(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))  # noqa: S603
        for _ in range(rounds)
    ]
    return found, (folder / "plan.json").stat().st_size / 1e6


def write_plan(folder: Path, count: int, results: dict[str, object]) -> None:
    """Write a plan of so many runs."""
    status = "done" if results else "pending"
    runs = [
        {"id": f"r{n}", "start": "2025-01-06", "end": "2025-01-06", "status": status}
        for n in range(count)
    ]
    (folder / "plan.json").write_text(json.dumps({"runs": runs, "results": results}, indent=1))


def seconds_of(what: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start_s = time.perf_counter()
    what()
    return time.perf_counter() - start_s


def print_row(name: str, seconds: list[float], target: float) -> None:
    """Print one measurement."""
    figures = (statistics.median(seconds), min(seconds), max(seconds), target)
    print(f"{name:58}  " + "  ".join(f"{one:6.3f}" for one in figures))


if __name__ == "__main__":
    main()
