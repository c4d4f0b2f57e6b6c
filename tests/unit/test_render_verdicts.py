"""Verdicts in words: the short message, the long report, the CSV, the tables of bench."""

from __future__ import annotations

import csv
import dataclasses
import io

import msgspec
import pytest
from support.timed_runs import timed_run

from pytest_zacperf import perf_report
from pytest_zacperf.blame import Growth
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.noise import Noise, Recommendation
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.records import StageMemory
from pytest_zacperf.render import bench, verdicts
from pytest_zacperf.render import perf_report as render_report
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.verdict import Outcome, Verdict

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
ESTIMATE = Estimate(
    question=RUNTIME,
    clock="CPU",
    schedule=Schedule.DUET,
    ratio=1.214,
    low=1.15,
    high=1.28,
    pairs=2,
    disturbed_pairs=0,
    baseline_median=1_000_000_000,
    candidate_median=1_214_000_000,
)
FAIL = Verdict(question=RUNTIME, estimate=ESTIMATE, op="<=", limit=1.1, outcome=Outcome.FAIL)
WORST = Growth(
    module="strategies/gold.py",
    name="Gold.on_bar",
    line=12,
    baseline_own_ns=1_000_000,
    candidate_own_ns=3_000_000,
    baseline_calls=10,
    candidate_calls=10,
)
ORDERS = StageGrowth(name="orders", baseline_ns=1e8, candidate_ns=3e8, share=0.93)
REPORT = PerfReport(
    test="tests/perf/test_runtime.py::test_runtime[wk-1]",
    verdict=FAIL,
    candidate="wk-1",
    baseline="wk-1 at 0123456789ab",
    origin="the baseline of the settings",
    revisions=("0123456789ab", "0123456789ab with changes"),
    same_inputs=None,
    why_no_duet=None,
    environment="measured with CPython 3.11.7",
    difference=None,
    stages=(ORDERS,),
    functions=(WORST,),
)
QUIET = Noise(
    name="duet (CPU)",
    pairs=12,
    ratio=1.001,
    sd=0.021,
    largest=0.93,
    recommendations=(Recommendation(pairs=2, limit=1.302), Recommendation(pairs=8, limit=1.061)),
)
NOISY = dataclasses.replace(
    QUIET, name="alternate (wall)", recommendations=(Recommendation(pairs=15, limit=1.4),)
)


