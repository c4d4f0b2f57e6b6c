"""Another git revision, checked out beside the working tree for as long as it is measured.

Submodules are not checked out, and no hook of the repository runs. What code a worker then loads
from there is not decided here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, cast

from pytest_zacperf.errors import RunError
from pytest_zacperf.records import SourceTree
from pytest_zacperf.sentences import one_line
from pytest_zacperf.worktree.git import git_variables, run_git
from pytest_zacperf.worktree.revisions import Revision, content_at, files_at, resolve

__all__ = ["Revision", "checked_out", "content_at", "files_at", "remove_stale", "resolve"]

LOCK_SUFFIX = ".lock"
CHECKOUT_LIMIT_S = 300.0
REMOVAL_LIMIT_S = 60.0

# Of the checkouts; nothing else in their folder is ever deleted.
NAME = re.compile(r"[0-9a-f]{12}-[0-9]+-[0-9a-f]{8}")

# Waits for a line or for the death of all who hold the pipe, then removes a checkout ($1) and what
# the repository ($2) knows about it. Not "git worktree prune": that forgets the user's own
# worktrees on a disk that is not there now. Git leaves out what a killed "add" did not finish.
# Where git could not be asked for the repository, $2 is empty and nothing is known about it.
REMOVE = """
trap '' HUP INT TERM
read -r _
rm -rf -- "$1"
{
    if [ -n "$2" ]; then
        git -C "$2" worktree remove --force --force "$1"
        rm -rf -- "$2/worktrees/${1##*/}"
        rmdir -- "$2/worktrees"
    fi
    rm -f -- "$1.lock"
} 2>/dev/null
[ ! -e "$1" ]
"""


@contextlib.contextmanager
def checked_out(revision: Revision, folder: Path) -> Iterator[SourceTree]:
    """Have a revision checked out; it is removed afterwards, also when this process is killed.

    The working tree, index, branches and stash of the repository stay as they are. Submodules are
    not checked out.

    Args:
        revision: What to check out.
        folder: Where checkouts of this project are; made, and ignored by git.

    Raises:
        RunError: Git cannot check it out, or nothing can be written there.

    """
    folder = folder.resolve()
    remove_stale(folder)
    with contextlib.ExitStack() as stack:
        with _explained(revision, folder):
            _make(folder)
            checkout, lock = stack.enter_context(_new_place(folder, revision.commit))
            pipe = stack.enter_context(_removed_afterwards(checkout, lock, revision.top))
            # Git, too, holds both: nobody removes what it has not finished to write.
            _add(revision, checkout, held=(lock, pipe))
        yield SourceTree(top=str(revision.top), checkout=str(checkout), revision=revision.commit)


def remove_stale(folder: Path) -> list[str]:
    """Remove the checkouts that processes left which could not clean up, as after a power failure.

    Returns:
        A sentence for each that cannot be removed.

    """
    try:
        found = {entry.name.removesuffix(LOCK_SUFFIX) for entry in folder.iterdir()}
    except FileNotFoundError:
        return []
    except OSError as e:
        return [f"{folder} cannot be read: {e.strerror}"]
    checkouts = [folder.resolve() / name for name in sorted(found) if NAME.fullmatch(name)]
    problems = (_remove_if_stale(checkout) for checkout in checkouts)
    return [problem for problem in problems if problem is not None]


@contextlib.contextmanager
def _explained(revision: Revision, folder: Path) -> Iterator[None]:
    problem = f"revision {revision.name!r} cannot be checked out"
    try:
        yield
    except OSError as e:
        raise RunError(
            f"{problem}: {e.filename or folder}: {e.strerror or e}", f"look at {folder}"
        ) from e
    except subprocess.TimeoutExpired as e:
        raise RunError(
            f"{problem} within {CHECKOUT_LIMIT_S:g} s",
            f"see what it waits for: git worktree add --detach FOLDER {revision.commit[:12]}",
        ) from e


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


@contextlib.contextmanager
def _new_place(folder: Path, commit: str) -> Iterator[tuple[Path, int]]:
    while True:
        checkout = folder / f"{commit[:12]}-{os.getpid()}-{secrets.token_hex(4)}"
        path = _lock_of(checkout)
        with _locked(path) as lock:
            # Another process may just look whether it is stale.
            if lock is not None:
                try:
                    yield checkout, lock
                finally:
                    path.unlink(missing_ok=True)
                return


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        yield file if _take(file, path) else None
    finally:
        os.close(file)


def _take(file: int, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had it before may have deleted the file: then this lock is nobody's.
        return path.stat().st_ino == os.fstat(file).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


@contextlib.contextmanager
def _removed_afterwards(checkout: Path, lock: int, top: Path) -> Iterator[int]:
    command = _removal(checkout, top)
    # In a session of its own, where Ctrl-C and the end of the terminal do not reach it.
    watcher = subprocess.Popen(  # noqa: S603 - a fixed command
        command,
        cwd="/",
        env=git_variables(),
        pass_fds=(lock,),
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield cast("IO[bytes]", watcher.stdin).fileno()
    finally:
        # If that takes longer it goes on without us.
        with contextlib.suppress(subprocess.TimeoutExpired):
            watcher.communicate(b"\n", timeout=REMOVAL_LIMIT_S)
            if watcher.returncode:  # somebody killed it
                _run_removal(command)


def _removal(checkout: Path, inside: Path) -> tuple[str, ...]:
    try:
        found = run_git(inside, "rev-parse", "--git-common-dir").stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        found = ""
    repository = str((inside / found).resolve()) if found else ""
    return ("/bin/sh", "-c", REMOVE, "sh", str(checkout), repository)


def _run_removal(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a fixed command
        command,
        check=False,
        cwd="/",
        encoding="utf-8",
        env=git_variables(),
        errors="surrogateescape",
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=REMOVAL_LIMIT_S,
    )


def _add(revision: Revision, checkout: Path, *, held: Collection[int]) -> None:
    arguments = ("worktree", "add", "--detach", "--force", str(checkout), revision.commit)
    done = run_git(revision.top, *arguments, limit_s=CHECKOUT_LIMIT_S, held=held)
    if done.returncode != 0:
        # On a full disk the last but one says more than the last.
        said = "; ".join(done.stderr.strip().splitlines()[-2:])
        raise RunError(
            f"revision {revision.name!r} cannot be checked out: {one_line(said)}",
            f"git worktree add --detach FOLDER {revision.commit[:12]} shows all of it",
        )


def _remove_if_stale(checkout: Path) -> str | None:
    try:
        with _locked(_lock_of(checkout)) as lock:
            if lock is None:
                return None
            done = _run_removal(_removal(checkout, checkout.parent))
    except (OSError, subprocess.TimeoutExpired) as e:
        return f"{checkout} cannot be removed: {one_line(str(e))}"
    return f"{checkout} cannot be removed: {one_line(done.stderr)}" if done.returncode else None


def _lock_of(checkout: Path) -> Path:
    return checkout.with_name(checkout.name + LOCK_SUFFIX)
