"""A repository with two revisions, and processes that check one of them out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.repository import git

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import SourceTree
from pytest_zacperf.worktree import checked_out, resolve

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


def new_repository(top: Path) -> Repository:
    """Make the repository."""
    found = Repository(top)
    found.top.mkdir()
    git(found.top, "init", "-q", "-b", "main")
    found.commit("x = 1\n")
    git(found.top, "tag", "first")
    found.commit("x = 2\n")
    return found


def checkout_of(holder: subprocess.Popen[str]) -> Path:
    """Return where a holder has checked the revision out."""
    assert holder.stdout is not None
    return Path(holder.stdout.readline().strip())


def until(condition: Callable[[], bool]) -> bool:
    """Wait until a condition holds; return whether it does."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return condition()


def put_first_on_path(folder: Path, name: str, script: str, patch: pytest.MonkeyPatch) -> None:
    """Put a shell script where it is found instead of a program."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    patch.setenv("PATH", str(folder), prepend=os.pathsep)


def say(error: pytest.ExceptionInfo[ZacperfError]) -> tuple[str, str]:
    """Return what an error says, and its hint."""
    return error.value.problem, error.value.hint


def use_filter(repository: Repository, command: str) -> str:
    """Let git call a command for every file that it writes to a checkout."""
    git(repository.top, "config", "filter.lfs.clean", "cat")
    git(repository.top, "config", "filter.lfs.required", "true")
    (repository.top / ".gitattributes").write_text("gold.py filter=lfs\n")
    found = repository.commit("x = 3\n")
    git(repository.top, "config", "filter.lfs.smudge", command)
    return found
