"""How an algorithm is told its window: by parameters, environment variables or a wrapper file.

LEAN itself has no setting for the dates of a local backtest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from pytest_zacperf.engines.lean.project import LeanProject
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window

WindowWay: TypeAlias = Literal["wrapper", "parameters", "environment"]
WAYS = get_args(WindowWay)
NAMES: Mapping[WindowWay, tuple[str, str]] = {
    "parameters": ("start-date", "end-date"),
    "environment": ("START_DATE", "END_DATE"),
}
# LEAN takes the first class by name whose module is the file's own; an imported one is another's.
# An algorithm that never sets an end still ends yesterday: the window is looked at after the run.
WRAPPER = """\
# Written by pytest-zacperf for one run, and removed when that ends: gives the algorithm its window.
from AlgorithmImports import *
import {module} as _project

_Algorithm = next(
    found
    for _, found in sorted(vars(_project).items())
    if isinstance(found, type) and issubclass(found, QCAlgorithm) and found.__module__ == {name!r}
)


class WindowedAlgorithm(_Algorithm):
    def set_start_date(self, *arguments):
        return super().set_start_date(datetime({start}))

    def set_end_date(self, *arguments):
        return super().set_end_date(datetime({end}))

    # Either spelling is called by somebody.
    SetStartDate, SetEndDate = set_start_date, set_end_date
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSetting:
    """What tells an algorithm its window.

    Attributes:
        parameters: Lean parameters, name to value.
        environment: Environment variables, name to value.
        wrapper: Text of a Python file that is run in place of the algorithm's; None for none.

    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    wrapper: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """How an algorithm is told its window.

    Attributes:
        way: By parameters, by environment variables, or by a file that wraps the algorithm's class,
            which needs nothing of a Python project.
        names: Of the first and the last day; None for those that are usual.
        date_format: How they are written, as ``datetime.strftime`` has it.

    """

    way: WindowWay = "wrapper"
    names: tuple[str, str] | None = None
    date_format: str = "%Y-%m-%d"

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise EngineError(
                f"window={self.way!r} is not possible", f"use one of: {', '.join(WAYS)}"
            )

    @property
    def own_names(self) -> tuple[str, str]:
        """What the first and the last day are called; a wrapper has no names."""
        return self.names or NAMES[self.way]

    @property
    def advice(self) -> str:
        """What to do when LEAN ran another window."""
        if self.way == "wrapper":
            return "let the algorithm call set_start_date and set_end_date in initialize"
        return f"let the algorithm read {' and '.join(self.own_names)}, or use window='wrapper'"

    def setting(self, window: Window, project: LeanProject) -> WindowSetting:
        """Return what tells a project's algorithm a window.

        Raises:
            EngineError: The algorithm is no Python, and a wrapper is asked for.

        """
        if self.way == "wrapper":
            if project.language != "Python":
                raise EngineError(
                    f"{project.algorithm} is no Python, so no wrapper can give it its window",
                    'use window="parameters" or window="environment", and read them in Initialize',
                )
            return WindowSetting(wrapper=wrapper_text(project.algorithm.stem, window))
        dates = (window.start.strftime(self.date_format), window.end.strftime(self.date_format))
        values = dict(zip(self.own_names, dates, strict=True))
        if self.way == "parameters":
            return WindowSetting(parameters=values)
        return WindowSetting(environment=values)


def wrapper_text(module: str, window: Window) -> str:
    """Return the file that gives the algorithm of a module its window."""
    return WRAPPER.format(
        module=module, name=module, start=_arguments(window.start), end=_arguments(window.end)
    )


def _arguments(day: dt.date) -> str:
    return f"{day.year}, {day.month}, {day.day}"
