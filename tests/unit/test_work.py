import datetime as dt

from pytest_zacperf.records import Costs, Fingerprints, Run, Window, Work, Workload
from pytest_zacperf.work import different_memory_source, different_work, same_inputs

WORK = Work(data_points=1000, orders=157, order_events=456, final_equity=100_000.0)
DAY = dt.date(2025, 1, 20)
NOON = dt.datetime(2025, 1, 20, 12, tzinfo=dt.UTC)
HINT = (
    "give the baseline parameters that change how it computes, not what it trades; "
    "@pytest.mark.perf(allow_different_work=True) compares all the same"
)


def costs(source: str = "VmHWM") -> Costs:
    return Costs(wall_ns=1, cpu_ns=1, peak_memory_bytes=100, peak_memory_source=source)


def prints(code: str = "c", data: str | None = "d") -> Fingerprints:
    return Fingerprints(code=code, parameters="p", data=data, workload="w")


def run_of(work: Work | None = WORK, *, cost: Costs | None = None) -> Run:
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
    )


def test_equal_work_is_compared() -> None:
    assert different_work(run_of(), run_of()) is None


def test_different_work_is_named_field_by_field() -> None:
    other = Work(data_points=None, orders=158, order_events=456, final_equity=100_000.5)
    assert different_work(run_of(), run_of(other)) == (
        (
            "costs are not compared: baseline and candidate did different work "
            "(baseline / candidate: data points 1,000 / unknown, orders 157 / 158, "
            "final equity 100000.0 / 100000.5)"
        ),
        HINT,
    )


def test_a_side_without_a_result_is_not_compared() -> None:
    assert different_work(run_of(None), run_of()) == (
        "costs are not compared: a side has no result",
        "see its stderr.log",
    )


def test_memory_from_two_sources_is_not_compared() -> None:
    same, other = run_of(cost=costs()), run_of(cost=costs("VmHWM + sampled children"))
    assert different_memory_source(same, same) is None
    assert different_memory_source(same, run_of()) is None
    assert different_memory_source(same, other) == (
        (
            "peak memory is not compared: the baseline's comes from 'VmHWM', "
            "the candidate's from 'VmHWM + sampled children'"
        ),
        "let both sides start processes of their own, or neither",
    )


def test_the_same_program_on_the_same_data_is_said_aloud() -> None:
    assert same_inputs(prints(), prints("other")) is None
    assert same_inputs(None, None) is None
    assert same_inputs(prints(), prints()) == "A/A: same code, parameters and data on both sides"
    assert same_inputs(prints(data=None), prints(data=None)) == (
        "A/A: same code and parameters on both sides, and data without a fingerprint"
    )