def estimated(**changes: object) -> Verdict:
    found = dataclasses.replace(ESTIMATE, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(FAIL, estimate=found, question=found.question)


def report(**changes: object) -> PerfReport:
    return dataclasses.replace(REPORT, **changes)  # type: ignore[arg-type]


def unmeasured() -> Verdict:
    return dataclasses.replace(
        FAIL, estimate=None, outcome=Outcome.INCONCLUSIVE, why="the budget is too short"
    )


def everything(text: str) -> PerfReport:
    question = Question(quantity=Quantity.STAGE_RUNTIME, stage=text)
    found = dataclasses.replace(ESTIMATE, question=question, disturbed_pairs=2)
    return PerfReport(
        test=text,
        verdict=dataclasses.replace(FAIL, question=question, estimate=found, why=text),
        candidate=text,
        baseline=text,
        origin=text,
        revisions=(text, text),
        same_inputs=text,
        why_no_duet=text,
        environment=text,
        difference=text,
        stages=(dataclasses.replace(ORDERS, name=text),) * 9,
        functions=(dataclasses.replace(WORST, module=text, name=text),) * 9,
    )


def test_a_message_says_what_where_and_against_what() -> None:
    assert verdicts.message_lines(REPORT, where=".zacperf/reports/r.md") == [
        "runtime 1.21 [1.15, 1.28] of baseline, limit 1.10: FAIL (CPU clock, 2 pairs)",
        "duet (both sides at once): medians candidate 1.21 s, baseline 1.00 s",
        "stages that grew: orders +200 ms (93%)",
        (
            "worst: strategies/gold.py Gold.on_bar own time 1.00 ms -> 3.00 ms profiled; "
            "10 calls, 100 us -> 300 us a call"
        ),
        "candidate wk-1, baseline wk-1 at 0123456789ab: the baseline of the settings",
        "report: .zacperf/reports/r.md",
    ]


def test_a_message_says_that_both_sides_are_the_same_and_what_differs() -> None:
    lines = verdicts.message_lines(report(same_inputs="A/A: same", difference="numpy 2.0 / 2.1"))
    assert "A/A: same" in lines
    assert "environments differ: numpy 2.0 / 2.1" in lines


def test_a_message_without_a_report_names_none() -> None:
    assert not any(line.startswith("report:") for line in verdicts.message_lines(REPORT))


def test_a_message_says_why_it_is_not_certain() -> None:
    assert verdicts.message_lines(report(verdict=unmeasured(), stages=(), functions=()))[:2] == [
        "runtime not measured, limit 1.10: INCONCLUSIVE",
        "the budget is too short",
    ]


def test_a_message_says_why_nothing_is_blamed() -> None:
    lines = verdicts.message_lines(report(functions=(), unexplained="no profile: it failed"))
    assert "no profile: it failed" in lines


def test_a_message_on_memory_names_the_stage_that_took_it() -> None:
    lines = verdicts.message_lines(
        report(
            verdict=estimated(question=MEMORY, clock=None, baseline_median=8e7),
            stages=(),
            functions=(),
            baseline_memory=(StageMemory(name="data", growth_bytes=1_000_000),),
            candidate_memory=(StageMemory(name="data", growth_bytes=9_000_000),),
        )
    )
    assert lines[0].startswith("peak memory 1.21")
    assert lines[0].endswith("FAIL (2 pairs)")
    assert "baseline 80.0 MB" in lines[1]
    assert lines[2] == "grew in stage data: +8.00 MB (1.00 MB -> 9.00 MB)"


def test_a_message_says_that_others_disturbed_most_of_the_rounds() -> None:
    lines = verdicts.message_lines(report(verdict=estimated(pairs=5, disturbed_pairs=3)))
    assert lines[1].endswith("; 3 of 5 pairs disturbed by other programs")


def test_half_of_the_rounds_disturbed_is_not_most_of_them() -> None:
    assert verdicts.disturbed_text(estimated(pairs=4, disturbed_pairs=2)) is None


def test_a_message_on_stored_samples_counts_runs_and_says_so() -> None:
    lines = verdicts.message_lines(report(verdict=estimated(schedule=None, pairs=1)))
    assert lines[0].endswith("(CPU clock, 1 run)")
    assert lines[1].startswith("against stored samples: medians candidate 1.21 s")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 5000, id="long"),
        pytest.param("\U000e0001\x1b" * 2000, id="escapes"),
        pytest.param("two\nlines" * 50, id="lines"),
    ],
)
def test_no_name_makes_a_message_longer_than_pytest_shows(text: str) -> None:
    lines = verdicts.message_lines(everything(text), where=text)
    assert len(lines) <= 8
    assert len("\n".join(lines)) <= 640
    assert all(line.isprintable() for line in lines)
    assert lines[0].endswith("of baseline, limit 1.10: FAIL (CPU clock, 2 pairs)")


def test_lines_that_fit_are_left_as_they_are() -> None:
    assert verdicts.fitted(["a" * 300, "b" * 300]) == ["a" * 300, "b" * 300]


@pytest.mark.parametrize(
    ("changes", "limit", "expected"),
    [
        pytest.param({}, 1.1, "1.21 [1.15, 1.28]", id="far"),
        pytest.param({"low": 1.1004}, 1.1, "1.2140 [1.1004, 1.2800]", id="near"),
        pytest.param({"low": 1.1}, 1.1, "1.21 [1.10, 1.28]", id="equal"),
        pytest.param({"low": 1.1 + 1e-9}, 1.1, "1.214000 [1.100000, 1.280000]", id="too near"),
    ],
)
def test_an_end_that_missed_the_limit_is_not_printed_as_the_limit(
    changes: dict[str, float], limit: float, expected: str
) -> None:
    found = dataclasses.replace(estimated(**changes), limit=limit)
    assert f"{verdicts.ratio_text(found)} {verdicts.interval_text(found)}" == expected


