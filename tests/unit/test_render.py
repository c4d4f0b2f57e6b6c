import datetime as dt
import zoneinfo
from typing import Any

import pytest

from pytest_zacperf import render
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.parity import OrderEvents, first_divergence
from pytest_zacperf.perf_report import environment_text
from pytest_zacperf.records import Costs, Environment, OrderEvent, Run, Window, Work, Workload
from pytest_zacperf.render import (
    VerdictRow,
    divergence_lines,
    run_row,
    summary_lines,
)
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


def event(**changes: Any) -> OrderEvent:  # noqa: ANN401 - any field of the record
    fields: dict[str, Any] = {
        "ts_event_ns": 1_737_470_703_000_000_000,
        "symbol": "MCD",
        "order_id": 82,
        "event_id": 2,
        "status": "filled",
        "type": "market",
        "side": "buy",
        "quantity": 10.0,
    }
    return OrderEvent(**fields | changes)


def lines_of(expected: list[OrderEvent], actual: list[OrderEvent]) -> list[str]:
    left, right = OrderEvents.of(expected), OrderEvents.of(actual)
    return divergence_lines(first_divergence(left, right), expected=left, actual=right)


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


def test_a_changed_price_is_told_in_six_lines() -> None:
    shared = [event(event_id=1)]
    assert lines_of(
        [*shared, event(fill_price=297.12, fee=1.0)], [*shared, event(fill_price=297.13, fee=1.5)]
    ) == [
        "order events diverge at event 2",
        "  2025-01-21 09:45:03 New York, 2025-01-21 14:45:03 UTC",
        "  symbol MCD, order 82, event 2: buy filled",
        "  fill_price: expected 297.12, was 297.13",
        "  also different in this event: fee",
        "  recording: 1 order, 2 order events; this run: 1 order, 2 order events",
        "  if this run is right: pytest --snapshot-update, and commit the recording",
    ]


def test_a_moved_event_is_told_in_utc_to_the_nanosecond() -> None:
    lines = lines_of([event()], [event(ts_event_ns=1_737_470_703_000_000_500)])
    assert lines[3] == (
        "  ts_event_ns: expected 2025-01-21 14:45:03 UTC, was 2025-01-21 14:45:03.0000005 UTC"
    )


@pytest.mark.parametrize(
    ("expected", "actual", "first", "last"),
    [
        pytest.param(
            [event()],
            [],
            "order event 1 is missing: this run ended before it",
            "  recording: 1 order, 1 order event; this run: 0 orders, 0 order events",
            id="missing",
        ),
        pytest.param(
            [event()],
            [event(), event(event_id=3)],
            "order event 2 is extra: the recording has ended before it",
            "  recording: 1 order, 1 order event; this run: 1 order, 2 order events",
            id="extra",
        ),
    ],
)
def test_a_missing_or_extra_event_is_told(
    expected: list[OrderEvent], actual: list[OrderEvent], first: str, last: str
) -> None:
    lines = lines_of(expected, actual)
    assert (lines[0], lines[-2]) == (first, last)


def test_other_bytes_of_the_same_events_are_told() -> None:
    one = OrderEvents.of([event()])
    assert divergence_lines(None, expected=one, actual=one) == [
        "the recording holds the same order events in other bytes",
        "  its line ends or its formatting were changed; restore it from git",
    ]


def test_the_longest_divergence_fits_what_pytest_shows() -> None:
    left = event(symbol="S" * 99, limit_price=1 / 3, stop_price=2 / 3, extra={"a": 1})
    right = event(symbol="R" * 99, status="partially_filled", tag="t" * 999, fee=0.1, message="m")
    lines = lines_of([left], [right])
    assert len(lines) <= 7
    assert sum(map(len, lines)) <= 600
    assert max(map(len, lines)) <= 140


def test_control_characters_are_escaped() -> None:
    lines = lines_of(
        [event(symbol="A\x1b[31m", tag="a")], [event(symbol="A\x1b[31m", tag="\r\u202e")]
    )
    assert lines[2] == r"  symbol A\x1b[31m, order 82, event 2: buy filled"
    assert lines[3] == r"  tag: expected 'a', was '\r\u202e'"


def test_a_time_beyond_the_calendar_is_told_in_ns() -> None:
    assert lines_of([event(ts_event_ns=10**30)], [])[1] == f"  {10**30} ns since 1970 UTC"


def test_without_a_time_zone_database_utc_is_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(key: str) -> zoneinfo.ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    assert lines_of([event()], [])[1] == "  2025-01-21 14:45:03 UTC"


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
