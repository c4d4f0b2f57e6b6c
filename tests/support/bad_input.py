"""What the tests of bad input share: a row of the table, an inner pytest, and what it left."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from pytest_zacperf import store
from pytest_zacperf.process import MARKER
from pytest_zacperf.records import Run

LONGEST_SESSION_S = 240
OUTER_VARIABLES = ("CI", "BUILD_NUMBER", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
INNER_VARIABLES = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_zacperf.plugin,syrupy,xdist.plugin",
}

PLAN = '{"runs": [{"id": "wk-1", "start": "2025-01-20", "end": "2025-01-26", "label": "week"}]}'
BOTH = """
import pytest

@pytest.mark.window("wk-1")
def test_backtest(backtest):
    backtest.order_events

def test_other():
    pass
"""
SETTINGS = """
[tool.pytest]
strict = true
filterwarnings = ["error"]
pythonpath = ["."]
[tool.zacperf]
plan = "plan.json"
engine = "rows:engine"
"""
STRATEGY = """
import ctypes, dataclasses, datetime as dt, math, os, re, signal, subprocess, sys, threading, time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Coverage, EquityPoint, OrderEvent, Trade

def event(order_id=1, **changes):
    fields = dict(ts_event_ns=1, symbol="V", order_id=order_id, event_id=1, status="submitted",
                  type="market", side="buy", quantity=1.0)
    return OrderEvent(**fields | changes)

def trade(**changes):
    fields = dict(symbol="V", side="buy", quantity=1.0, entry_ts_ns=1, exit_ts_ns=2,
                  entry_price=1.0, exit_price=1.0, profit_loss=0.0, fees=0.0)
    return Trade(**fields | changes)

class Changing(FunctionEngine):
    def with_parameters(self, overrides):
        other = globals()[overrides["case"]]
        return other() if isinstance(other, type) else super().with_parameters(overrides)

def run(start, end, context, case):
    return globals()[case](start, end, context)

engine = Changing("rows:run", volatile=frozenset({"order_id"}))
"""
TESTS = """
import pytest

@pytest.mark.parametrize("case", %r)
def test_row(baseline_for, case):
    assert baseline_for(case=case).run.status == "done"

def test_other():
    pass
"""
# In the controller or the only process: what an engine prints must not come into its memory.
CONFTEST = """
from pathlib import Path

def pytest_unconfigure():
    status = Path("/proc/self/status").read_text()
    Path("peak_kilobytes").write_text(status.partition("VmHWM:")[2].split()[0])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that an engine does, and what the report says of it.

    Attributes:
        name: Of the row, and of the function or engine in ``source``.
        source: Body of that function, with the arguments ``start, end, context``; or its class.
        reason: What follows "has no result: "; None when the run counts all the same.
        warning: What the summary warns of.
        log: What ``stderr.log`` holds.
        events: Number of order events of a run that counts.

    """

    name: str
    source: str
    reason: str | None
    warning: str = ""
    log: str = ""
    events: int = 0

    @property
    def definition(self) -> str:
        """The source of a function or a class."""
        if self.name[0].isupper():
            return self.source
        body = textwrap.indent(textwrap.dedent(self.source).strip(), "    ")
        return f"def {self.name}(start, end, context):\n{body}\n"


@dataclass(frozen=True, slots=True)
class Inner:
    """An inner pytest that has ended, and the folder of its project."""

    root: Path
    lines: Sequence[str]

    def reasons(self, case: str) -> list[str]:
        """Return what the report says of a case, as often as it does."""
        start = f"the backtest of wk-1 case={case} has no result: "
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]

    @property
    def runs(self) -> Mapping[str, tuple[Run, Path]]:
        """Every run and its folder, by what the parameter ``case`` was."""
        folders = list((self.root / store.STORE_FOLDER / "runs").iterdir())
        # Each must hold a run that is whole: what cannot be decoded is an error here.
        runs = [msgspec.json.decode((f / store.RUN_FILE).read_bytes(), type=Run) for f in folders]
        return {
            str(run.workload.parameters.get("case", "")): (run, folder)
            for run, folder in zip(runs, folders, strict=True)
        }


def write_project(root: Path, rows: Iterable[Row], *settings: str) -> None:
    """Write a project whose engine does what the parameter ``case`` names."""
    rows = list(rows)
    strategy = "\n".join([STRATEGY, *(row.definition for row in rows)])
    files = {
        "pyproject.toml": "\n".join([SETTINGS, *settings]),
        "plan.json": PLAN,
        "conftest.py": CONFTEST,
        "rows.py": strategy,
        "test_rows.py": TESTS % [row.name for row in rows],
    }
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


def run_pytest(root: Path, *arguments: str) -> Inner:
    """Run pytest in a process of its own, with our plugins only and locks of its own."""
    outer = {name: value for name, value in os.environ.items() if name not in OUTER_VARIABLES}
    completed = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-m", "pytest", "-rfEp", *arguments],
        cwd=root,
        env={**outer, **INNER_VARIABLES, "TMPDIR": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST_SESSION_S,
        check=False,
    )
    return Inner(root, completed.stdout.decode().splitlines())


def left_by(root: Path) -> list[str]:
    """Return every half-written file below a project, and every process that its runs left."""
    folder = root / store.STORE_FOLDER
    names = ("*.tmp", ".*.tmp", "worker.json", "error.json")
    files = [str(path) for name in names for path in folder.rglob(name)]
    return sorted({*files, *_processes(str(root))})


def shown_frames(lines: Iterable[str]) -> list[str]:
    """Return the lines that show our insides."""
    return [
        line
        for line in lines
        if "Traceback" in line or "pytest_zacperf/" in line or "INTERNALERROR" in line
    ]


def _processes(root: str) -> Iterator[str]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARKER, "").startswith(root):
                yield f"{process.pid} {' '.join(process.cmdline())}"
