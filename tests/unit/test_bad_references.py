from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.bad_engines import engine_class
from support.bad_input import (
    BOTH,
    PLAN,
    left_by,
    shown_frames,
)

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

# The engine of the settings, the file that it lies in and its content, what the report says.
RUN_PYTHON = "in the project's root shows the whole error"
NEW_HOME = "(hint: move it to a module of the project, such as strategies/gold.py)"
IN_TEST = "lies in a test module, which a worker cannot import afresh"
SEE_ENGINE = "(hint: see pytest_zacperf.engines.Engine, or wrap a function in FunctionEngine)"
FUNCTION_ENGINE = "from pytest_zacperf.engines.function import FunctionEngine as F\n"
LOADS = (
    pytest.param(
        *("zacq", "gold.py", ""),
        "no engine is named 'zacq' (hint: write module:object, or the name of an installed engine; "
        "did you mean 'zacqc'?)",
        id="unknown name",
    ),
    pytest.param(
        *("gold:", "gold.py", ""),
        "'gold:' is not module:object (hint: write it like strategies.gold:engine)",
        id="no object",
    ),
    pytest.param(
        *("strategies.gold:engine", "gold.py", ""),
        "'strategies.gold:engine' cannot be imported: ModuleNotFoundError: No module named "
        f"'strategies' (hint: python -c 'import strategies.gold' {RUN_PYTHON})",
        id="unknown module",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "raise RuntimeError('no license')"),
        "'gold:engine' cannot be imported: RuntimeError: no license "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that raises",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "import os, sys\nsys.exit('no license')"),
        "'gold:engine' cannot be imported: SystemExit: no license "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that exits",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "def engine(:\n"),
        "'gold:engine' cannot be imported: SyntaxError: invalid syntax (gold.py, line 1) "
        f"(hint: python -c 'import gold' {RUN_PYTHON})",
        id="module that is no Python",
    ),
    pytest.param(
        *("gold:engin", "gold.py", "engine = 1"),
        "'gold:engin' does not exist: gold has no 'engin' (hint: did you mean engine?)",
        id="unknown object",
    ),
    pytest.param(
        *("gold:engine", "gold.py", "engine = 1"),
        "engine 'gold:engine' is no engine but int: it lacks name, version, capabilities, "
        f"volatile, parameters, with_parameters, prepare, run, collect {SEE_ENGINE}",
        id="no engine",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", engine_class("Gold", "capabilities = property(lambda s: 1 / 0)")),
        "engine 'gold:Gold' is no engine but Gold: its capabilities raises ZeroDivisionError: "
        f"division by zero {SEE_ENGINE}",
        id="capabilities that raise",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", engine_class("Gold", "parameters = property(lambda s: 1 / 0)")),
        "engine 'gold:Gold' is no engine but Gold: its parameters raises ZeroDivisionError: "
        f"division by zero {SEE_ENGINE}",
        id="parameters that raise",
    ),
    pytest.param(
        *("gold:Gold", "gold.py", "class Gold:\n    def __init__(self): raise OSError('no key')"),
        "engine 'gold:Gold' cannot be made: OSError: no key "
        "(hint: Gold() must return an engine without arguments)",
        id="class that raises",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('gold:rnu')\ndef run(*w): ..."),
        "'gold:rnu' does not exist: gold has no 'rnu' (hint: did you mean run?)",
        id="unknown target",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('gold:F')\n"),
        "'gold:F' cannot be called with (start, end, **parameters): "
        "too many positional arguments (hint: its signature is (target: 'str', *, parameters: "
        "'Mapping[str, ParameterValue] | None' = None, capabilities: 'Capabilities | None' = None, "
        "volatile: 'frozenset[str]' = frozenset()) -> 'None')",
        id="target that takes no window",
    ),
    pytest.param(
        *("test_gold:engine", "test_gold.py", ""),
        f"'test_gold:engine' {IN_TEST} {NEW_HOME}",
        id="test module",
    ),
    pytest.param(
        *("gold_test:engine", "gold_test.py", ""),
        f"'gold_test:engine' {IN_TEST} {NEW_HOME}",
        id="test module, other name",
    ),
    pytest.param(
        *("conftest:engine", "conftest.py", ""),
        f"'conftest:engine' {IN_TEST} {NEW_HOME}",
        id="conftest",
    ),
    pytest.param(
        *("tests.parity.test_x:engine", "tests/parity/test_x.py", ""),
        f"'tests.parity.test_x:engine' {IN_TEST} {NEW_HOME}",
        id="test module in a package",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('test_gold:run')"),
        f"'test_gold:run' {IN_TEST} {NEW_HOME}",
        id="target in a test module",
    ),
    pytest.param(
        *("gold:engine", "gold.py", f"{FUNCTION_ENGINE}engine = F('__main__:run')"),
        "'__main__:run' lies in the script or notebook that was started; in a worker that is the "
        f"worker itself {NEW_HOME}",
        id="target in a script",
    ),
    pytest.param(
        *("__main__:engine", "gold.py", ""),
        "'__main__:engine' lies in the script or notebook that was started; in a worker that is "
        f"the worker itself {NEW_HOME}",
        id="script",
    ),
    pytest.param(
        *("notebooks/gold.ipynb:engine", "notebooks/gold.ipynb", "{}"),
        "'notebooks/gold.ipynb:engine' lies in a notebook, which a worker cannot import "
        f"{NEW_HOME}",
        id="notebook",
    ),
    pytest.param(
        *("strategies/gold.py:engine", "strategies/gold.py", ""),
        "'strategies/gold.py:engine' names a file, not a module "
        "(hint: write strategies.gold:engine)",
        id="file",
    ),
    pytest.param(
        *("zacqc", "plan.json", PLAN.replace("2025-01-20", "2025-01-25")),
        "window 'wk-1' has no XNYS trading day between 2025-01-25 and 2025-01-26 "
        "(hint: choose a window with at least one trading day)",
        id="no trading day",
    ),
    pytest.param(
        *("zacqc", "plan.json", PLAN.replace("2025-01", "0025-01")),
        "window 'wk-1' from 0025-01-20 to 0025-01-26 is beyond the calendar "
        "(hint: correct the year)",
        id="year that is none",
    ),
)


