"""Workers that die, hang, or outlive their parent: what is ended, and what is stored."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from support.gold_runs import NOTE, WORKLOAD, asker, notes, project

from pytest_zacperf import measure, process


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
