"""How an algorithm is told its window; the wrapper really runs, on a stand-in of LEAN's classes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_zacperf.engines.lean.project import LeanProject
from pytest_zacperf.engines.lean.window import WindowRule, WindowSetting, wrapper_text
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
IMPORTS = """
from datetime import datetime

class QCAlgorithm:
    def set_start_date(self, *day): self.start = day
    def set_end_date(self, *day): self.end = day
    SetStartDate, SetEndDate = set_start_date, set_end_date
"""
ALGORITHM = """
from AlgorithmImports import *
from base import Shared

class Zinc(Shared):  # LEAN takes the first by name, which is the other one
    def initialize(self):
        self.wrong = True

class Gold(Zinc):
    def initialize(self):
        self.{start}(2020, 1, 1)
        self.{end}(2020, 12, 31)
"""
# As LEAN looks for the class: it is the one whose module is the file's own.
LOOK = """
import sys
sys.path[:0] = sys.argv[1:]
import zacperf_window as w
found = [v for v in vars(w).values() if isinstance(v, type) and v.__module__ == w.__name__]
algorithm = found[0]()
algorithm.initialize()
print(len(found), *algorithm.start, *algorithm.end)
"""


def project(folder: Path, algorithm: str = "main.py") -> LeanProject:
    (folder / algorithm).write_text("")
    return LeanProject.at(folder)


@pytest.mark.parametrize(
    "names", [("set_start_date", "set_end_date"), ("SetStartDate", "SetEndDate")]
)
def test_a_wrapper_gives_the_class_of_the_project_its_window(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    files: Mapping[str, str] = {
        "AlgorithmImports.py": IMPORTS,
        "base.py": "from AlgorithmImports import *\n\nclass Shared(QCAlgorithm): ...\n",
        "main.py": ALGORITHM.format(start=names[0], end=names[1]),
        "zacperf_window.py": wrapper_text("main", WINDOW),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-I", "-c", LOOK, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1 2025-10-01 00:00:00 2025-10-10 00:00:00\n"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            WindowRule(way="parameters"),
            WindowSetting(parameters={"start-date": "2025-10-01", "end-date": "2025-10-10"}),
        ),
        (
            WindowRule(way="environment"),
            WindowSetting(environment={"START_DATE": "2025-10-01", "END_DATE": "2025-10-10"}),
        ),
        (
            WindowRule(way="parameters", names=("from", "to"), date_format="%Y%m%d"),
            WindowSetting(parameters={"from": "20251001", "to": "20251010"}),
        ),
    ],
)
def test_dates_are_named_and_written_as_the_algorithm_reads_them(
    tmp_path: Path, rule: WindowRule, expected: WindowSetting
) -> None:
    assert rule.setting(WINDOW, project(tmp_path)) == expected


def test_another_way_than_those_is_told() -> None:
    with pytest.raises(EngineError) as raised:
        WindowRule(way="dates")  # type: ignore[arg-type]
    assert raised.value.problem == "window='dates' is not possible"
    assert raised.value.hint == "use one of: wrapper, parameters, environment"


def test_no_wrapper_fits_an_algorithm_that_is_no_python(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        WindowRule().setting(WINDOW, project(tmp_path, "Main.cs"))
    assert "is no Python, so no wrapper can give it its window" in raised.value.problem
    assert 'use window="parameters"' in raised.value.hint


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        (
            WindowRule(),
            "let the algorithm call set_start_date and set_end_date in initialize",
        ),
        (
            WindowRule(way="parameters"),
            "let the algorithm read start-date and end-date, or use window='wrapper'",
        ),
    ],
)
def test_what_to_do_about_another_window_depends_on_how_it_was_told(
    rule: WindowRule, advice: str
) -> None:
    assert rule.advice == advice
