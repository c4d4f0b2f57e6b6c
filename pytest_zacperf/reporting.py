"""A report of a perf test to everybody who reads it: files, report section, summary, JUnit XML."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from pytest_zacperf import render
from pytest_zacperf.estimates import Question
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.render import VerdictRow
from pytest_zacperf.report_files import write_reports
from pytest_zacperf.session import attach
from pytest_zacperf.verdict import Operator

Key: TypeAlias = tuple[str, str, Question, Operator, float]

REPORTS = pytest.StashKey[dict[Key, PerfReport]]()
SECTION = "zacperf"


def deliver(report: PerfReport, item: pytest.Item, root: Path) -> list[str]:
    """Hand a report on; return the lines of a failed assertion.

    The files hold every question the test has asked so far.
    """
    found = report.verdict
    reports = item.stash.setdefault(REPORTS, {})
    reports[_key(report)] = report
    where = write_reports(list(reports.values()), report.test, root)
    item.add_report_section("call", SECTION, "\n".join(render.question_lines(report)))
    _note(item, dict(_figures(report)), _number(report, reports))
    row = VerdictRow(
        test=report.test,
        verdict=found,
        candidate=report.candidate,
        baseline=report.baseline,
        same_inputs=report.same_inputs,
    )
    attach(item, "verdict", row)
    return render.message_lines(report, where=where)


def _key(report: PerfReport) -> Key:
    found = report.verdict
    return report.candidate, report.baseline, found.question, found.op, found.limit


def _number(report: PerfReport, reports: Collection[Key]) -> int:
    """Count the same question, asked of other sides or with another limit, from 1."""
    question = report.verdict.question
    return [key for key in reports if question in key].index(_key(report)) + 1


def _note(item: pytest.Item, figures: Mapping[str, object], number: int) -> None:
    # Only from the second on, so that the names of most tests stay as they are. At the end, where
    # no name of a stage looks like it.
    suffix = f" {number}" if number > 1 else ""
    named = {f"{name}{suffix}": value for name, value in figures.items()}
    # Who asks once more means the same figures.
    kept = [one for one in item.user_properties if one[0] not in named]
    item.user_properties[:] = [*kept, *named.items()]


def _figures(report: PerfReport) -> Iterator[tuple[str, object]]:
    """Yield name and value of everything that JUnit XML gets."""
    found = report.verdict
    name = f"zacperf {found.question}"
    yield f"{name} outcome", str(found.outcome)
    yield f"{name} limit", f"{found.op} {found.limit:g}"
    yield f"{name} baseline", report.baseline
    estimate = found.estimate
    if estimate is None:
        return
    unit = "bytes" if estimate.clock is None else "ns"
    yield f"{name} ratio", estimate.ratio
    yield f"{name} low", estimate.low
    yield f"{name} high", estimate.high
    yield f"{name} pairs", estimate.pairs
    yield f"{name} clock", estimate.clock or "none"
    yield f"{name} schedule", str(estimate.schedule or "stored")
    yield f"{name} baseline_median_{unit}", estimate.baseline_median
    yield f"{name} candidate_median_{unit}", estimate.candidate_median