@pytest.mark.parametrize(
    ("op", "limit", "expected"),
    [("<=", 1.1, "1.10"), ("<", 1.125, "1.125"), (">", 1.1, "> 1.10"), (">=", 2.0, ">= 2.00")],
)
def test_a_limit_has_a_sign_where_that_is_not_the_usual_one(
    op: str, limit: float, expected: str
) -> None:
    found = dataclasses.replace(FAIL, op=op, limit=limit)  # type: ignore[arg-type]
    assert verdicts.limit_text(found) == expected


def test_a_stage_has_no_share_of_a_run_that_has_not_grown() -> None:
    assert verdicts.stage_text(dataclasses.replace(ORDERS, share=None)) == "orders +200 ms"


def rounds(schedule: Schedule = Schedule.ALTERNATE) -> tuple[perf_report.Round, ...]:
    disturbed = timed_run(1000.0, busy_ms=1500.0, id="a-1")
    candidate = msgspec.structs.replace(timed_run(1200.0, id="b-1"), layout=7)
    return perf_report.rounds_of([(disturbed, candidate)], schedule)


def test_a_report_has_a_section_for_each_part() -> None:
    lines = render_report.report_lines([report(rounds=rounds(), why_no_duet="it waits")])
    assert lines[0] == "# tests/perf/test_runtime.py::test_runtime[wk-1]"
    assert [line for line in lines if line.startswith("#")][1:] == [
        "## runtime 1.21 [1.15, 1.28] of baseline, limit 1.10: FAIL (CPU clock, 2 pairs)",
        *("### Stages that grew", "### Functions that grew", "### Rounds"),
    ]
    assert "- candidate: wk-1; 0123456789ab with changes" in lines
    assert "- baseline: wk-1 at 0123456789ab, the baseline of the settings; 0123456789ab" in lines
    assert "- medians: candidate 1.21 s, baseline 1.00 s" in lines
    assert "- schedule: duet" in lines
    assert "- no duet: it waits" in lines
    assert "- measured with CPython 3.11.7" in lines


@pytest.mark.parametrize("is_said", [True, False])
def test_a_report_says_that_the_sides_had_layouts_of_their_own(*, is_said: bool) -> None:
    one_pair = [dataclasses.replace(one, layout=None if is_said else 7) for one in rounds()]
    lines = render_report.report_lines([report(rounds=tuple(one_pair))])
    remark = "- each side had a memory layout by chance: this system lets nobody choose it"
    assert (remark in lines) is is_said


def test_a_report_has_no_section_for_what_is_not_known() -> None:
    lines = render_report.report_lines([report(stages=(), functions=())])
    assert not any(line.startswith("###") for line in lines)


def test_a_report_has_the_remarks_that_a_reader_must_know() -> None:
    lines = render_report.question_lines(
        report(
            verdict=dataclasses.replace(estimated(disturbed_pairs=2, schedule=None), why="why so"),
            same_inputs="A/A: same",
            difference="numpy 2.0 / 2.1",
        )
    )
    assert "- not certain: why so" in lines
    assert "- A/A: same" in lines
    assert "- environments differ (baseline / candidate): numpy 2.0 / 2.1" in lines
    assert "- 2 of 2 runs disturbed by other programs" in lines
    assert "- schedule: stored samples, measured at another time" in lines


def test_a_report_says_where_memory_grew() -> None:
    lines = render_report.question_lines(
        report(candidate_memory=(StageMemory(name="data", growth_bytes=9_000_000),))
    )
    assert "### Where memory grew" in lines


