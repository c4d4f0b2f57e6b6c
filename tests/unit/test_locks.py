from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from pytest_zacperf.store import Claim, ReadWriteLock, RunStore, locks, machine_lock

Take = Callable[[Path, Claim], AbstractContextManager[None]]
ME = Claim(note="me")
SETUP = (
    "import os, sys, time; from pathlib import Path\n"
    "from pytest_zacperf.store import Claim, ReadWriteLock, locks\n"
    "path = Path(sys.argv[1])\n"
)


def alone(path: Path, claim: Claim) -> AbstractContextManager[None]:
    return ReadWriteLock(path.parent, path.name).alone(claim)


def shared(path: Path, claim: Claim) -> AbstractContextManager[None]:
    return ReadWriteLock(path.parent, path.name).shared(claim)


TAKE: dict[str, Take] = {
    "exclusive": locks.exclusive,
    "shared file": locks.shared,
    "alone": alone,
    "shared": shared,
}
CALLS = {
    "exclusive": "locks.exclusive(path, Claim(note='other'))",
    "shared file": "locks.shared(path, Claim(note='other'))",
    "alone": "ReadWriteLock(path.parent, path.name).alone(Claim(note='other'))",
    "shared": "ReadWriteLock(path.parent, path.name).shared(Claim(note='other'))",
}


