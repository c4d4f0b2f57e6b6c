"""The long form of a verdict: Markdown for people, CSV of every round; writes no file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from pytest_zacperf.perf_report import STORED, PerfReport, Round
from pytest_zacperf.render.blame import blame_lines
from pytest_zacperf.render.memory import stage_growth_lines
from pytest_zacperf.render.text import escape, table_lines
from pytest_zacperf.render.verdicts import (
    amount_text,
    best_text,
    remarks,
    verdict_line,
)
from pytest_zacperf.units import format_bytes, format_ns

ROUND_HEADER = ("pair", "side", "wall", "CPU", "peak memory", "others' processors", "run")
ROUND_NUMBERS = frozenset({0, 2, 3, 4, 5})
STAGE_HEADER = ("stage", "baseline", "candidate", "grown", "share")
STAGE_NUMBERS = frozenset(range(1, len(STAGE_HEADER)))
OWN_LAYOUTS = "each side had a memory layout by chance: this system lets nobody choose it"
CSV_FIELDS = ("question", *Round.__dataclass_fields__)


class _Lines(list[str]):
    """What a CSV writer takes for a file."""

    write = list.append


def report_lines(reports: Sequence[PerfReport]) -> list[str]:
    """Return the Markdown of all questions of a test."""
    lines = [f"# {_text(reports[0].test or 'zacperf bench')}"]
    for report in reports:
        lines += ["", *question_lines(report)]
    return lines


def question_lines(report: PerfReport) -> list[str]:
    """Return the Markdown of one question."""
    return [
        f"## {_text(verdict_line(report.verdict))}",
        "",
        *(f"- {_text(fact)}" for fact in _facts(report)),
        *_stages(report),
        *_memory(report),
        *_functions(report),
        *_rounds(report),
    ]


def rounds_csv(reports: Sequence[PerfReport]) -> str:
    """Return every round of all questions as CSV with a header; times in ns, memory in bytes."""
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(CSV_FIELDS)
    for report in reports:
        question = str(report.verdict.question)
        for one in report.rounds:
            writer.writerow([question, *(getattr(one, name) for name in CSV_FIELDS[1:])])
    return "".join(lines)


def _facts(report: PerfReport) -> Iterator[str]:
    found = report.verdict
    if found.why:
        yield f"not certain: {found.why}"
    if report.same_inputs:
        yield report.same_inputs
    yield f"candidate: {report.candidate}; {report.revisions[1]}"
    yield f"baseline: {report.baseline}, {report.origin}; {report.revisions[0]}"
    if found.estimate is not None:
        question, one = found.question, found.estimate
        yield (
            f"medians: candidate {amount_text(question, one.candidate_median)}, "
            f"baseline {amount_text(question, one.baseline_median)}"
        )
        best = f", the {best_text(one)} a side in each pair" if one.runs_per_side > 1 else ""
        yield f"schedule: {one.schedule or 'stored samples, measured at another time'}{best}"
    if report.why_no_duet:
        yield f"no duet: {report.why_no_duet}"
    yield from remarks(found)
    if any(one.layout is None and one.schedule != STORED for one in report.rounds):
        yield OWN_LAYOUTS
    yield report.environment
    if report.difference:
        yield f"environments differ (baseline / candidate): {report.difference}"


def _stages(report: PerfReport) -> list[str]:
    if not report.stages:
        return []
    rows = [
        (
            _text(stage.name),
            format_ns(stage.baseline_ns),
            format_ns(stage.candidate_ns),
            format_ns(stage.candidate_ns - stage.baseline_ns),
            "-" if stage.share is None else f"{stage.share:.0%}",
        )
        for stage in report.stages
    ]
    return _section("Stages that grew", table_lines(STAGE_HEADER, rows, numbers=STAGE_NUMBERS))


def _memory(report: PerfReport) -> list[str]:
    if not report.baseline_memory and not report.candidate_memory:
        return []
    lines = stage_growth_lines(report.baseline_memory, report.candidate_memory)
    return _section("Where memory grew", lines)


def _functions(report: PerfReport) -> list[str]:
    if report.unexplained:
        return _section("Functions that grew", [_text(report.unexplained)])
    return (
        _section("Functions that grew", blame_lines(report.functions)) if report.functions else []
    )


def _rounds(report: PerfReport) -> list[str]:
    if not report.rounds:
        return []
    rows = [
        (
            str(one.pair),
            one.side,
            format_ns(one.wall_ns),
            format_ns(one.cpu_ns),
            format_bytes(one.peak_memory_bytes),
            ("-" if one.other_busy_cores is None else f"{one.other_busy_cores:.2f}")
            + (" disturbed" if one.is_disturbed else "")
            + ("" if one.counts else " not counted"),
            one.run,
        )
        for one in report.rounds
    ]
    return _section("Rounds", table_lines(ROUND_HEADER, rows, numbers=ROUND_NUMBERS))


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"### {title}", "", "```text", *lines, "```"]


def _text(text: str) -> str:
    return escape(text).replace("`", "'")
