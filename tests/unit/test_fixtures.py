from __future__ import annotations

from typing import TYPE_CHECKING

import numpy  # noqa: ICN001 - the cases name it
import pytest

from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.ratios import Cost
from pytest_zacperf.records import Run
from pytest_zacperf.sides import Judged, Side
from pytest_zacperf.verdict import Operator

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

ENGINE = 'engine = "strategy:engine"'
ONE_WINDOW = 'import pytest\n\npytestmark = pytest.mark.window("wk-1")\n'


def test_a_backtest_gives_what_the_run_did_and_cost(project: Project) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
def test_it(backtest, window):
    assert repr(backtest) == "<backtest of wk-1, not run yet>"
    assert backtest.run.workload.window == window
    assert repr(backtest) == "<backtest of wk-1>"
    assert backtest.run.costs.wall_ns > 0
    assert repr(backtest.order_events) == "<2 orders, 4 order events>"
    assert [event.order_id for event in backtest.order_events] == [1, 1, 2, 2]
    assert backtest.trades[0].symbol == "MCD"
    assert backtest.equity is None
    assert backtest.statistics["sharpe"] == 1.5
    assert backtest.stages["strategy"].count == 1
    assert (backtest.folder / "run.json").is_file()
    assert repr(backtest.runtime) == "<runtime of wk-1>"
""",
    )
    project.run().assert_outcomes(passed=1)


def test_a_backtest_that_nobody_looks_at_does_not_run(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.write("test_it.py", ONE_WINDOW + "\ndef test_it(backtest): pass\n")
    pytester.runpytest().assert_outcomes(passed=1)
    assert not (pytester.path / ".zacperf").exists()


def test_a_failed_run_fails_the_test_with_its_reason_and_the_folder_of_its_output(
    project: Project,
) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
def test_it(baseline_for):
    baseline_for(problem="no data").order_events
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "the backtest of wk-1 problem=no data has no result: *ValueError: no data*",
        "  hint: its traceback, if it left one, is in *.zacperf/runs/*wk-1*/stderr.log",
        "wk-1    strategy:engine problem=no data       -             -     -    -  *  main",
        "warning: wk-1: no result: *ValueError: no data*",
    ])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_without_a_baseline_the_test_is_skipped_with_the_command_that_records_one(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.write("test_it.py", ONE_WINDOW + "\ndef test_it(backtest, baseline): pass\n")
    result = pytester.runpytest("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([
        "SKIPPED * no baseline for wk-1: record one with: zacperf baseline record --window wk-1 *"
    ])


def test_the_command_that_records_a_baseline_names_an_engine_that_only_a_flag_has(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.write("test_it.py", ONE_WINDOW + "\ndef test_it(backtest, baseline): pass\n")
    result = pytester.runpytest("-rs", "--zacperf-engine=strategy:engine")
    result.stdout.fnmatch_lines([
        "SKIPPED * record one with: * --window wk-1 --engine strategy:engine --reason *"
    ])


def test_a_window_that_comes_too_late_is_told(pytester: pytest.Pytester, project: Project) -> None:
    project.write("test_it.py", "def test_it(request): request.getfixturevalue('backtest')\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "no window of the plan reaches this test",
        "  hint: name the fixture in the test's arguments; *",
    ])


def test_cost_limits_pass_and_fail_and_are_summed_up(project: Project) -> None:
    project.configure(ENGINE, "baseline = { loops = 500_000 }")
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
@pytest.mark.perf
def test_memory(backtest, baseline):
    assert 0.5 < backtest.peak_memory / baseline.peak_memory <= 1.5

@pytest.mark.perf
def test_runtime(baseline_for, baseline):
    assert baseline_for(loops=2_000_000).runtime / baseline.runtime <= 1.10
""",
    )
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        ">       assert baseline_for(loops=2_000_000).runtime / baseline.runtime <= 1.10",
        "E       assert runtime *.* [[]*, *[]] of baseline, limit 1.10: FAIL (* clock, * pairs)",
        "E         * (*): medians candidate *s, baseline *s*",
        "E         stages that grew: strategy +* (*%)",
        "E         worst: strategy.py run_backtest own time * -> * profiled; *",
        "E         candidate wk-1 loops=2000000, baseline wk-1 loops=500000: baseline under *",
        "E         report: .zacperf/perf/test_it.py__test_runtime[[]wk-1[]]-*/report.md",
        "outcome  of *ratio * interval * limit  clock  pairs  rounds * test",
        "PASS     peak memory*> 0.50  - *  test_it.py::test_memory[[]wk-1[]]",
        "PASS     peak memory*  1.50  - *  test_it.py::test_memory[[]wk-1[]]",
        "FAIL     runtime *  1.10 *  test_it.py::test_runtime[[]wk-1[]]",
    ])


def test_the_same_program_on_both_sides_is_said_aloud(project: Project) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
def test_it(backtest, baseline_for):
    assert backtest.peak_memory / baseline_for().peak_memory <= 0.5
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E         A/A: same code and parameters on both sides, and data without a fingerprint"
    ])


def test_costs_of_different_work_are_not_compared(project: Project) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
def test_it(backtest, baseline_for):
    assert backtest.runtime / baseline_for(orders=3).runtime <= 1.10
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "wk-1: costs are not compared: * different work *: orders 3 / 2, order events 6 / 4)",
        "  hint: give the baseline parameters that change how it computes, *",
    ])
    result.stdout.no_fnmatch_line("*def test_it*")


