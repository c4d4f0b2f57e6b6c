"""A git repository made of a folder, so that a test can measure one of its revisions."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(root: Path, *arguments: str) -> str:
    """Run git with an identity of its own; return what it printed."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(root), *identity, *arguments],  # noqa: S607 - that of the machine
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit_all(root: Path) -> str:
    """Commit everything, in a new repository where there is none; return the commit."""
    if not (root / ".git").is_dir():
        git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text("__pycache__/\n.zacperf/\n.pytest_cache/\n")
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "all")
    return git(root, "rev-parse", "HEAD")


def further_worktrees(root: Path) -> list[str]:
    """Return what git knows about worktrees beside the main one."""
    return git(root, "worktree", "list").splitlines()[1:]
