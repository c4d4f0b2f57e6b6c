"""The command line flags of pytest; decides no value itself."""

from __future__ import annotations

import os

import pytest

from pytest_zacperf import project, settings
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.option_table import OPTIONS, Option
from pytest_zacperf.settings import Settings

REASON_VARIABLE = "ZACPERF_REASON"


def register(parser: pytest.Parser) -> None:
    """Declare a flag for every option."""
    group = parser.getgroup("zacperf", "performance and parity of backtests")
    for option in OPTIONS:
        # default=None tells "not given" from "given"; the option table holds the real default.
        takes = (
            {"action": "store_const", "const": "false"}
            if option.is_switch
            else {"metavar": option.metavar}
        )
        group.addoption(
            option.flag,
            dest=_destination(option),
            default=None,
            help=option.help.replace("%", "%%"),
            **takes,
        )


def read(config: pytest.Config) -> Settings:
    """Return the settings in force, or stop pytest with the one that cannot be used."""
    flags = {option.name: config.getoption(_destination(option)) for option in OPTIONS}
    flags["reason"] = flags["reason"] or os.environ.get(REASON_VARIABLE) or None
    try:
        return settings.resolve(project.read_table(config.rootpath), flags)
    except SettingsError as e:
        raise pytest.UsageError(str(e)) from e


def _destination(option: Option) -> str:
    return f"zacperf_{option.name}"
