"""The page of each engine: its files, written as it says, and its commands, typed as it says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from support.commands import PYTEST, Shell
from support.engine_tests import WANTED

from pytest_zacperf.engines.installed import NOT_INSTALLED
from pytest_zacperf.engines.lookup import load_engine
from pytest_zacperf.examples.bars import bars_of, days_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("backtesting", "backtrader", "lumibot", "nautilus", "vectorbt", "zipline")
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
NAMED = re.compile(r"# (?P<path>[\w/.]+\.(py|toml))\b")
RECORD = ("-m", "parity", "--snapshot-update", "--zacperf-reason", "the first")


def blocks(page: str) -> list[tuple[str, str]]:
    text = (DOCS / f"{page}.md").read_text()
    return [(found["kind"], found["text"]) for found in BLOCK.finditer(text)]


def write_page(page: str, root: Path) -> None:
    """Write the files of a page: each names itself in its first line, and JSON is the plan."""
    for kind, text in blocks(page):
        named = NAMED.match(text)
        path = named["path"] if named else "plan.json" if kind == "json" else None
        if path is not None:
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def write_bars(root: Path) -> None:
    """Write a CSV file as the pages have it."""
    lines = ["start,open,high,low,close,volume"]
    for day in days_of(dt.date(2025, 10, 1), dt.date(2025, 10, 3)):
        for bar in bars_of("GLD", day):
            cents = (bar.open_cents, bar.high_cents, bar.low_cents, bar.close_cents)
            prices = ",".join(f"{one / 100:.2f}" for one in cents)
            lines.append(f"{bar.start:%Y-%m-%d %H:%M:%S},{prices},{bar.volume}")
    (root / "data").mkdir()
    (root / "data" / "GLD.csv").write_text("\n".join(lines))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder, temporary = tmp_path / "project", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    return Shell(folder=folder, temporary=temporary)


@pytest.mark.parametrize("page", PAGES)
def test_the_files_of_a_page_record_and_hold_and_find_a_changed_order(
    page: str, shell: Shell
) -> None:
    if load_engine(page).version == NOT_INSTALLED:
        assert page != WANTED, f"{page} is not installed here, and its page must hold"
        pytest.skip(f"{page} is not installed here")
    write_page(page, shell.folder)
    write_bars(shell.folder)
    recorded = shell.run(*PYTEST, *RECORD)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    held = shell.run(*PYTEST, "-m", "parity")
    assert held.returncode == 0, held.stdout
    assert "2 passed" in held.stdout
    strategy = shell.folder / "strategies" / "cross.py"
    strategy.write_text(strategy.read_text().replace("10", "11"))  # what is fast, and the quantity
    changed = shell.run(*PYTEST, "-m", "parity")
    assert changed.returncode == 1
    assert "orders (events): " in changed.stdout


def test_an_engine_of_ones_own_passes_its_conformance_tests(shell: Shell) -> None:
    write_page("engines", shell.folder)
    done = shell.run(*PYTEST)
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("page", [*PAGES, "engines"])
def test_every_python_block_can_be_compiled(page: str) -> None:
    found = [text for kind, text in blocks(page) if kind == "python"]
    for text in found:
        compile(text, page, "exec")
    assert found
