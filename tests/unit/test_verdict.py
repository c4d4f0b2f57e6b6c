import datetime as dt

import pytest

from pytest_zacperf.records import Costs, Fingerprints, Run, Window, Work, Workload
from pytest_zacperf.verdict import (
    Operator,
    Outcome,
    Quantity,
    different_memory_source,
    different_work,
    estimate,
    judge,
    same_inputs,
)

WORK = Work(data_points=1000, orders=157, order_events=456, final_equity=100_000.0)
DAY = dt.date(2025, 1, 20)
NOON = dt.datetime(2025, 1, 20, 12, tzinfo=dt.UTC)


def costs(wall: int, cpu: int, memory: int = 100, source: str = "VmHWM") -> Costs:
    return Costs(wall_ns=wall, cpu_ns=cpu, peak_memory_bytes=memory, peak_memory_source=source)


def run_of(
    work: Work | None = WORK,
    *,
    code: str = "c",
    data: str | None = "d",
    cost: Costs | None = None,
) -> Run:
    return Run(
        session="s",
        machine="shared",
        id="r",
        status="done",
        reason=None,
        exit_status=0,
        start_utc=NOON,
        end_utc=NOON,
        workload=Workload(engine="a:b", window=Window(id="w", start=DAY, end=DAY)),
        work=work,
        costs=cost,
        fingerprints=Fingerprints(code=code, parameters="p", data=data, workload="w"),
    )


@pytest.mark.parametrize(
    ("baseline", "candidate", "clock", "ratio"),
    [
        pytest.param((100, 99), (110, 198), "wall", 1.1, id="candidate uses two processors"),
        pytest.param((100, 50), (120, 118), "wall", 1.2, id="baseline waits"),
        pytest.param((100, 90), (150, 135), "CPU", 1.5, id="both compute"),
        pytest.param((100, 89), (150, 135), "wall", 1.5, id="baseline waits a little"),
        pytest.param((100, 100), (150, 166), "wall", 1.5, id="candidate has a second thread"),
        pytest.param((100, 100), (300, 299), "CPU", 2.99, id="candidate disturbed"),
    ],
)
def test_runtime_is_read_from_the_cpu_clock_when_both_sides_only_compute(
    baseline: tuple[int, int], candidate: tuple[int, int], clock: str, ratio: float
) -> None:
    found = estimate(Quantity.RUNTIME, [(costs(*baseline), costs(*candidate))] * 3)
    assert (found.clock, found.ratio, found.pairs) == (clock, ratio, 3)


def test_one_disturbed_round_does_not_change_the_clock() -> None:
    pairs = [(costs(100, 99), costs(100, 99))] * 2 + [(costs(500, 99), costs(100, 99))]
    assert estimate(Quantity.RUNTIME, pairs).clock == "CPU"


def test_peak_memory_has_no_clock() -> None:
    pairs = [(costs(1, 1, memory=100), costs(1, 1, memory=127))]
    found = estimate(Quantity.PEAK_MEMORY, pairs)
    assert (found.clock, found.ratio) == (None, 1.27)
    assert (found.baseline_median, found.candidate_median) == (100, 127)


@pytest.mark.parametrize(
    ("op", "limit", "outcome"),
    [
        ("<=", 1.5, Outcome.PASS),
        ("<", 1.5, Outcome.FAIL),
        (">=", 1.5, Outcome.PASS),
        (">", 1.5, Outcome.FAIL),
        ("<=", 1.49, Outcome.FAIL),
    ],
)
def test_the_outcome_is_the_comparison(op: Operator, limit: float, outcome: Outcome) -> None:
    found = judge(estimate(Quantity.RUNTIME, [(costs(100, 100), costs(150, 150))]), op, limit)
    assert (found.outcome, found.op, found.limit) == (outcome, op, limit)


@pytest.mark.parametrize("limit", [0, -1.1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match=r"a limit is a positive number such as 1\.10, got "):
        judge(estimate(Quantity.RUNTIME, [(costs(1, 1), costs(1, 1))]), "<=", limit)


def test_equal_work_is_compared() -> None:
    assert different_work(run_of(), run_of()) is None


def test_different_work_is_named_field_by_field() -> None:
    other = Work(data_points=None, orders=158, order_events=456, final_equity=100_000.5)
    assert different_work(run_of(), run_of(other)) == (
        "costs are not compared: baseline and candidate did different work (baseline / candidate: "
        "data points 1,000 / unknown, orders 157 / 158, final equity 100000.0 / 100000.5); "
        "give the baseline parameters that change how it computes, not what it trades"
    )


def test_a_side_without_a_result_is_not_compared() -> None:
    assert different_work(run_of(None), run_of()) == (
        "costs are not compared: a side has no result"
    )


def test_memory_from_two_sources_is_not_compared() -> None:
    sampled = costs(1, 1, source="VmHWM + sampled children")
    same, other = run_of(cost=costs(1, 1)), run_of(cost=sampled)
    assert different_memory_source(same, same) is None
    assert different_memory_source(same, other) == (
        "peak memory is not compared: the baseline's comes from 'VmHWM', "
        "the candidate's from 'VmHWM + sampled children'"
    )


def test_the_same_program_on_the_same_data_is_said_aloud() -> None:
    assert same_inputs(run_of(), run_of(code="other")) is None
    assert same_inputs(run_of(), run_of()) == "A/A: same code, parameters and data on both sides"
    assert same_inputs(run_of(data=None), run_of(data=None)) == (
        "A/A: same code and parameters on both sides, and data without a fingerprint"
    )
