"""Verdicts in words: the line, and the short message of a failed comparison."""

from __future__ import annotations

import dataclasses

import pytest
from support.perf_reports import (
    FAIL,
    MEMORY,
    ORDERS,
    REPORT,
    estimated,
    everything,
    report,
    unmeasured,
)

from pytest_zacperf.records import StageMemory
from pytest_zacperf.render import fitted, verdicts
from pytest_zacperf.schedule import Schedule


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


def test_a_message_says_of_how_many_runs_a_pair_takes_the_best_and_that_pairs_are_noisy() -> None:
    found = estimated(schedule=Schedule.ALTERNATE, runs_per_side=3, sd=0.21, highest_sd=0.2)
    assert verdicts.message_lines(report(verdict=found))[1] == (
        "alternate (sides in turn, best of 3 runs): medians candidate 1.21 s, baseline 1.00 s; "
        "a pair varies by 21.0%, more than the 20.0% up to which 1% of verdicts are wrong"
    )


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
    assert fitted(["a" * 300, "b" * 300]) == ["a" * 300, "b" * 300]


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
