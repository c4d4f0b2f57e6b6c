"""A project whose engine notes each run, and a runner for it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

from pytest_zacperf.execution import Limits
from pytest_zacperf.records import Window, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
WORKLOAD = Workload(engine="gold:engine", window=WINDOW)
HEADER = """
import os, signal, subprocess, sys, time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def note(text):
    with open("notes", "a") as file: file.write(text + "\\n")
"""
NOTE = "def run(start, end, side='a'): note(side)\n"


def project(root: Path, source: str, *, timeout_s: float | None = 30) -> Runner:
    """Write the strategy; return the runner of its project."""
    (root / "gold.py").write_text(HEADER + source)
    return Runner(store=RunStore(root / ".zacperf"), root=root, limits=Limits(timeout_s=timeout_s))


def notes(root: Path) -> list[str]:
    """Return what the runs of a project have noted."""
    return (root / "notes").read_text().split()


def asker(ours: Runner) -> subprocess.Popen[bytes]:
    """Start a process that asks for the run of WORKLOAD and prints what it cost."""
    script = (
        "import datetime as dt, sys; from pathlib import Path\n"
        "from pytest_zacperf.records import Window, Workload\n"
        "from pytest_zacperf.runner import Runner; from pytest_zacperf.store import RunStore\n"
        f"root = Path({str(ours.root)!r})\n"
        "window = Window(id='w', start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))\n"
        "workload = Workload(engine='gold:engine', window=window)\n"
        "runner = Runner(store=RunStore(root / '.zacperf'), root=root)\n"
        "print(runner.run_once(workload, session='s').costs.wall_ns)\n"
    )
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - fixed
