"""The long report in Markdown, and the CSV of its rounds."""

from __future__ import annotations

import csv
import dataclasses
import io

import msgspec
import pytest
from support.perf_reports import (
    estimated,
    everything,
    report,
)
from support.timed_runs import timed_run

from pytest_zacperf import perf_report
from pytest_zacperf.records import StageMemory
from pytest_zacperf.render import perf_report as render_report
from pytest_zacperf.render import verdicts
from pytest_zacperf.schedule import Schedule


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


def test_a_report_says_that_its_pairs_are_noisier_than_the_verdict_was_made_for() -> None:
    remark = "a pair varies by 6.1%, more than the 4.4% up to which 1% of verdicts are wrong"
    assert verdicts.noisy_text(estimated(sd=0.061, highest_sd=0.044)) == remark
    lines = render_report.question_lines(report(verdict=estimated(sd=0.061, highest_sd=0.044)))
    assert f"- {remark}" in lines
    assert verdicts.noisy_text(estimated(sd=0.04, highest_sd=0.044)) is None


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


def test_a_report_marks_the_rounds_that_do_not_count() -> None:
    late = dataclasses.replace(rounds()[1], counts=False)
    lines = render_report.question_lines(report(rounds=(rounds()[0], late)))
    baseline, candidate = (line for line in lines if line.endswith(("a-1", "b-1")))
    assert "not counted" not in baseline
    assert "not counted" in candidate


def test_a_report_says_of_how_many_runs_a_pair_takes_the_best() -> None:
    found = estimated(schedule=Schedule.ALTERNATE, runs_per_side=3)
    lines = render_report.question_lines(report(verdict=found))
    assert "- schedule: alternate, the best of 3 runs a side in each pair" in lines


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
        "counts",
    ]
    assert rows == [
        [
            *("runtime", "1", "baseline", "alternate", "a-1", "1000000000", "1000000000"),
            *("80000000", "VmHWM", "0.5", "True", "", "True"),
        ],
        [
            *("runtime", "1", "candidate", "alternate", "b-1", "1200000000", "1200000000"),
            *("80000000", "VmHWM", "", "False", "7", "True"),
        ],
    ]


def test_the_partner_of_a_duet_does_not_disturb() -> None:
    pair = (timed_run(500.0, wall_ms=1000.0, busy_ms=1000.0),) * 2
    duet = perf_report.rounds_of([pair], Schedule.DUET)
    in_turn = perf_report.rounds_of([pair], Schedule.ALTERNATE)
    assert [one.is_disturbed for one in (*duet, *in_turn)] == [False, False, True, True]
