from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_zacperf.errors import EngineError, SettingsError
from pytest_zacperf.plan import parse_plan
from pytest_zacperf.starter import Starter, engine_text
from pytest_zacperf.starter.demo import STARTER, WINDOWS, demo_files, require_libraries
from pytest_zacperf.starter.files import new_files, new_folder
from pytest_zacperf.starter.search import find_candidates
from pytest_zacperf.starter.table import with_table

TABLE = '[tool.zacperf]\nengine = "gold:engine"\n'
ENGINE = "engine = FunctionEngine('gold:run')\n"


def write(root: Path, files: Iterable[str], text: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def references(root: Path, *bases: str) -> list[str]:
    found = find_candidates(root, bases=[root, *(root / base for base in bases)])
    return [candidate.reference for candidate in found]


def interrupt_after_writing(folder: Path) -> None:
    write(folder, ["c/d", "e"], "")
    raise KeyboardInterrupt


def test_the_demo_has_the_files_of_a_project() -> None:
    assert set(demo_files()) == {
        *("pyproject.toml", "profiling_plan.json", ".gitignore"),
        *("strategies/__init__.py", "strategies/stop_entry.py"),
        *("tests/perf/test_runtime.py", "tests/parity/test_order_events.py"),
        ".github/workflows/backtest.yml",
    }


def test_the_plan_of_the_demo_has_its_windows() -> None:
    assert parse_plan(demo_files()["profiling_plan.json"].encode(), "plan").windows == WINDOWS


def test_the_settings_of_the_demo_are_those_of_its_files() -> None:
    table = tomllib.loads(demo_files()["pyproject.toml"])["tool"]["zacperf"]
    assert (table["engine"], table["plan"]) == (STARTER.engine, STARTER.plan)
    assert table["baseline"] == {"metrics": "full"}


@pytest.mark.parametrize("name", [name for name in demo_files() if name.endswith(".py")])
def test_the_modules_of_the_demo_are_formatted_python(name: str) -> None:
    text = demo_files()[name]
    compile(text, name, "exec")
    assert max(map(len, text.splitlines())) <= 100


def test_settings_with_quotes_are_still_toml() -> None:
    starter = Starter(engine='a"b\\c:d', plan="p\u00e4n.json", labels=("x", "y"), requirements="")
    assert tomllib.loads(starter.settings_table())["tool"]["zacperf"] == {
        "engine": 'a"b\\c:d',
        "plan": "p\u00e4n.json",
        "test_labels": ["x", "y"],
    }


def test_ci_runs_parity_and_perf() -> None:
    commands = [
        line.partition("run: ")[2] for line in STARTER.ci_text().splitlines() if "run:" in line
    ]
    assert commands == ['pip install "pytest-zacperf[zacqc]"', "pytest -m parity", "pytest -m perf"]


def test_a_library_that_is_missing_is_named_with_the_command() -> None:
    with pytest.raises(EngineError, match="which needs nolib1, nolib2: not installed") as caught:
        require_libraries(["json", "nolib1", "nolib2"])
    assert caught.value.hint == 'pip install "pytest-zacperf[zacqc]"'


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with new_files(tmp_path, {"a": "theirs", "b/c": "new"}) as written:
        assert written == ("b/c",)
    assert ((tmp_path / "a").read_text(), (tmp_path / "b/c").read_text()) == ("mine", "new")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_failure_takes_back_what_was_written_and_no_more(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(error), new_files(tmp_path, {"a": "", "b/c/d": ""}):
        raise error
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_cannot_be_written_takes_back_the_others(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OSError, match="a"), new_files(tmp_path, {"b/c": "", "a/d": ""}):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_new_folder_goes_with_its_parents_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "a" / "b"):
        interrupt_after_writing(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_empty_again_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path):
        interrupt_after_writing(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(SettingsError, match="exists and is not empty"), new_folder(tmp_path):
        pass


@pytest.mark.parametrize(
    ("content", "extended"),
    [
        pytest.param("", TABLE, id="empty"),
        pytest.param("[tool.ruff]\n", f"[tool.ruff]\n\n{TABLE}", id="another table"),
        pytest.param("[tool.ruff]  # no end", f"[tool.ruff]  # no end\n\n{TABLE}", id="no newline"),
        pytest.param(
            "[project]\r\nname = 'a'\r\n",
            "[project]\r\nname = 'a'\r\n\r\n" + TABLE.replace("\n", "\r\n"),
            id="Windows newlines",
        ),
    ],
)
def test_the_table_is_added_at_the_end(content: str, extended: str) -> None:
    assert with_table(content.encode(), TABLE) == extended.encode()


@pytest.mark.parametrize(
    "content",
    ["tool = { ruff = {} }", "tool = 3", "[tool]\nzacperf.rounds = 3", "[[tool]]\nname = 'a'"],
)
def test_a_table_that_cannot_be_added_is_shown(content: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be added at the end") as caught:
        with_table(content.encode(), TABLE)
    assert TABLE in caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        ENGINE,
        "engine: Engine = package.LeanEngine('ZacQC')",
        "engine = FunctionEngine('gold:run').with_parameters({'lookback': 3})",
        "def engine() -> FunctionEngine: ...",
        "def engine(lookback=3) -> 'FunctionEngine': ...",
        "def engine(start, end): ...",
        "def engine(start_date, end_date, lookback=20, *, context, cash=1): ...",
    ],
)
def test_a_backtest_is_found(tmp_path: Path, source: str) -> None:
    write(tmp_path, ["gold.py"], source)
    assert references(tmp_path) == ["gold:engine"]


@pytest.mark.parametrize(
    "source",
    [
        "engine = create_engine('sqlite://')",
        "_engine = FunctionEngine('gold:run')",
        "def make():\n    engine = FunctionEngine('gold:run')",
        "def run(end, start): ...",
        "def run(start): ...",
        "def run(start, end, symbol): ...",
        "def run(start, end, *, symbol): ...",
        "async def run(start, end): ...",
        "class Gold:\n    def run(start, end): ...",
        "def engine(lookback) -> FunctionEngine: ...",
        "engine = FunctionEngine(",
        "engine = FunctionEngine('\0')",
    ],
)
def test_what_is_no_backtest_is_not_found(tmp_path: Path, source: str) -> None:
    write(tmp_path, ["gold.py"], source)
    assert references(tmp_path) == []


@pytest.mark.parametrize(
    "path",
    [
        *("tests/gold.py", "test_gold.py", "gold_test.py", "conftest.py", "setup.py"),
        *(".hidden/gold.py", "venv/gold.py", "build/gold.py", "lib/site-packages/gold.py"),
        *("not-a-name/gold.py", "1gold.py"),
    ],
)
def test_a_place_that_is_not_the_projects_own_is_not_searched(tmp_path: Path, path: str) -> None:
    write(tmp_path, [path], ENGINE)
    assert references(tmp_path) == []


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "pyproject.toml"])
def test_an_environment_and_another_project_are_not_searched(tmp_path: Path, mark: str) -> None:
    write(tmp_path, ["other/gold.py"], ENGINE)
    (tmp_path / "other" / mark).touch()
    assert references(tmp_path) == []


