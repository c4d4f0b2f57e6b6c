"""New files and folders: nothing that exists is written to, and a failure leaves nothing behind."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_zacperf.errors import SettingsError


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder; when the block fails, the folder and all that is in it is deleted.

    Raises:
        SettingsError: It exists and is not empty.

    """
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(
            f"{folder} exists and is not empty", "name a new folder: zacperf demo FOLDER"
        )
    made = _make_folders(folder)
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            _delete(path)
        _delete_folders(made)
        raise


@contextlib.contextmanager
def new_files(root: Path, files: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Write the files that do not exist; when the block fails, they are deleted again.

    Args:
        root: Where the paths begin.
        files: Path to content.

    Returns:
        The paths that were written; the others exist and are untouched.

    """
    written: list[Path] = []
    folders: list[Path] = []
    try:
        for name, text in files.items():
            path = root / name
            folders += _make_folders(path.parent)
            with contextlib.suppress(FileExistsError):
                _write_new(path, text, written)
        yield tuple(name for name in files if root / name in written)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        _delete_folders(folders)
        raise


def _write_new(path: Path, text: str, written: list[Path]) -> None:
    # Mode x, because between a look and a write somebody else may have made the file.
    with path.open("x", encoding="utf-8", newline="\n") as file:
        written.append(path)
        file.write(text)


def _make_folders(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _delete_folders(folders: list[Path]) -> None:
    for folder in reversed(folders):
        with contextlib.suppress(OSError):  # not empty: somebody else has put something there
            folder.rmdir()
