from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf import execution, measure, process
from pytest_zacperf.errors import RunError, SettingsError
from pytest_zacperf.execution import Limits
from pytest_zacperf.records import MachineUse, Run, Window, Workload
from pytest_zacperf.runner import Job, Runner
from pytest_zacperf.store import RunStore

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
WORKLOAD = Workload(engine="gold:engine", window=WINDOW)
HEADER = """
import os, signal, subprocess, sys, time
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def note(text):
    with open("notes", "a") as file: file.write(text + "\\n")
"""
NOTE = "def run(start, end, side='a'): note(side)\n"


def project(root: Path, source: str, *, timeout_s: float | None = 30) -> Runner:
    (root / "gold.py").write_text(HEADER + source)
    return Runner(store=RunStore(root / ".zacperf"), root=root, limits=Limits(timeout_s=timeout_s))


def notes(root: Path) -> list[str]:
    return (root / "notes").read_text().split()


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


def asker(ours: Runner) -> subprocess.Popen[bytes]:
    """Start a process that asks for the run of WORKLOAD and prints what it cost."""
    script = (
        "import datetime as dt, sys; from pathlib import Path\n"
        "from pytest_zacperf.records import Window, Workload\n"
        "from pytest_zacperf.runner import Runner; from pytest_zacperf.store import RunStore\n"
        f"root = Path({str(ours.root)!r})\n"
        "window = Window(id='w', start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))\n"
        "workload = Workload(engine='gold:engine', window=window)\n"
        "runner = Runner(store=RunStore(root / '.zacperf'), root=root)\n"
        "print(runner.run_once(workload, session='s').costs.wall_ns)\n"
    )
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - fixed


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
    assert (run.status, run.reason, run.exit_status) == ("error", "KeyError: 'GC'", 1)
    assert run.costs is None
    assert ours.run_once(WORKLOAD, session="s") == run
    assert notes(tmp_path) == ["ran"]


