"""A Lean workspace with a project on it, and a project of ours whose engine runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEAN_JSON = """\
{
    // where the data are
    "data-folder": "data",
    "job-organization-id": "abc",
    "environments": {"backtesting": {"live-mode": false}}
}
"""
ALGORITHM = """\
from AlgorithmImports import *
from helper import lookback


class Gold(QCAlgorithm):
    def Initialize(self):
        self.SetStartDate(2020, 1, 1)
        self.SetEndDate(2020, 12, 31)
        self.lookback = lookback()
"""
PARAMETERS = """\
from AlgorithmImports import *


class Gold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(datetime.strptime(self.get_parameter("start-date"), "%Y-%m-%d"))
        self.set_end_date(datetime.strptime(self.get_parameter("end-date"), "%Y-%m-%d"))
"""
ENVIRONMENT = """\
import os
from AlgorithmImports import *


class Gold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(datetime.strptime(os.environ["START_DATE"], "%Y-%m-%d"))
        self.set_end_date(datetime.strptime(os.environ["END_DATE"], "%Y-%m-%d"))
"""
PLAN = """\
{"runs": [{"id": "wk", "start": "2025-10-01", "end": "2025-10-10", "label": "week"}]}
"""
# Ours, and what Python makes of the module with the engine.
IGNORED = frozenset({".zacperf", "__pycache__"})
FILES: Mapping[str, str] = {
    "lean.json": LEAN_JSON,
    "data/symbol-properties/symbol-properties-database.csv": "market,symbol\n",
    "data/market-hours/market-hours-database.json": "{}\n",
    "data/equity/spy.zip": "1",
    "data/equity/gld.zip": "2",
    "Gold/main.py": ALGORITHM,
    "Gold/helper.py": "def lookback():\n    return 20\n",
    "Gold/config.json": '{"algorithm-language": "Python", "parameters": {"lookback": "20"}}\n',
    "plan.json": PLAN,
    "pyproject.toml": '[tool.zacperf]\nengine = "lean_backtest:engine"\nplan = "plan.json"\n',
}


@dataclass(frozen=True, slots=True)
class LeanProjectFolder:
    """A folder as somebody has it who runs Lean backtests."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, engine: str) -> LeanProjectFolder:
        """Write one.

        Args:
            folder: Where.
            engine: Expression of the engine, such as ``LeanEngine("Gold", image="x")``.

        """
        found = cls(folder)
        for name, text in FILES.items():
            found.write(name, text)
        found.write(
            "lean_backtest.py",
            f"from pytest_zacperf.engines.lean import *\n\nengine = {engine}\n",
        )
        return found

    def write(self, name: str, text: str) -> None:
        """Write one file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def hashes(self) -> dict[str, str]:
        """Return what every file holds that a run must leave as it is."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.parts[len(self.folder.parts)] not in IGNORED
        }
