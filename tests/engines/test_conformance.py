"""The conformance tests fail, each in a sentence, for an engine that breaks one promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import PYTEST, Shell
from support.engine_tests import project_in

TEST = """
import datetime as dt
from pathlib import Path
from pytest_zacperf.records import Window
from pytest_zacperf.testing import EngineConformance

class TestIt(EngineConformance):
    engine = "support.promise_breakers:ENGINE"
    window = Window(id="two-days", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 2))
    raising = "support.promise_breakers:not_broken"
    raising_line = "raise ValueError"
    grace_s = 2.0
    timezone = "America/New_York"
"""


def failure_of(engine: str, test: str, folder: Path) -> str:
    """Return what the only failing test says."""
    root = project_in(folder / "project")
    (root / "test_it.py").write_text(TEST.replace("ENGINE", engine))
    (root / "plan.txt").write_text("1")
    (folder / "tmp").mkdir()
    shell = Shell(folder=root, temporary=folder / "tmp")
    done = shell.run(*PYTEST, "-p", "no:randomly", "-q", "-k", test)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "test", "sentence"),
    [
        (
            "window",
            "window",
            "order 1 has an event at 2025-09-24 12:00:00 America/New_York, and the wi",
        ),
        ("lots", "two_runs", "order_events.jsonl differs between two runs with different hash see"),
        ("names", "volatile", "order 1 has what looks like a random identifier: "),
        ("network", "capabilities", "it claims network=False, and opened a connection"),
        ("threads", "capabilities", "it claims threads=False, and other threads and children comp"),
        ("no_equity", "capabilities", "it claims equity=False, and gave some"),
        ("file", "", "a run left results.csv in "),  # also where all tests of the class are run
        ("rewritten", "working_directory", "a run changed plan.txt in "),
        ("file", "working_directory", "a run left results.csv in "),
        ("unstoppable", "time_limit", "its time limit was 1 s, and it ran for "),
        ("not_broken", "strategy", "the strategy raises an error, and the run has a result"),
    ],
)
def test_a_broken_promise_is_named(engine: str, test: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    assert sentence in failure_of(engine, test, tmp_path)


def test_an_engine_that_cannot_be_run_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    output = failure_of("no_such_engine", "working_directory", tmp_path)
    assert "'support.promise_breakers:no_such_engine' does not exist" in output


def test_mistakes_in_the_class_are_named(tmp_path: Path) -> None:
    root = project_in(tmp_path)
    (root / "test_it.py").write_text("""
from pytest_zacperf.testing import EngineConformance

class TestIt(EngineConformance):
    engine = 7
    window = "two-days"
""")
    done = Shell(folder=root, temporary=root).run(*PYTEST, "-q", "-k", "volatile")
    assert "TestIt.engine is 7: name it, such as 'strategies.gold:engine'" in done.stdout
    assert "TestIt.window is 'two-days': make it a pytest_zacperf.records.Window" in done.stdout


def test_a_window_of_one_day_is_too_short(tmp_path: Path) -> None:
    root = project_in(tmp_path)
    text = TEST.replace("ENGINE", "not_broken").replace("2025, 10, 2", "2025, 10, 1")
    (root / "test_it.py").write_text(text)
    done = Shell(folder=root, temporary=root).run(*PYTEST, "-q", "-k", "volatile")
    assert "TestIt.window is one day, 2025-10-01: make it two or more" in done.stdout
