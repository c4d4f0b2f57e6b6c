"""Runs that are executed once for a session, stored, and read by whoever asks again."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from support.gold_runs import NOTE, WINDOW, WORKLOAD, asker, notes, project

from pytest_zacperf import execution, measure
from pytest_zacperf.errors import RunError, SettingsError
from pytest_zacperf.records import MachineUse


def test_a_run_is_stored_with_what_it_did_and_when(tmp_path: Path) -> None:
    ours = project(tmp_path, "def run(*window): print('hello'); time.sleep(0.1)\n")
    before = dt.datetime.now(dt.UTC)
    run = ours.run_once(WORKLOAD, session="s")
    assert (run.status, run.reason, run.exit_status) == ("done", None, 0)
    assert before <= run.start_utc < run.end_utc <= dt.datetime.now(dt.UTC)
    assert run.costs is not None
    assert run.costs.wall_ns >= 100_000_000
    assert run.workload.engine_name == "function gold:run"
    folder = ours.store.run_folder(run.id)
    assert ours.store.read_run(run.id) == run
    assert (folder / "stdout.log").read_text() == "hello\n"
    assert (folder / "order_events.jsonl").read_bytes() == b""


def test_a_run_is_executed_once_per_session(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    first = ours.run_once(WORKLOAD, session="s")
    assert ours.run_once(WORKLOAD, session="s") == first
    assert notes(tmp_path) == ["a"]


def test_another_session_round_side_window_or_parameter_is_another_run(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    longer = msgspec.structs.replace(WINDOW, end=dt.date(2025, 10, 11))
    runs = [
        ours.run_once(WORKLOAD, session="s"),
        ours.run_once(WORKLOAD, session="t"),
        ours.run_once(WORKLOAD, session="s", round=1),
        ours.run_once(WORKLOAD, session="s", side="baseline"),
        ours.run_once(msgspec.structs.replace(WORKLOAD, window=longer), session="s"),
        ours.run_once(msgspec.structs.replace(WORKLOAD, parameters={"side": "b"}), session="s"),
    ]
    assert len({run.id for run in runs}) == len(notes(tmp_path)) == 6


def test_many_processes_that_ask_at_once_execute_one_run(tmp_path: Path) -> None:
    ours = project(tmp_path, "def run(*window): note('ran'); time.sleep(0.5)\n")
    askers = [asker(ours) for _ in range(3)]
    answers = {one.communicate(timeout=30)[0] for one in askers}
    assert len(answers) == 1
    assert notes(tmp_path) == ["ran"]


@pytest.mark.parametrize(
    ("machine", "order"),
    [("alone", ["in", "out", "in", "out"]), ("shared", ["in", "in", "out", "out"])],
)
def test_timed_runs_have_the_machine_alone_and_others_share_it(
    tmp_path: Path, machine: MachineUse, order: list[str]
) -> None:
    ours = project(tmp_path, "def run(*w): note('in'); time.sleep(0.8); note('out')\n")

    def run(session: str) -> None:
        assert ours.run_once(WORKLOAD, session=session, machine=machine).machine == machine

    threads = [threading.Thread(target=run, args=(session,)) for session in ("s", "t")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes(tmp_path) == order


def test_a_run_that_failed_is_stored_and_not_tried_again(tmp_path: Path) -> None:
    ours = project(tmp_path, "def run(*window): note('ran'); raise KeyError('GC')\n")
    run = ours.run_once(WORKLOAD, session="s")
    assert (run.status, run.exit_status) == ("error", 1)
    assert (run.reason or "").startswith("KeyError: 'GC', at gold.py:")
    assert run.costs is None
    assert ours.run_once(WORKLOAD, session="s") == run
    assert notes(tmp_path) == ["ran"]


def test_what_an_interrupted_run_left_is_run_again(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    run = ours.run_once(WORKLOAD, session="s")
    (ours.store.run_folder(run.id) / "run.json").unlink()
    assert ours.run_once(WORKLOAD, session="s").status == "done"
    assert notes(tmp_path) == ["a", "a"]


def test_the_memory_of_children_is_added_and_labeled(tmp_path: Path) -> None:
    holder = "x = b'1' * 50_000_000; import time; time.sleep(0.6)"
    source = f"def run(*w): subprocess.run([sys.executable, '-c', {holder!r}])\n"
    run = project(tmp_path, source).run_once(WORKLOAD, session="s")
    assert run.costs is not None
    assert run.costs.peak_memory_source == "VmHWM + sampled children"
    assert 60_000_000 < run.costs.peak_memory_bytes < 150_000_000


@pytest.mark.parametrize(
    ("seen_bytes", "source"),
    [
        pytest.param(0, "VmHWM", id="ended meanwhile"),
        pytest.param(500_000, "VmHWM", id="below 5 %"),
        pytest.param(5_000_000, "VmHWM + sampled children", id="above"),
    ],
)
def test_only_children_that_matter_change_where_the_memory_figure_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen_bytes: int, source: str
) -> None:
    monkeypatch.setattr(measure.ChildMemorySampler, "peak_bytes", lambda *_: seen_bytes)
    run = project(tmp_path, NOTE).run_once(WORKLOAD, session="s")
    assert run.costs is not None
    assert run.costs.peak_memory_source == source


def test_a_run_without_children_has_the_figure_of_the_kernel_alone(tmp_path: Path) -> None:
    run = project(tmp_path, "def run(*w): time.sleep(0.3)\n").run_once(WORKLOAD, session="s")
    assert run.costs is not None
    assert run.costs.peak_memory_source == "VmHWM"


def test_a_run_can_leave_its_files_in_a_folder_of_choice(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    run = ours.run_into(WORKLOAD, tmp_path / "out" / "first", "s")
    assert run.id == "first"
    stored = msgspec.json.decode((tmp_path / "out" / "first" / "run.json").read_bytes())
    assert stored["status"] == "done"


@pytest.mark.parametrize("kind", ["folder that holds something", "file"])
def test_a_folder_of_choice_must_be_new_or_empty(tmp_path: Path, kind: str) -> None:
    ours = project(tmp_path, NOTE)
    taken = tmp_path if kind != "file" else tmp_path / "gold.py"
    with pytest.raises(SettingsError) as caught:
        ours.run_into(WORKLOAD, taken, "s")
    assert caught.value.problem == f"{taken} exists and is not an empty folder"
    assert caught.value.hint == "name a new folder for the run"


def test_an_installed_package_is_not_put_before_the_standard_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert execution._start_folder(tmp_path) == Path(execution.__file__).parents[1]  # noqa: SLF001
    monkeypatch.setattr(execution, "__file__", "/lib/site-packages/pytest_zacperf/execution.py")
    assert execution._start_folder(tmp_path) == tmp_path  # noqa: SLF001


def test_what_could_not_be_stored_is_not_tried_again(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    (tmp_path / ".zacperf").write_text("in the way")
    problems = []
    for _ in range(2):
        with pytest.raises(RunError) as caught:
            ours.run_once(WORKLOAD, session="s")
        problems.append(caught.value.problem)
        (tmp_path / ".zacperf").unlink(missing_ok=True)
    assert problems[0] == problems[1]
    assert not (tmp_path / "notes").exists()


def test_a_module_that_is_edited_meanwhile_is_not_what_ran(tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("POINTS = 1\n")
    source = "import helper\ndef run(*w): Path('helper.py').write_text('POINTS = 2')\n"
    ours = project(tmp_path, source)
    codes = []
    for session in ("one", "two"):
        run = ours.run_once(WORKLOAD, session=session)
        assert run.fingerprints is not None
        codes.append(run.fingerprints.code)
    helper.write_text("POINTS = 1\n")
    again = ours.run_once(WORKLOAD, session="three")
    assert again.fingerprints is not None
    assert codes[0] != codes[1]
    assert codes[0] == again.fingerprints.code


def test_the_same_wait_is_told_once(tmp_path: Path) -> None:
    told = list[str]()
    ours = replace(project(tmp_path, NOTE), name="gw1", on_wait=told.append)
    claims = [ours.claim(what) for what in ("a", "a", "b")]
    for claim in claims:
        claim.on_wait("process 1, gw0, has it")
    assert told == [f"waiting for {what} (process 1, gw0, has it)" for what in ("a", "b")]
