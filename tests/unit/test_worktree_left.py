"""What a process that ended leaves of its checkout, and who removes it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import psutil
import pytest
from support.repository import git
from support.worktrees import (
    Repository,
    checkout_of,
    new_repository,
    put_first_on_path,
    until,
    use_filter,
)

from pytest_zacperf import worktree
from pytest_zacperf.worktree import remove_stale


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "project")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_checkout_goes_when_its_process_is_ended(
    repository: Repository, number: signal.Signals
) -> None:
    before = repository.state()
    with repository.holder() as process:
        checkout = checkout_of(process)
        assert (checkout / "gold.py").read_text() == "x = 1\n"
        os.killpg(process.pid, number)  # as Ctrl-C does
        process.wait()
    assert until(lambda: repository.left == [])
    assert repository.state() == before


def test_a_checkout_that_is_under_way_goes_when_its_process_is_killed(
    repository: Repository,
) -> None:
    list_checkouts = f"sleep 0.5; ls {repository.worktrees} > {repository.top}/found; cat"
    use_filter(repository, list_checkouts)
    git(repository.top, "tag", "-f", "first")
    with repository.holder() as process:
        assert until(lambda: bool(repository.known))
        process.kill()
    # Git itself lives on; nothing is taken away from under it, but when it has ended.
    assert until(lambda: (repository.left, repository.known) == ([], []))
    assert len((repository.top / "found").read_text().split()) == 2


def test_what_a_dead_process_left_is_removed_and_a_living_ones_checkout_is_not(
    repository: Repository,
) -> None:
    with repository.checked_out("main") as sources, repository.holder() as process:
        left = checkout_of(process)
        # As a power failure does: nobody is left to clean up.
        watchers = psutil.Process(process.pid).children(recursive=True)
        for pid in (*(watcher.pid for watcher in watchers), process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        assert until(lambda: is_free(left))
        assert (left / "gold.py").exists()
        assert remove_stale(repository.worktrees) == []
        assert repository.left == [
            Path(sources.checkout).name,
            Path(sources.checkout).name + ".lock",
        ]
        assert len(repository.known) == 1
        assert (Path(sources.checkout) / "gold.py").exists()
    assert (repository.left, repository.known) == ([], [])


def test_a_checkout_that_its_watcher_is_about_to_remove_is_not_stale(
    repository: Repository,
) -> None:
    with repository.holder() as process:
        checkout = checkout_of(process)
        (watcher,) = psutil.Process(process.pid).children()
        watcher.suspend()
        try:
            process.kill()
            process.wait()
            assert remove_stale(repository.worktrees) == []
            assert checkout.exists()
        finally:
            watcher.resume()
    assert until(lambda: (repository.left, repository.known) == ([], []))


def is_free(checkout: Path) -> bool:
    with worktree._locked(worktree._lock_of(checkout)) as lock:  # noqa: SLF001 - when it is free
        return lock is not None


def test_what_a_killed_git_left_half_made_is_removed(repository: Repository) -> None:
    name = f"{'a' * 12}-1-{'b' * 8}"
    (repository.worktrees / name).mkdir(parents=True)
    entry = repository.top / ".git" / "worktrees" / name
    entry.mkdir(parents=True)
    (entry / "locked").write_text("initializing")
    assert remove_stale(repository.worktrees) == []
    assert repository.left == []
    assert not entry.parent.exists()


def test_the_next_checkout_removes_what_was_left(repository: Repository) -> None:
    left = repository.worktrees / f"{'a' * 12}-1-{'b' * 8}"
    left.mkdir(parents=True)
    with repository.checked_out("first"):
        assert not left.exists()


def test_what_is_not_ours_is_never_removed(repository: Repository) -> None:
    (repository.worktrees / "notes").mkdir(parents=True)
    (repository.worktrees / "aaaaaaaaaaaa-1.txt").touch()
    assert remove_stale(repository.worktrees) == []
    assert repository.left == ["aaaaaaaaaaaa-1.txt", "notes"]


def test_where_nothing_was_checked_out_nothing_is_stale(tmp_path: Path) -> None:
    assert remove_stale(tmp_path / "worktrees") == []


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "worktrees").touch()
    assert remove_stale(tmp_path / "worktrees") == [
        f"{tmp_path}/worktrees cannot be read: Not a directory"
    ]


def test_a_checkout_that_cannot_be_removed_is_a_problem(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = repository.worktrees / f"{'a' * 12}-1-{'b' * 8}"
    left.mkdir(parents=True)
    put_first_on_path(tmp_path / "bin", "rm", "echo rm: busy >&2; exit 1", monkeypatch)
    assert remove_stale(repository.worktrees) == [f"{left} cannot be removed: rm: busy"]


def test_where_git_cannot_be_asked_only_the_checkout_is_removed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = repository.worktrees / f"{'a' * 12}-1-{'b' * 8}"
    left.mkdir(parents=True)
    put_first_on_path(tmp_path / "no_git", "git", "exit 1", monkeypatch)
    noted = f'echo "$@" >> {tmp_path}/removed; exec /bin/rm "$@"'
    put_first_on_path(tmp_path / "bin", "rm", noted, monkeypatch)
    assert remove_stale(repository.worktrees) == []
    assert (tmp_path / "removed").read_text() == f"-rf -- {left}\n-f -- {left}.lock\n"


def test_a_lock_that_cannot_be_opened_is_a_problem(repository: Repository) -> None:
    left = repository.worktrees / f"{'a' * 12}-1-{'b' * 8}"
    (repository.worktrees / f"{left.name}.lock").mkdir(parents=True)
    (problem,) = remove_stale(repository.worktrees)
    assert re.fullmatch(rf"{left} cannot be removed: .*Is a directory.*", problem)


def test_a_checkout_goes_although_its_watcher_was_killed(repository: Repository) -> None:
    with repository.checked_out("first") as sources:
        for child in psutil.Process().children():
            if sources.checkout in child.cmdline():
                child.kill()
    assert (repository.left, repository.known) == ([], [])


def test_two_processes_have_checkouts_of_their_own(repository: Repository) -> None:
    with repository.holder() as one, repository.holder() as other:
        checkouts = [checkout_of(one), checkout_of(other)]
        assert len(set(checkouts)) == 2
        one.kill()
        assert until(lambda: not checkouts[0].exists())
        assert (checkouts[1] / "gold.py").read_text() == "x = 1\n"
        assert git(checkouts[1], "status", "--porcelain") == ""
    assert until(lambda: (repository.left, repository.known) == ([], []))
