from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from pytest_zacperf.cli import main
from pytest_zacperf.records import Run

STRATEGY = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import EquityPoint, OrderEvent
engine = FunctionEngine("gold:run")
def run(start, end, lookback=20, fail=False, context=None):
    if fail:
        raise KeyError("GC")
    with context.stage("orders"):
        event = OrderEvent(ts_event_ns=1, symbol="V", order_id=1, event_id=1, status="submitted",
                           type="market", side="buy", quantity=1)
    return BacktestOutput(order_events=[event], data_points=lookback,
                          equity=[EquityPoint(ts_ns=1, equity=501239.1741)])
"""
WINDOW = ("--start", "2025-10-01", "--end", "2025-10-10")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "gold.py").write_text(STRATEGY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def zacperf(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["backtest", *arguments])


def backtest(*arguments: str) -> Result:
    return zacperf("--engine", "gold:engine", *WINDOW, *arguments)


def stored_run(folder: Path) -> Run:
    return msgspec.json.decode((folder / "run.json").read_bytes(), type=Run)


def test_a_backtest_prints_what_it_did_and_leaves_its_files(project: Path) -> None:
    shown = backtest("--set", "lookback=30", "--output", "out")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[:3] == [
        "status        done",
        "window        2025-10-01 to 2025-10-10",
        "engine        function gold:run 1, lookback=30",
    ]
    assert "final equity  501,239.1741" in lines
    assert any(line.startswith("orders  ") for line in lines[-8:])
    assert lines[-1] == f"run folder: {project / 'out'}"
    run = stored_run(project / "out")
    assert run.work is not None
    assert run.work.data_points == 30
    assert len((project / "out" / "order_events.jsonl").read_text().splitlines()) == 1


def test_a_run_folder_has_the_files_of_the_design(project: Path) -> None:
    backtest("--output", "out")
    assert {path.name for path in (project / "out").iterdir()} == {
        *("request.json", "run.json", "stdout.log", "stderr.log"),
        *("order_events.jsonl", "trades.jsonl", "equity.parquet"),
        *("statistics.json", "stages.json", "coverage.json"),
    }


def test_without_output_the_run_goes_to_the_store(project: Path) -> None:
    folder = Path(backtest().stdout.splitlines()[-1].removeprefix("run folder: "))
    assert folder.parent == project / ".zacperf" / "runs"
    assert stored_run(folder).status == "done"
    assert (project / ".zacperf" / ".gitignore").read_text() == "*\n"


def test_each_call_is_a_new_run(project: Path) -> None:
    script = "from pytest_zacperf.cli import main; main()"
    for _ in range(2):
        subprocess.run(  # noqa: S603 - a fixed command
            [sys.executable, "-c", script, "backtest", "--engine", "gold:engine", *WINDOW],
            check=True,
            capture_output=True,
        )
    assert len(list((project / ".zacperf" / "runs").iterdir())) == 2


def test_another_folder_can_be_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "elsewhere").mkdir()
    monkeypatch.chdir(project / "elsewhere")
    assert backtest("--root", str(project)).exit_code == 0


def test_stages_can_be_switched_off(project: Path) -> None:
    assert backtest("--no-stages", "--output", "out").exit_code == 0
    costs = stored_run(project / "out").costs
    assert costs is not None
    assert costs.stages == ()


def test_a_run_that_failed_exits_with_1_and_shows_no_traceback(project: Path) -> None:
    shown = backtest("--set", "fail=true", "--output", "out")
    assert shown.exit_code == 1
    assert shown.stdout.startswith("status  error: KeyError: 'GC', at gold.py:")
    assert shown.stdout.splitlines()[-1] == f"run folder: {project / 'out'}"
    assert "Traceback" not in shown.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--engine", "gold:engin", *WINDOW],
            "Error: 'gold:engin' does not exist: gold has no 'engin' (hint: did you mean engine?)",
            id="unknown engine",
        ),
        pytest.param(
            ["--engine", "nobody", *WINDOW],
            "Error: no engine is named 'nobody' (hint: write module:object, ",
            id="unknown name",
        ),
        pytest.param(
            ["--engine", "gold:engine", *WINDOW, "--set", "lokback=3"],
            "Error: 'gold:run' has no parameter 'lokback' (hint: it knows lookback, fail)",
            id="refused parameter",
        ),
        pytest.param(
            ["--engine", "gold:engine", "--start", "2025-13-01", "--end", "2025-10-10"],
            "Error: Invalid value for '--start': '2025-13-01' does not match the format '%Y-%m-%d'",
            id="bad date",
        ),
        pytest.param(
            ["--engine", "gold:engine", "--start", "2025-10-02", "--end", "2025-10-01"],
            "Error: Invalid value for '--end': 2025-10-01 is before the start, 2025-10-02",
            id="end before start",
        ),
        pytest.param(
            ["--engine", "gold:engine", *WINDOW, "--set", "lookback"],
            "Error: Invalid value for '--set': 'lookback' is not KEY=VALUE, such as lookback=20",
            id="no value",
        ),
        pytest.param(
            ["--engine", "gold:engine", *WINDOW, "--set", "a=1", "--set", "a=2"],
            "Error: Invalid value for '--set': 'a' is set twice",
            id="set twice",
        ),
        pytest.param(
            ["--engine", "gold:engine", *WINDOW, "--output", "."],
            " exists and is not an empty folder\n  hint: name a new folder for the run",
            id="output taken",
        ),
        pytest.param(
            WINDOW,
            "Error: no engine is named\n  hint: give --engine module:object, or set engine in",
            id="no engine",
        ),
    ],
)
@pytest.mark.usefixtures("project")
def test_bad_input_exits_with_2_and_one_message(arguments: list[str], message: str) -> None:
    shown = zacperf(*arguments)
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.output
    assert shown.stdout == ""


@pytest.mark.usefixtures("project")
def test_a_folder_below_a_file_is_named() -> None:
    shown = backtest("--output", "gold.py/out")
    assert shown.exit_code == 2
    assert "gold.py/out: Not a directory" in shown.stderr


def test_an_interrupt_ends_the_run_and_says_so(project: Path) -> None:
    (project / "slow.py").write_text(
        "import time\n"
        "from pathlib import Path\n"
        "from pytest_zacperf.engines.function import FunctionEngine\n"
        "def run(start, end):\n"
        "    Path('started').touch()\n"
        "    time.sleep(60)\n"
        "engine = FunctionEngine('slow:run')\n"
    )
    command = [sys.executable, "-c", "from pytest_zacperf.cli import main; main()", "backtest"]
    with subprocess.Popen(  # noqa: S603 - Python itself
        [*command, "--engine", "slow:engine", *WINDOW], stderr=subprocess.PIPE, text=True
    ) as process:
        while not (project / "started").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "interrupted; the backtest was ended\n")


def test_the_help_names_every_option() -> None:
    shown = CliRunner().invoke(main, ["backtest", "--help"])
    assert shown.exit_code == 0
    for option in ("--engine", "--start", "--end", "--set", "--output", "--root", "--no-stages"):
        assert option in shown.stdout


@pytest.mark.usefixtures("project")
def test_after_bad_input_the_corrected_command_finds_the_folder_free() -> None:
    assert backtest("--set", "loopback=2", "--output", "out").exit_code == 2
    assert backtest("--set", "lookback=2", "--output", "out").exit_code == 0


def test_ctrl_c_while_everything_loads_is_one_word(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    done = subprocess.run(
        [sys.executable, "-c", "from pytest_zacperf.command import main; main()"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
