"""A project that exists, on which ``zacperf init`` is tried."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pytest_zacperf.cli import main

ENGINE = """
from pytest_zacperf.engines.function import FunctionEngine

def run(start, end):
    return None

engine = FunctionEngine("{module}:run")
"""
FUNCTION = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.records import OrderEvent

def run_backtest(start, end, lookback=20):
    event = OrderEvent(ts_event_ns=1, symbol="V", order_id=1, event_id=1, status="submitted",
                       type="market", side="buy", quantity=lookback)
    return BacktestOutput(order_events=[event])
"""
DATES = ("--start", "2025-10-01", "--end", "2025-10-03")
PLAN = '{"runs": [{"id": "a", "start": "2025-01-01", "end": "2025-01-31", "label": "month"}%s]}'


def make_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project, which is the working directory now."""
    root = tmp_path / "work"
    root.mkdir()
    monkeypatch.chdir(root)
    # So that no pyproject.toml above this folder is the project's.
    write(root, "pyproject.toml", "[tool.ruff]\nline-length = 100  # a comment\n")
    return root


def write(root: Path, name: str, text: str = "") -> None:
    """Write one file of the project."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def init(*arguments: str) -> Result:
    """Run zacperf init in this process."""
    return CliRunner().invoke(main, ["init", *arguments])


def files(root: Path) -> dict[str, bytes]:
    """Return path to content of every file of the project."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def settings(root: Path) -> dict[str, object]:
    """Return ``[tool.zacperf]`` of the project."""
    table: dict[str, object] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    found = table["zacperf"]
    assert isinstance(found, dict)
    return found