def test_a_ratio_says_what_is_known_and_runs_nothing_for_it(project: Project) -> None:
    project.write(
        "test_it.py",
        "import math\nfrom pathlib import Path\n"
        + ONE_WINDOW
        + """
def test_it(backtest, baseline_for):
    ratio = backtest.peak_memory / baseline_for(loops=2).peak_memory
    assert repr(ratio) == "<peak memory ratio of wk-1 to wk-1 loops=2, not measured>"
    assert math.isnan(float(ratio))
    assert not Path(".zacperf").exists()
    assert (backtest.run.status, ratio._baseline.run.status) == ("done", "done")
    assert 0.5 < float(ratio) < 2
    assert repr(ratio).endswith("of wk-1 to wk-1 loops=2, one run each>")
    assert ratio.verdict is None
    assert ratio < 2
    assert repr(ratio).endswith("] of wk-1 to wk-1 loops=2, 2 pairs>")
    runs = len(list(Path(".zacperf/runs").iterdir()))
    assert ratio < 3
    assert ratio.verdict.limit == 3
    assert len(list(Path(".zacperf/runs").iterdir())) == runs
""",
    )
    project.run().assert_outcomes(passed=1)


def test_a_ratio_of_a_stage_that_a_side_lacks_says_so(project: Project) -> None:
    project.write(
        "test_it.py",
        "import math\n"
        + ONE_WINDOW
        + """
def test_it(backtest, baseline_for):
    ratio = backtest.stage_runtime("x") / baseline_for(loops=2).stage_runtime("x")
    assert (backtest.run.status, ratio._baseline.run.status) == ("done", "done")
    assert math.isnan(float(ratio))
    assert repr(ratio) == (
        "<runtime of stage x ratio of wk-1 to wk-1 loops=2, not known: "
        "a side has no stage 'x'; name one of its stages: 'total', 'strategy'>"
    )
""",
    )
    project.run().assert_outcomes(passed=1)


def test_another_engine_is_part_of_a_name_and_the_session_s_own_is_not(project: Project) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW
        + """
def test_it(backtest, baseline_for):
    assert backtest.name == "wk-1"
    assert baseline_for("strategy:engine").name == "wk-1"
    assert baseline_for("b:engine", loops=2).name == "wk-1 b:engine loops=2"
""",
    )
    project.run().assert_outcomes(passed=1)


class NeverRun:
    """A side of a ratio that fails the test when something is run for it."""

    name = "wk-1"
    has_run = False

    inconclusive = "skip"

    @property
    def run(self) -> Run:
        raise NotImplementedError

    def judge(self, baseline: Side, question: Question, op: Operator, limit: float) -> Judged:
        raise NotImplementedError


RUNTIME = Cost(Question(quantity=Quantity.RUNTIME), NeverRun())
MEMORY = Cost(Question(quantity=Quantity.PEAK_MEMORY), NeverRun())


@pytest.mark.parametrize(
    "expression",
    [
        *("RUNTIME <= 1.1 * RUNTIME", "RUNTIME < 5", "RUNTIME == RUNTIME", "float(RUNTIME) < 5"),
        *("RUNTIME / RUNTIME == 1", "not RUNTIME / RUNTIME", "1 - RUNTIME / RUNTIME > 0"),
        *("numpy.float64(2) * RUNTIME", "numpy.float64(2) + RUNTIME / RUNTIME", "round(RUNTIME)"),
    ],
)
def test_another_form_of_a_limit_is_refused_before_anything_runs(expression: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(expression)  # noqa: S307 - our own cases
    assert str(caught.value) == (
        "runtime is judged as a ratio of two backtests and in no other form; "
        "write: assert backtest.runtime / baseline.runtime <= 1.10"
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("RUNTIME / 2", "runtime cannot be divided by 2; write: assert backtest.runtime / basel"),
        ("MEMORY / RUNTIME", "peak memory cannot be divided by <runtime of wk-1>; write: assert"),
        ("MEMORY / MEMORY < 'a'", "a ratio is compared with a number such as 1.10, got 'a'"),
        ("MEMORY / MEMORY < True", "a ratio is compared with a number such as 1.10, got True"),
    ],
)
def test_an_operand_that_makes_no_sense_is_refused(expression: str, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(expression)  # noqa: S307 - our own cases
    assert str(caught.value).startswith(message)


def test_a_limit_that_is_none_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match=r"a limit is a positive number such as 1\.10, got nan"):
        _ = numpy.float64("nan") > MEMORY / MEMORY


@pytest.mark.parametrize("limit", ["0", "float('nan')"])
def test_a_limit_that_is_none_is_told_without_frames_of_ours(project: Project, limit: str) -> None:
    project.write(
        "test_it.py",
        ONE_WINDOW + "\ndef test_it(backtest, baseline_for):\n"
        f"    assert backtest.runtime / baseline_for().runtime <= {limit}\n",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E   *ValueError: a limit is a positive number such as 1.10, got *",
        "test_it.py:6: ValueError",
    ])
    result.stdout.no_fnmatch_line("*check_limit*")


def test_a_round_that_fails_is_told(project: Project) -> None:
    project.write(
        "strategy2.py",
        """
from pathlib import Path
from pytest_zacperf.engines.function import FunctionEngine

def run_backtest(start, end, loops=1):
    count = Path(__file__).with_name("count")
    with count.open("a") as file:
        file.write("x")
    if count.stat().st_size > 3:
        raise ValueError("a round")

engine = FunctionEngine("strategy2:run_backtest")
""",
    )
    project.configure('engine = "strategy2:engine"', "baseline = { loops = 2 }")
    project.write(
        "test_it.py",
        ONE_WINDOW + "\ndef test_it(backtest, baseline):\n"
        "    assert backtest.runtime / baseline.runtime < 9\n",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "*round 1 of the * failed: *ValueError: a round*",
        "  hint: read *stderr.log",
    ])
