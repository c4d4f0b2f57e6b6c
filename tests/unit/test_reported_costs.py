"""Costs that an engine reports itself: whose figures count, what is compared, how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from support.comparisons import RUNTIME, comparison, rounds_of
from support.recorded import RUN, run_that_cost
from support.timed_runs import timed_pair

from pytest_zacperf.engines import BacktestOutput, Capabilities, Figure, ReportedCosts
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.errors import ComparisonError, EngineError
from pytest_zacperf.estimates import Pair
from pytest_zacperf.measure import Measurement
from pytest_zacperf.records import NOT_MEASURED, RECORDED, Costs, Run, StageTiming
from pytest_zacperf.render import run_lines
from pytest_zacperf.work import different_clocks, different_memory_source
from pytest_zacperf.worker.findings import conditions_of
from pytest_zacperf.worker.reported import reported_costs

CLIENT = Costs(
    wall_ns=9_000,
    cpu_ns=300,
    peak_memory_bytes=65_000_000,
    peak_memory_source="VmHWM",
    stages=(
        StageTiming(name="total", total_ns=9_000, count=1, max_ns=9_000),
        StageTiming(name="metrics", total_ns=70, count=7, max_ns=10),
    ),
)
INSIDE = ReportedCosts(
    wall=Figure(value=8_000, source="container-rusage"),
    cpu=Figure(value=12_000, source="container-rusage"),
    peak_memory=Figure(value=1_190_000_000, source="container-rusage"),
)
WATCHED: Mapping[str, Any] = {
    "wall_source": "engine-log",
    "cpu_source": "docker-stats",
    "peak_memory_source": "docker-stats",
}


def engine(*, reports: bool = True) -> FunctionEngine:
    return FunctionEngine("gold:run", capabilities=Capabilities(reports_costs=reports))


def costs(reported: ReportedCosts | None) -> Costs:
    return reported_costs(CLIENT, engine(), BacktestOutput(costs=reported))


def test_the_figures_of_an_engine_replace_those_of_the_client_that_waited() -> None:
    found = costs(INSIDE)
    assert (found.wall_ns, found.cpu_ns) == (8_000, 12_000)
    assert found.peak_memory_bytes == 1_190_000_000
    assert found.clock_sources == ("container-rusage", "container-rusage")
    assert found.peak_memory_source == "container-rusage"


def test_the_whole_run_takes_what_the_engine_says_and_stages_stay() -> None:
    assert [(stage.name, stage.total_ns) for stage in costs(INSIDE).stages] == [
        ("total", 8_000),
        ("metrics", 70),
    ]


def test_what_an_engine_does_not_report_is_not_measured() -> None:
    found = costs(None)
    assert found.known_wall_ns is found.known_cpu_ns is found.known_peak_memory_bytes is None
    assert [stage.name for stage in found.stages] == ["metrics"]


def test_an_engine_that_the_worker_can_measure_is_measured() -> None:
    output = BacktestOutput(costs=INSIDE)
    assert reported_costs(CLIENT, engine(reports=False), output) is CLIENT


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (7, "costs.cpu is int, no Figure"),
        (Figure(value=-1, source="log"), "costs.cpu = -1 is no number of ns or bytes"),
        (Figure(value=1.5, source="log"), "costs.cpu = 1.5 is no number"),  # type: ignore[arg-type]
        (Figure(value=1, source=""), "costs.cpu does not say where it comes from"),
    ],
)
def test_a_figure_that_cannot_be_one_is_told(figure: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(EngineError, match=message):
        costs(ReportedCosts(cpu=figure))


def test_runtimes_of_different_sources_are_not_compared() -> None:
    found = different_clocks(RUN, run_that_cost(**WATCHED))
    assert found == (
        (
            "runtime is not compared: the baseline's wall and CPU time come from 'worker' and "
            "'worker', the candidate's from 'engine-log' and 'docker-stats'"
        ),
        "measure both sides in the same way",
    )


def test_runtimes_of_one_source_are_compared() -> None:
    assert different_clocks(run_that_cost(**WATCHED), run_that_cost(**WATCHED)) is None


@pytest.mark.parametrize("recorded_side", [0, 1])
def test_costs_that_were_recorded_with_the_results_decide_nothing(recorded_side: int) -> None:
    sides = [RUN, run_that_cost(wall_source=RECORDED)]
    found = different_clocks(sides[1 - recorded_side], sides[recorded_side])
    assert found == (
        "costs are not compared: they were recorded with the results, not measured now",
        "use an engine that runs the backtest, such as LeanEngine",
    )


def test_what_nothing_measured_is_not_compared() -> None:
    blind = run_that_cost(wall_source=NOT_MEASURED, peak_memory_source=NOT_MEASURED)
    look = "see `zacperf show last`"
    assert different_clocks(blind, blind) == (
        "runtime is not compared: nothing measured it",
        look,
    )
    assert different_memory_source(blind, blind) == (
        "peak memory is not compared: nothing measured it",
        look,
    )


def test_a_verdict_is_refused_where_one_side_lost_its_count() -> None:
    def pair(number: int) -> Pair:
        baseline, candidate = timed_pair(1.0)
        assert candidate.costs is not None
        changes = {"cpu_source": "docker-stats"} if number == 2 else {}
        other = msgspec.structs.replace(candidate.costs, **changes)
        return baseline, msgspec.structs.replace(candidate, costs=other)

    with pytest.raises(ComparisonError, match="runtime is not compared: the baseline's wall"):
        comparison(rounds_of(pair)).judge(RUNTIME, "<=", 1.1)


@pytest.mark.parametrize(("source", "busy_ns"), [("worker", 2_000), ("container-rusage", 1_700)])
def test_a_client_that_waits_is_no_other_program(source: str, busy_ns: int) -> None:
    measured = Measurement(
        wall_ns=9_000,
        cpu_ns=300,
        peak_memory_bytes=1,
        peak_memory_source="VmHWM",
        start_monotonic_ns=0,
        end_monotonic_ns=9_000,
        main_thread_cpu_ns=10,
        runnable_wait_ns=0,
        machine_busy_ns=2_000,
    )
    found = conditions_of(measured, msgspec.structs.replace(CLIENT, cpu_source=source))
    assert found.machine_busy_ns == busy_ns


def test_a_run_shows_where_its_figures_come_from_and_a_dash_for_none() -> None:
    shown = "\n".join(run_lines(_run(cpu_source=NOT_MEASURED, wall_source="engine-log")))
    assert "1.10 s (engine-log)" in shown
    assert "- (not measured)" in shown


def _run(**changes: object) -> Run:
    assert RUN.costs is not None
    return msgspec.structs.replace(RUN, costs=msgspec.structs.replace(RUN.costs, **changes))
