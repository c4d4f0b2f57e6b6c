"""The command line flags and the settings table of ``pyproject.toml``; decides no value itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_zacperf import settings
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.settings import OPTIONS, Option, Settings

SETTINGS_FILE = "pyproject.toml"


def register(parser: pytest.Parser) -> None:
    """Declare a flag for every option."""
    group = parser.getgroup("zacperf", "performance and parity of backtests")
    for option in OPTIONS:
        # default=None tells "not given" from "given"; the option table holds the real default.
        group.addoption(
            option.flag,
            dest=_destination(option),
            default=None,
            metavar=option.metavar,
            help=option.help.replace("%", "%%"),
        )


def read(config: pytest.Config) -> Settings:
    """Return the settings in force, or stop pytest with the one that cannot be used."""
    flags = {option.name: config.getoption(_destination(option)) for option in OPTIONS}
    try:
        return settings.resolve(read_table(config.rootpath / SETTINGS_FILE), flags)
    except SettingsError as e:
        raise pytest.UsageError(str(e)) from e


def read_table(path: Path) -> Mapping[str, object]:
    """Return ``[tool.zacperf]`` of a ``pyproject.toml``, empty when there is none.

    Raises:
        SettingsError: The file is not TOML, or the table is not a table.

    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise SettingsError(f"{path} is not TOML: {e}", "correct that place") from e
    tool = content.get("tool", {})
    table = tool.get("zacperf", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(
            f"{path}: zacperf = {table!r} is not a table", f"write {settings.TABLE}"
        )
    return table


def _destination(option: Option) -> str:
    return f"zacperf_{option.name}"
