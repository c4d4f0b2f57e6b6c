"""What the unit tests share: inner pytest runs with our plugins only, and a tiny project."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# No example has a time limit: this machine is noisy. Everything else is as hypothesis has it.
settings.register_profile("zacperf", deadline=None)
settings.load_profile("zacperf")

UNIT_TESTS = Path(__file__).parent / "tests" / "unit"
INNER_PLUGINS = "pytest_zacperf.plugin,syrupy,xdist.plugin"
OUTER_VARIABLES = (
    *("CI", "BUILD_NUMBER"),  # pytest does not cut its explanations under CI
    "ZACPERF_REASON",
    *("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"),
)

STRATEGY = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import EquityPoint, OrderEvent, Trade

START_NS = 1_737_470_703_000_000_000


def order_events(orders, price):
    for order in range(orders):
        shared = {
            "ts_event_ns": START_NS + order, "symbol": "MCD", "order_id": 70 + order,
            "type": "market", "side": "buy", "quantity": 10,
        }
        yield OrderEvent(event_id=1, status="submitted", **shared)
        yield OrderEvent(
            event_id=2, status="filled", fill_quantity=10, fill_price=price, fee=1, **shared
        )


def run_backtest(start, end, context, loops=1000, orders=2, price=297.12, problem=None):
    if problem:
        raise ValueError(problem)
    with context.stage("strategy"):
        sum(range(loops))
    trade = Trade(
        symbol="MCD", side="buy", quantity=10.0, entry_ts_ns=START_NS, exit_ts_ns=START_NS + 1,
        entry_price=price, exit_price=price, profit_loss=0.0, fees=2.0,
    )
    return BacktestOutput(
        order_events=list(order_events(orders, price)), trades=[trade], data_points=1000,
        statistics={"sharpe": 1.5}, warnings=["MCD has no bars on 2025-01-20"],
    )


engine = FunctionEngine("strategy:run_backtest", volatile=frozenset({"order_id"}))
"""

PLAN = """
{"runs": [
  {"id": "cold", "start": "2025-01-01", "end": "2025-01-05", "label": "cache_probe_cold"},
  {"id": "wk-1", "start": "2025-01-20", "end": "2025-01-26", "label": "week"},
  {"id": "wk-2", "start": "2025-01-27", "end": "2025-02-02", "label": "week"},
  {"id": "mo-1", "start": "2025-01-01", "end": "2025-01-31", "label": "month"}
]}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A project with a strategy and a plan in the folder of an inner pytest."""

    pytester: pytest.Pytester

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.pytester.path

    def write(self, path: str, text: str) -> None:
        """Write one file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def configure(self, *settings: str) -> None:
        """Write ``pyproject.toml``; pytest is as strict there as it is here."""
        lines = [
            *("[tool.pytest]", "strict = true", 'filterwarnings = ["error"]', 'pythonpath = ["."]'),
            *("[tool.zacperf]", 'plan = "plan.json"', *settings),
        ]
        self.write("pyproject.toml", "\n".join(lines))

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess(*arguments, timeout=120)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """Return a project whose tests can use every fixture but ``baseline``."""
    project = Project(pytester)
    project.configure('engine = "strategy:engine"')
    project.write("strategy.py", STRATEGY)
    project.write("plan.json", PLAN)
    return project


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where recordings are kept for the next test of a module."""
    return tmp_path_factory.mktemp("kept") / "snapshots"


@pytest.fixture(autouse=True)
def only_our_plugins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep inner runs fast and independent of what else happens to be installed."""
    if UNIT_TESTS not in request.path.parents:
        return
    # The lock of the machine lies there: these runs shall not wait for what else it measures.
    monkeypatch.setenv("TMPDIR", str(request.getfixturevalue("tmp_path_factory").mktemp("tmp")))
    monkeypatch.setattr(tempfile, "tempdir", None)  # so that TMPDIR is looked at again
    # Some machines set it; then nobody sees that what an engine printed is lost.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    if "pytester" not in request.fixturenames:
        return
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", INNER_PLUGINS)
    for name in OUTER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
