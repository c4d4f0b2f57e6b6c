import datetime as dt

import pytest

from pytest_zacperf import render
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.perf_report import environment_text
from pytest_zacperf.records import Costs, Environment, Run, Window, Work, Workload
from pytest_zacperf.render import VerdictRow, run_row, summary_lines
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.verdict import Outcome, Verdict, outcome_of

DAY = dt.date(2025, 1, 20)
NOON = dt.datetime(2025, 1, 20, 12, tzinfo=dt.UTC)
ENVIRONMENT = Environment(
    python="CPython 3.11.7",
    platform="Linux 6.8",
    machine="x86_64 Xeon",
    cpus=(0, 1),
    variables={},
    packages={},
    git_revision="0123456789abcdef",
    git_dirty=True,
)
WHERE = (
    "measured with CPython 3.11.7 on Linux 6.8, x86_64 Xeon, 2 processors; "
    "0123456789ab with changes"
)


def verdict_of(
    ratio: float,
    *,
    pairs: int = 5,
    disturbed_pairs: int = 0,
    schedule: Schedule | None = Schedule.DUET,
    sd: float | None = None,
) -> Verdict:
    question = Question(quantity=Quantity.RUNTIME)
    found = Estimate(
        question=question,
        clock="CPU",
        schedule=schedule,
        ratio=ratio,
        low=ratio - 0.05,
        high=ratio + 0.05,
        pairs=pairs,
        disturbed_pairs=disturbed_pairs,
        baseline_median=1e9,
        candidate_median=1.27e9,
        sd=sd,
        highest_sd=0.044,
    )
    outcome = outcome_of(found, "<=", 1.1)
    why = "the budget is spent" if outcome is Outcome.INCONCLUSIVE else None
    return Verdict(question=question, estimate=found, op="<=", limit=1.1, outcome=outcome, why=why)


def run_of(*, warnings: tuple[str, ...] = (), reason: str | None = None) -> Run:
    source = "VmHWM"
    costs = Costs(
        wall_ns=1_240_000_000,
        cpu_ns=1_230_000_000,
        peak_memory_bytes=75_200_000,
        peak_memory_source=source,
    )
    window = Window(id="wk-1", start=DAY, end=DAY)
    return Run(
        session="s",
        machine="shared",
        id="r",
        status="error" if reason else "done",
        reason=reason,
        exit_status=0,
        start_utc=NOON,
        end_utc=NOON,
        workload=Workload(engine="a:b", window=window, engine_name="ZacQC", engine_version="1"),
        work=None
        if reason
        else Work(data_points=1, orders=1570, order_events=4560, final_equity=1),
        costs=None if reason else costs,
        warnings=warnings,
    )


def test_where_a_run_was_measured_is_one_line() -> None:
    assert environment_text(ENVIRONMENT) == WHERE


def test_an_unknown_environment_is_told() -> None:
    assert environment_text(None) == "measured on an unknown machine"


def test_the_summary_has_a_table_of_runs_warnings_and_a_table_of_verdicts() -> None:
    runs = [
        run_row(run_of(warnings=("no bars\n",)), overrides="metrics=full", run_by="gw0"),
        run_row(run_of(reason="ValueError: x"), overrides="", run_by="gw1"),
    ]
    verdicts = [
        VerdictRow(test="t.py::test_runtime[wk-1]", verdict=verdict_of(1.02)),
        VerdictRow(
            test="t.py::test_aa[wk-1]",
            verdict=verdict_of(1.08, disturbed_pairs=3),
            same_inputs="A/A: same code",
        ),
        VerdictRow(test="t.py::test_old[wk-1]", verdict=verdict_of(1.2, pairs=1, schedule=None)),
    ]
    assert summary_lines(runs, verdicts) == [
        "window  engine                orders  order events    wall     CPU  peak memory  run by",
        "wk-1    ZacQC 1 metrics=full   1,570         4,560  1.24 s  1.23 s      75.2 MB  gw0",
        "wk-1    ZacQC 1                    -             -       -       -            -  gw1",
        r"warning: wk-1: no bars\n",
        "warning: wk-1: no result: ValueError: x",
        "",
        "outcome       of       ratio  interval      limit  clock  pairs  rounds  test",
        (
            "PASS          runtime   1.02  [0.97, 1.07]   1.10  CPU        5  duet    "
            "t.py::test_runtime[wk-1]"
        ),
        (
            "INCONCLUSIVE  runtime   1.08  [1.03, 1.13]   1.10  CPU        5  duet    "
            "t.py::test_aa[wk-1]"
        ),
        (
            "FAIL          runtime   1.20  [1.15, 1.25]   1.10  CPU        1  stored  "
            "t.py::test_old[wk-1]"
        ),
        "t.py::test_aa[wk-1]: A/A: same code",
        "t.py::test_aa[wk-1]: INCONCLUSIVE: the budget is spent",
        "t.py::test_aa[wk-1]: 3 of 5 pairs disturbed by other programs",
    ]


def test_the_summary_says_which_verdicts_rest_on_pairs_that_are_too_noisy() -> None:
    rows = [VerdictRow(test="t.py::test_it", verdict=verdict_of(1.02, sd=sd)) for sd in (0.04, 0.1)]
    remarks = [line for line in summary_lines([], rows) if line.startswith("t.py::test_it: ")]
    assert len(remarks) == 1
    assert remarks[0].startswith("t.py::test_it: a pair varies by 10.0%, ")


def test_the_summary_tells_two_candidates_of_one_test_apart() -> None:
    rows = [
        VerdictRow(
            test="t.py::test_it", verdict=verdict_of(ratio), candidate=candidate, baseline="wk-1"
        )
        for candidate, ratio in (("wk-1 metrics=full", 1.2), ("wk-1 metrics=incremental", 1.08))
    ]
    shown = [line.partition("t.py::test_it")[2] for line in summary_lines([], rows)]
    assert [text for text in shown if text] == [
        ": wk-1 metrics=full against wk-1",
        ": wk-1 metrics=incremental against wk-1",
        ": wk-1 metrics=incremental against wk-1: INCONCLUSIVE: the budget is spent",
    ]


def test_the_summary_of_nothing_is_empty() -> None:
    assert summary_lines([], []) == []


def test_a_long_text_is_cut() -> None:
    assert render.cut("0123456789", 8) == "01234..."


@pytest.mark.parametrize("lines", [["x" * 1000], ["x" * 1000, "y"], ["x" * 1000, *"y" * 9]])
def test_a_first_line_that_is_too_long_is_cut_as_well(lines: list[str]) -> None:
    fitted = render.fitted(lines)
    assert len("\n".join(fitted)) <= render.text.MOST_CHARACTERS
    assert fitted[0].endswith("...")


def test_lines_that_pytest_would_cut_are_cut_by_us() -> None:
    lines = render.fitted(["the first line stays", "x" * 400, "y" * 500, *"abcdefgh"])
    assert len(lines) == render.text.MOST_LINES
    assert lines[0] == "the first line stays"
    assert sum(map(len, lines)) + len(lines) <= render.text.MOST_CHARACTERS
