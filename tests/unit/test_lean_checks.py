"""What is looked at after a run of LEAN; each failure is one sentence with the next step."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from pytest_zacperf.engines.lean import checks
from pytest_zacperf.engines.lean.checks import Ending
from pytest_zacperf.engines.lean.reading.records import DataRequests, LeanLog, LeanRun
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window

FOLDER = Path("results")
SOURCES = ("main.py", "helper/bars.py")
START, END = dt.date(2025, 10, 1), dt.date(2025, 10, 10)
WINDOW = Window(id="w", start=START, end=END)
RUN = LeanRun(
    folder=FOLDER,
    id="1",
    status="Completed",
    runtime_error="",
    start=START,
    end=END,
    order_events=(),
    has_orders=True,
    trades=(),
    equity=None,
    equity_source=None,
    statistics={},
    requests=DataRequests(succeeded=3, failed=2),
    log=LeanLog(data_points=10),
)
# As LEAN writes it: the innermost frame first.
RUNTIME_ERROR = """Runtime Error: 'close'
  at wrapped_function
    raise KeyError(f"No key found")
 in PandasMapper.py: line 90
  at prepare_data
    df['close']
 in bars.py: line 164
  at OnData
    self.prepare_data()
 in main.py: line 48
"""
PYTHON_ERROR = """Compiling '/LeanCLI/main.py'...
*** Error compiling '/LeanCLI/main.py'...
  File "/LeanCLI/main.py", line 12
    def on_data(self, slice:
               ^
SyntaxError: '(' was never closed
Error: Something went wrong while running 'Gold' in the 'backtesting' environment
"""
CSHARP_ERROR = (
    "/LeanCLI/Main.cs(7,20): error CS1002: ; expected [/LeanCLI/Gold.csproj]\nBuild FAILED.\n"
)


def changed(**changes: object) -> LeanRun:
    return dataclasses.replace(RUN, **changes)  # type: ignore[arg-type]


def refused(run: LeanRun) -> EngineError:
    with pytest.raises(EngineError) as raised:
        checks.require_completed(run, SOURCES)
    return raised.value


def test_a_run_that_completed_is_taken() -> None:
    checks.require_completed(RUN, SOURCES)
    checks.require_completed(changed(status=None), SOURCES)  # files before 2023 have none


def test_an_error_of_the_algorithm_is_told_with_the_users_own_line() -> None:
    error = refused(changed(status="RuntimeError", runtime_error=RUNTIME_ERROR))
    assert error.problem == "the algorithm failed at helper/bars.py:164: 'close'"
    assert error.hint == "see results, the whole of it is in log.txt"


def test_of_a_python_traceback_the_last_line_of_the_project_is_the_innermost() -> None:
    text = 'x\n  File "/LeanCLI/main.py", line 5, in f\n  File "/LeanCLI/main.py", line 9, in g\n'
    assert checks.user_line(text, SOURCES) == "main.py:9"


def test_an_error_without_a_line_of_the_project_is_told_without_one() -> None:
    text = "During the algorithm initialization, the following exception has occurred: no device"
    error = refused(changed(status="RuntimeError", runtime_error=text))
    assert error.problem == "the algorithm failed: no device"


def test_a_run_that_was_ended_half_way_is_told() -> None:
    error = refused(changed(status="Running"))
    assert error.problem == ("LEAN ended before the algorithm had finished: its status is Running")


def test_another_window_than_the_one_asked_for_is_refused() -> None:
    other = changed(start=dt.date(2025, 1, 1), end=dt.date(2025, 9, 1))
    with pytest.raises(EngineError) as raised:
        list(checks.require_window(other, WINDOW, "read the dates"))
    assert raised.value.problem == (
        "LEAN ran 2025-01-01 to 2025-09-01, not 2025-10-01 to 2025-10-10"
    )
    assert raised.value.hint == "read the dates"


def test_a_window_that_is_told_nowhere_is_a_warning() -> None:
    found = checks.require_window(changed(start=None, end=None), WINDOW, "")
    assert list(found) == ["LEAN did not say which window it ran"]


def test_the_window_that_was_asked_for_is_taken() -> None:
    assert list(checks.require_window(RUN, WINDOW, "")) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"log": LeanLog(data_points=0)}, "LEAN saw no data: 2 requests for data failed"),
        ({"log": LeanLog(data_points=0), "requests": None}, "LEAN saw no data"),
        (
            {"requests": DataRequests(succeeded=0, failed=7)},
            "LEAN saw no data: 7 requests for data failed",
        ),
    ],
)
def test_a_run_without_data_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(EngineError) as raised:
        checks.require_data(changed(**changes))
    assert raised.value.problem == problem
    assert raised.value.hint.startswith("see failed-data-requests-*.txt")


def test_data_that_nobody_counted_are_taken() -> None:
    checks.require_data(changed(log=LeanLog(), requests=None))
    checks.require_data(RUN)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (PYTHON_ERROR, "LEAN did not start: main.py:12: SyntaxError: '(' was never closed"),
        ("Error: no disk\n", "LEAN left no results, exit status 1: Error: no disk"),
        ("a\nERROR:: b\nc\n", "LEAN left no results, exit status 1: ERROR:: b"),
        ("", "LEAN left no results, exit status 1"),
    ],
)
def test_why_there_are_no_results_is_told(said: str, problem: str) -> None:
    error = checks.no_results(
        Ending(exit_status=1, said=said, folder=FOLDER, log=Path("lean-cli.log")), SOURCES
    )
    assert error.problem == problem


def test_a_compiler_error_of_csharp_is_told_with_its_line() -> None:
    found = checks.compile_error(CSHARP_ERROR, ("Main.cs",))
    assert found == "Main.cs:7: CS1002: ; expected"


def test_code_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("new")
    with pytest.raises(EngineError) as raised:
        checks.require_same_code(tmp_path, {"main.py": "old"}, ())
    assert raised.value.problem == (
        "LEAN ran other code than the project's: main.py changed while the run was prepared"
    )


def test_a_file_that_was_there_for_the_run_alone_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "window.py").touch()
    checks.require_same_code(tmp_path, {"config.json": "x"}, ("window.py",))
    with pytest.raises(EngineError, match=r"window\.py was not in the project before"):
        checks.require_same_code(tmp_path, {}, ())


def test_a_file_that_was_not_copied_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"main\.py was not copied for LEAN"):
        checks.require_same_code(tmp_path, {"main.py": "old"}, ())


def test_the_wrapper_of_another_run_is_no_code_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "zacperf_17_1795737410_ab.py").touch()
    checks.require_same_code(tmp_path, {}, ())


def test_what_lean_itself_says_goes_before_the_client(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("2025-10-15T19:41:25.0Z ERROR:: Engine.Run(): no license\n")
    ending = Ending(exit_status=1, said="Error: x", folder=tmp_path, log=tmp_path / "cli.log")
    error = checks.no_results(ending, SOURCES)
    assert error.problem == "LEAN left no results, exit status 1: Engine.Run(): no license"
    assert error.hint == f"see {tmp_path / 'cli.log'}"


def test_without_a_copy_of_the_code_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    checks.require_same_code(tmp_path / "gone", {"main.py": "old"}, ())
