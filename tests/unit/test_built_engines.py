"""What the adapters have in common, tried with a small library that is made for it."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.in_process import context_in

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context, Engine
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, BuiltBacktest
from pytest_zacperf.engines.installed import NOT_INSTALLED, Library
from pytest_zacperf.engines.lookup import installed_engines, load_engine
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window
from pytest_zacperf.worker.context import WorkerContext

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
OURS = ("backtesting", "backtrader", "lumibot", "nautilus", "vectorbt", "zipline")
numbers = itertools.count()
Target = Callable[[str], str]


class TextEngine(BuiltBacktest):
    """Runs a text: its library is one of Python's own."""

    library = Library(module="json", distribution="msgspec", extra="text")
    returns = "a text"
    capabilities = Capabilities(invariants=KEPT_BY_PARAMETERS | {"loud"})
    built = ""

    def set_up(self, built: object, window: Window, context: Context) -> None:
        del window, context
        if not isinstance(built, str):
            raise self.refused(built)
        self.built = built

    def run(self, context: Context) -> None:
        del context
        if not self.built:
            raise self.not_ready("run()")

    def collect(self, context: Context) -> BacktestOutput:
        del context
        return BacktestOutput()


@pytest.fixture
def context(tmp_path: Path) -> WorkerContext:
    return context_in(tmp_path)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> str:
        name = f"built_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return f"{name}:build"

    return write


def test_the_function_gets_the_window_and_the_parameters_in_their_types(
    target: Target, context: WorkerContext
) -> None:
    engine = TextEngine(
        target("def build(start, end, fast=10): return f'{start} {end} {fast + 1}'"),
        parameters={"fast": "20"},
    )
    engine.prepare(WINDOW, context)
    assert engine.built == "2025-10-01 2025-10-10 21"
    assert engine.parameters == {"fast": 20}


def test_an_adapter_keeps_the_protocol(target: Target) -> None:
    assert isinstance(TextEngine(target("")), Engine)


def test_parameters_are_changed_in_a_copy(target: Target) -> None:
    engine = TextEngine(target(""), parameters={"fast": 10})
    assert engine.with_parameters({"slow": 30}).parameters == {"fast": 10, "slow": 30}
    assert engine.parameters == {"fast": 10}


def test_an_invariant_is_a_parameter(target: Target, context: WorkerContext) -> None:
    engine = TextEngine(target("def build(start, end, loud=False): return str(loud)"))
    assert engine.keep_invariants({"loud": True}) == {"loud": True}
    engine.prepare(WINDOW, context)
    assert engine.built == "True"


def test_an_unknown_parameter_is_refused(target: Target, context: WorkerContext) -> None:
    reference = target("def build(start, end, fast=10): return ''")
    with pytest.raises(EngineError) as caught:
        TextEngine(reference, parameters={"fats": 1}).prepare(WINDOW, context)
    assert caught.value.problem == f"{reference!r} has no parameter 'fats'"


def test_what_the_library_does_not_run_is_refused(target: Target, context: WorkerContext) -> None:
    reference = target("def build(start, end): return 7")
    with pytest.raises(EngineError) as caught:
        TextEngine(reference).prepare(WINDOW, context)
    assert caught.value.problem == f"{reference!r} returned int"
    assert caught.value.hint == "return a text"


def test_a_run_before_it_is_prepared_is_refused(target: Target, context: WorkerContext) -> None:
    reference = target("")
    with pytest.raises(EngineError, match=f"run\\(\\) of text {reference} came too early"):
        TextEngine(reference).run(context)


def test_a_library_that_is_not_there_names_the_extra() -> None:
    library = Library(module="no_such_library", distribution="no-such-library", extra="nothing")
    assert library.version == NOT_INSTALLED
    with pytest.raises(EngineError) as caught:
        library.load()
    assert caught.value.problem == "no-such-library is not installed"
    assert caught.value.hint == (
        'pip install "pytest-zacperf[nothing]" into the environment of pytest'
    )


def test_a_library_whose_import_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text("raise RuntimeError('no such processor')")
    monkeypatch.syspath_prepend(tmp_path)
    library = Library(module="broken_library", distribution="msgspec", extra="nothing")
    with pytest.raises(EngineError) as caught:
        library.load()
    assert caught.value.problem == (
        f"msgspec {library.version} cannot be imported: RuntimeError: no such processor"
    )
    assert caught.value.hint == "python -c 'import broken_library' shows the whole error"


@pytest.mark.parametrize("name", OURS)
def test_our_adapters_are_installed_engines_that_import_no_library(name: str) -> None:
    assert name in installed_engines()
    before = set(sys.modules)
    engine = load_engine(name)
    assert isinstance(engine, Engine)
    loaded = {module.partition(".")[0] for module in set(sys.modules) - before}
    assert not loaded & {*OURS, "nautilus_trader", "databento", "numba"}
