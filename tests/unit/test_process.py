from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pytest_zacperf.process import (
    MARKER,
    Command,
    Ended,
    OnTick,
    Task,
    kill_marked,
    run_process,
    run_together,
)

# Prints its own id and that of a process it starts, which has left group, session and parent.
DETACHED = """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open("detached", "w") as file: file.write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
os.wait()
while not os.path.exists("detached") or not os.path.getsize("detached"): time.sleep(0.01)
"""
CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", CODE])
with open("detached", "w") as file: file.write(str(child.pid))
"""
SLEEP = "\nimport time; time.sleep(60)\n"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
POLITE = (
    "import signal, sys, time\n"
    "def end(*_): open('said goodbye', 'w').close(); sys.exit()\n"
    "signal.signal(signal.SIGTERM, end); open('ready', 'w').close(); time.sleep(60)\n"
)


def run(folder: Path, source: str, *, timeout_s: float | None = None) -> Ended:
    command = Command(
        arguments=(sys.executable, "-c", source),
        cwd=folder,
        variables=os.environ,
        marker=str(folder),
        stdout=folder / "stdout",
        stderr=folder / "stderr",
    )
    return run_process(command, timeout_s=timeout_s, on_tick=lambda _: None)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def detached(folder: Path) -> int:
    return int((folder / "detached").read_text())


@pytest.mark.parametrize(
    ("source", "timeout_s"),
    [
        pytest.param(DETACHED, None, id="after a good end"),
        pytest.param(DETACHED + SLEEP, 1.0, id="at the time limit"),
        pytest.param(DETACHED + "\nos.abort()", None, id="after a crash"),
    ],
)
def test_a_process_that_left_group_and_parent_is_ended_too(
    tmp_path: Path, source: str, timeout_s: float | None
) -> None:
    ended = run(tmp_path, source, timeout_s=timeout_s)
    assert ended.in_time == (timeout_s is None)
    assert is_gone(detached(tmp_path))


def test_a_child_that_ignores_term_is_killed(tmp_path: Path) -> None:
    source = CHILD.replace("CODE", repr(STUBBORN)) + SLEEP
    started_s = time.monotonic()
    assert not run(tmp_path, source, timeout_s=1.0).in_time
    assert is_gone(detached(tmp_path))
    assert time.monotonic() - started_s > 2.5  # it was given time to end by itself


def test_a_child_with_an_environment_of_its_own_is_killed_too(tmp_path: Path) -> None:
    start = "env={}, start_new_session=True"
    source = CHILD.replace("CODE])", f"{STUBBORN!r}], {start})") + SLEEP
    run(tmp_path, source, timeout_s=1.0)
    assert is_gone(detached(tmp_path))


def test_a_child_that_was_left_behind_without_our_variable_is_ended_too(tmp_path: Path) -> None:
    start = "env={}, start_new_session=True"
    source = CHILD.replace("CODE])", f"{STUBBORN!r}], {start})") + "import time; time.sleep(0.5)"
    assert run(tmp_path, source).in_time
    assert is_gone(detached(tmp_path))


def test_a_child_is_asked_to_end_before_it_is_killed(tmp_path: Path) -> None:
    source = CHILD.replace("CODE", repr(POLITE)) + SLEEP
    run(tmp_path, source, timeout_s=2.0)
    assert (tmp_path / "ready").exists()
    assert (tmp_path / "said goodbye").exists()
    assert is_gone(detached(tmp_path))


def test_the_exit_status_is_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "raise SystemExit(3)") == Ended(exit_status=3, in_time=True)
    assert run(tmp_path, SLEEP, timeout_s=0.3).exit_status == -signal.SIGTERM


def test_an_interrupt_ends_the_tree_even_when_it_comes_twice(tmp_path: Path) -> None:
    source = CHILD.replace("CODE", repr(STUBBORN)) + SLEEP

    def interrupt_twice() -> None:
        while not (tmp_path / "detached").exists():
            time.sleep(0.02)
        time.sleep(0.3)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)

    thread = threading.Thread(target=interrupt_twice)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, source)
    thread.join()
    assert is_gone(detached(tmp_path))


def test_only_the_processes_of_one_command_are_killed(tmp_path: Path) -> None:
    sleepers = [
        subprocess.Popen(  # noqa: S603 - fixed
            [sys.executable, "-c", SLEEP], env={**os.environ, MARKER: f"{tmp_path}/{name}"}
        )
        for name in ("one", "spared", "other")
    ]
    ones, spared, other = sleepers
    kill_marked(f"{tmp_path}/one")
    kill_marked(f"{tmp_path}/spared", spare=spared.pid)
    assert ones.wait(10) == -signal.SIGKILL
    assert spared.poll() is None
    assert other.poll() is None
    for sleeper in (spared, other):
        sleeper.kill()
        sleeper.wait()


# Comes to two gates, and notes the monotonic times at which it came to each and went on.
GATED = """
import sys, time
from pathlib import Path
time.sleep({before})
for gate in ("ready", "finished"):
    came_s = time.monotonic()
    Path(gate).touch()
    sys.stdin.buffer.read(1)
    Path(gate + "-times").write_text(f"{{came_s}} {{time.monotonic()}}")
    time.sleep({between})
