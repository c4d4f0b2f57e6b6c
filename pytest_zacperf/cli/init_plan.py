"""How ``zacperf init`` comes to date windows: from a plan file, the flags, or by asking."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import click
import msgspec

from pytest_zacperf.cli.common import DATE, Project, is_terminal, window_between
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan import CACHE_PROBE, Plan, parse_plan
from pytest_zacperf.records import Window
from pytest_zacperf.starter import plan_text

DEFAULT_LABEL = "week"
NEW_LABEL = "short"
LARGEST_PLAN_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlan:
    """The plan file of a project.

    Attributes:
        name: The file, relative to the project.
        labels: Labels of the windows for tests.
        text: What to write into it; None when it exists.

    """

    name: str
    labels: tuple[str, ...]
    text: str | None = None


def asked_window(start: dt.datetime | None, end: dt.datetime | None) -> Window | None:
    """Return the window of ``--start`` and ``--end``, None when neither is given.

    Raises:
        click.UsageError: Only one is given, or the end is before the start.

    """
    if start is None and end is None:
        return None
    if start is None or end is None:
        missing = "--start" if start is None else "--end"
        raise click.UsageError(f"{missing} is missing: a window has a first and a last day")
    return window_between(start, end)


def find_plan(project: Project, window: Window | None, *, has_table: bool) -> FoundPlan:
    """Return the plan of a project, or a new one with one window, asked for where it is not given.

    Raises:
        SettingsError: There is more than one or no usable plan, or nobody to ask for a window.

    """
    settings = project.settings
    name = str(settings.plan) if has_table else _plan_name(project)
    path = project.root / name
    if path.exists():
        plan = parse_plan(path.read_bytes(), name)
        _refuse_other(plan, window)
        return FoundPlan(name=name, labels=_labels(plan))
    labels = settings.test_labels if has_table else (NEW_LABEL,)
    labeled = msgspec.structs.replace(window or _ask(), label=labels[0])
    return FoundPlan(name=name, labels=labels, text=plan_text([labeled]))


def _plan_name(project: Project) -> str:
    default = str(project.settings.plan)
    if (project.root / default).exists():
        return default
    names = _plans(project)
    if len(names) > 1:
        raise SettingsError(
            f"{len(names)} plan files are found: {', '.join(names)}",
            f'name one in pyproject.toml: [tool.zacperf] and below it plan = "{names[0]}"',
        )
    return names[0] if names else default


def _plans(project: Project) -> list[str]:
    names = []
    for path in sorted(project.root.glob("*.json")):
        try:
            usable = path.stat().st_size <= LARGEST_PLAN_BYTES
            if usable and parse_plan(path.read_bytes(), path.name).runs:
                names.append(path.name)
        except (OSError, SettingsError):  # another kind of file
            continue
    return names


def _labels(plan: Plan) -> tuple[str, ...]:
    windows = [w for w in plan.windows if w.label and not w.label.startswith(CACHE_PROBE)]
    if not windows:
        raise SettingsError(
            f"{plan.name} has no window for tests: none has a label, cache probes aside",
            'give one a label: "label": "week"',
        )
    if any(window.label == DEFAULT_LABEL for window in windows):
        return (DEFAULT_LABEL,)
    # The shortest, because tests run them all.
    return (min(windows, key=lambda window: window.end - window.start).label,)


def _refuse_other(plan: Plan, window: Window | None) -> None:
    dates = [(planned.start, planned.end) for planned in plan.windows]
    if window is not None and (window.start, window.end) not in dates:
        raise SettingsError(
            f"{plan.name} exists and has no window from {window.start} to {window.end}",
            "add it there, or leave --start and --end out",
        )


def _ask() -> Window:
    if not is_terminal():
        raise SettingsError(
            "there is no plan file, so the dates of a window are needed",
            "give a few trading days: zacperf init --start YYYY-MM-DD --end YYYY-MM-DD",
        )
    click.echo("there is no plan file; a window of a few trading days is enough to begin with")
    start = click.prompt("First day", type=DATE)

    def parse(text: str) -> Window:
        return window_between(start, DATE.convert(text, None, None))

    window: Window = click.prompt("Last day, inclusive", value_proc=parse)
    return window
