import datetime as dt
import math

import msgspec
import pytest

from pytest_zacperf.estimates import (
    Quantity,
    Question,
    estimate,
    pair_values,
    stage_ns,
    stored_estimate,
    value_of,
)
from pytest_zacperf.records import Costs, Run, RunConditions, StageTiming, Window, Workload
from pytest_zacperf.sampling import DUET, STORED
from pytest_zacperf.schedule import Choice, Clock, Schedule

DAY = dt.date(2025, 1, 20)
NOON = dt.datetime(2025, 1, 20, 12, tzinfo=dt.UTC)
MS = 1_000_000
RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
METRICS = Question(quantity=Quantity.STAGE_RUNTIME, stage="metrics")
STAGES = (StageTiming(name="metrics", total_ns=60, count=3, max_ns=30),)


def run_of(wall_ns: int = 200, cpu_ns: int = 100, memory: int = 50, *, busy_ns: int = 0) -> Run:
    costs = Costs(
        wall_ns=wall_ns,
        cpu_ns=cpu_ns,
        peak_memory_bytes=memory,
        peak_memory_source="VmHWM",
        stages=STAGES,
    )
    conditions = RunConditions(
        start_monotonic_ns=0,
        end_monotonic_ns=wall_ns,
        main_thread_cpu_ns=cpu_ns,
        runnable_wait_ns=0,
        machine_busy_ns=cpu_ns + busy_ns,
    )
    return Run(
        session="s",
        machine="alone",
        id="r",
        status="done",
        reason=None,
        exit_status=0,
        start_utc=NOON,
        end_utc=NOON,
        workload=Workload(engine="a:b", window=Window(id="w", start=DAY, end=DAY)),
        costs=costs,
        conditions=conditions,
    )


@pytest.mark.parametrize(
    ("question", "clock", "value"),
    [
        pytest.param(RUNTIME, "wall", 200, id="wall"),
        pytest.param(RUNTIME, "CPU", 100, id="CPU"),
        pytest.param(MEMORY, "CPU", 50, id="memory has no clock"),
        pytest.param(METRICS, "wall", 60, id="a stage by the wall clock"),
        pytest.param(METRICS, "CPU", 30, id="its share of the CPU time"),
    ],
)
def test_each_question_has_its_cost(question: Question, clock: Clock, value: float) -> None:
    assert value_of(run_of(), question, clock) == value


def test_a_run_without_a_result_has_no_cost() -> None:
    failed = msgspec.structs.replace(run_of(), costs=None)
    with pytest.raises(ValueError, match="run r has no result; see its log"):
        value_of(failed, RUNTIME, "CPU")


def test_a_stage_that_was_never_entered_is_named_with_those_that_were() -> None:
    costs = run_of().costs
    assert costs is not None
    with pytest.raises(
        ValueError, match="a side has no stage 'orders'; name one of its stages: 'metrics'"
    ):
        stage_ns(costs, "orders", "wall")


def test_an_estimate_has_ratio_interval_and_both_medians() -> None:
    pairs = [(run_of(cpu_ns=100), run_of(cpu_ns=150)), (run_of(cpu_ns=102), run_of(cpu_ns=153))]
    found = estimate(RUNTIME, pairs, DUET, Choice(clock="CPU", schedule=Schedule.DUET))
    assert (found.clock, found.schedule, found.pairs) == ("CPU", Schedule.DUET, 2)
    assert found.low < 1.5 < found.high
    assert (found.baseline_median, found.candidate_median) == (101, 151.5)


def test_an_estimate_knows_how_far_a_pair_varies_and_how_far_it_may() -> None:
    pairs = [(run_of(cpu_ns=100), run_of(cpu_ns=cpu)) for cpu in (100, 110, 121)]
    found = estimate(RUNTIME, pairs, DUET, Choice(clock="CPU", schedule=Schedule.DUET))
    assert found.sd == pytest.approx(1.4826 * math.log(1.1))
    assert found.highest_sd == pytest.approx(0.044)


def test_peak_memory_has_no_clock() -> None:
    found = estimate(
        MEMORY,
        [(run_of(), run_of(memory=60))] * 2,
        DUET,
        Choice(clock="wall", schedule=Schedule.ALTERNATE),
    )
    assert found.clock is None
    assert found.baseline_median == 50


def test_disturbed_pairs_are_counted() -> None:
    quiet, disturbed = (run_of(200 * MS, 100 * MS, busy_ns=busy * MS) for busy in (0, 100))
    pairs = [(quiet, quiet), (quiet, disturbed), (disturbed, quiet)]
    found = estimate(RUNTIME, pairs, DUET, Choice(clock="CPU", schedule=Schedule.ALTERNATE))
    assert found.disturbed_pairs == 2


def test_the_other_side_of_a_duet_is_no_disturbance() -> None:
    side = run_of(200 * MS, 100 * MS, busy_ns=100 * MS)  # the partner's CPU time
    found = estimate(RUNTIME, [(side, side)] * 2, DUET, Choice(clock="CPU", schedule=Schedule.DUET))
    assert found.disturbed_pairs == 0


def test_the_best_of_several_runs_is_what_a_side_of_a_pair_costs() -> None:
    costs = [(100, 150), (140, 120), (105, 199), (130, 125), (110, 180), (101, 140), (1, 1)]
    pairs = [(run_of(cpu_ns=a), run_of(cpu_ns=b)) for a, b in costs]
    choice = Choice(clock="CPU", schedule=Schedule.ALTERNATE, runs_per_side=3)
    assert pair_values(RUNTIME, pairs, choice) == [(100, 120), (101, 125)]
    found = estimate(RUNTIME, pairs, DUET, choice)
    assert (found.pairs, found.runs_per_side, found.candidate_median) == (2, 3, 122.5)


def test_a_pair_of_several_runs_is_disturbed_when_all_runs_of_a_side_were() -> None:
    quiet, disturbed = (run_of(200 * MS, 100 * MS, busy_ns=busy * MS) for busy in (0, 100))
    choice = Choice(clock="CPU", schedule=Schedule.ALTERNATE, runs_per_side=2)
    either = [(quiet, disturbed), (disturbed, quiet)]
    one_side = [(quiet, disturbed), (quiet, disturbed)]
    found = estimate(RUNTIME, [*either, *one_side], DUET, choice)
    assert found.disturbed_pairs == 1


def test_stored_samples_are_no_pairs() -> None:
    found = stored_estimate(RUNTIME, [100.0] * 6, [run_of(cpu_ns=110)], STORED, clock="CPU")
    assert (found.schedule, found.pairs, found.baseline_median) == (None, 1, 100.0)
    assert (found.sd, found.highest_sd) == (None, None)
    assert found.low < 1.1 < found.high


def test_runs_against_stored_samples_that_others_disturbed_are_counted() -> None:
    quiet = run_of(200 * MS, 200 * MS)
    busy = run_of(200 * MS, 200 * MS, busy_ns=200 * MS)
    found = stored_estimate(RUNTIME, [100.0] * 6, [quiet, busy, busy], STORED, clock="CPU")
    assert (found.pairs, found.disturbed_pairs) == (3, 2)


def test_the_disturbance_of_a_round_of_milliseconds_is_unknown() -> None:
    short = run_of(20 * MS, 10 * MS, busy_ns=100 * MS)
    found = estimate(
        RUNTIME, [(short, short)] * 2, DUET, Choice(clock="CPU", schedule=Schedule.ALTERNATE)
    )
    assert found.disturbed_pairs == 0
