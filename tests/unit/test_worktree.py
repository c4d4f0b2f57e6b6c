from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pytest_zacperf import worktree
from pytest_zacperf.errors import RunError, SettingsError, ZacperfError
from pytest_zacperf.records import SourceTree
from pytest_zacperf.worktree import Revision, checked_out, remove_stale, resolve, revisions

PATIENCE_S = 20.0
# Checks the first revision out and stays in the block until something ends it.
HOLDER = """
import sys, time
from pathlib import Path
from pytest_zacperf.worktree import checked_out, resolve
root = Path(sys.argv[1])
with checked_out(resolve(root, "first"), root / ".zacperf/worktrees") as sources:
    print(sources.checkout, flush=True)
    time.sleep(60)
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository whose branch ``main`` has two commits; the first one has a tag."""

    top: Path

    @property
    def worktrees(self) -> Path:
        return self.top / ".zacperf" / "worktrees"

    @property
    def known(self) -> list[str]:
        """What git knows about worktrees beside the main one."""
        return git(self.top, "worktree", "list").splitlines()[1:]

    @property
    def left(self) -> list[str]:
        """What lies in the folder of checkouts."""
        return sorted(path.name for path in self.worktrees.iterdir() if path.name != ".gitignore")

    def commit(self, text: str) -> str:
        (self.top / "gold.py").write_text(text)
        git(self.top, "add", ".")
        git(self.top, "commit", "-q", "-m", text)
        return git(self.top, "rev-parse", "HEAD")

    def checked_out(self, name: str) -> contextlib.AbstractContextManager[SourceTree]:
        return checked_out(resolve(self.top, name), self.worktrees)

    @contextlib.contextmanager
    def holder(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(  # noqa: S603 - fixed
            [sys.executable, "-c", HOLDER, str(self.top)],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def state(self) -> list[object]:
        """Everything that a checkout beside it must leave alone."""
        folder = self.top / ".git"
        questions = ["status --porcelain", "for-each-ref", "symbolic-ref HEAD", "stash list"]
        return [
            *(git(self.top, *question.split()) for question in (*questions, "reflog")),
            *((folder / name).read_bytes() for name in ("HEAD", "config", "index")),
            sorted(path.name for path in folder.iterdir()),
            (self.top / "gold.py").read_text(),
        ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path / "project")
    found.top.mkdir()
    git(found.top, "init", "-q", "-b", "main")
    found.commit("x = 1\n")
    git(found.top, "tag", "first")
    found.commit("x = 2\n")
    return found


def checkout_of(holder: subprocess.Popen[str]) -> Path:
    assert holder.stdout is not None
    return Path(holder.stdout.readline().strip())


def until(condition: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return condition()


def put_first_on_path(folder: Path, name: str, script: str, patch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    patch.setenv("PATH", str(folder), prepend=os.pathsep)


def say(error: pytest.ExceptionInfo[ZacperfError]) -> tuple[str, str]:
    return error.value.problem, error.value.hint


@pytest.mark.parametrize("name", ["first", "HEAD~1", "main^", ":/x = 1", "merge-base:older"])
def test_any_revision_is_looked_up(repository: Repository, name: str) -> None:
    git(repository.top, "branch", "older", "first")
    first = git(repository.top, "rev-parse", "first")
    assert resolve(repository.top, name) == Revision(top=repository.top, commit=first, name=name)


def test_the_merge_base_is_where_head_left_the_branch(repository: Repository) -> None:
    second = git(repository.top, "rev-parse", "HEAD")
    git(repository.top, "checkout", "-q", "-b", "feature")
    repository.commit("x = 3\n")
    git(repository.top, "checkout", "-q", "main")
    repository.commit("x = 4\n")
    git(repository.top, "checkout", "-q", "feature")
    assert resolve(repository.top, "merge-base:main").commit == second


def test_a_project_in_a_subfolder_belongs_to_the_repository(repository: Repository) -> None:
    (repository.top / "sub").mkdir()
    (repository.top / "sub" / "a.py").touch()
    third = repository.commit("x = 3\n")
    assert resolve(repository.top / "sub", "HEAD") == Revision(
        top=repository.top, commit=third, name="HEAD"
    )


def test_a_git_hook_that_runs_the_tests_changes_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    with repository.checked_out("first") as sources:
        assert (Path(sources.checkout) / "gold.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("name", ["", "--all", "-f", "merge-base:", "merge-base:--all", "a\0b"])
def test_what_is_no_revision_never_reaches_git(repository: Repository, name: str) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, name)
    assert say(error) == (
        f"{name!r} is no git revision",
        "write a branch, a tag, a commit or merge-base:BRANCH, such as merge-base:main",
    )


@pytest.mark.parametrize(
    "name", ["mian", "^main", "first..main", "HEAD:gold.py", "0" * 40, "merge-base:mian"]
)
def test_an_unknown_revision_is_named(repository: Repository, name: str) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, name)
    revision = name.removeprefix("merge-base:")
    assert say(error) == (f"git knows no revision {revision!r}", "see git branch --all")


def test_a_repository_without_a_commit_has_no_revision(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(SettingsError, match="git knows no revision 'HEAD'"):
        resolve(tmp_path, "HEAD")


def test_in_a_shallow_clone_the_hint_is_to_fetch(repository: Repository, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository.top}", str(shallow))
    with pytest.raises(SettingsError) as error:
        resolve(shallow, "first")
    assert say(error) == (
        "git knows no revision 'first'",
        "this clone is shallow: git fetch --unshallow",
    )


def test_branches_without_a_merge_base_are_named(repository: Repository) -> None:
    git(repository.top, "checkout", "-q", "--orphan", "other")
    git(repository.top, "commit", "-q", "-m", "other")
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "merge-base:main")
    assert say(error) == ("HEAD and 'main' have no merge base", "name a commit instead")


def test_a_project_that_did_not_exist_then_is_named(repository: Repository) -> None:
    (repository.top / "sub").mkdir()
    (repository.top / "sub" / "a.py").touch()
    repository.commit("x = 3\n")
    with pytest.raises(SettingsError) as error:
        resolve(repository.top / "sub", "first")
    assert say(error) == (
        "revision 'first' has no folder 'sub', which is the project",
        "git log --oneline -- sub lists the revisions that changed it",
    )


def test_a_folder_in_no_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(tmp_path, "main")
    assert say(error) == (
        (
            f"git finds no repository for revision 'main' at {tmp_path}: "
            "fatal: not a git repository (or any of the parent directories): .git"
        ),
        f"git -C {tmp_path} status says more; start in a clone of the project",
    )


def test_without_git_the_sentence_says_so(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "main")
    assert say(error) == (
        "revision 'main' needs git, which cannot be started: No such file or directory",
        "install git and put it on PATH",
    )


def test_a_git_that_waits_is_not_waited_for(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_first_on_path(tmp_path / "bin", "git", "exec sleep 60", monkeypatch)
    monkeypatch.setattr(revisions, "LOOK_UP_LIMIT_S", 0.1)
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "main")
    assert say(error) == (
        "git took longer than 0.1 s to look for revision 'main'",
        f"see what it waits for: git -C {repository.top} rev-parse --show-toplevel --show-prefix",
    )


def test_a_checkout_is_the_revision_and_goes_afterwards(repository: Repository) -> None:
    with repository.checked_out("first") as sources:
        checkout = Path(sources.checkout)
        assert sources.top == str(repository.top)
        assert sources.revision == git(repository.top, "rev-parse", "first")
        assert checkout.parent == repository.worktrees
        assert worktree.NAME.fullmatch(checkout.name)
        assert (checkout / "gold.py").read_text() == "x = 1\n"
        assert git(checkout, "status", "--porcelain") == ""
    assert repository.left == []
    assert not (repository.top / ".git" / "worktrees").exists()


def test_a_checkout_leaves_everything_of_the_users_as_it_is(repository: Repository) -> None:
    (repository.top / "gold.py").write_text("stashed\n")
    git(repository.top, "stash")
    (repository.top / "gold.py").write_text("staged\n")
    git(repository.top, "add", ".")
    (repository.top / "gold.py").write_text("in the works\n")
    (repository.top / "untracked.py").touch()
    before = repository.state()
    with repository.checked_out("first"):
        assert git(repository.top, "status", "--porcelain") == before[0]
        assert (repository.top / "gold.py").read_text() == "in the works\n"
    assert repository.state() == before


def test_a_checkout_goes_when_its_block_fails(repository: Repository) -> None:
    with pytest.raises(KeyError), repository.checked_out("first"):
        raise KeyError
    assert (repository.left, repository.known) == ([], [])


def test_what_a_run_leaves_in_a_checkout_goes_too(repository: Repository) -> None:
    with repository.checked_out("first") as sources:
        (Path(sources.checkout) / "gold.py").write_text("changed\n")
        (Path(sources.checkout) / "__pycache__").mkdir()
        (Path(sources.checkout) / "__pycache__" / "gold.pyc").touch()
    assert (repository.left, repository.known) == ([], [])


def test_the_users_own_worktrees_stay_also_one_that_is_not_there_now(
    repository: Repository, tmp_path: Path
) -> None:
    for name in ("here", "unplugged"):
        git(repository.top, "worktree", "add", "-q", "--detach", str(tmp_path / name))
    shutil.rmtree(tmp_path / "unplugged")
    before = repository.known
    assert len(before) == 2
    with repository.checked_out("first"):
        assert len(repository.known) == 3
    assert repository.known == before


def test_no_hook_runs(repository: Repository) -> None:
    hook = repository.top / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository.top}/ran\n")
    hook.chmod(0o755)
    with repository.checked_out("first"):
        pass
    assert not (repository.top / "ran").exists()


def use_filter(repository: Repository, command: str) -> str:
    """Let git call a command for every file that it writes to a checkout."""
    git(repository.top, "config", "filter.lfs.clean", "cat")
    git(repository.top, "config", "filter.lfs.required", "true")
    (repository.top / ".gitattributes").write_text("gold.py filter=lfs\n")
    found = repository.commit("x = 3\n")
    git(repository.top, "config", "filter.lfs.smudge", command)
    return found


def test_a_checkout_that_git_gives_up_is_one_sentence(repository: Repository) -> None:
    commit = use_filter(repository, "false")
    with pytest.raises(RunError) as error, repository.checked_out("main"):
        pass
    assert say(error) == (
        (
            "revision 'main' cannot be checked out: error: external filter 'false' failed; "
            "fatal: gold.py: smudge filter lfs failed"
        ),
        f"git worktree add --detach FOLDER {commit[:12]} shows all of it",
    )
    assert (repository.left, repository.known) == ([], [])


def test_a_checkout_that_takes_too_long_is_given_up(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = use_filter(repository, "sleep 1; cat")
    monkeypatch.setattr(worktree, "CHECKOUT_LIMIT_S", 0.3)
    with pytest.raises(RunError) as error, repository.checked_out("main"):
        pass
    assert say(error) == (
        "revision 'main' cannot be checked out within 0.3 s",
        f"see what it waits for: git worktree add --detach FOLDER {commit[:12]}",
    )
    assert until(lambda: (repository.left, repository.known) == ([], []))


def test_a_folder_that_cannot_be_made_is_named(repository: Repository) -> None:
    (repository.top / ".zacperf").touch()
    with pytest.raises(RunError) as error, repository.checked_out("first"):
        pass
    assert say(error) == (
        f"revision 'first' cannot be checked out: {repository.worktrees}: Not a directory",
        f"look at {repository.worktrees}",
    )


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
