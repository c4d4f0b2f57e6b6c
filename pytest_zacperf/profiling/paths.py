"""Where a profiled function's file is: named without its machine, and the project's or not."""

from __future__ import annotations

import sysconfig
from pathlib import Path, PurePosixPath

PACKAGE_FOLDERS = ("site-packages", "dist-packages")
STANDARD_LIBRARY = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


def module_path(file: str, root: Path) -> str:
    """Return the path of a source file without what differs between two checkouts of it.

    Args:
        file: As the code has it; ``<string>`` and the like stay as they are.
        root: Folder of the project's code.

    Returns:
        The path below the packages' folder, the standard library or the root; for any other file
        its path from its outermost package on.

    """
    if file.startswith("<"):
        return file
    path = Path(file).absolute()
    # Before the root: a virtual environment may lie below it, and serves both sides.
    installed = _below_packages(path)
    if installed is not None:
        return installed
    for folder in (*STANDARD_LIBRARY, root, root.resolve()):
        for place in (path, path.resolve()):
            if place.is_relative_to(folder):
                return place.relative_to(folder).as_posix()
    return _from_outermost_package(path)


def is_project_file(file: str, root: Path) -> bool:
    """Return whether a source file is the project's, and no installed package's.

    Args:
        file: As the code has it; code without a file belongs to nobody.
        root: Folder of the project's code.

    """
    if file.startswith("<"):
        return False
    path = Path(file).absolute()
    places = (path, path.resolve())
    # A virtual environment may lie below the root, and the root may be above everything.
    if any(_below_packages(place) is not None for place in places):
        return False
    if _is_below(places, STANDARD_LIBRARY):
        return False
    return _is_below(places, (root, root.resolve()))


def _is_below(places: tuple[Path, ...], folders: tuple[Path, ...]) -> bool:
    return any(place.is_relative_to(folder) for place in places for folder in folders)


def _below_packages(path: Path) -> str | None:
    below: list[str] = []
    for part in reversed(path.parts):
        if part in PACKAGE_FOLDERS:
            return str(PurePosixPath(*reversed(below)))
        below.append(part)
    return None


def _from_outermost_package(path: Path) -> str:
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return path.relative_to(folder).as_posix()
