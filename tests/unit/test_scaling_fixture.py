"""The fixture ``scaling`` as tests use it: real runs of several lengths in inner sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np
import pytest
from support.timed_runs import timed_run

from pytest_zacperf.estimates import Quantity
from pytest_zacperf.judged_scaling import JudgedExponent, PlanScaling, TimedBacktest
from pytest_zacperf.limits import InconclusiveVerdictWarning
from pytest_zacperf.records import Window, Work, Workload
from pytest_zacperf.scaling import Axis, Point
from pytest_zacperf.schedule import Clock

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project
    from pytest_zacperf.session import Session

MONDAY = dt.date(2025, 10, 6)
ENGINE = 'engine = "strategy:engine"'
# It sleeps, so that no other program makes it slower. Of 2024 there are no bars.
STRATEGY = """
import time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

def run_backtest(start, end):
    days = (end - start).days + 1
    if start.year == 2024:
        time.sleep(0.012 * days**2)
        return BacktestOutput()
    if start.year == 2025:
        time.sleep(0.03 * days)
        return BacktestOutput(data_points=390 * days)
    raise ValueError("no data")

engine = FunctionEngine("strategy:run_backtest")
"""
PLAN = """
{"runs": [
  {"id": "square-1", "start": "2024-01-01", "end": "2024-01-01", "label": "square"},
  {"id": "square-2", "start": "2024-01-01", "end": "2024-01-02", "label": "square"},
  {"id": "square-4", "start": "2024-01-01", "end": "2024-01-04", "label": "square"},
  {"id": "square-5", "start": "2024-01-01", "end": "2024-01-05", "label": "square"},
  {"id": "linear-9", "start": "2025-01-01", "end": "2025-01-09", "label": "linear"},
  {"id": "linear-3", "start": "2025-01-01", "end": "2025-01-03", "label": "linear"},
  {"id": "linear-1", "start": "2025-01-01", "end": "2025-01-01", "label": "linear"},
  {"id": "bad-1", "start": "2026-01-01", "end": "2026-01-01", "label": "bad"},
  {"id": "bad-2", "start": "2026-01-01", "end": "2026-01-02", "label": "bad"},
  {"id": "bad-4", "start": "2026-01-01", "end": "2026-01-04", "label": "bad"}
]}
"""
SQUARE = """
import pytest

pytestmark = [pytest.mark.perf, pytest.mark.window(label="square")]

def test_fails(scaling):
    assert scaling.exponent <= 1.2

def test_holds(scaling):
    assert repr(scaling.wall).endswith("4 windows, not measured>")
    assert scaling.wall >= 1.2
    assert 1.5 < float(scaling.wall) < 2.5
    assert repr(scaling.wall).startswith("<exponent of runtime ")
    assert scaling.peak_memory_exponent <= 0.5

def test_is_open(scaling):
    assert scaling.exponent <= float(scaling.exponent)

@pytest.mark.window(label="bad")
def test_bad(scaling):
    assert scaling.exponent <= 1.2
"""
LINEAR = """
import pytest

pytestmark = pytest.mark.window(label="linear")

@pytest.mark.parametrize("number", range(2))
def test_holds(scaling, number):
    assert 0.4 <= scaling.exponent <= 1.6

@pytest.mark.parametrize("number", range(2))
def test_is_open(scaling, number):
    assert scaling.exponent <= float(scaling.exponent)
"""


@pytest.fixture
def scaled(project: Project) -> Project:
    """Return a project whose windows have several lengths."""
    project.configure(ENGINE, 'test_labels = ["linear"]')
    project.write("strategy.py", STRATEGY)
    project.write("plan.json", PLAN)
    return project


def runs(project: Project) -> list[str]:
    folder = project.root / ".zacperf" / "runs"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.mark.slow
def test_an_exponent_passes_fails_or_is_open(scaled: Project) -> None:
    scaled.write("test_it.py", SQUARE)
    result = scaled.run("-rA")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines([
        "exponent of runtime * [[]*, *[]] against trading days, limit <= 1.2: FAIL (wall clock, *",
        "  window    trading days  runtime (wall)",
        "  square-1             1  *ms",
        "  square-5             5  *ms",
        "the backtest of bad-1 has no result: *ValueError: no data*",
        "exponent of runtime * against trading days, limit >= 1.2: PASS (wall clock, 4 windows)",
        "exponent of peak memory * against trading days, limit <= 0.5: PASS (4 windows)",
        "PASSED test_it.py::test_holds",
        "SKIPPED * exponent of runtime * limit <= *: INCONCLUSIVE (wall clock, 4 windows)",
    ])


@pytest.mark.slow
def test_two_workers_run_each_window_once(scaled: Project) -> None:
    scaled.write("test_it.py", LINEAR)
    result = scaled.run("-n", "2", "--zacperf-inconclusive=fail")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines([
        "exponent of runtime * against bars, limit <= *: INCONCLUSIVE (wall clock, 3 windows)",
        "more windows, or windows that differ more in size, make the interval narrower",
        "  window     bars  runtime (wall)",
        "  linear-1    390  *ms",
    ])
    assert len(runs(scaled)) == 3


TWO_WINDOWS = """
import pytest

