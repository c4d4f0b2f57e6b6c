"""The fixtures, each a thin factory, and the windows that tests are parametrized over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import pytest

from pytest_zacperf import window_choice
from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import ParameterValue, Window, Workload
from pytest_zacperf.session import NO_XDIST, SESSION
from pytest_zacperf.settings import PARITY_FOLDER, STORE_FOLDER
from pytest_zacperf.values import parse_parameters
from pytest_zacperf.window_choice import Problem

if TYPE_CHECKING:  # these load the run store and syrupy, and at start-up nobody needs them
    from syrupy.assertion import SnapshotAssertion

    from pytest_zacperf.backtest import Backtest
    from pytest_zacperf.judged_scaling import PlanScaling
    from pytest_zacperf.stored_side import StoredSide

    BaselineFactory: TypeAlias = Callable[..., Backtest]

# Parametrized in place of `window` itself: a project's own fixture of that name is left alone.
PLANNED_WINDOW = "_zacperf_window"
# All windows of a test together; it is not parametrized.
PLANNED_WINDOWS = "_zacperf_windows"
NEED_ENGINE = frozenset({"backtest", "baseline", "baseline_for"})


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


@pytest.fixture(name=PLANNED_WINDOWS)
def _planned_windows(request: pytest.FixtureRequest) -> tuple[Window, ...]:
    """Hand all windows of a test to it at once."""
    session = request.config.stash[SESSION]
    try:
        windows = window_choice.choose(session, request.node, needs_engine=True, all_sizes=True)
    except SettingsError as e:
        raise pytest.fail.Exception(str(e), pytrace=False) from None
    if not windows:
        pytest.skip(window_choice.NONE_LEFT)
    return windows


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
def scaling(request: pytest.FixtureRequest, _zacperf_windows: tuple[Window, ...]) -> PlanScaling:
    """Return how the backtest's costs grow with its size, over all windows of the test at once."""
    from pytest_zacperf.judged_scaling import PlanScaling  # noqa: PLC0415 - loads the run store

    workloads = [_workload(request, window, {}) for window in _zacperf_windows]
    return PlanScaling(workloads, session=request.config.stash[SESSION], item=request.node)


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
    needs_engine = not NEED_ENGINE.isdisjoint(metafunc.fixturenames)
    try:
        windows = window_choice.choose(session, metafunc.definition, needs_engine=needs_engine)
        parameters = [pytest.param(window, id=window.id) for window in windows]
    except SettingsError as e:
        parameters = [pytest.param(window_choice.problem_of(e), id="no window")]
    if not parameters:
        skip = pytest.mark.skip(reason=window_choice.NONE_LEFT)
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
    if isinstance(found, Problem):
        return found
    if PLANNED_WINDOWS not in getattr(item, "fixturenames", ()):
        return None
    try:
        window_choice.choose(item.config.stash[SESSION], item, needs_engine=True, all_sizes=True)
    except SettingsError as e:
        return window_choice.problem_of(e)
    return None


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