def test_the_name_of_a_module_begins_below_the_longest_base(tmp_path: Path) -> None:
    write(tmp_path, ["gold.py", "src/a/b.py", "src/c/__init__.py", "strategies/gold.py"], ENGINE)
    assert references(tmp_path, "src") == [
        *("gold:engine", "a.b:engine", "c:engine", "strategies.gold:engine")
    ]


def test_engines_are_told_from_functions(tmp_path: Path) -> None:
    write(tmp_path, ["gold.py"], f"{ENGINE}def run(start, end): ...\n")
    found = find_candidates(tmp_path, bases=[tmp_path])
    assert [candidate.is_function for candidate in found] == [False, True]


def test_nothing_is_imported(tmp_path: Path) -> None:
    write(tmp_path, ["gold.py"], f"{ENGINE}raise SystemExit\n")
    assert references(tmp_path) == ["gold:engine"]


def test_warnings_about_the_projects_code_are_not_ours(tmp_path: Path) -> None:
    # Python warns of it, and this session makes errors of warnings.
    write(tmp_path, ["gold.py"], f"{ENGINE}path = '\\d'\n")
    assert references(tmp_path) == ["gold:engine"]


def test_the_engine_module_names_the_function() -> None:
    text = engine_text("gold:run")
    assert text.endswith('engine = FunctionEngine("gold:run")\n')
    assert max(map(len, text.splitlines())) <= 100


def test_the_plan_holds_only_what_is_needed() -> None:
    document = json.loads(demo_files()["profiling_plan.json"])
    assert list(document) == ["runs"]
    assert {tuple(run) for run in document["runs"]} == {("id", "start", "end", "label")}
