"""The fixtures, each a thin factory, and the windows that tests are parametrized over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pytest

from pytest_zacperf.errors import PlanError, SettingsError
from pytest_zacperf.plan import select_windows
from pytest_zacperf.records import ParameterValue, Window, Workload
from pytest_zacperf.session import NO_XDIST, SESSION, Session
from pytest_zacperf.settings import PARITY_FOLDER, STORE_FOLDER
from pytest_zacperf.values import parse_parameters

if TYPE_CHECKING:  # these load the run store and syrupy, and at start-up nobody needs them
    from syrupy.assertion import SnapshotAssertion

    from pytest_zacperf.backtest import Backtest
    from pytest_zacperf.stored_side import StoredSide

    BaselineFactory: TypeAlias = Callable[..., Backtest]

# Parametrized in place of `window` itself: a project's own fixture of that name is left alone.
PLANNED_WINDOW = "_zacperf_window"
NEED_ENGINE = frozenset({"backtest", "baseline", "baseline_for"})
WINDOW_MARK_HINT = 'write @pytest.mark.window("id", ...) or @pytest.mark.window(label="week")'


@dataclass(frozen=True, slots=True)
class Problem:
    """Stands for the windows of a test that cannot have any.

    Attributes:
        message: Why, and what to do about it.
        stops_session: Whether pytest stops; otherwise the test fails alone.

    """

    message: str
    stops_session: bool


@pytest.fixture(name=PLANNED_WINDOW)
def _planned_window(request: pytest.FixtureRequest) -> Window:
    """Hand a window of the plan to the test."""
    window = getattr(request, "param", None)
    if isinstance(window, Problem):
        pytest.fail(window.message, pytrace=False)
    if not isinstance(window, Window):
        pytest.fail(
            "no window of the plan reaches this test\n"
            "  hint: name the fixture in the test's arguments; "
            "request.getfixturevalue() comes too late for it",
            pytrace=False,
        )
    return window


@pytest.fixture
def window(_zacperf_window: Window) -> Window:
    """Return the date window of this test; a test runs once for each window of the plan."""
    return _zacperf_window


@pytest.fixture
def backtest(request: pytest.FixtureRequest, window: Window) -> Backtest:
    """Return the backtest of this test's window; it runs at the first use."""
    return _backtest(request, window, {})


@pytest.fixture
def baseline_for(request: pytest.FixtureRequest, window: Window) -> BaselineFactory:
    """Return a function that makes a baseline side: another engine, other parameters, or both."""

    def baseline_for_(engine: str | None = None, /, **parameters: ParameterValue) -> Backtest:
        try:
            checked = parse_parameters(parameters)
        except ValueError as e:
            problem, _, hint = str(e).partition("; ")
            reason = f"baseline_for(): {problem}\n  hint: {hint}"
            raise pytest.fail.Exception(reason, pytrace=False) from None
        return _backtest(request, window, checked, engine=engine, origin="named by the test")

    return baseline_for_


@pytest.fixture
def baseline(request: pytest.FixtureRequest, window: Window) -> Backtest | StoredSide:
    """Return what this test's backtest is compared with.

    The revision of ``--zacperf-against``, else the parameters of the setting ``baseline``, else
    what ``zacperf baseline record`` has stored.
    """
    from pytest_zacperf import baseline_choice  # noqa: PLC0415 - loads the run store

    return baseline_choice.choose(request, _workload(request, window, {}))


@pytest.fixture
def order_events_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    """Return the recorded order events of this test and window, to compare with ``==``."""
    return _recorded("order_events", request, snapshot)


@pytest.fixture
def trades_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    """Return the recorded trades of this test and window, to compare with ``==``."""
    return _recorded("trades", request, snapshot)


@pytest.fixture
def equity_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    """Return the recorded equity of this test and window, to compare with ``==``."""
    return _recorded("equity", request, snapshot)


