"""Perf tests of the tiny project, and what they leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project


ENGINE = 'engine = "strategy:engine"'
HEAD = "import pytest\n\npytestmark = [pytest.mark.perf, pytest.mark.window('wk-1')]\n"
AGAINST_ITSELF = (
    HEAD
    + """
def test_memory(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for().peak_memory <= LIMIT
    print("the test went on")
"""
)
CERTAIN, UNCERTAIN = "1.5", "1.0"
NO_BUDGET = "--zacperf-budget=1ms"
SAME = "A/A: same code and parameters on both sides, and data without a fingerprint"


def let_it_loop(project: Project, loops: str) -> None:
    """Change the strategy itself, so that only its code tells the sides apart."""
    text = (project.root / "strategy.py").read_text()
    head, _, tail = text.partition("loops=")
    project.write("strategy.py", f"{head}loops={loops},{tail.partition(',')[2]}")


def reports(project: Project) -> dict[str, Path]:
    """Return the folder of each test's report by the name of the test."""
    return {
        folder.name.partition("__")[2].partition("[")[0]: folder
        for folder in (project.root / ".zacperf" / "perf").iterdir()
    }