def other_process(path: Path, kind: str, then: str) -> subprocess.Popen[str]:
    script = f"{SETUP}with {CALLS[kind]}: {then}"
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - fixed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def holder(path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start processes that hold a lock until they are ended."""
    with ExitStack() as ended:

        def start(kind: str) -> subprocess.Popen[str]:
            process = other_process(path, kind, "print('held', flush=True); time.sleep(60)")
            ended.enter_context(process)
            ended.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            return process

        yield start


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("exclusive", "exclusive"),
        ("exclusive", "shared file"),
        ("shared file", "exclusive"),
        ("alone", "alone"),
        ("alone", "shared"),
        ("shared", "alone"),
    ],
)
def test_a_lock_keeps_another_process_out_until_it_is_given_back(
    path: Path, first: str, second: str
) -> None:
    with TAKE[first](path, ME):
        blocked = other_process(path, second, "print('mine')")
        with pytest.raises(subprocess.TimeoutExpired):
            blocked.wait(0.7)
    assert blocked.communicate(timeout=10)[0] == "mine\n"


@pytest.mark.parametrize("kind", ["shared file", "shared"])
def test_many_processes_share_a_lock(path: Path, kind: str) -> None:
    with TAKE[kind](path, ME):
        assert other_process(path, kind, "print('too')").communicate(timeout=10)[0] == "too\n"


@pytest.mark.parametrize("kind", ["exclusive", "shared file", "alone", "shared"])
def test_the_lock_of_a_process_that_was_killed_is_free(
    path: Path, kind: str, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    holder(kind).send_signal(signal.SIGKILL)
    with TAKE["alone" if kind in {"alone", "shared"} else "exclusive"](path, ME):
        assert path.with_suffix(".lock" if kind in {"alone", "shared"} else "").exists()


def test_two_threads_exclude_each_other_too(path: Path) -> None:
    order = list[str]()
    has_lock = threading.Event()

    def other() -> None:
        has_lock.wait()
        with locks.exclusive(path, ME):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with locks.exclusive(path, ME):
        has_lock.set()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_an_exclusive_lock_leaves_no_file_behind(path: Path) -> None:
    with locks.exclusive(path, ME):
        assert path.exists()
    assert not path.exists()


@pytest.mark.parametrize("kind", ["exclusive", "alone", "shared"])
def test_who_waits_is_told_once_what_the_holder_does(
    path: Path, kind: str, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    told = list[str]()
    process = holder("exclusive" if kind == "exclusive" else "alone")

    def tell(note: str) -> None:
        told.append(note)
        process.kill()

    with TAKE[kind](path, Claim(note="me", on_wait=tell)):
        assert told == ["other"]


def test_a_short_wait_is_not_worth_a_line(path: Path) -> None:
    told = list[str]()
    blocked = other_process(path, "exclusive", "print('held', flush=True); time.sleep(0.1)")
    assert blocked.stdout is not None
    blocked.stdout.readline()
    with locks.exclusive(path, Claim(note="me", on_wait=told.append)):
        assert told == []
    blocked.communicate()


def test_a_free_lock_is_taken_without_a_wait_and_leaves_no_file(path: Path) -> None:
    with locks.exclusive_if_free(path) as is_mine:
        assert is_mine
        assert locks.is_held(path)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["exclusive", "shared file"])
def test_a_lock_that_is_held_is_left_to_its_holder_at_once(
    path: Path, kind: str, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    holder(kind)
    with locks.exclusive_if_free(path) as is_mine:
        assert not is_mine
    assert locks.is_held(path)


def test_whether_a_lock_is_held_can_be_asked(path: Path) -> None:
    assert not locks.is_held(path)
    with locks.shared(path, ME):
        assert locks.is_held(path)
    assert not locks.is_held(path)


def test_a_stream_of_sharers_does_not_starve_who_wants_the_lock_alone(path: Path) -> None:
    # Each holds the lock for 0.3 s and starts 0.1 s after the one before: it is never free.
    stream = f"""{SETUP}
import threading
def share():
    with ReadWriteLock(path.parent, path.name).shared(Claim(note="s")):
        shared_at.append(time.monotonic())
        time.sleep(0.3)
shared_at, threads = [], []
end = time.monotonic() + 4
while time.monotonic() < end:
    threads.append(threading.Thread(target=share))
    threads[-1].start()
    if len(threads) == 3:
        print("flowing", flush=True)
    time.sleep(0.1)
[thread.join() for thread in threads]
print(*shared_at)
"""
    command = [sys.executable, "-c", stream, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sharers:  # noqa: S603 - fixed
        assert sharers.stdout is not None
        sharers.stdout.readline()
        asked_s = time.monotonic()
        with alone(path, ME):
            got_s = time.monotonic()
            time.sleep(0.5)
            left_s = time.monotonic()
        shared_at_s = [float(at) for at in sharers.stdout.read().split()]
    # Had it been starved, it would have come when the stream was over, after 4 s.
    assert len([at for at in shared_at_s if at > left_s]) > 3
    assert not [at for at in shared_at_s if got_s <= at <= left_s]
    assert got_s - asked_s < 2.5


def test_without_the_gate_that_stream_would_starve_it(path: Path) -> None:
    held = [threading.Thread(target=_share_plainly, args=(path, at / 10)) for at in range(20)]
    for thread in held:
        thread.start()
    time.sleep(0.15)
    started_s = time.monotonic()
    with locks.exclusive(path, ME):
        waited_s = time.monotonic() - started_s
    for thread in held:
        thread.join()
    assert waited_s > 1.5


def _share_plainly(path: Path, delay_s: float) -> None:
    time.sleep(delay_s)
    with locks.shared(path, ME):
        time.sleep(0.3)


def test_a_lock_file_of_somebody_else_that_can_only_be_read_is_enough(path: Path) -> None:
    path.write_text("")
    path.chmod(0o444)
    with locks.exclusive(path, ME):
        assert locks.is_held(path)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), locks.exclusive(path, ME):
        pass


def test_runs_of_one_store_have_locks_of_their_own(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with store.lock("a", ME), store.lock("b", ME):
        assert len(list((tmp_path / "locks").iterdir())) == 2


def test_the_machine_lock_is_the_same_for_all_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert machine_lock() == machine_lock()


def test_others_can_open_the_lock_whatever_the_umask_is(path: Path) -> None:
    before = os.umask(0o077)
    try:
        with shared(path, ME):
            modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o644}
