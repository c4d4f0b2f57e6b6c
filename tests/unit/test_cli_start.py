from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import PYTEST, ZACPERF, Shell

WITHOUT_POLARS = "import sys; sys.modules['polars'] = None; " + ZACPERF[-1]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "work").mkdir()
    (tmp_path / "tmp").mkdir()
    return Shell(tmp_path / "work", tmp_path / "tmp")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a demo and what the command printed; made once."""
    shell = Shell(tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("tmp"))
    shown = shell.run(*ZACPERF, "demo")
    assert (shown.returncode, shown.stderr) == (0, "")
    return shell.folder / "zacperf-demo", shown.stdout


@pytest.fixture
def demo(made: tuple[Path, str], shell: Shell) -> Shell:
    """Return a shell in a demo that this test may change."""
    shutil.copytree(made[0], shell.folder, dirs_exist_ok=True)
    return shell


def test_the_demo_says_what_it_wrote_and_recorded(made: tuple[Path, str]) -> None:
    lines = made[1].splitlines()
    assert lines[0] == "recording the order events of 2 windows ..."
    assert lines[1] == "wrote     zacperf-demo/pyproject.toml"
    recorded = [line.split()[1] for line in lines if line.startswith("recorded ")]
    assert [Path(path).name for path in recorded] == [
        "test_order_events[day-2025-04-09].order_events.jsonl",
        "test_order_events[day-2025-10-22].order_events.jsonl",
    ]
    for path in recorded:
        assert (made[0].parent / path).stat().st_size > 1_000
    assert lines[-3:-1] == [
        "2 recordings: accepted as they are, since this is the demo; parity compares with them",
        "baseline: the parameter set metrics=full; the perf test measures it beside the backtest",
    ]
    assert lines[-1].startswith("next: cd zacperf-demo && ")


def test_the_recordings_of_the_demo_are_met_in_xdist_workers(demo: Shell) -> None:
    # All its tests without workers: .ci/run; verdicts in workers: test_perf_plugin.py.
    result = demo.run(*PYTEST, "-n", "2", "-m", "parity")
    assert result.stdout.splitlines()[-1].strip("= ").startswith("2 passed in ")


def test_the_example_in_the_strategy_module_runs(demo: Shell) -> None:
    path = demo.folder / "strategies" / "stop_entry.py"
    text = path.read_text()
    lines = text[text.index("# from pytest_zacperf") :].splitlines()
    path.write_text("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines))
    result = demo.run(*PYTEST, "-m", "parity", "--snapshot-update", "--zacperf-reason", "gold now")
    assert result.returncode == 0, result.stdout
    recording = next((demo.folder / "snapshots").rglob("*day-2025-04-09*"))
    assert [line.count('"GLD"') for line in recording.read_text().splitlines()] == [1, 1]


def test_a_folder_that_is_not_empty_is_refused(shell: Shell) -> None:
    (shell.folder / "mine").touch()
    shown = shell.run(*ZACPERF, "demo", ".")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == (
        "Error: . exists and is not empty\n  hint: name a new folder: zacperf demo FOLDER\n"
    )
    assert [path.name for path in shell.folder.iterdir()] == ["mine"]


def test_a_missing_extra_is_named_before_anything_is_written(shell: Shell) -> None:
    shown = shell.run(sys.executable, "-c", WITHOUT_POLARS, "demo")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == (
        "Error: the demo runs the embedded backtest, which needs polars: not installed\n"
        '  hint: pip install "pytest-zacperf[zacqc]"\n'
    )
    assert list(shell.folder.iterdir()) == []


def test_recordings_that_fail_exit_with_1_and_leave_nothing(shell: Shell) -> None:
    shown = shell.run(*ZACPERF, "demo", "a/b", PYTEST_ADDOPTS="--zacperf-window=nobody")
    assert shown.returncode == 1
    assert "has no window 'nobody'" in shown.stdout
    assert shown.stderr == (
        "Error: the recordings of the demo could not be made: pytest ended with 4, "
        "so nothing is left in a/b\n  hint: the lines above say why\n"
    )
    assert list(shell.folder.iterdir()) == []


def test_an_interrupt_leaves_nothing_and_says_so(shell: Shell) -> None:
    with shell.start((*ZACPERF, "demo"), subprocess.DEVNULL) as process:
        while not list(shell.folder.glob("zacperf-demo/.zacperf/runs/*")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert shown.splitlines()[-1] == "interrupted; nothing is left in zacperf-demo"
    assert list(shell.folder.iterdir()) == []