def test_a_report_says_why_nothing_is_blamed() -> None:
    lines = render_report.question_lines(report(functions=(), unexplained="no profile: it failed"))
    assert "no profile: it failed" in lines[lines.index("### Functions that grew") :]


def test_a_report_marks_the_rounds_that_were_disturbed() -> None:
    lines = render_report.question_lines(report(rounds=rounds()))
    baseline, candidate = (line for line in lines if line.endswith(("a-1", "b-1")))
    assert "0.50 disturbed" in baseline
    assert "disturbed" not in candidate


def test_a_report_of_the_command_line_has_its_name() -> None:
    assert render_report.report_lines([report(test="")])[0] == "# zacperf bench"


def test_a_name_can_neither_end_a_block_nor_begin_a_line_in_a_report() -> None:
    lines = render_report.report_lines([everything("```\n# b")])
    assert all("\n" not in line for line in lines)
    assert lines.count("```") == lines.count("```text") == 2
    assert [line for line in lines if line.startswith("-") and "`" in line] == []


def test_the_csv_has_a_header_and_a_row_for_each_run() -> None:
    text = render_report.rounds_csv([report(rounds=rounds())])
    header, *rows = csv.reader(io.StringIO(text))
    assert header == [
        *("question", "pair", "side", "schedule", "run", "wall_ns", "cpu_ns"),
        *("peak_memory_bytes", "peak_memory_source", "other_busy_cores", "is_disturbed", "layout"),
    ]
    assert rows == [
        [
            *("runtime", "1", "baseline", "alternate", "a-1", "1000000000", "1000000000"),
            *("80000000", "VmHWM", "0.5", "True", ""),
        ],
        [
            *("runtime", "1", "candidate", "alternate", "b-1", "1200000000", "1200000000"),
            *("80000000", "VmHWM", "", "False", "7"),
        ],
    ]


def test_the_partner_of_a_duet_does_not_disturb() -> None:
    pair = (timed_run(500.0, wall_ms=1000.0, busy_ms=1000.0),) * 2
    duet = perf_report.rounds_of([pair], Schedule.DUET)
    in_turn = perf_report.rounds_of([pair], Schedule.ALTERNATE)
    assert [one.is_disturbed for one in (*duet, *in_turn)] == [False, False, True, True]


def test_bench_has_a_row_for_each_verdict() -> None:
    table = bench.bench_table([REPORT, report(verdict=unmeasured())])
    assert table.rows == (
        (
            *("wk-1", "FAIL", "runtime", "1.21", "[1.15, 1.28]", "1.10"),
            *("1.21 s", "1.00 s", "CPU", "2", "duet"),
        ),
        ("wk-1", "INCONCLUSIVE", "runtime", "-", "-", "1.10", "-", "-", "-", "0", "-"),
    )
    assert (len(table.header), table.note) == (11, "")


def test_bench_says_each_remark_once() -> None:
    both = report(same_inputs="A/A: same", difference="numpy 2.0 / 2.1")
    assert bench.bench_table([both, both]).note == "A/A: same; numpy 2.0 / 2.1"


def test_noise_has_a_row_for_each_schedule() -> None:
    assert bench.noise_table([QUIET]).rows == (
        ("duet (CPU)", "12", "1.001", "2.1%", "0.930", "2: 1.30, 8: 1.06"),
    )


def test_noise_says_how_many_pairs_a_limit_needs() -> None:
    assert list(bench.noise_lines([NOISY, QUIET], 1.10, why_no_duet=None)) == [
        "limit 1.10: 8 pairs are enough (duet (CPU))",
        "recommended: a limit of 1.07 or more, 8 pairs",
    ]


def test_noise_says_that_a_limit_is_too_low_and_why_there_is_no_duet() -> None:
    assert list(bench.noise_lines([NOISY], 1.10, why_no_duet="it waits")) == [
        "no duet: it waits",
        "limit 1.10 is too low for this machine (alternate (wall))",
        "recommended: a limit of 1.40 or more, 15 pairs",
    ]