@pytest.mark.parametrize(("engine", "path", "source", "reason"), LOADS)
def test_an_engine_that_cannot_be_used_fails_its_test_alone(
    project: Project, engine: str, path: str, source: str, reason: str
) -> None:
    project.configure(f'engine = "{engine}"')
    project.write(path, source)
    project.write("test_it.py", BOTH)
    result = project.pytester.runpytest("test_it.py")
    result.assert_outcomes(failed=1, passed=1)
    assert result.outlines.count(f"the backtest of wk-1 has no result: {reason}") == 1
    assert shown_frames([*result.outlines, *result.errlines]) == []
    assert left_by(project.root) == []


def test_a_module_that_cannot_be_imported_leaves_its_own_traceback(project: Project) -> None:
    project.write("strategy.py", "def license():\n    raise RuntimeError('no license')\nlicense()")
    project.write("test_it.py", BOTH)
    project.pytester.runpytest("test_it.py")
    (log,) = project.root.glob(".zacperf/runs/*/stderr.log")
    assert f'File "{project.root}/strategy.py", line 2, in license\n' in log.read_text()


def test_a_parameter_that_no_record_holds_fails_its_test_alone(project: Project) -> None:
    source = BOTH.replace("backtest)", "baseline_for)").replace(
        "backtest.order_events", "baseline_for(price=float('nan'))"
    )
    project.write("test_it.py", source)
    result = project.pytester.runpytest()
    result.assert_outcomes(failed=1, passed=1)
    place = result.outlines.index("baseline_for(): price = nan is not a finite number")
    assert result.outlines[place + 1] == "  hint: write another one"
    assert shown_frames(result.outlines) == []
