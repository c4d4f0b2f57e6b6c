"""Deletes run folders and lock files, so that nobody ever reads half of a run; chooses nothing."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from pytest_zacperf.store import locks


def move_out(folder: Path, trash: Path, session_lock: Path) -> list[str]:
    """Take a run folder out of the runs in one step, unless its session is in use.

    Returns:
        Why that failed, in a sentence; empty when it did not.

    """
    with _noting(folder) as problems, locks.exclusive_if_free(session_lock) as is_free:
        # Whoever begins to use the session waits for that lock until the folder is gone.
        if is_free:
            trash.mkdir(exist_ok=True)
            # The digits keep it apart from what an earlier prune could not delete.
            folder.rename(trash / f"{folder.name}.{secrets.token_hex(4)}")
    return problems


def empty(folder: Path, older_than_s: float = 0.0) -> list[str]:
    """Delete what killed processes left in a folder of ours; return what failed."""
    problems: list[str] = []
    newest_s = time.time() - older_than_s
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        with _noting(path) as failed:
            if path.lstat().st_mtime > newest_s:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        problems += failed
    return problems


def remove_free_locks(folder: Path) -> list[str]:
    """Delete the files of locks that nobody holds; return what failed."""
    problems: list[str] = []
    for path in sorted(folder.glob("*.lock")):
        with _noting(path) as failed, locks.exclusive_if_free(path):
            pass
        problems += failed
    return problems


@contextlib.contextmanager
def _noting(path: Path) -> Iterator[list[str]]:
    problems: list[str] = []
    try:
        yield problems
    except OSError as e:
        # Within a folder, shutil.rmtree gives names without their folder.
        is_whole = isinstance(e.filename, str) and Path(e.filename).is_absolute()
        problems.append(f"{e.filename if is_whole else path}: {e.strerror or e}")
