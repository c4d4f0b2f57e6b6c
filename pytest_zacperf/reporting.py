"""A report of a perf test to everybody who reads it: files, report section, summary, JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zacperf import render, store
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.render import VerdictRow
from pytest_zacperf.session import attach
from pytest_zacperf.settings import STORE_FOLDER
from pytest_zacperf.store import RenderedReport

REPORTS = pytest.StashKey[dict[tuple[object, ...], PerfReport]]()
SECTION = "zacperf"


def deliver(report: PerfReport, item: pytest.Item, root: Path) -> list[str]:
    """Hand a report on; return the lines of a failed assertion.

    The files hold every question the test has asked so far.
    """
    found = report.verdict
    reports = item.stash.setdefault(REPORTS, {})
    reports[report.baseline, found.question, found.op, found.limit] = report
    where = _write(list(reports.values()), report.test, root)
    item.add_report_section("call", SECTION, "\n".join(render.question_lines(report)))
    item.user_properties.extend(_figures(report))
    row = VerdictRow(
        test=report.test, verdict=found, baseline=report.baseline, same_inputs=report.same_inputs
    )
    attach(item, "verdict", row)
    return render.message_lines(report, where=where)


def _write(reports: list[PerfReport], test: str, root: Path) -> str:
    rendered = RenderedReport(
        markdown="\n".join(render.report_lines(reports)) + "\n",
        rounds_csv=render.rounds_csv(reports),
        content=reports,
    )
    try:
        path = store.write_perf_report(root / STORE_FOLDER, test, rendered)
    except OSError as e:  # a full disk changes no verdict
        return f"not written: {e.strerror}"
    return str(path.relative_to(root))


def _figures(report: PerfReport) -> Iterator[tuple[str, object]]:
    """Yield name and value of everything that JUnit XML gets."""
    found = report.verdict
    name = f"zacperf {found.question}"
    yield f"{name} outcome", str(found.outcome)
    yield f"{name} limit", f"{found.op} {found.limit:g}"
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
