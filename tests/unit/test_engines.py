from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zacperf.engines.lookup import load_engine, load_object, resolve_reference
from pytest_zacperf.errors import EngineError, SettingsError

Write = Callable[[str], str]
numbers = itertools.count()

COMPLETE = """
from pytest_zacperf.engines import BacktestOutput, Capabilities

class Mine:
    name = "mine"
    version = "1"
    capabilities = Capabilities()
    volatile = frozenset()
    parameters = {}
    def with_parameters(self, overrides): return self
    def prepare(self, window, context): pass
    def run(self, context): pass
    def collect(self, context): return BacktestOutput()
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module that can be imported under the name that is returned."""
    monkeypatch.syspath_prepend(tmp_path)

    def write_(source: str) -> str:
        name = f"strategy_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return write_


def problem_of(reference: str) -> EngineError:
    with pytest.raises(EngineError) as caught:
        load_engine(reference)
    return caught.value


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param("engine = Mine()", id="an engine"),
        pytest.param("engine = Mine", id="its class"),
        pytest.param("def engine(): return Mine()", id="a function"),
        pytest.param("class engine:\n    inner = Mine()", id="dotted"),
    ],
)
def test_an_engine_is_found_by_module_and_object(write: Write, definition: str) -> None:
    module = write(f"{COMPLETE}\n{definition}\n")
    path = "engine.inner" if "inner" in definition else "engine"
    assert load_engine(f"{module}:{path}").name == "mine"


def test_an_engine_is_found_by_the_name_of_its_entry_point(write: Write, tmp_path: Path) -> None:
    module = write(f"{COMPLETE}\nengine = Mine()\n")
    metadata = tmp_path / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[zacperf.engines]\n{module} = {module}:engine\n")
    importlib.invalidate_caches()
    assert resolve_reference(module) == f"{module}:engine"
    assert load_engine(module).name == "mine"


def test_a_name_without_entry_point_is_refused_with_the_names_there_are() -> None:
    error = problem_of("zacqcc")
    assert error.problem == "no engine is named 'zacqcc'"
    assert error.hint == (
        "write module:object, or the name of an installed engine; did you mean 'zacqc'?"
    )


def test_a_missing_module_is_named() -> None:
    error = problem_of("strategies.gold:engine")
    assert error.problem == (
        "'strategies.gold:engine' cannot be imported: "
        "ModuleNotFoundError: No module named 'strategies'"
    )
    assert "python -c 'import strategies.gold'" in error.hint


def test_an_error_inside_the_module_is_told_in_one_sentence(write: Write) -> None:
    module = write("raise RuntimeError('no license\\nand more')")
    assert problem_of(f"{module}:engine").problem == (
        f"'{module}:engine' cannot be imported: RuntimeError: no license"
    )


def test_a_missing_object_is_named_with_what_is_near(write: Write) -> None:
    module = write("engine = 1\n")
    error = problem_of(f"{module}:engin")
    assert error.problem == f"'{module}:engin' does not exist: {module} has no 'engin'"
    assert error.hint == "did you mean engine?"


def test_a_module_that_is_imported_there_is_not_what_was_meant(write: Write) -> None:
    module = write("import random\n")
    assert problem_of(f"{module}:randm").hint == "define randm there"


def test_a_missing_object_with_nothing_near_is_to_be_defined(write: Write) -> None:
    module = write("")
    assert problem_of(f"{module}:engine").hint == "define engine there"


def test_an_object_that_is_no_engine_is_told_what_it_lacks(write: Write) -> None:
    module = write(f"{COMPLETE}\ndel Mine.volatile, Mine.collect\nengine = Mine()\n")
    assert problem_of(f"{module}:engine").problem == (
        f"engine '{module}:engine' is no engine but Mine: it lacks volatile, collect"
    )


def test_data_of_the_wrong_type_are_told(write: Write) -> None:
    module = write(
        f"{COMPLETE}\nMine.version = 2\nMine.parameters = []\nMine.run = None\nengine = Mine()\n"
    )
    assert problem_of(f"{module}:engine").problem.endswith(
        ": version is int, not str; parameters is list, not Mapping; run is no method"
    )


def test_a_function_that_needs_arguments_cannot_make_an_engine(write: Write) -> None:
    module = write("def engine(folder): ...\n")
    error = problem_of(f"{module}:engine")
    assert error.problem == (
        f"engine '{module}:engine' cannot be made: "
        "TypeError: engine() missing 1 required positional argument: 'folder'"
    )
    assert error.hint == "engine() must return an engine without arguments"


def test_a_function_that_raises_our_own_error_is_not_wrapped(write: Write) -> None:
    module = write(
        "from pytest_zacperf.errors import SettingsError\n"
        "def engine(): raise SettingsError('no data', 'download them')\n"
    )
    with pytest.raises(SettingsError, match="no data"):
        load_engine(f"{module}:engine")


@pytest.mark.parametrize(
    "module", ["tests.unit.test_gold", "gold_test", "conftest", "tests/test_gold.py"]
)
def test_an_engine_in_a_test_module_is_refused(module: str) -> None:
    error = problem_of(f"{module}:engine")
    assert error.problem == (
        f"'{module}:engine' lies in a test module, which a worker cannot import afresh"
    )
    assert error.hint == "move it to a module of the project, such as strategies/gold.py"


def test_a_file_is_no_module() -> None:
    error = problem_of("strategies/gold.py:engine")
    assert error.problem == "'strategies/gold.py:engine' names a file, not a module"
    assert error.hint == "write strategies.gold:engine"


@pytest.mark.parametrize("error", ["ValueError('no license')", "AttributeError('no license')"])
def test_a_property_that_raises_is_told(write: Write, error: str) -> None:
    module = write(
        f"{COMPLETE}\ndef fail(self): raise {error}\n"
        "Mine.capabilities = property(fail)\nengine = Mine()\n"
    )
    assert problem_of(f"{module}:engine").problem == (
        f"engine '{module}:engine' is no engine but Mine: "
        f"its capabilities raises {error.partition('(')[0]}: no license"
    )


def test_a_module_attribute_that_cannot_be_computed_is_told(write: Write) -> None:
    module = write("def __getattr__(name): raise KeyError(name)\n")
    error = problem_of(f"{module}:engine")
    assert error.problem == f"'{module}:engine' cannot be read: KeyError: 'engine'"
    assert error.hint == "correct what computes engine"


@pytest.mark.parametrize("end", ["SystemExit(3)", "KeyboardInterrupt()"])
def test_a_module_that_ends_the_process_cannot_be_imported(write: Write, end: str) -> None:
    module = write(f"raise {end}\n")
    assert problem_of(f"{module}:engine").problem.startswith(
        f"'{module}:engine' cannot be imported: {end.partition('(')[0]}"
    )


@pytest.mark.parametrize("reference", ["strategies.gold", ":run", "strategies.gold:"])
def test_an_object_without_module_or_name_is_refused(reference: str) -> None:
    with pytest.raises(EngineError, match="is not module:object"):
        load_object(reference)
