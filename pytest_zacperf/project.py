"""A project's ``pyproject.toml``: our table and pytest's paths; decides no value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pytest_zacperf.errors import SettingsError

SETTINGS_FILE = "pyproject.toml"
TABLE = "[tool.zacperf]"


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
    """Return whether ``pip install`` of *root* works: its ``pyproject.toml`` says how to build it.

    Raises:
        SettingsError: The file is not TOML.

    """
    return "build-system" in _content(root)


def read_python_path(root: Path) -> tuple[str, ...]:
    """Return what pytest's ``pythonpath`` in ``pyproject.toml`` names, as absolute paths.

    Raises:
        SettingsError: The file is not TOML.

    """
    return tuple(str(root / path) for path in _pytest_paths(root, "pythonpath"))


def read_test_paths(root: Path) -> tuple[str, ...]:
    """Return what pytest's ``testpaths`` in ``pyproject.toml`` names, as it is written there.

    Raises:
        SettingsError: The file is not TOML.

    """
    return _pytest_paths(root, "testpaths")


def find_root(start: Path) -> Path:
    """Return the nearest folder from *start* upwards with a ``pyproject.toml``, or *start*."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    return start


def _pytest_paths(root: Path, setting: str) -> tuple[str, ...]:
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
