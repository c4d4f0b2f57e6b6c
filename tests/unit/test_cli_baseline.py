from __future__ import annotations

import importlib
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.recorded import (
    RUN,
    WINDOW,
    ReplayRunner,
    baseline,
    environment,
    run,
    run_that_cost,
)

from pytest_zacperf.baselines import baseline_key
from pytest_zacperf.cli import main, recording
from pytest_zacperf.cli.common import new_runner, open_project
from pytest_zacperf.comparability import environment_fingerprint
from pytest_zacperf.environment import current_environment
from pytest_zacperf.recording_baselines import expected_environment
from pytest_zacperf.records import Baseline, ParameterValue, Run, Workload
from pytest_zacperf.store import DECISIONS_FILE, BaselineStore, RunStore

SETTINGS = '[tool.zacperf]\nengine = "gold:engine"\nplan = "plan.json"\n'
PLAN = """
{"runs": [
  {"id": "wk-1", "start": "2025-01-20", "end": "2025-01-26", "label": "week"},
  {"id": "wk-2", "start": "2025-01-27", "end": "2025-02-02", "label": "week"},
  {"id": "mo-1", "start": "2025-01-01", "end": "2025-01-31", "label": "month"}
]}
"""
STRATEGY = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def run(start, end, lookback=20):
    return BacktestOutput(data_points=lookback)
"""
SLOW = """
import time
from pathlib import Path
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def run(start, end):
    Path("started").touch()
    time.sleep(60)
"""
COMMAND = (sys.executable, "-c", "from pytest_zacperf.cli import main; main()", "baseline")
NO_REPOSITORY = (
    "warning: the project is in no git repository: the revision cannot be checked out later, so "
    "the stored samples alone can give PASS or INCONCLUSIVE, never FAIL\n"
)
RECORD = ("record", "--reason", "why")
ONE = (*RECORD, "--window", "wk-1", "--rounds", "5")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "plan.json").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    # The folder above may be a repository.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


Replay = Callable[[Callable[[int], Run]], None]


@pytest.fixture
def replay(project: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Let the command have runs that are known already, by the number of the round."""

    def replay_(runs: Callable[[int], Run]) -> None:
        runner = ReplayRunner(store=RunStore(project / ".zacperf"), root=project, replay=runs)
        monkeypatch.setattr(recording, "new_runner", lambda *_: runner)

    return replay_


def zacperf(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["baseline", *arguments])


def stored(project: Path) -> list[Baseline]:
    found = BaselineStore(project / ".zacperf").all()
    return [one.baseline for one in found if one.baseline is not None]


def request(window: str = "wk-1", parameters: dict[str, ParameterValue] | None = None) -> Workload:
    named = msgspec.structs.replace(WINDOW, id=window)
    return Workload(engine="gold:engine", window=named, parameters=parameters or {})


def leave(project: Path, window: str = "wk-1", **changes: object) -> Baseline:
    """Leave a baseline of this environment unless the changes name another one."""
    workload = msgspec.structs.replace(request(window), engine_name="gold", engine_version="1")
    found = msgspec.structs.replace(
        baseline(), workload=workload, environment=current_environment(project)
    )
    found = msgspec.structs.replace(found, **changes)
    place = environment_fingerprint(found.environment)
    BaselineStore(project / ".zacperf").write(baseline_key(request(window)), place, found)
    return found


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_a_recording_shows_every_round_and_does_not_make_the_next_one_dirty(project: Path) -> None:
    (project / "gold.py").write_text(STRATEGY)
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    shown = zacperf(*ONE)
    assert shown.exit_code == 0, shown.output
    costs = r"CPU [\d.]+ \w+, wall [\d.]+ \w+, peak memory [\d.]+ MB"
    lines = shown.stderr.splitlines()
    assert re.fullmatch(rf"wk-1: the warm-up, not counted: {costs}", lines[0])
    for number, line in enumerate(lines[1:], start=1):
        assert re.fullmatch(rf"wk-1: round {number} of 5: {costs}", line)
    assert len(lines) == 6
    recorded, written = shown.stdout.splitlines()
    assert re.fullmatch(
        rf"wk-1: recorded 5 samples, median {costs}; the first baseline of this environment",
        recorded,
    )
    assert written == "written down in snapshots/decisions.md"
    git(project, "add", DECISIONS_FILE)
    git(project, "commit", "-q", "-m", "second")
    (project / DECISIONS_FILE).write_text("changed since")
    changed = git(project, "status", "--porcelain", "--untracked-files=no")
    assert changed == f" M {DECISIONS_FILE}\n"
    runner = new_runner(open_project(project), "test")
    assert expected_environment(runner).git_dirty is False
    assert zacperf("show").stdout.count("  this machine  why") == 1


