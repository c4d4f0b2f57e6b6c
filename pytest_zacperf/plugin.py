"""The pytest hooks, each a few lines that hand over to another module."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_zacperf import fixtures, options
from pytest_zacperf.explaining import explained
from pytest_zacperf.fixtures import (  # noqa: F401 - pytest finds fixtures in the plugin's names
    _planned_window,
    _planned_windows,
    backtest,
    baseline,
    baseline_for,
    equity_snapshot,
    order_events_snapshot,
    scaling,
    statistics_snapshot,
    trades_snapshot,
    window,
)
from pytest_zacperf.session import (
    SESSION,
    ReportCollector,
    hand_on,
    hand_over,
    is_undecided_under_ci,
    open_session,
)

if TYPE_CHECKING:  # xdist need not be installed
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

WINDOW_MARKER = (
    'window("id", ..., label=None): the windows of the plan that the test runs with; '
    "ids, or one label."
)
MARKERS = (
    "perf(allow_different_work=False): compares what backtests cost: runtime, peak memory.",
    "parity(tolerance={}): compares what backtests did with what is recorded of it.",
    WINDOW_MARKER,
)
USAGE_ERROR = "zacperf_usage_error"
UNDECIDED = (
    "no perf test reached a verdict, and CI is set: the exit status is 1; "
    "record a baseline, name a revision, or raise the budget"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.register(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and open the session, or stop on a bad setting."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    session = open_session(config)
    config.stash[SESSION] = session
    config.pluginmanager.register(ReportCollector(session), "zacperf-reports")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the runs that nobody keeps, and give back what the session holds."""
    session = config.stash.get(SESSION, None)
    if session is not None:  # a bad setting leaves none
        # While its own runs are in use still: their logs are named in what was just printed.
        session.prune_runs()
        session.resources.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with a backtest once for each of its windows."""
    fixtures.parametrize_windows(metafunc)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stop when a test that is left after deselection can have no backtest."""
    problem = fixtures.usage_error(items)
    if problem is None:
        return
    output = getattr(config, "workeroutput", None)
    if output is None:
        raise pytest.UsageError(problem)
    # An xdist worker that raises is replaced by another one; it is the controller that must stop.
    output[USAGE_ERROR] = problem
    items.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Make an xdist worker part of this session."""
    hand_over(node.config.stash[SESSION], node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController, error: object) -> None:
    """Keep why an xdist worker has no tests, or that it died."""
    if error is not None:
        node.config.stash[SESSION].lost_worker = node.gateway.id
    output = getattr(node, "workeroutput", {})  # a worker that crashed has none
    if USAGE_ERROR in output:
        node.config.stash[SESSION].usage_error = output[USAGE_ERROR]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Stop the controller of pytest-xdist when all its workers are down."""
    result = yield
    usage_error = session.config.stash[SESSION].usage_error
    if usage_error is not None:
        raise pytest.UsageError(usage_error)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the runs and verdicts of a test on its report, and say how what it received ended."""
    report = yield
    hand_on(item, report)
    fixtures.note_end(item, call, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Settle recordings; fail a session under CI whose perf tests all came to no verdict."""
    has_failed = fixtures.settle_recordings(session, exitstatus)
    if has_failed and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = exitstatus = pytest.ExitCode.TESTS_FAILED
    if exitstatus == pytest.ExitCode.OK and is_undecided_under_ci(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_assertrepr_compare(
    left: object, right: object
) -> Generator[None, list[object], list[object]]:
    """Explain a ratio beyond its limit, and what differs from its recording."""
    explanations = yield
    ours = [lines for side in (left, right) if (lines := explained(side))]
    # pytest takes the first; syrupy's own begins with a line that names nothing.
    return [*ours, *explanations]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the runs and the verdicts of this session, if there were any."""
    lines = config.stash[SESSION].summary_lines()
    if is_undecided_under_ci(config):
        lines.append(UNDECIDED)
    if lines:
        terminalreporter.write_sep("=", "zacperf")
    for line in lines:
        terminalreporter.write_line(line)
