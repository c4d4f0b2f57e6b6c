"""Kill processes that share a profiling plan at random instants, and look what that did to it.

Each time two ``zacperf run`` share a plan, and one of them gets SIGKILL at a random instant. Then
must hold: the file is a valid plan with all its keys; whoever lives, or the next one, finishes it;
no run was ever executed twice at the same time; no file and no process is left over.

Exits with 1 if anything did not hold. Run: ``python benchmarks/queue_kills.py [TIMES] [SEED]``
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from pytest_zacperf.plan import parse_plan
from pytest_zacperf.process import MARKER

TIMES = 100
RUNS = 4
LONGEST_S = 2.0
PATIENCE_S = 60.0
ZACPERF = (sys.executable, "-c", "from pytest_zacperf.command import main; main()")
SETTINGS = '[tool.zacperf]\nengine = "strategy:engine"\nplan = "plan.json"\nkeep_runs = 20\n'
STRATEGY = """
import os, time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

def note(what, day):
    with open("log", "a") as log:
        log.write(f"{day} {os.getpid()} {what} {time.monotonic()}\\n")

def run(start, end):
    note("begins", end)
    time.sleep(0.1)
    note("ends", end)
    return BacktestOutput(data_points=1)

engine = FunctionEngine("strategy:run")
"""


def main() -> None:
    """Try it so many times, and print what did not hold."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    choice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)  # noqa: S311, PLR2004
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TMPDIR"] = name  # a machine lock of its own
        (folder / "pyproject.toml").write_text(SETTINGS)
        (folder / "strategy.py").write_text(STRATEGY)
        for number in range(times):
            found = trial(folder, choice.uniform(0.2, LONGEST_S))
            problems += [f"trial {number}: {problem}" for problem in found]
        problems += left_over(folder)
    for problem in problems:
        print(problem)
    print(f"{times:5}  kills")
    print(f"{len(problems):5}  problems")
    sys.exit(1 if problems else 0)


def trial(folder: Path, delay_s: float) -> list[str]:
    """Let two processes share a plan, kill one, let the other or a third one finish it."""
    (folder / "log").write_text("")
    (folder / "plan.json").write_text(plan_text())
    both = [start(folder), start(folder)]
    time.sleep(delay_s)
    both[0].kill()
    both[0].wait()
    problems = damage(folder, "after the kill")
    both[1].wait(PATIENCE_S)
    subprocess.run([*ZACPERF, "run"], cwd=folder, check=False, capture_output=True)  # noqa: S603
    problems += damage(folder, "at the end")
    statuses = [run["status"] for run in json.loads((folder / "plan.json").read_text())["runs"]]
    if statuses != ["done"] * RUNS:
        problems.append(f"the queue is not finished: {statuses}")
    return problems + overlaps(folder)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that works the plan off."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*ZACPERF, "run"], cwd=folder, stdout=quiet, stderr=quiet)  # noqa: S603


def plan_text() -> str:
    """Return a plan with keys that nobody knows."""
    runs = [
        {
            "id": f"r{n}",
            "start": "2025-01-06",
            "end": f"2025-01-0{6 + n}",
            "status": "pending",
            "x": n,
        }
        for n in range(RUNS)
    ]
    return json.dumps({"owner": "zac", "runs": runs, "last": True}, indent=1)


def damage(folder: Path, when: str) -> list[str]:
    """Return what is wrong with the plan file."""
    content = (folder / "plan.json").read_bytes()
    try:
        plan = parse_plan(content, "plan.json")
    except Exception as e:  # noqa: BLE001 - whatever it is, it is a problem
        return [f"{when}: {e}"]
    runs = plan.document["runs"]
    is_whole = plan.document["owner"] == "zac" and plan.document["last"] is True
    if not is_whole or [run.get("x") for run in runs] != list(range(RUNS)):
        return [f"{when}: keys are missing"]
    return []


def overlaps(folder: Path) -> list[str]:
    """Return the runs that were executed twice at the same time."""
    spans: defaultdict[str, list[list[float]]] = defaultdict(list)
    for line in (folder / "log").read_text().splitlines():
        day, _, what, at = line.split()
        if what == "begins":
            spans[day].append([float(at), float("inf")])
        else:
            spans[day][-1][1] = float(at)
    return [
        f"the run until {day} was executed twice at the same time"
        for day, found in spans.items()
        if any(second[0] < first[1] < float("inf") for first, second in itertools.pairwise(found))
    ]


def left_over(folder: Path) -> list[str]:
    """Return files and processes that nobody has cleaned up."""
    time.sleep(2)  # a worker whose parent was killed ends within a second
    files = [path.name for path in folder.glob(".plan.json.*")]
    processes = [one for one in psutil.process_iter() if belongs(one, folder)]
    return [f"left over: {one}" for one in (*files, *processes)]


def belongs(process: psutil.Process, folder: Path) -> bool:
    """Return whether a process is a worker of these runs."""
    try:
        return process.environ().get(MARKER, "").startswith(str(folder))
    except psutil.Error:
        return False


if __name__ == "__main__":
    main()
