from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.commands import ZACPERF, Shell
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

PROBE = PLAN.replace("month", "cache_probe_cold") % ""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_root(tmp_path, monkeypatch)


@pytest.fixture
def shell(root: Path, tmp_path: Path) -> Shell:
    return Shell(root, tmp_path)


def refused(root: Path, *arguments: str) -> str:
    before = files(root)
    shown = init(*arguments)
    assert (shown.exit_code, shown.stdout, files(root)) == (2, "", before)
    assert "Traceback" not in shown.stderr
    return shown.stderr


def test_several_backtests_are_named(root: Path) -> None:
    write(root, "gold.py", ENGINE.format(module="gold"))
    write(root, "oil.py", ENGINE.format(module="oil"))
    assert refused(root, *DATES) == (
        "Error: 2 backtests are found: gold:engine, oil:engine\n"
        "  hint: name the one to test: zacperf init --engine gold:engine\n"
    )


def test_very_many_backtests_are_counted(root: Path) -> None:
    for number in range(13):
        write(root, f"gold{number:02}.py", FUNCTION)
    assert "gold09:run_backtest, and 3 more\n" in refused(root, *DATES)


def test_no_backtest_is_said(root: Path) -> None:
    assert refused(root, *DATES) == (
        "Error: no backtest is found: neither an engine made by a class named ...Engine, nor a "
        "function (start, end, ...)\n  hint: name it: zacperf init --engine MODULE:OBJECT; zacqc "
        "is the embedded one to try\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ("--engine", "gold"), "no engine is named 'gold'\n  hint: ", id="no such name"
        ),
        pytest.param(
            ("--engine", "tests.test_gold:engine"), "lies in a test module", id="test module"
        ),
        pytest.param(
            ("--engine", "zacqc"),
            "there is no plan file, so the dates of a window are needed\n  hint: give a few "
            "trading days: zacperf init --start YYYY-MM-DD --end YYYY-MM-DD",
            id="no dates",
        ),
        pytest.param(
            ("--engine", "zacqc", "--start", "2025-01-02"),
            "Error: --end is missing: a window has a first and a last day",
            id="no end",
        ),
        pytest.param(
            ("--engine", "zacqc", "--end", "2025-01-02"), "--start is missing", id="no start"
        ),
        pytest.param(
            ("--engine", "zacqc", "--start", "2025-01-02", "--end", "2025-01-01"),
            "2025-01-01 is before the start, 2025-01-02",
            id="end before start",
        ),
    ],
)
def test_bad_input_exits_with_2_and_one_message(
    root: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(root, *arguments)


@pytest.mark.parametrize(
    ("written", "arguments", "message"),
    [
        pytest.param(
            {"pyproject.toml": '[tool.zacperf]\nengine = "mine:engine"\n'},
            ("--engine", "zacqc"),
            "the engine in pyproject.toml is 'mine:engine', not 'zacqc'\n"
            "  hint: change it there, or leave --engine out",
            id="another engine",
        ),
        pytest.param(
            {"profiling_plan.json": PLAN % ""},
            ("--engine", "zacqc", *DATES),
            "profiling_plan.json exists and has no window from 2025-10-01 to 2025-10-03\n"
            "  hint: add it there, or leave --start and --end out",
            id="other dates",
        ),
        pytest.param(
            {"a.json": PLAN % "", "b.json": PLAN % ""},
            ("--engine", "zacqc"),
            "2 plan files are found: a.json, b.json\n  hint: name one in pyproject.toml: "
            '[tool.zacperf] and below it plan = "a.json"',
            id="two plans",
        ),
        pytest.param(
            {"profiling_plan.json": PROBE},
            ("--engine", "zacqc"),
            "profiling_plan.json has no window for tests: none has a label, cache probes aside\n"
            '  hint: give one a label: "label": "week"',
            id="no window for tests",
        ),
        pytest.param(
            {"profiling_plan.json": "{"},
            ("--engine", "zacqc"),
            "profiling_plan.json is not JSON",
            id="damaged plan",
        ),
        pytest.param(
            {"pyproject.toml": "tool = { ruff = {} }\n"},
            ("--engine", "zacqc", *DATES),
            "[tool.zacperf] cannot be added at the end of pyproject.toml",
            id="inline table",
        ),
        pytest.param(
            {"gold.py": FUNCTION, "backtest_engine.py": ""},
            DATES,
            "backtest_engine.py exists and makes no engine, so none can be made there of "
            "gold:run_backtest\n  hint: add engine = FunctionEngine",
            id="module taken",
        ),
    ],
)
def test_what_does_not_go_with_the_project_is_refused(
    root: Path, written: dict[str, str], arguments: tuple[str, ...], message: str
) -> None:
    for name, text in written.items():
        write(root, name, text)
    assert message in refused(root, *arguments)


def typed(shell: Shell, text: str) -> tuple[int, str]:
    """Return exit code and output of ``zacperf init`` on a terminal where somebody types."""
    ours, theirs = os.openpty()
    try:
        with shell.start((*ZACPERF, "init"), theirs) as process:
            os.write(ours, text.encode())
            shown, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    return process.returncode, shown


def test_on_a_terminal_it_asks_for_what_it_cannot_find(shell: Shell) -> None:
    write(shell.folder, "gold.py", ENGINE.format(module="gold"))
    write(shell.folder, "oil.py", ENGINE.format(module="oil"))
    code, shown = typed(shell, "oil\noil:engine\n2025-10-03\n2025-10-01\n2025-10-06\n")
    assert code == 0, shown
    assert shown.startswith(
        "2 backtests are found\n  gold:engine\n  oil:engine\nWhich one is to be"
    )
    assert "no engine is named 'oil'" in shown
    assert "2025-10-01 is before the start, 2025-10-03" in shown
    assert settings(shell.folder)["engine"] == "oil:engine"
    assert "2025-10-03_2025-10-06" in (shell.folder / "profiling_plan.json").read_text()


def test_on_a_terminal_without_a_backtest_it_asks_for_one(shell: Shell) -> None:
    write(shell.folder, "profiling_plan.json", PLAN % "")
    code, shown = typed(shell, "zacqc\n")
    assert (code, shown.splitlines()[0]) == (0, "no backtest is found")
    assert settings(shell.folder)["engine"] == "zacqc"


def test_an_interrupt_at_a_question_writes_nothing(shell: Shell) -> None:
    before = files(shell.folder)
    ours, theirs = os.openpty()
    with shell.start((*ZACPERF, "init"), theirs) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "no backtest is found\n"
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 130
    assert shown.endswith("interrupted; nothing was written\n")
    assert files(shell.folder) == before


def test_a_closed_input_is_no_terminal(shell: Shell) -> None:
    shown = shell.run("sh", "-c", f"{ZACPERF[0]} {ZACPERF[1]} '{ZACPERF[2]}' init <&-")
    assert shown.returncode == 2
    assert shown.stderr.startswith("Error: no backtest is found: ")