def test_without_a_window_it_is_those_that_tests_see(project: Path, replay: Replay) -> None:
    replay(lambda _: RUN)
    shown = zacperf(*RECORD)
    assert shown.exit_code == 0
    assert shown.stderr.count(" of 10: ") == 20
    assert shown.stdout.count("recorded 10 samples") == 2
    names = sorted(path.name[:5] for path in (project / ".zacperf" / "baselines").iterdir())
    assert names == ["wk-1-", "wk-2-"]


def test_engine_and_parameters_can_be_others(project: Path, replay: Replay) -> None:
    replay(lambda _: RUN)
    assert zacperf(*ONE, "--engine", "silver:engine", "--set", "lookback=30").exit_code == 0
    workload = msgspec.structs.replace(request(parameters={"lookback": 30}), engine="silver:engine")
    (path,) = (project / ".zacperf" / "baselines").iterdir()
    assert path.name.startswith(f"{baseline_key(workload)}.")
    title = "UTC: baseline recorded: wk-1, silver:engine lookback=30\n"
    assert title in (project / DECISIONS_FILE).read_text()


def test_a_revision_that_cannot_be_checked_out_is_warned_of(replay: Replay) -> None:
    replay(lambda _: RUN)
    assert zacperf(*ONE).stderr.startswith(NO_REPOSITORY)


@pytest.mark.parametrize("reason", [[], ["--reason", " "]], ids=["none", "blank"])
def test_without_a_reason_nothing_runs(replay: Replay, reason: list[str]) -> None:
    replay(lambda _: pytest.fail("it ran"))
    shown = zacperf("record", "--window", "wk-1", *reason)
    assert shown.exit_code == 2
    assert 'Error: a baseline is accepted on purpose; say why with --reason "..."' in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            [*RECORD, "--window", "wk-3"],
            "Error: plan.json has no window 'wk-3'\n  hint: did you mean 'wk-2' or 'wk-1'?\n",
            id="unknown window",
        ),
        pytest.param(
            [*RECORD, "--rounds", "4"],
            "Error: Invalid value for '--rounds': 4 is not in the range x>=5.\n",
            id="too few rounds",
        ),
        pytest.param(
            ["drop"], "Error: name the baselines by --window ID, or give --all\n", id="drop nothing"
        ),
        pytest.param(
            ["drop", "--all", "--window", "wk-1"],
            "Error: name the baselines by --window ID, or give --all\n",
            id="drop both",
        ),
    ],
)
def test_bad_input_exits_with_2_and_one_message(
    replay: Replay, arguments: list[str], message: str
) -> None:
    replay(lambda _: pytest.fail("it ran"))
    shown = zacperf(*arguments)
    assert shown.exit_code == 2
    assert shown.stderr.endswith(message)


def test_a_plan_that_is_missing_is_named(project: Path) -> None:
    (project / "plan.json").unlink()
    shown = zacperf(*RECORD)
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: the plan file plan.json cannot be read below {project}: "
        "No such file or directory\n"
        "  hint: write the date windows into that file, or set plan under [tool.zacperf]\n"
    )


def test_an_engine_that_does_not_exist_exits_with_2(project: Path) -> None:
    (project / "gold.py").write_text(STRATEGY)
    shown = zacperf(*ONE, "--engine", "gold:engin")
    assert shown.exit_code == 2
    assert "Error: the warm-up of wk-1 could not begin: 'gold:engin' does not ex" in shown.stderr