@pytest.mark.window("linear-1", "linear-9")
def test_it(scaling):
    assert scaling.exponent <= 1.2
"""


def test_too_few_windows_fail_the_test_before_anything_is_run(
    pytester: pytest.Pytester, scaled: Project
) -> None:
    scaled.write("test_it.py", TWO_WINDOWS)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "scaling: how a cost grows takes windows of 3 different sizes, and there are 2: *",
        "  hint: take windows of other lengths as well, such as a day, a week and a month: *",
    ])
    result.stdout.fnmatch_lines(["*: linear-9 (7 trading days), linear-1 (1 trading day)"])
    assert runs(scaled) == []


def test_the_command_line_may_leave_no_window(pytester: pytest.Pytester, scaled: Project) -> None:
    scaled.write("test_it.py", TWO_WINDOWS)
    result = pytester.runpytest("-rs", "--zacperf-window=linear-3")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*--zacperf-window leaves this test no window"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param([ENGINE], "plan.json has no window 'linear-2'", id="window"),
        pytest.param([], "no engine is set, *", id="engine"),
    ],
)
def test_what_stops_other_tests_with_windows_stops_these(
    pytester: pytest.Pytester, scaled: Project, settings: list[str], message: str
) -> None:
    scaled.configure(*settings)
    scaled.write("test_it.py", TWO_WINDOWS)
    result = pytester.runpytest("--zacperf-window=linear-2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: test_it.py::test_it: {message}", "  hint: ?*"])


def test_a_plan_that_cannot_be_read_fails_the_test_alone(
    pytester: pytest.Pytester, scaled: Project
) -> None:
    (scaled.root / "plan.json").unlink()
    scaled.write("test_it.py", TWO_WINDOWS + "\ndef test_other():\n    pass\n")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["the plan file plan.json cannot be read below *: No such *"])


def test_a_projects_own_fixture_of_that_name_is_left_alone(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.configure()
    project.write(
        "test_it.py",
        """
import pytest

@pytest.fixture
def scaling():
    return 2

def test_it(scaling):
    assert scaling == 2
