from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.stored import RUN, leave_run

from pytest_zacperf import housekeeping, settings, store
from pytest_zacperf.settings import Settings
from pytest_zacperf.store import Claim, RunStore, locks

NOW_S = 1_000_000.0
SETUP = (
    "import os, shutil, signal, sys, time\n"
    "from pathlib import Path\n"
    "from pytest_zacperf import housekeeping, settings\n"
    "from pytest_zacperf.store import RunStore\n"
    "runs = RunStore(Path(sys.argv[1]))\n"
    "settings = settings.resolve({'keep_runs': 1}, {})\n"
)
PRUNE = f"housekeeping.prune(runs, settings, clock_s=lambda: {NOW_S})\n"


@pytest.fixture
def runs(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / ".zacperf")


def keep(number: int, duration: str = "30d") -> Settings:
    return settings.resolve({"keep_runs": number, "keep": duration}, {})


def prune(runs: RunStore, number: int, duration: str = "30d") -> str | None:
    return housekeeping.prune(runs, keep(number, duration), clock_s=lambda: NOW_S)


def kept(runs: RunStore) -> list[str]:
    return [entry.folder.name for entry in runs.entries()]


def leave_runs(runs: RunStore, count: int) -> None:
    for number in range(count):
        leave_run(runs, f"r{number}", f"s{number}", modified_s=NOW_S - 1_000 + number)


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def python(script: str, runs: RunStore) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SETUP + script, str(runs.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - fixed


@pytest.fixture
def user(runs: RunStore) -> Iterator[subprocess.Popen[str]]:
    """Start a process that uses the runs of session s0 until it is ended."""
    script = "with runs.use('s0'): print('used', flush=True); time.sleep(60)"
    with ExitStack() as ended:
        process = ended.enter_context(python(script, runs))
        ended.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "used\n"
        yield process


def test_the_oldest_runs_go_and_the_trash_is_empty(runs: RunStore) -> None:
    leave_runs(runs, 3)
    assert prune(runs, 2) is None
    assert kept(runs) == ["r1", "r2"]
    assert files_below(runs.folder / "trash") == []


def test_runs_go_when_they_are_too_old(runs: RunStore) -> None:
    leave_run(runs, "old", "s", modified_s=NOW_S - 61)
    leave_run(runs, "young", "s", modified_s=NOW_S - 59)
    prune(runs, 10, "60s")
    assert kept(runs) == ["young"]


def test_a_run_that_another_process_uses_stays(runs: RunStore, user: subprocess.Popen[str]) -> None:
    leave_runs(runs, 3)
    prune(runs, 1)
    assert kept(runs) == ["r0"]
    user.kill()
    user.wait()
    leave_run(runs, "new", "new", modified_s=NOW_S)
    prune(runs, 1)
    assert kept(runs) == ["new"]


def test_a_run_that_comes_into_use_after_it_was_chosen_stays(runs: RunStore) -> None:
    leave_runs(runs, 2)
    with ExitStack() as used:

        def choose(_: object) -> list[str]:
            used.enter_context(runs.use("s0"))
            return ["r0", "r1"]

        assert runs.prune(choose) == []
        assert kept(runs) == ["r0"]


def test_who_begins_to_use_a_session_waits_until_its_run_is_gone(runs: RunStore) -> None:
    leave_runs(runs, 1)
    lock = runs.folder / "locks" / "session-s0.lock"
    lock.parent.mkdir()
    with locks.exclusive_if_free(lock) as is_mine:
        assert is_mine
        waiting = python("with runs.use('s0'): print(*runs.entries())", runs)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
        (runs.run_folder("r0")).rename(runs.folder / "gone")
    assert waiting.communicate(timeout=10)[0] == "\n"
    assert lock.exists()


def test_an_unfinished_and_a_damaged_run_of_a_dead_session_go_too(runs: RunStore) -> None:
    leave_runs(runs, 3)
    for name, content in (("r0", None), ("r1", b"{")):
        (runs.run_folder(name) / "run.json").unlink()
        if content is not None:
            (runs.run_folder(name) / "run.json").write_bytes(content)
        os.utime(runs.run_folder(name), (NOW_S - 900, NOW_S - 900))
    os.utime(runs.run_folder("r2"), (NOW_S, NOW_S))
    prune(runs, 1)
    assert kept(runs) == ["r2"]


def test_what_is_not_ours_stays_and_does_not_count(runs: RunStore) -> None:
    leave_runs(runs, 1)
    (runs.runs_folder / "notes").mkdir()
    (runs.runs_folder / "a-file").touch()
    prune(runs, 1, "1ms")
    assert kept(runs) == ["a-file", "notes"]


def test_two_prunes_at_once_keep_as_many_as_one(runs: RunStore) -> None:
    leave_runs(runs, 40)
    script = (
        f"time.sleep(max(0, float(sys.stdin.readline()) - time.time()))\nprint({PRUNE.strip()})"
    )
    command = [sys.executable, "-c", SETUP + script, str(runs.folder)]
    with ExitStack() as ended:
        both = [
            ended.enter_context(
                subprocess.Popen(  # noqa: S603 - fixed
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(2)
        ]
        start_s = time.time() + 1
        for process in both:
            assert process.stdin is not None
            process.stdin.write(f"{start_s}\n")
            process.stdin.flush()
        assert [process.communicate(timeout=30)[0] for process in both] == ["None\n", "None\n"]
    assert kept(runs) == ["r39"]
    assert files_below(runs.folder / "trash") == []


def test_a_prune_does_not_wait_for_another(runs: RunStore) -> None:
    leave_runs(runs, 2)
    lock = runs.folder / "locks" / "prune.lock"
    lock.parent.mkdir()
    with locks.exclusive(lock, Claim(note="prunes")):
        assert prune(runs, 1) is None
    assert kept(runs) == ["r0", "r1"]


def test_a_prune_that_is_killed_leaves_nothing_half_read_and_the_next_one_ends_it(
    runs: RunStore,
) -> None:
    leave_runs(runs, 3)
    # Killed in the middle of a folder: one file of it is gone.
    script = (
        "def rmtree(path):\n"
        "    (path / 'request.json').unlink()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"shutil.rmtree = rmtree\n{PRUNE}"
    )
    with python(script, runs) as process:
        assert process.wait(30) == -signal.SIGKILL
    assert [(entry.folder.name, entry.state) for entry in runs.entries()] == [("r2", "stored")]
    assert "run.json" in files_below(runs.folder / "trash")
    assert prune(runs, 1) is None
    assert files_below(runs.folder / "trash") == []


def test_a_run_that_is_pruned_while_it_is_read_is_not_reported(
    runs: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_runs(runs, 1)
    read_bytes = Path.read_bytes

    def prune_first(path: Path) -> bytes:
        if path.name == "run.json":
            path.parent.rename(runs.folder / "gone")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", prune_first)
    assert kept(runs) == []


def test_lock_files_that_nobody_holds_go(runs: RunStore) -> None:
    leave_runs(runs, 1)
    with runs.use("dead"), runs.use("alive"), runs.lock("run-of-alive", Claim(note="")):
        (runs.folder / "locks" / "run-of-dead.lock").touch()
        with runs.use("other"):
            pass
        prune(runs, 1)
        held = {"session-dead.lock", "session-alive.lock", "run-of-alive.lock"}
        assert set(files_below(runs.folder / "locks")) == held
    prune(runs, 1)
    assert files_below(runs.folder / "locks") == []


def test_a_session_is_in_use_as_long_as_somebody_uses_it(runs: RunStore) -> None:
    assert not runs.is_in_use("s")
    assert not runs.folder.exists()
    with runs.use("s"):
        assert runs.is_in_use("s")
        assert not runs.is_in_use("t")
    assert not runs.is_in_use("s")


def test_a_look_at_a_lock_is_not_taken_for_its_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as look:
        look.enter_context(locks.exclusive_if_free(tmp_path / "lock"))
        monkeypatch.setattr(time, "sleep", lambda _: look.close())
        assert not locks.is_held(tmp_path / "lock")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may delete everything")
def test_what_cannot_be_deleted_is_named_and_the_others_go(runs: RunStore) -> None:
    leave_runs(runs, 4)
    inner = runs.run_folder("r0") / "profile"
    inner.mkdir()
    (inner / "file").touch()
    inner.chmod(0o500)
    os.utime(runs.run_folder("r0"), (1, 1))
    problem = prune(runs, 1)
    assert kept(runs) == ["r3"]
    (left,) = (runs.folder / "trash").iterdir()
    assert problem == f"old runs could not be deleted: {left}: Permission denied"
    (left / "profile").chmod(0o700)


def test_a_run_that_cannot_be_moved_is_named_with_the_reason_and_stays(runs: RunStore) -> None:
    leave_runs(runs, 3)
    (runs.folder / "trash").touch()
    problem = prune(runs, 1)
    assert problem == (
        f"old runs could not be deleted: {runs.folder / 'trash'}: File exists (and 1 more)"
    )
    assert kept(runs) == ["r0", "r1", "r2"]


def test_a_store_that_cannot_be_pruned_at_all_is_named_with_the_reason(runs: RunStore) -> None:
    leave_runs(runs, 1)
    (runs.folder / "locks").touch()
    assert prune(runs, 1) == (
        f"old runs could not be deleted: {runs.folder / 'locks'}: File exists"
    )


def test_a_link_among_the_runs_is_deleted_and_not_what_it_leads_to(
    runs: RunStore, tmp_path: Path
) -> None:
    leave_runs(runs, 2)
    elsewhere = runs.run_folder("r0").rename(tmp_path / "elsewhere")
    runs.run_folder("r0").symlink_to(elsewhere)
    assert prune(runs, 1) is None
    assert kept(runs) == ["r1"]
    assert (elsewhere / "run.json").exists()


def test_a_run_says_what_it_was_asked_for(runs: RunStore) -> None:
    leave_run(runs, "r", "s", modified_s=NOW_S)
    (entry,) = runs.entries()
    assert (entry.session, entry.workload) == ("s", RUN.workload)


def test_the_cache_is_hidden_from_git_though_no_run_is_kept(runs: RunStore) -> None:
    runs.create_cache_folder()
    assert (runs.folder / ".gitignore").read_text() == "*\n"
    assert runs.folder.name == store.STORE_FOLDER


def test_the_defaults_keep_200_runs_for_30_days() -> None:
    defaults = settings.resolve({}, {})
    assert (defaults.keep_runs, defaults.keep_s) == (200, 30 * 86_400.0)


def test_what_a_killed_process_left_half_made_is_deleted_when_it_is_old(runs: RunStore) -> None:
    leave_runs(runs, 1)
    for name, modified_s in (("old", 1.0), ("new", time.time())):
        folder = runs.folder / "new" / name
        folder.mkdir(parents=True)
        os.utime(folder, (modified_s, modified_s))
    assert prune(runs, 9) is None
    assert [path.name for path in (runs.folder / "new").iterdir()] == ["new"]
