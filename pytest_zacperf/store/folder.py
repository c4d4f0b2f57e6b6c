"""The folder of everything that is stored and not for git; knows nothing of what is in it."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf.store.files import write_atomically

LOCK_FOLDER = "locks"


def create_store_folder(folder: Path) -> None:
    """Create the folder, which keeps itself out of git."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, b"*\n")


def create_lock_folder(folder: Path) -> Path:
    """Create the folder of the locks in it; return that."""
    create_store_folder(folder)
    locks = folder / LOCK_FOLDER
    locks.mkdir(exist_ok=True)
    return locks
