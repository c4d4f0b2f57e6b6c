from __future__ import annotations

import datetime as dt
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.stored import RUN, leave_unfinished

from pytest_zacperf import housekeeping, settings, store
from pytest_zacperf.cli import main
from pytest_zacperf.records import Costs, Fingerprints, Run, Work
from pytest_zacperf.run_names import short_id
from pytest_zacperf.store import RunStore

DONE = msgspec.structs.replace(
    RUN,
    costs=Costs(
        wall_ns=2_000_000_000,
        cpu_ns=1_900_000_000,
        peak_memory_bytes=120_400_000,
        peak_memory_source="VmHWM",
    ),
    work=Work(data_points=10, orders=157, order_events=456, final_equity=None),
    fingerprints=Fingerprints(code="c0de", parameters="9a9a", data=None, workload="f00d"),
)
SCRIPT = "from pytest_zacperf.cli import main; main()"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    return RunStore(tmp_path / ".zacperf")


def zacperf(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def leave(runs: RunStore, run_id: str, minute: int = 0, **changes: object) -> Run:
    start = RUN.start_utc + dt.timedelta(minutes=minute)
    run = msgspec.structs.replace(DONE, id=run_id, start_utc=start, **changes)
    store.write_run(leave_unfinished(runs, run), run)
    return run


def leave_damaged(runs: RunStore, run_id: str) -> Path:
    leave(runs, run_id)
    path = runs.run_folder(run_id) / "run.json"
    path.write_bytes(b"{")
    return path


def first_words(shown: Result) -> list[str]:
    return [line.split()[0] for line in shown.stdout.splitlines()]


def on_terminal(columns: int, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    variables = {"TERM": "xterm", "PATH": os.environ["PATH"]}
    with subprocess.Popen(  # noqa: S603 - fixed
        [sys.executable, "-c", SCRIPT, *arguments], stdout=theirs, stdin=theirs, env=variables
    ):
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


def _read(file: int) -> bytes:
    try:
        return os.read(file, 65_536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_runs_are_listed_with_the_newest_first(runs: RunStore) -> None:
    for run_id, minute in (("b", 1), ("a", 2), ("c", 0)):
        leave(runs, run_id, minute)
    shown = zacperf("runs")
    assert shown.exit_code == 0
    assert first_words(shown) == ["run", *map(short_id, "abc")]


def test_a_pipe_gets_one_line_a_run_without_colors_and_cuts(runs: RunStore) -> None:
    leave(runs, "a")
    header, row = zacperf("runs").stdout.splitlines()
    assert header.split("  ")[0] == "run"
    assert row.startswith(short_id("a"))
    assert "gold:engine, lookback=20  done       157  2.00 s  1.90 s       120 MB  alone" in row
    assert "\x1b" not in header + row
    assert row == row.rstrip()


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "COLUMNS"])
@pytest.mark.parametrize("terminal", ["dumb", "xterm-256color"])
def test_a_pipe_stays_as_wide_and_plain_as_needed_whatever_is_set(
    runs: RunStore, monkeypatch: pytest.MonkeyPatch, variable: str, terminal: str
) -> None:
    leave(runs, "a")
    plain = zacperf("runs").stdout
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setenv(variable, "20")
    assert zacperf("runs").stdout == plain


def test_a_terminal_of_80_columns_gets_whole_ids_and_no_line_beyond_it(runs: RunStore) -> None:
    window = msgspec.structs.replace(RUN.workload.window, id="2025-10-01_2025-10-10")
    workload = msgspec.structs.replace(
        RUN.workload, window=window, parameters={f"parameter_{n}": "on" for n in range(9)}
    )
    leave(runs, "a", workload=workload)
    leave(runs, "b", workload=workload)
    lines = on_terminal(80, "runs").splitlines()
    assert max(map(len, lines)) <= 80
    assert {short_id("a"), short_id("b")} <= {line.split()[0] for line in lines if line.split()}
    assert "2025-10-01_2025-10-10" in "\n".join(lines)
    assert "120 MB" in "\n".join(lines)


def test_a_wide_terminal_gets_one_line_a_run(runs: RunStore) -> None:
    leave(runs, "a")
    leave(runs, "b")
    assert len(on_terminal(200, "runs").splitlines()) == 3


def test_a_limit_leaves_the_newest(runs: RunStore) -> None:
    for run_id, minute in (("b", 1), ("a", 2), ("c", 0)):
        leave(runs, run_id, minute)
    assert first_words(zacperf("runs", "--limit", "2")) == ["run", *map(short_id, "ab")]


def test_a_limit_of_none_is_refused(runs: RunStore) -> None:
    leave(runs, "a")
    shown = zacperf("runs", "--limit", "0")
    assert shown.exit_code == 2
    assert "Invalid value for '--limit': 0 is not in the range x>=1" in shown.stderr


def test_an_unfinished_run_is_running_as_long_as_its_session_is_in_use(runs: RunStore) -> None:
    leave_unfinished(runs, RUN)
    with runs.use(RUN.session):
        assert " running " in zacperf("runs").stdout
    assert " interrupted " in zacperf("runs").stdout


def test_a_damaged_and_a_foreign_folder_are_reported_and_skipped(runs: RunStore) -> None:
    leave(runs, "a")
    path = leave_damaged(runs, "b")
    notes = runs.runs_folder / "notes"
    notes.mkdir()
    shown = zacperf("runs")
    assert shown.exit_code == 0
    assert first_words(shown) == ["run", short_id("a")]
    assert shown.stderr.splitlines() == [
        f"{path} is damaged: Input data was truncated: skipped",
        f"{notes} holds no readable request.json, so it is no run of ours: skipped",
    ]


def test_folders_that_no_run_can_have_left_are_reported_and_stop_nothing(runs: RunStore) -> None:
    leave(runs, "a")
    leave_unfinished(runs, msgspec.structs.replace(RUN, id="b"))
    (runs.run_folder("b") / "run.json").mkdir()
    (runs.runs_folder / "loop").symlink_to("loop")
    shown = zacperf("runs")
    assert shown.exit_code == 0
    assert first_words(shown) == ["run", short_id("a")]
    assert [line.rpartition(": ")[2] for line in shown.stderr.splitlines()] == ["skipped"] * 2
    assert zacperf("show", "a").exit_code == 0
    assert list(runs.runs_of("0f")) == []


def test_a_run_of_another_version_is_reported_and_pruned_like_others(runs: RunStore) -> None:
    folder = leave_unfinished(runs, msgspec.structs.replace(RUN, id="b"))
    request = folder / "request.json"
    request.write_text(request.read_text().replace("{", '{"from_the_future": 1, ', 1))
    shown = zacperf("runs")
    assert shown.exit_code == 0
    assert shown.stderr == f"{folder} was written by another version of pytest-zacperf: skipped\n"
    os.utime(folder, (1, 1))
    assert housekeeping.prune(runs, settings.resolve({}, {})) is None
    assert not folder.exists()


def test_no_runs_are_one_sentence_with_the_next_step(runs: RunStore) -> None:
    shown = zacperf("runs")
    assert shown.exit_code == 0
    assert shown.stdout == (
        f"no runs are kept in {runs.runs_folder}; `zacperf backtest` without --output makes one, "
        "and so does a test that uses the fixture `backtest`\n"
    )
    assert not runs.folder.exists()


def test_json_is_the_complete_records_and_nothing_else(runs: RunStore) -> None:
    older = leave(runs, "a", 0)
    newer = leave(runs, "b", 1)
    leave_unfinished(runs, msgspec.structs.replace(RUN, id="c"))
    leave_damaged(runs, "d")
    shown = zacperf("runs", "--json")
    assert shown.exit_code == 0
    assert msgspec.json.decode(shown.stdout, type=list[Run]) == [newer, older]
    assert "d" in shown.stderr
    shown = zacperf("runs", "--json", "--limit", "1")
    assert msgspec.json.decode(shown.stdout, type=list[Run]) == [newer]


def test_json_of_no_runs_is_an_empty_array(runs: RunStore) -> None:
    assert not runs.folder.exists()
    assert zacperf("runs", "--json").stdout == "[]\n"


def test_another_folder_can_be_the_project(
    runs: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(runs, "a")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert first_words(zacperf("runs", "--root", str(tmp_path))) == ["run", short_id("a")]
    assert zacperf("show", "a", "--root", str(tmp_path)).exit_code == 0


def test_a_bad_setting_is_named(runs: RunStore) -> None:
    (runs.folder.parent / "pyproject.toml").write_text("[tool.zacperf]\nkeep_runs = 0\n")
    for command in (["runs"], ["show", "last"]):
        shown = zacperf(*command)
        assert shown.exit_code == 2
        assert "[tool.zacperf] keep_runs: 0 is not a count" in shown.stderr


def test_a_run_is_shown_in_full(runs: RunStore) -> None:
    leave(runs, "20251101-wk-1", warnings=("V has no bars",))
    leave(runs, "20251101-wk-2")
    shown = zacperf("show", "wk-1")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[:4] == [
        "warning: V has no bars",
        "",
        "status        done",
        "window        2025-10-01 to 2025-10-01",
    ]
    assert f"folder       {runs.run_folder('20251101-wk-1')}" in shown.stdout.splitlines()
    assert "data         the engine does not say" in shown.stdout.splitlines()


@pytest.mark.parametrize("name", ["b", "last", short_id("b")], ids=["id", "last", "short id"])
def test_a_run_is_shown_by_its_id_its_short_id_or_as_the_last(runs: RunStore, name: str) -> None:
    for run_id, minute in (("a", 1), ("b", 2), ("c", 0)):
        leave(runs, run_id, minute)
    leave_unfinished(runs, msgspec.structs.replace(RUN, id="unfinished"))
    assert msgspec.json.decode(zacperf("show", name, "--json").stdout, type=Run).id == "b"


def test_json_of_a_run_is_its_record_and_nothing_else(runs: RunStore) -> None:
    run = leave(runs, "a", differs_from="b", warnings=("V has no bars",))
    shown = zacperf("show", "a", "--json")
    assert msgspec.json.decode(shown.stdout, type=Run) == run
    assert shown.stderr == ""


def test_what_a_user_wrote_is_no_markup(runs: RunStore) -> None:
    leave(runs, "a", statistics={"[red]loud[/red] :smile:": "[bold]"}, counts={"[/x]": 1})
    shown = zacperf("show", "a").stdout
    assert "[red]loud[/red] :smile:  [bold]" in shown
    assert "[/x]       1" in shown


def test_a_run_that_contradicts_another_is_loud(runs: RunStore) -> None:
    leave(runs, "a", differs_from="b")
    shown = zacperf("show", "a").stdout
    assert shown.startswith("NOT DETERMINISTIC: run b had the same code and parameters, ")


def test_a_failed_run_is_shown_with_its_reason_and_its_log(runs: RunStore) -> None:
    leave(runs, "a", status="error", reason="KeyError: 'GC'", exit_status=1, costs=None, work=None)
    shown = zacperf("show", "a")
    assert shown.exit_code == 0
    assert "status  error: KeyError: 'GC'" in shown.stdout.splitlines()
    log = runs.run_folder("a") / "stderr.log"
    assert f"errors       {log}" in shown.stdout.splitlines()


def test_an_ambiguous_part_exits_with_2_and_the_candidates(runs: RunStore) -> None:
    leave(runs, "wk-1")
    leave(runs, "wk-2")
    shown = zacperf("show", "wk")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: 'wk' is part of 2 ids: {short_id('wk-1')} (wk-1), {short_id('wk-2')} (wk-2)\n"
        "  hint: give one of them in full; zacperf runs lists them\n"
    )


def test_an_unknown_run_exits_with_2_and_the_next_step(runs: RunStore) -> None:
    leave(runs, "wk-1")
    shown = zacperf("show", "gold")
    assert shown.exit_code == 2
    assert shown.stderr == "Error: no run is named 'gold'\n  hint: zacperf runs lists them\n"


@pytest.mark.parametrize("name", ["a", "last"])
def test_a_run_of_an_empty_store_exits_with_2_and_the_next_step(runs: RunStore, name: str) -> None:
    shown = zacperf("show", name)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"Error: no runs are kept in {runs.runs_folder}\n  hint: `zac")