""",
    )
    pytester.runpytest().assert_outcomes(passed=1)


class Known:
    """Windows whose costs are known beforehand."""

    inconclusive = "warn"
    clock: Clock = "CPU"
    has_run = True
    windows = ("a", "b", "c")

    def __init__(self, *costs: float) -> None:
        self.costs = costs
        self.noted: list[str] = []

    def points(self, quantity: Quantity, clock: Clock | None) -> tuple[Axis, tuple[Point, ...]]:
        assert (quantity, clock) == (Quantity.RUNTIME, "CPU")
        sized = zip(self.windows, (1, 4, 16), self.costs, strict=True)
        return "bars", tuple(Point(window=name, size=size, cost=cost) for name, size, cost in sized)

    def note(self, lines: Sequence[str]) -> None:
        self.noted += lines


LINEAR_COSTS = (5, 20, 80)
WILD = (5, 200, 80)


def judged(known: Known) -> JudgedExponent:
    return JudgedExponent(cast("PlanScaling", known), Quantity.RUNTIME)


def measured(
    monkeypatch: pytest.MonkeyPatch, *waiting_ms: float, clock: str = "auto"
) -> PlanScaling:
    """Return runs whose CPU time grows with the square of the days; each waits beside it."""
    windows = [
        Window(id=f"days-{days}", start=MONDAY, end=MONDAY + dt.timedelta(days=days - 1))
        for days in (1, 2, 4)
    ]
    runs = {
        window.id: msgspec.structs.replace(
            timed_run(10 * days**2, wall_ms=10 * days**2 + ms),
            workload=Workload(engine="gold:engine", window=window),
            work=Work(data_points=None, orders=0, order_events=0, final_equity=None),
        )
        for window, days, ms in zip(windows, (1, 2, 4), waiting_ms, strict=True)
    }
    monkeypatch.setattr(TimedBacktest, "run", property(lambda self: runs[self.workload.window.id]))
    session = SimpleNamespace(settings=SimpleNamespace(clock=clock, inconclusive="skip"))
    workloads = [run.workload for run in runs.values()]
    return PlanScaling(workloads, session=cast("Session", session), item=cast("pytest.Item", None))


@pytest.mark.parametrize(
    ("waiting_ms", "setting", "clock"),
    [
        pytest.param((0, 0, 0), "auto", "CPU", id="all compute"),
        pytest.param((0, 0, 400), "auto", "wall", id="one waits"),
        pytest.param((0, 0, 0), "wall", "wall", id="wall is set"),
        pytest.param((0, 0, 400), "CPU", "CPU", id="CPU is set"),
    ],
)
def test_the_runtime_is_that_of_the_clock_that_suits_the_runs(
    monkeypatch: pytest.MonkeyPatch, waiting_ms: tuple[float, ...], setting: str, clock: Clock
) -> None:
    scaling = measured(monkeypatch, *waiting_ms, clock=setting)
    assert scaling.clock == clock
    expected = scaling.cpu if clock == "CPU" else scaling.wall
    assert float(scaling.exponent) == float(expected)
    assert float(scaling.cpu) == pytest.approx(2)
    assert (float(scaling.wall) > 2.1) == (waiting_ms[-1] > 0)
    assert float(scaling.peak_memory_exponent) == 0


def test_an_open_exponent_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    scaling = measured(monkeypatch, 0, 0, 400)
    assert repr(scaling) == "<scaling over 3 windows>"
    with pytest.raises(pytest.skip.Exception, match="INCONCLUSIVE"):
        _ = scaling.wall <= float(scaling.wall)


def test_windows_of_one_size_fail_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Window, "weekdays", 5)
    with pytest.raises(pytest.fail.Exception, match=r"there is 1: days-1 \(5 trading days\)"):
        float(measured(monkeypatch, 0, 0, 0).exponent)


def test_both_sides_of_a_limit_can_be_asked_for() -> None:
    known = Known(*LINEAR_COSTS)
    exponent = judged(known)
    assert exponent < 1.5
    assert exponent <= 1.5
    assert exponent > 0.5
    assert exponent >= 0.5
    assert 0.5 <= exponent <= np.float64(1.5)
    assert len([line for line in known.noted if "PASS" in line]) == 6


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_an_exponent_on_the_wrong_side_fails_the_test(op: str) -> None:
    limit = 0.5 if op.startswith("<") else 1.5
    with pytest.raises(pytest.fail.Exception, match=rf"limit {op} {limit}: FAIL"):
        eval(f"exponent {op} {limit}", {"exponent": judged(Known(*LINEAR_COSTS))})  # noqa: S307


def test_an_open_exponent_may_only_warn_at_the_line_of_the_test() -> None:
    exponent = judged(Known(*WILD))
    with pytest.warns(InconclusiveVerdictWarning, match="INCONCLUSIVE") as caught:
        assert exponent <= 1.2
    assert caught[0].filename == __file__


def test_an_exponent_shows_itself() -> None:
    exponent = judged(Known(*LINEAR_COSTS))
    assert repr(exponent) == "<exponent of runtime 1.00 [1.00, 1.00] against bars, 3 windows>"
    assert float(exponent) == 1


def test_an_exponent_without_a_limit_is_no_assertion() -> None:
    with pytest.raises(TypeError, match=r"write: assert scaling.exponent <= 1.2$"):
        assert judged(Known(*LINEAR_COSTS))


@pytest.mark.parametrize(
    ("limit", "error", "message"),
    [
        pytest.param("1.2", TypeError, "compared with a number such as 1.2, got '1.2'", id="text"),
        pytest.param(True, TypeError, "compared with a number such as 1.2, got True", id="bool"),
        pytest.param(float("nan"), ValueError, "a number such as 1.2, got nan", id="no number"),
    ],
)
def test_a_limit_that_is_none_is_refused(
    limit: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _ = judged(Known()) <= cast("float", limit)


def test_costs_of_nothing_fail_the_test_with_a_sentence() -> None:
    with pytest.raises(pytest.fail.Exception, match="exponent of runtime: an exponent takes costs"):
        float(judged(Known(0, 0, 5)))


ALL_WINDOWS = """
def test_it(scaling):
    assert len(scaling.windows) == 10
"""


def test_without_a_marker_a_test_has_all_windows_of_the_plan(
    pytester: pytest.Pytester, scaled: Project
) -> None:
    scaled.write("test_it.py", ALL_WINDOWS)
    pytester.runpytest().assert_outcomes(passed=1)
    assert runs(scaled) == []
