"""A project's ``pyproject.toml``, and pytest's paths wherever they are; decides no value."""

from __future__ import annotations

import configparser
import contextlib
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_zacperf.errors import SettingsError

SETTINGS_FILE = "pyproject.toml"
TABLE = "[tool.zacperf]"
# Where pytest has its settings: before pyproject.toml and after it, with the name of the section.
INI_FILES_BEFORE = (("pytest.ini", "pytest"), (".pytest.ini", "pytest"))
INI_FILES_AFTER = (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
BUILD_FILES = ("setup.py", "setup.cfg")


def read_table(root: Path) -> Mapping[str, object]:
    """Return ``[tool.zacperf]`` of the ``pyproject.toml`` in *root*, empty when there is none.

    Raises:
        SettingsError: The file is not TOML, or the table is not a table.

    """
    table = _tool(root).get("zacperf", {})
    if not isinstance(table, dict):
        raise SettingsError(
            f"{root / SETTINGS_FILE}: zacperf = {table!r} is not a table", f"write {TABLE}"
        )
    return table


def has_table(root: Path) -> bool:
    """Return whether the ``pyproject.toml`` in *root* has ``[tool.zacperf]``, even an empty one.

    Raises:
        SettingsError: The file is not TOML.

    """
    return "zacperf" in _tool(root)


def is_package(root: Path) -> bool:
    """Return whether ``pip install`` of *root* works: some file says how to build it.

    Raises:
        SettingsError: The ``pyproject.toml`` is not TOML.

    """
    has_file = any((root / name).is_file() for name in BUILD_FILES)
    return has_file or not {"build-system", "project"}.isdisjoint(_content(root))


def read_python_path(root: Path) -> tuple[str, ...]:
    """Return what pytest's ``pythonpath`` names, as absolute paths.

    Raises:
        SettingsError: The file is not TOML, or another one no INI file.

    """
    return tuple(str(root / path) for path in _pytest_paths(root, "pythonpath"))


def read_test_paths(root: Path) -> tuple[str, ...]:
    """Return what pytest's ``testpaths`` names, as it is written there.

    Raises:
        SettingsError: The file is not TOML, or another one no INI file.

    """
    return _pytest_paths(root, "testpaths")


@contextlib.contextmanager
def importable(root: Path) -> Iterator[None]:
    """Let the block import what a worker of the project can import.

    Raises:
        SettingsError: A file of pytest's settings cannot be read.

    """
    before = list(sys.path)
    sys.path[:0] = [*read_python_path(root), str(root)]
    try:
        yield
    finally:
        sys.path[:] = before


def find_root(start: Path) -> Path:
    """Return the nearest folder from *start* upwards with a file of pytest's settings, or *start*.

    It is where pytest has its rootdir.
    """
    start = start.resolve()
    names = [SETTINGS_FILE, *(name for name, _ in (*INI_FILES_BEFORE, *INI_FILES_AFTER))]
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in names):
            return folder
    return start


def _pytest_paths(root: Path, setting: str) -> tuple[str, ...]:
    for name, section in INI_FILES_BEFORE:
        if (root / name).is_file():
            return _ini_paths(root / name, section, setting)
    found = _toml_paths(root, setting)
    for name, section in INI_FILES_AFTER:
        found = found or _ini_paths(root / name, section, setting)
    return found


def _ini_paths(path: Path, section: str, setting: str) -> tuple[str, ...]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as e:
        raise SettingsError(f"{path} is no INI file: {e}", "correct that place") from e
    return tuple(parser.get(section, setting, fallback="").split())


def _toml_paths(root: Path, setting: str) -> tuple[str, ...]:
    pytest = _tool(root).get("pytest", {})
    # Since pytest 9 the table itself holds settings; before, one below it did.
    tables = [pytest, pytest.get("ini_options")] if isinstance(pytest, dict) else []
    for table in tables:
        paths = table.get(setting) if isinstance(table, dict) else None
        if isinstance(paths, str):
            paths = paths.split()
        if isinstance(paths, list):
            return tuple(map(str, paths))
    return ()


def _tool(root: Path) -> dict[str, object]:
    tool = _content(root).get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _content(root: Path) -> dict[str, object]:
    path = root / SETTINGS_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise SettingsError(f"{path} is not TOML: {e}", "correct that place") from e
    except OSError as e:
        raise SettingsError(f"{path} cannot be read: {e.strerror}", "make it readable") from e