def test_what_an_interrupted_run_left_is_run_again(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    run = ours.run_once(WORKLOAD, session="s")
    (ours.store.run_folder(run.id) / "run.json").unlink()
    assert ours.run_once(WORKLOAD, session="s").status == "done"
    assert notes(tmp_path) == ["a", "a"]


def test_a_worker_that_dies_leaves_its_last_words(tmp_path: Path) -> None:
    ours = project(
        tmp_path,
        "def run(*window):\n"
        "    for n in range(5): print('word', n, file=sys.stderr)\n"
        "    sys.stderr.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    run = ours.run_once(WORKLOAD, session="s")
    assert run.status == "error"
    assert run.exit_status == -9
    assert run.reason == "worker was ended by SIGKILL: word 2 / word 3 / word 4"


def test_a_worker_that_dies_silently_leaves_its_exit_status(tmp_path: Path) -> None:
    run = project(tmp_path, "def run(*w): os._exit(3)\n").run_once(WORKLOAD, session="s")
    assert run.reason == "worker ended with exit status 3"


def test_a_run_over_its_time_limit_is_ended_with_its_children(tmp_path: Path) -> None:
    ours = project(
        tmp_path,
        "def run(*window):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    note(str(child.pid))\n"
        "    time.sleep(60)\n",
        timeout_s=1,
    )
    start_s = time.monotonic()
    run = ours.run_once(WORKLOAD, session="s")
    assert run.reason == "time limit of 1 s reached; timeout under [tool.zacperf] sets it"
    assert run.exit_status == -signal.SIGTERM
    assert time.monotonic() - start_s < 10
    assert is_gone(int(notes(tmp_path)[0]))


def test_a_worker_that_ignores_the_request_to_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.tree, "GRACE_S", 0.2)
    source = "def run(*w): signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)\n"
    run = project(tmp_path, source, timeout_s=1).run_once(WORKLOAD, session="s")
    assert run.exit_status == -signal.SIGKILL


def test_a_child_that_outlives_its_worker_is_ended(tmp_path: Path) -> None:
    source = "def run(*w): note(str(subprocess.Popen(['sleep', '60']).pid))\n"
    run = project(tmp_path, source).run_once(WORKLOAD, session="s")
    assert run.status == "done"
    assert is_gone(int(notes(tmp_path)[0]))


def test_a_result_counts_although_the_worker_never_ends(tmp_path: Path) -> None:
    source = (
        "import threading\ndef run(*w): threading.Thread(target=time.sleep, args=(60,)).start()\n"
    )
    run = project(tmp_path, source, timeout_s=1).run_once(WORKLOAD, session="s")
    assert (run.status, run.reason) == ("done", None)


def test_an_interrupt_ends_the_worker_and_is_stored_with_what_it_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = project(
        tmp_path,
        "def run(*w): print('so far', flush=True); note(str(os.getpid())); time.sleep(60)\n",
    )

    def interrupt(_: object, pid: int) -> None:  # noqa: ARG001 - as sample() has it
        if (tmp_path / "notes").exists():
            raise KeyboardInterrupt

    monkeypatch.setattr(measure.ChildMemorySampler, "sample", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ours.run_once(WORKLOAD, session="s")
    assert is_gone(int(notes(tmp_path)[0]))
    (folder,) = (tmp_path / ".zacperf" / "runs").iterdir()
    stored = ours.store.read_run(folder.name)
    assert stored is not None
    assert (stored.status, stored.reason) == ("error", "interrupted: Ctrl-C, or pytest was ended")
    assert (folder / "stdout.log").read_text() == "so far\n"


def test_a_worker_that_cannot_be_started_is_an_error_without_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    run = project(tmp_path, NOTE).run_once(WORKLOAD, session="s")
    assert run.exit_status is None
    assert (run.reason or "").startswith("worker could not be started: [Errno 2]")


def test_a_damaged_result_is_an_error(tmp_path: Path) -> None:
    ours = project(
        tmp_path,
        "import atexit, glob\n"
        "def damage(): Path(glob.glob('.zacperf/runs/*/worker.json')[0]).write_text('{')\n"
        "def run(*w): atexit.register(damage)\n",
    )
    run = ours.run_once(WORKLOAD, session="s")
    assert run.status == "error"
    assert "worker.json is damaged" in (run.reason or "")


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
        pytest.param(50_000, "VmHWM", id="below 1 %"),
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


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie that nobody waits for has."""
    for _ in range(50):
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_a_worker_of_a_dead_parent_that_cannot_notice_is_ended_by_the_next_one(
    tmp_path: Path,
) -> None:
    # PyDLL keeps the interpreter's lock, so no thread of the worker sees that the pipe has closed.
    stuck = (
        "def run(*window):\n"
        "    note(str(os.getpid()))\n"
        "    first = open('notes').read().split()[0]\n"
        "    if first == str(os.getpid()):\n"
        "        import ctypes; ctypes.PyDLL(None).sleep(60)\n"
        "    is_alive = Path('/proc', first).exists() and "
        "') Z ' not in Path('/proc', first, 'stat').read_text()\n"
        "    note('beside' if is_alive else 'alone')\n"
    )
    ours = project(tmp_path, stuck)
    with asker(ours) as first:
        while not (tmp_path / "notes").exists():
            time.sleep(0.02)
        first.kill()
    run = ours.run_once(WORKLOAD, session="s")
    assert run.status == "done"
    assert len(notes(tmp_path)) == 3
    assert notes(tmp_path)[-1] == "alone"


def test_a_worker_that_cannot_notice_the_death_of_its_parent_is_ended_all_the_same(
    tmp_path: Path,
) -> None:
    stuck = (
        "def run(*w):\n  note(str(os.getpid()))\n  import ctypes; ctypes.PyDLL(None).sleep(60)\n"
    )
    with asker(project(tmp_path, stuck)) as first:
        while not (tmp_path / "notes").exists():
            time.sleep(0.02)
        first.kill()
    time.sleep(1.0)
    assert is_gone(int(notes(tmp_path)[0]))


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


OTHER = msgspec.structs.replace(WORKLOAD, parameters={"side": "b"})
# Each waits within run() until the other one has begun, too.
MEET = """
def run(start, end, side="a"):
    note(side)
    deadline_s = time.monotonic() + 20
    while len(Path("notes").read_text().split()) < 2:
        assert time.monotonic() < deadline_s, "the other run has not begun"
        time.sleep(0.01)
"""


def jobs(side: str = "duet-") -> list[Job]:
    return [
        Job(workload=workload, session="s", machine="alone", round=1, side=f"{side}{name}-")
        for name, workload in (("baseline", WORKLOAD), ("candidate", OTHER))
    ]


def together(ours: Runner) -> tuple[Run, Run]:
    one, other = ours.run_together(jobs())
    return one, other


def test_two_runs_that_begin_at_once_are_both_stored(tmp_path: Path) -> None:
    ours = project(tmp_path, MEET)
    assert not ours.store.runs_folder.exists()
    runs = together(ours)
    assert [run.status for run in runs] == ["done", "done"]
    assert [run.workload.parameters for run in runs] == [{}, {"side": "b"}]
    assert [ours.store.read_run(run.id) for run in runs] == list(runs)
    assert len(list(ours.store.runs_folder.glob("*/run.json"))) == 2
    for run in runs:
        # Neither the request nor what the worker left for its parent stays behind.
        names = {path.name for path in ours.store.run_folder(run.id).iterdir()}
        assert names.isdisjoint({"ready", "finished", "worker.json"})


def test_two_runs_that_another_process_had_executed_are_read(tmp_path: Path) -> None:
    ours = project(tmp_path, MEET)
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_runner import *\n"
        "root = Path.cwd()\n"
        "together(Runner(store=RunStore(root / '.zacperf'), root=root))\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    subprocess.run(  # noqa: S603 - fixed
        [sys.executable, "-c", script, *folders], cwd=tmp_path, check=True
    )
    assert len(list(ours.store.runs_folder.glob("*/run.json"))) == 2
    assert [run.status for run in together(ours)] == ["done", "done"]
    assert sorted(notes(tmp_path)) == ["a", "b"]


def test_when_one_of_two_runs_is_missing_both_are_executed(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    first, lost = together(ours)
    (ours.store.run_folder(lost.id) / "run.json").unlink()
    again = together(ours)
    assert again[0].start_utc > first.start_utc
    assert sorted(notes(tmp_path)) == ["a", "a", "b", "b"]


def test_a_side_that_fails_holds_the_other_one_nowhere(tmp_path: Path) -> None:
    ours = project(
        tmp_path,
        "def run(*window, side='a'):\n"
        "    note(side)\n"
        "    if side == 'b': raise KeyError('GC')\n"
        "    time.sleep(0.3)\n",
    )
    one, other = together(ours)
    assert (one.status, other.status, other.reason) == ("done", "error", "KeyError: 'GC'")
    assert together(ours) == (one, other)
    assert sorted(notes(tmp_path)) == ["a", "b"]


def test_a_side_that_never_begins_holds_the_other_one_nowhere(tmp_path: Path) -> None:
    ours = project(tmp_path, "def run(*window): note('a')\n")
    one, other = together(ours)  # which has no parameter ``side``
    assert (one.status, other.status) == ("done", "error")
    assert notes(tmp_path) == ["a"]


def test_two_runs_at_once_have_the_sum_of_their_time_limits_in_common(tmp_path: Path) -> None:
    source = "def run(*window, side='a'): time.sleep(0 if side == 'a' else 60)\n"
    # The one that has finished waits for the other one, so as not to disturb it.
    runs = together(project(tmp_path, source, timeout_s=0.6))
    limit = "time limit of 1.2 s reached; timeout under [tool.zacperf] sets it"
    assert [run.exit_status for run in runs] == [-signal.SIGTERM] * 2
    assert sorted(run.reason or "" for run in runs) == [
        f"it had finished, but the run beside it had not: {limit}",
        limit,
    ]