"""
# Ends well as soon as the process that the other one has left behind is gone, or is a zombie.
WAIT_FOR_LEFT_BEHIND = """
import sys, time
from pathlib import Path
detached = Path("../b/detached")
deadline_s = time.monotonic() + 20
while not detached.exists() or not detached.read_text(): time.sleep(0.02)
pid = int(detached.read_text())
while time.monotonic() < deadline_s:
    try:
        if ") Z " in Path(f"/proc/{pid}/stat").read_text(): sys.exit()
    except (FileNotFoundError, ProcessLookupError):
        sys.exit()
    time.sleep(0.02)
raise SystemExit("it is still there")
"""


def gated(folder: Path, source: str, on_tick: OnTick = lambda _: None) -> Task:
    folder.mkdir()
    command = Command(
        arguments=(sys.executable, "-c", source),
        cwd=folder,
        variables=os.environ,
        marker=str(folder),
        stdout=folder / "stdout",
        stderr=folder / "stderr",
        gates=(folder / "ready", folder / "finished"),
    )
    return Task(command=command, on_tick=on_tick)


def times_s(folder: Path, gate: str) -> tuple[float, float]:
    came_s, went_on_s = map(float, (folder / f"{gate}-times").read_text().split())
    return came_s, went_on_s


def test_nobody_passes_a_gate_before_all_have_come_to_it(tmp_path: Path) -> None:
    tasks = [
        gated(tmp_path / "a", GATED.format(before=0, between=0)),
        gated(tmp_path / "b", GATED.format(before=0.3, between=0.3)),
    ]
    assert run_together(tasks, timeout_s=30) == (Ended(exit_status=0, in_time=True),) * 2
    for gate in ("ready", "finished"):
        came_s, went_on_s = zip(
            *(times_s(tmp_path / name, gate) for name in ("a", "b")), strict=True
        )
        assert max(came_s) <= min(went_on_s)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("raise SystemExit(3)", id="before the first gate"),
        pytest.param(
            GATED.format(before=0, between="sys.exit(3)"), id="between the first and the second"
        ),
    ],
)
def test_one_that_dies_before_a_gate_holds_nobody(tmp_path: Path, source: str) -> None:
    tasks = [
        gated(tmp_path / "a", GATED.format(before=0, between=0)),
        gated(tmp_path / "b", source),
    ]
    assert [one.exit_status for one in run_together(tasks, timeout_s=30)] == [0, 3]


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_processes_have_one_time_limit(tmp_path: Path, first: str) -> None:
    tasks = [
        gated(tmp_path / name, "" if name == first else "import time; time.sleep(60)")
        for name in ("a", "b")
    ]
    ended = run_together(tasks, timeout_s=0.5)
    assert [one.in_time for one in ended] == [first == "a", first == "b"]
    assert sorted(one.exit_status for one in ended) == [-signal.SIGTERM, 0]


def test_what_one_leaves_behind_is_ended_while_the_other_one_still_runs(tmp_path: Path) -> None:
    tasks = [
        gated(tmp_path / "a", WAIT_FOR_LEFT_BEHIND),
        gated(tmp_path / "b", CHILD.replace("CODE", repr(SLEEP))),
    ]
    ended = run_together(tasks, timeout_s=30)
    assert [one.exit_status for one in ended] == [0, 0], (tmp_path / "a" / "stderr").read_text()


def test_an_interrupt_ends_both_with_what_they_started(tmp_path: Path) -> None:
    names = ("a", "b")

    def interrupt(_: object) -> None:
        files = [tmp_path / name / "detached" for name in names]
        if all(file.exists() and file.stat().st_size for file in files):
            raise KeyboardInterrupt

    source = CHILD.replace("CODE", repr(SLEEP)) + SLEEP
    tasks = [gated(tmp_path / name, source, interrupt) for name in names]
    with pytest.raises(KeyboardInterrupt):
        run_together(tasks, timeout_s=30)
    assert all(is_gone(detached(tmp_path / name)) for name in names)


def test_a_process_that_cannot_be_started_takes_the_other_one_along(tmp_path: Path) -> None:
    good = gated(tmp_path / "a", SLEEP)
    bad = gated(tmp_path / "b", "")
    bad = replace(bad, command=replace(bad.command, arguments=("/nowhere/python",)))
    with pytest.raises(FileNotFoundError):
        run_together([good, bad], timeout_s=30)
    assert [
        process.pid
        for process in psutil.process_iter()
        if marker_of(process) == good.command.marker
    ] == []


def marker_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARKER)
    except (psutil.Error, OSError):
        return None