@pytest.fixture
def statistics_snapshot(
    request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    """Return the recorded statistics of this test and window, to compare with ``==``."""
    return _recorded("statistics", request, snapshot)


def _recorded(
    kind: str, request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> SnapshotAssertion:
    from pytest_zacperf.snapshots.assertion import assertion_on  # noqa: PLC0415 - loads syrupy

    return assertion_on(kind, snapshot, request.node)


def note_end(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Say how a test ended that received something else than its recording."""
    # Not imported here: where no test has loaded it, none has received anything.
    delivery = sys.modules.get(f"{__package__}.snapshots.delivery")
    if delivery is not None:
        delivery.note_end(item, call, report)


def settle_recordings(session: pytest.Session, exit_status: int) -> bool:
    """Settle what tests received instead of recordings; return whether an update failed."""
    ours = session.config.stash[SESSION]
    received = (ours.root / STORE_FOLDER / PARITY_FOLDER).glob("*/received.*")
    if ours.process != NO_XDIST or not any(received):
        return False
    from pytest_zacperf.snapshots import ending  # noqa: PLC0415 - loads the run store

    ended = ending.close(
        ours,
        partial=ending.partial_reason(ours, session, exit_status),
        update=ending.wanted_update(session.config, ours),
    )
    ours.recorded = ended.lines
    return ended.has_failed


def parametrize_windows(metafunc: pytest.Metafunc) -> None:
    """Give a test its windows, or the reason why it has none."""
    if PLANNED_WINDOW not in metafunc.fixturenames:
        return
    session = metafunc.config.stash[SESSION]
    try:
        windows = _windows(session, metafunc)
        parameters = [pytest.param(window, id=window.id) for window in windows]
    except SettingsError as e:
        problem = Problem(str(e), stops_session=not isinstance(e, PlanError))
        parameters = [pytest.param(problem, id="no window")]
    if not parameters:
        skip = pytest.mark.skip(reason="--zacperf-window leaves this test no window")
        parameters = [pytest.param(None, id="no window", marks=skip)]
    metafunc.parametrize(PLANNED_WINDOW, parameters, indirect=True)


def usage_error(items: list[pytest.Item]) -> str | None:
    """Return why one of the tests cannot run at all, with its node id, or None."""
    for item in items:
        problem = _problem_of(item)
        if problem is None or not problem.stops_session:
            continue
        if isinstance(item, pytest.Function):
            # Without the part in brackets, which stands for no window.
            return f"{item.nodeid.removesuffix(item.name)}{item.originalname}: {problem.message}"
    return None


def problem_of(item: pytest.Item) -> str | None:
    """Return why nobody knows the windows of a test, or None."""
    problem = _problem_of(item)
    return problem.message if problem else None


def _problem_of(item: pytest.Item) -> Problem | None:
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get(PLANNED_WINDOW) if callspec else None
    return found if isinstance(found, Problem) else None


def _windows(session: Session, metafunc: pytest.Metafunc) -> tuple[Window, ...]:
    if not NEED_ENGINE.isdisjoint(metafunc.fixturenames):
        session.require_engine()
    only = session.settings.window
    mark = metafunc.definition.get_closest_marker("window")
    if mark is None and only:
        # Naming a window beats the labels that tests see by default.
        return select_windows(session.plan, ids=only)
    ids, labels = _marked(mark) if mark else ((), session.settings.test_labels)
    windows = select_windows(session.plan, ids=ids, labels=labels)
    if not only:
        return windows
    narrowed = select_windows(session.plan, ids=only)
    return tuple(window for window in windows if window in narrowed)


def _marked(mark: pytest.Mark) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids = mark.args
    labels = tuple(mark.kwargs.values())
    usable = bool(ids) != bool(labels) and set(mark.kwargs) <= {"label"}
    if not usable or not all(isinstance(name, str) for name in (*ids, *labels)):
        arguments = [*map(repr, ids), *(f"{name}={v!r}" for name, v in mark.kwargs.items())]
        raise SettingsError(
            f"the marker window({', '.join(arguments)}) cannot be used", WINDOW_MARK_HINT
        )
    return ids, labels


def _backtest(
    request: pytest.FixtureRequest,
    window: Window,
    parameters: dict[str, ParameterValue],
    *,
    engine: str | None = None,
    origin: str = "",
) -> Backtest:
    from pytest_zacperf.backtest import Backtest  # noqa: PLC0415 - loads the run store

    return Backtest(
        _workload(request, window, parameters, engine=engine),
        session=request.config.stash[SESSION],
        item=request.node,
        origin=origin,
    )


def _workload(
    request: pytest.FixtureRequest,
    window: Window,
    parameters: dict[str, ParameterValue],
    *,
    engine: str | None = None,
) -> Workload:
    used = engine or request.config.stash[SESSION].require_engine()
    return Workload(engine=used, window=window, parameters=parameters)
