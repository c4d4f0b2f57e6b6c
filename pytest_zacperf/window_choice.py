"""Which windows of the plan a test sees: by its marker, the settings, the command line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_zacperf.errors import PlanError, SettingsError
from pytest_zacperf.plan import select_windows
from pytest_zacperf.records import Window
from pytest_zacperf.session import Session

MARK_HINT = 'write @pytest.mark.window("id", ...) or @pytest.mark.window(label="week")'
NONE_LEFT = "--zacperf-window leaves this test no window"


@dataclass(frozen=True, slots=True)
class Problem:
    """Stands for the windows of a test that cannot have any.

    Attributes:
        message: Why, and what to do about it.
        stops_session: Whether pytest stops; otherwise the test fails alone.

    """

    message: str
    stops_session: bool


def choose(
    session: Session, test: pytest.Item, *, needs_engine: bool, all_sizes: bool = False
) -> tuple[Window, ...]:
    """Return the windows of a test, in the order of the plan; none where the flag leaves none.

    Args:
        session: Has the plan and the settings.
        test: Its marker ``window`` beats the labels of the settings.
        needs_engine: Whether it runs backtests.
        all_sizes: Whether it sees all of them by default, whatever the labels of the settings:
            windows of one label often have one size.

    Raises:
        SettingsError: The marker, the plan or a setting cannot be used.

    """
    if needs_engine:
        session.require_engine()
    only = session.settings.window
    mark = test.get_closest_marker("window")
    if mark is None and only:
        # Naming a window beats the labels that tests see by default.
        return select_windows(session.plan, ids=only)
    if mark is None and all_sizes:
        return session.plan.test_windows
    ids, labels = _marked(mark) if mark else ((), session.settings.test_labels)
    windows = select_windows(session.plan, ids=ids, labels=labels)
    if not only:
        return windows
    narrowed = select_windows(session.plan, ids=only)
    return tuple(window for window in windows if window in narrowed)


def problem_of(error: SettingsError) -> Problem:
    """Return what stands for the windows of a test that cannot have any."""
    return Problem(str(error), stops_session=not isinstance(error, PlanError))


def _marked(mark: pytest.Mark) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids = mark.args
    labels = tuple(mark.kwargs.values())
    usable = bool(ids) != bool(labels) and set(mark.kwargs) <= {"label"}
    if not usable or not all(isinstance(name, str) for name in (*ids, *labels)):
        arguments = [*map(repr, ids), *(f"{name}={v!r}" for name, v in mark.kwargs.items())]
        raise SettingsError(f"the marker window({', '.join(arguments)}) cannot be used", MARK_HINT)
    return ids, labels