def test_a_failed_round_exits_with_1_and_keeps_what_was_stored(
    project: Path, replay: Replay
) -> None:
    failed = run(status="error", reason="KeyError: 'GC'", exit_status=1, costs=None)
    previous = leave(project)
    replay(lambda number: failed if number == 2 else RUN)
    shown = zacperf(*ONE)
    assert shown.exit_code == 1
    assert "Error: round 2 of wk-1 failed: KeyError: 'GC'\n  hint: read " in shown.stderr
    assert stored(project) == [previous]
    assert not (project / DECISIONS_FILE).exists()


def test_a_backtest_that_is_not_deterministic_exits_with_1(project: Path, replay: Replay) -> None:
    replay(lambda number: run(order_events_hash=str(number)))
    shown = zacperf(*ONE)
    assert shown.exit_code == 1
    assert "a backtest that is not deterministic cannot be a baseline\n  hint: " in shown.stderr
    assert stored(project) == []


def test_memory_that_grew_is_refused_with_the_figure_and_the_command(
    project: Path, replay: Replay
) -> None:
    arguments = ("record", "--reason", "it's more", "--rounds", "5", "--set", "lookback=20")
    replay(lambda _: RUN)
    zacperf(*arguments)
    previous = stored(project)
    replay(lambda _: run_that_cost(peak_memory_bytes=90_400_000))
    shown = zacperf(*arguments)
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert (
        "wk-1: refused: peak memory is 1.13 of the previous baseline (90.4 MB, was 80.0 MB), and "
        "more than 1.10 needs approval; the previous baseline stays\n"
    ) in shown.stderr
    assert stored(project) == previous
    hint, command = shown.stderr.splitlines()[-1].split(" with: zacperf baseline ")
    assert hint == "  hint: approve it"
    # Both windows: neither was stored.
    assert shlex.split(command).count("--window") == 2
    assert zacperf(*shlex.split(command)).exit_code == 0
    assert (project / DECISIONS_FILE).read_text().count("peak memory 1.13 (growth approved)") == 2


def test_a_damaged_baseline_is_named_when_it_is_replaced(project: Path, replay: Replay) -> None:
    replay(lambda _: RUN)
    zacperf(*ONE)
    (path,) = (project / ".zacperf" / "baselines").iterdir()
    path.write_bytes(b"{")
    shown = zacperf(*ONE)
    assert shown.exit_code == 0
    assert f"warning: {path} is damaged: Input data was truncated\n" in shown.stderr
    assert len(stored(project)) == 1


