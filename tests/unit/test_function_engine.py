from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.in_process import context_in

from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import ParameterValue, Window
from pytest_zacperf.worker.context import WorkerContext

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
HEADER = "from pytest_zacperf.engines import BacktestOutput\n"
VOLATILE = frozenset({"order_id"})
numbers = itertools.count()

Target = Callable[[str], str]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """Write a module with a function ``run`` and return the reference of it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> str:
        name = f"function_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(HEADER + source)
        return f"{name}:run"

    return write


@pytest.fixture
def context(tmp_path: Path) -> WorkerContext:
    return context_in(tmp_path)


def output_of(engine: FunctionEngine, context: WorkerContext) -> BacktestOutput:
    engine.prepare(WINDOW, context)
    engine.run(context)
    return engine.collect(context)


def test_the_engine_keeps_the_protocol() -> None:
    assert isinstance(FunctionEngine("a:run"), Engine)


def test_the_function_gets_the_window_and_the_parameters(
    target: Target, context: WorkerContext
) -> None:
    reference = target(
        "def run(start, end, lookback, **others):\n"
        "    return BacktestOutput(warnings=[str((str(start), str(end), lookback, others))])\n"
    )
    engine = FunctionEngine(reference, parameters={"lookback": 20, "risk": 0.5})
    assert output_of(engine, context).warnings == [
        "('2025-10-01', '2025-10-10', 20, {'risk': 0.5})"
    ]


def test_the_engine_is_named_after_the_function() -> None:
    assert FunctionEngine("strategies.gold:run_backtest").name == (
        "function strategies.gold:run_backtest"
    )


def test_the_function_is_imported_by_prepare_and_not_before(
    target: Target, context: WorkerContext
) -> None:
    reference = target("def run(start, end): ...\n")
    engine = FunctionEngine(reference)
    assert reference.removesuffix(":run") not in sys.modules
    engine.prepare(WINDOW, context)
    assert reference.removesuffix(":run") in sys.modules


def test_a_function_that_asks_for_the_context_gets_it(
    target: Target, context: WorkerContext
) -> None:
    reference = target("def run(start, end, *, context):\n    with context.stage('data'): pass\n")
    output_of(FunctionEngine(reference), context)
    assert [timing.name for timing in context.stages.timings()] == ["data"]


def test_nothing_returned_is_an_empty_output(target: Target, context: WorkerContext) -> None:
    engine = FunctionEngine(target("def run(start, end): return None\n"))
    assert output_of(engine, context) == BacktestOutput()


def test_something_else_returned_is_refused_with_its_type(
    target: Target, context: WorkerContext
) -> None:
    reference = target("def run(start, end): return {'profit': 1}\n")
    with pytest.raises(EngineError, match=f"'{reference}' returned dict"):
        output_of(FunctionEngine(reference), context)


def test_overrides_make_a_copy() -> None:
    engine = FunctionEngine("a:run", parameters={"lookback": 20, "risk": 1}, volatile=VOLATILE)
    changed = engine.with_parameters({"lookback": 30})
    assert engine.parameters == {"lookback": 20, "risk": 1}
    assert changed.parameters == {"lookback": 30, "risk": 1}
    assert changed.volatile == VOLATILE


def test_an_override_that_the_function_does_not_know_is_refused(
    target: Target, context: WorkerContext
) -> None:
    reference = target("def run(start, end, lookback=20, *, risk=1, context=None): ...\n")
    engine = FunctionEngine(reference).with_parameters({"lokback": 30})
    with pytest.raises(EngineError) as caught:
        engine.prepare(WINDOW, context)
    assert caught.value.problem == f"'{reference}' has no parameter 'lokback'"
    assert caught.value.hint == "it knows lookback, risk"


def test_a_function_that_cannot_take_the_window_is_refused(
    target: Target, context: WorkerContext
) -> None:
    reference = target("def run(start): ...\n")
    with pytest.raises(EngineError) as caught:
        FunctionEngine(reference).prepare(WINDOW, context)
    assert caught.value.problem == (
        f"'{reference}' cannot be called with (start, end, **parameters): "
        "too many positional arguments"
    )
    assert caught.value.hint == "its signature is (start)"


def test_an_object_that_cannot_be_called_is_refused(target: Target, context: WorkerContext) -> None:
    reference = target("run = 5\n")
    with pytest.raises(EngineError, match=f"'{reference}' is not callable, it is int"):
        FunctionEngine(reference).prepare(WINDOW, context)


@pytest.mark.parametrize(
    ("default", "text", "expected"),
    [
        pytest.param("20", "30", 30, id="int"),
        pytest.param("0.5", "1", 1.0, id="float"),
        pytest.param("True", "false", False, id="bool"),
        pytest.param("'fast'", "30", "30", id="text"),
        pytest.param("None", "30", "30", id="unknown"),
    ],
)
def test_text_becomes_what_the_default_is(
    target: Target, context: WorkerContext, *, default: str, text: str, expected: ParameterValue
) -> None:
    reference = target(f"def run(start, end, value={default}): ...\n")
    engine = FunctionEngine(reference).with_parameters({"value": text})
    engine.prepare(WINDOW, context)
    assert engine.parameters == {"value": expected}
    assert type(engine.parameters["value"]) is type(expected)


def test_text_that_cannot_be_a_number_is_refused(target: Target, context: WorkerContext) -> None:
    engine = FunctionEngine(target("def run(start, end, lookback=20): ...\n"))
    with pytest.raises(EngineError) as caught:
        engine.with_parameters({"lookback": "many"}).prepare(WINDOW, context)
    assert caught.value.problem == "parameter 'lookback' cannot be 'many'"
    assert caught.value.hint == "give a value like its default, 20"


def test_run_before_prepare_is_refused(context: WorkerContext) -> None:
    with pytest.raises(EngineError, match="function a:run is not prepared"):
        FunctionEngine("a:run").run(context)