def test_a_damaged_run_exits_with_2_the_file_the_reason_and_the_next_step(runs: RunStore) -> None:
    path = leave_damaged(runs, "a")
    shown = zacperf("show", "a")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: {path} is damaged: Input data was truncated\n"
        "  hint: delete that folder and run the backtest again\n"
    )


def test_a_run_that_is_not_over_says_where_its_log_is(runs: RunStore) -> None:
    log = leave_unfinished(runs, RUN) / "stderr.log"
    with runs.use(RUN.session):
        shown = zacperf("show", RUN.id)
    assert shown.exit_code == 2
    assert shown.stderr == f"Error: run {RUN.id} is not over yet\n  hint: its log is {log}\n"


def test_a_run_that_was_interrupted_says_where_its_log_is(runs: RunStore) -> None:
    log = leave_unfinished(runs, RUN) / "stderr.log"
    shown = zacperf("show", RUN.id)
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: run {RUN.id} was interrupted and has no result\n"
        f"  hint: its log, if it wrote one, is {log}; run the backtest again\n"
    )


def test_the_last_of_runs_that_have_not_ended_is_none(runs: RunStore) -> None:
    leave_unfinished(runs, RUN)
    shown = zacperf("show", "last")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: no run in {runs.runs_folder} has ended\n  hint: zacperf runs lists them\n"
    )
