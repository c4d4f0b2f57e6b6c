from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import PYTEST, ZACPERF, Shell
from support.existing_project import (
    DATES,
    ENGINE,
    FUNCTION,
    PLAN,
    files,
    init,
    make_root,
    settings,
    write,
)

SHORT = ', {"id": "b", "start": "2025-01-02", "end": "2025-01-03", "label": "short"}'
WEEK = ', {"id": "c", "start": "2025-01-06", "end": "2025-01-12", "label": "week"}'
NEW_FILES = [
    *("profiling_plan.json", "tests/perf/test_runtime.py", "tests/parity/test_order_events.py"),
    *(".github/workflows/backtest.yml", "pyproject.toml"),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_root(tmp_path, monkeypatch)


@pytest.fixture
def shell(root: Path, tmp_path: Path) -> Shell:
    return Shell(root, tmp_path)


def test_a_project_with_an_engine_gets_what_it_lacks(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    shown = init(*DATES)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.splitlines() == [
        *(f"wrote  {name}" for name in NEW_FILES),
        "engine: gold:engine",
        "next:",
        (
            '  pytest -m parity --snapshot-update --zacperf-reason "the first": records the order '
            "events; commit them once read"
        ),
        "  pytest: compares with them",
        "the perf test is skipped until [tool.zacperf] has a baseline, such as",
        '  baseline = { parameter = "value" }',
    ]
    assert settings(root) == {
        "engine": "gold:engine",
        "plan": "profiling_plan.json",
        "test_labels": ["short"],
    }


def test_a_settings_file_that_is_a_link_stays_one(root: Path) -> None:
    (root / "pyproject.toml").rename(root / "real.toml")
    (root / "pyproject.toml").symlink_to("real.toml")
    assert init("--engine", "zacqc", *DATES).exit_code == 0
    assert (root / "pyproject.toml").is_symlink()
    assert settings(root)["engine"] == "zacqc"


def test_nothing_else_of_the_settings_file_changes(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    before = (root / "pyproject.toml").read_text()
    init(*DATES)
    assert (root / "pyproject.toml").read_text().startswith(f"{before}\n[tool.zacperf]\n")


def test_a_project_without_a_settings_file_gets_one(root: Path) -> None:
    (root / "pyproject.toml").unlink()
    write(root, "gold.py", ENGINE.format(module="gold"))
    assert init("--root", str(root), *DATES).exit_code == 0
    assert settings(root)["engine"] == "gold:engine"


@pytest.mark.parametrize("flags", [(), DATES, ("--engine", "gold:engine", *DATES)])
def test_a_second_time_changes_nothing(root: Path, flags: tuple[str, ...]) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    init(*DATES)
    before = files(root)
    shown = init(*flags)
    assert (shown.exit_code, files(root)) == (0, before)
    assert shown.stdout.splitlines()[:5] == [f"kept   {name}" for name in NEW_FILES]


def test_a_second_time_with_a_function_changes_nothing(root: Path) -> None:
    write(root, "gold.py", FUNCTION)
    init(*DATES)
    before = files(root)
    assert init("--engine", "gold:run_backtest", *DATES).exit_code == 0
    assert files(root) == before


def test_a_function_gets_a_module_that_makes_an_engine_and_its_tests_run(shell: Shell) -> None:
    write(shell.folder, "strategies/gold.py", FUNCTION)
    shown = shell.run(*ZACPERF, "init", *DATES)
    assert "wrote  backtest_engine.py" in shown.stdout.splitlines()
    line = "made of the function strategies.gold:run_backtest; see its comment"
    assert f"engine: backtest_engine:engine, {line}" in shown.stdout
    recorded = shell.run(
        *PYTEST, "-m", "parity", "--snapshot-update", "--zacperf-reason", "the first"
    )
    assert recorded.returncode == 0, recorded.stdout
    result = shell.run(*PYTEST)
    assert "1 passed, 1 skipped in" in result.stdout.splitlines()[-1]


def test_a_module_below_src_is_named_without_it(root: Path) -> None:
    write(root, "src/shop/gold.py", ENGINE.format(module="shop.gold"))
    shown = init(*DATES)
    assert settings(root)["engine"] == "shop.gold:engine"
    assert (
        "note: pytest does not look for modules in src: pip install -e ., or set "
        'pythonpath = ["src"] for pytest'
    ) in shown.stdout.splitlines()


@pytest.mark.parametrize("table", ["tool.pytest", "tool.pytest.ini_options"])
def test_the_paths_of_pytest_are_respected(root: Path, table: str) -> None:
    write(root, "pyproject.toml", f'[{table}]\npythonpath = ["src"]\ntestpaths = ["checks"]\n')
    write(root, "src/gold.py", ENGINE.format(module="gold"))
    write(root, "checks/example.py", ENGINE.format(module="example"))
    shown = init(*DATES)
    assert "note:" not in shown.stdout
    assert settings(root)["engine"] == "gold:engine"
    assert (root / "checks" / "perf" / "test_runtime.py").exists()


def test_a_folder_of_tests_with_another_name_is_found(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, "test/test_a.py")
    init(*DATES)
    assert (root / "test" / "perf" / "test_runtime.py").exists()


def test_a_test_file_gets_another_name_where_pytest_could_not_tell_two_apart(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, "tests/unit/test_runtime.py")
    init(*DATES)
    assert (root / "tests" / "perf" / "test_backtest_runtime.py").exists()
    assert not (root / "tests" / "perf" / "test_runtime.py").exists()


def test_a_file_of_the_project_is_kept(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, ".github/workflows/backtest.yml", "mine")
    shown = init(*DATES)
    assert "kept   .github/workflows/backtest.yml" in shown.stdout.splitlines()
    assert (root / ".github" / "workflows" / "backtest.yml").read_text() == "mine"


def test_ci_installs_what_the_project_needs(root: Path) -> None:
    write(root, "pyproject.toml", '[build-system]\nrequires = ["hatchling"]\n')
    write(root, "requirements.txt")
    write(root, "gold.py", ENGINE.format(module="gold"))
    init(*DATES)
    text = (root / ".github" / "workflows" / "backtest.yml").read_text()
    assert "      - run: pip install -e . -r requirements.txt pytest-zacperf\n" in text


def test_ci_installs_the_extra_of_the_embedded_engine(root: Path) -> None:
    init("--engine", "zacqc", *DATES)
    text = (root / ".github" / "workflows" / "backtest.yml").read_text()
    assert '      - run: pip install "pytest-zacperf[zacqc]"\n' in text


def test_a_table_that_exists_is_kept(root: Path) -> None:
    table = '[tool.zacperf]\nengine = "mine:engine"\nplan = "my.json"\nbaseline = { a = 1 }\n'
    write(root, "pyproject.toml", table)
    shown = init(*DATES)
    assert shown.exit_code == 0, shown.stderr
    assert "kept   pyproject.toml" in shown.stdout.splitlines()
    assert shown.stdout.splitlines()[-1] == "  pytest: compares with them"
    assert (root / "pyproject.toml").read_text() == table
    assert '"label": "week"' in (root / "my.json").read_text()


def test_an_engine_that_a_table_lacks_is_a_line_to_write(root: Path) -> None:
    write(root, "pyproject.toml", "[tool.zacperf]\n")
    write(root, "gold.py", ENGINE.format(module="gold"))
    shown = init(*DATES)
    assert '  write engine = "gold:engine" under [tool.zacperf]' in shown.stdout.splitlines()
    assert (root / "pyproject.toml").read_text() == "[tool.zacperf]\n"


@pytest.mark.parametrize(
    ("runs", "label"),
    [
        pytest.param("", "month", id="the only one"),
        pytest.param(SHORT, "short", id="the shortest"),
        pytest.param(SHORT + WEEK, "week", id="weeks first"),
    ],
)
def test_a_plan_that_exists_is_used(root: Path, runs: str, label: str) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, "windows.json", PLAN % runs)
    write(root, "package.json", '{"name": "a"}')
    shown = init()
    assert shown.exit_code == 0, shown.stderr
    assert "kept   windows.json" in shown.stdout.splitlines()
    assert settings(root)["plan"] == "windows.json"
    assert settings(root)["test_labels"] == [label]


def test_the_flag_names_one_of_several(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, "oil.py", FUNCTION)
    assert init("--engine", "oil:run_backtest", *DATES).exit_code == 0
    assert settings(root)["engine"] == "backtest_engine:engine"
    assert 'FunctionEngine("oil:run_backtest")' in (root / "backtest_engine.py").read_text()