def test_an_interrupt_keeps_the_baseline_that_is_there(project: Path) -> None:
    (project / "gold.py").write_text(SLOW)
    previous = leave(project)
    with subprocess.Popen(  # noqa: S603 - Python itself
        [*COMMAND, *ONE], cwd=project, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (project / "started").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.endswith("interrupted; what was not named as recorded is as it was\n")
    assert stored(project) == [previous]
    assert not (project / DECISIONS_FILE).exists()


def test_a_list_says_what_was_measured_where_and_why(project: Path) -> None:
    leave(project, reason="the first\none")
    leave(project, "wk-2", environment=environment(python="CPython 2.7.18", git_dirty=True))
    header, *rows, note = zacperf("show").stdout.splitlines()
    assert header.split() == [
        *("window", "engine", "revision", "recorded", "samples"),
        *("CPU", "wall", "peak", "memory", "environment", "reason"),
    ]
    here, elsewhere = [re.split(r" {2,}", row) for row in rows]
    assert here[:3] == ["wk-1", "gold 1", "none"]
    assert re.fullmatch(r"2025-1\d-\d\d \d\d:\d\d", here[3])
    assert here[4:] == ["5", "1.00 s", "1.10 s", "80.0 MB", "this machine", "the first"]
    assert elsewhere[:3] == ["wk-2", "gold 1", "01234567-dirty"]
    assert elsewhere[8].startswith(
        f"Python 2.7.18 / {sys.version.split()[0]}, platform Linux 6.1 / "
    )
    assert note.endswith("an environment that differs: baseline / here")


def test_where_the_table_does_not_fit_each_baseline_has_lines_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(project)
    leave(project, "wk-2")
    # The command hides its module.
    module = importlib.import_module("pytest_zacperf.cli.baseline")
    monkeypatch.setattr(module, "fits", lambda _: False)
    lines = zacperf("show").stdout.splitlines()
    assert lines[:2] == ["window       wk-1", "engine       gold 1"]
    assert lines[10:12] == ["", "window       wk-2"]
    assert lines[-1].startswith("CPU, wall and peak memory are medians; ")


def test_json_is_the_records_and_nothing_else(project: Path) -> None:
    first, second = leave(project), leave(project, "wk-2")
    shown = zacperf("show", "--json")
    assert msgspec.json.decode(shown.stdout, type=list[Baseline]) == [first, second]
    assert shown.stderr == ""
    shown = zacperf("show", "--json", "--window", "wk-2")
    assert msgspec.json.decode(shown.stdout, type=list[Baseline]) == [second]


def test_without_baselines_the_command_that_records_one_is_shown(project: Path) -> None:
    shown = zacperf("show")
    assert shown.exit_code == 0
    assert shown.stdout == (
        f"no baselines are kept in {project}/.zacperf/baselines; "
        "`zacperf baseline record --reason ...` records one\n"
    )
    assert zacperf("show", "--json").stdout == "[]\n"


def test_a_damaged_or_foreign_file_is_named_and_skipped(project: Path) -> None:
    leave(project)
    path = project / ".zacperf" / "baselines" / "notes.txt"
    path.touch()
    shown = zacperf("show")
    assert shown.exit_code == 0
    assert shown.stderr == f"{path} is no baseline of ours: skipped\n"
    assert len(shown.stdout.splitlines()) == 3


@pytest.mark.parametrize("command", ["show", "drop"])
def test_a_window_without_a_baseline_exits_with_2(project: Path, command: str) -> None:
    shown = zacperf(command, "--window", "wk-1")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: no baselines are kept in {project}/.zacperf/baselines\n"
        "  hint: zacperf baseline record --window wk-1 --reason ... records one\n"
    )
    leave(project)
    shown = zacperf(command, "--window", "wk-1", "--window", "wk-9")
    assert shown.exit_code == 2
    assert shown.stderr == "Error: window 'wk-9' has no baseline\n  hint: did you mean 'wk-1'?\n"
    assert len(stored(project)) == 1


def test_what_is_dropped_is_said_and_written_down(project: Path) -> None:
    leave(project)
    there = environment(python="CPython 2.7.18")
    leave(project, environment=there)
    kept = leave(project, "wk-2")
    shown = zacperf("drop", "--window", "wk-1", "--reason", "too old")
    assert shown.exit_code == 0
    *dropped, written = shown.stdout.splitlines()
    assert all(line.startswith("dropped wk-1, gold 1, recorded 2025-1") for line in dropped)
    assert sorted(line.partition(":")[2].partition(", ")[2][:12] for line in dropped) == [
        "Python 2.7.1",
        "this machine",
    ]
    assert written == "written down in snapshots/decisions.md"
    assert stored(project) == [kept]
    text = (project / DECISIONS_FILE).read_text()
    assert text.count("UTC: baseline dropped: wk-1, gold:engine\n\n- reason: too old\n") == 2


def test_all_can_be_dropped_once(project: Path) -> None:
    leave(project)
    leave(project, "wk-2")
    assert zacperf("drop", "--all").exit_code == 0
    assert stored(project) == []
    assert "- reason: none given\n" in (project / DECISIONS_FILE).read_text()
    shown = zacperf("drop", "--all")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: no baselines are kept in {project}/.zacperf/baselines\n"
        "  hint: zacperf baseline record --reason ... records one\n"
    )


@pytest.mark.usefixtures("project")
def test_another_folder_can_be_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "this machine" in zacperf("show", "--root", str(tmp_path)).stdout
    assert zacperf("drop", "--all", "--root", str(tmp_path)).exit_code == 0
    assert stored(tmp_path) == []


@pytest.mark.parametrize("command", ["record", "show", "drop"])
def test_the_help_names_every_option(command: str) -> None:
    shown = zacperf(command, "--help")
    assert shown.exit_code == 0
    options = {
        "record": ["--window", "--engine", "--set", "--rounds", "--reason", "--approve-memory"],
        "show": ["--window", "--json"],
        "drop": ["--window", "--all", "--reason"],
    }
    assert all(option in shown.stdout for option in [*options[command], "--root"])
