"""A verdict in words: one line, and the few lines of a failed comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.render.blame import blame_line
from pytest_zacperf.render.memory import stage_growth_line
from pytest_zacperf.render.text import cut, escape, fitted
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.units import format_bytes, format_ns
from pytest_zacperf.verdict import Verdict

MOST_DIGITS = 6
MOST_STAGES = 3
LONGEST_QUESTION = 100
HOW = {Schedule.DUET: "both sides at once", Schedule.ALTERNATE: "sides in turn", None: "stored"}


def message_lines(report: PerfReport, *, where: str = "") -> list[str]:
    """Return what a failed comparison of costs says: at most 8 lines and 640 characters.

    Args:
        report: What was found out.
        where: File of the long report; empty for none.

    """
    lines = [
        verdict_line(report.verdict),
        *_given(report.verdict.why),
        *_given(_medians(report.verdict)),
        *_given(_grown(report)),
        *_given(_worst(report)),
        *_given(report.same_inputs),
        *_given(report.difference and f"environments differ: {report.difference}"),
        f"candidate {report.candidate}, baseline {report.baseline}: {report.origin}",
        *_given(where and f"report: {where}"),
    ]
    return fitted([escape(line) for line in lines])


def verdict_line(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    found = verdict.estimate
    # The outcome stands at the end, and no name of a stage may push it out of sight.
    question = cut(escape(str(verdict.question)), LONGEST_QUESTION)
    if found is None:
        return f"{question} not measured, limit {limit_text(verdict)}: {verdict.outcome}"
    clock = f"{found.clock} clock, " if found.clock else ""
    what = "pair" if found.schedule else "run"
    pairs = f"{found.pairs} {what}{'' if found.pairs == 1 else 's'}"
    return (
        f"{question} {ratio_text(verdict)} {interval_text(verdict)} of baseline, "
        f"limit {limit_text(verdict)}: {verdict.outcome} ({clock}{pairs})"
    )


def ratio_text(verdict: Verdict) -> str:
    """Return the ratio with as many digits as tell its interval from the limit."""
    return _number(verdict, verdict.estimate.ratio) if verdict.estimate else "-"


def interval_text(verdict: Verdict) -> str:
    """Return the interval with as many digits as tell it from the limit."""
    found = verdict.estimate
    if found is None:
        return "-"
    return f"[{_number(verdict, found.low)}, {_number(verdict, found.high)}]"


def limit_text(verdict: Verdict) -> str:
    """Return the limit, with its sign where that is not the usual one."""
    sign = f"{verdict.op} " if verdict.op.startswith(">") else ""
    limit = verdict.limit
    return f"{sign}{limit:.2f}" if limit == round(limit, 2) else f"{sign}{limit:g}"


def amount_text(question: Question, value: float) -> str:
    """Return a cost with its unit."""
    if math.isnan(value):
        return "-"
    is_memory = question.quantity is Quantity.PEAK_MEMORY
    return format_bytes(value) if is_memory else format_ns(value)


def stage_text(stage: StageGrowth) -> str:
    """Return by how much a stage grew, and its share of the whole where that grew too."""
    grown = f"{stage.name} +{format_ns(stage.candidate_ns - stage.baseline_ns)}"
    return grown if stage.share is None else f"{grown} ({stage.share:.0%})"


def disturbed_text(verdict: Verdict) -> str | None:
    """Return the remark that others used the machine during most of the rounds, or None."""
    found = verdict.estimate
    if found is None or not verdict.is_mostly_disturbed:
        return None
    what = "pairs" if found.schedule else "runs"
    return f"{found.disturbed_pairs} of {found.pairs} {what} disturbed by other programs"


def noisy_text(verdict: Verdict) -> str | None:
    """Return the remark that the pairs are noisier than the verdict was made for, or None."""
    found = verdict.estimate
    if found is None or not verdict.is_noisier_than_proven:
        return None
    return (
        f"a pair varies by {found.sd:.1%}, more than the {found.highest_sd:.1%} up to which "
        "1% of verdicts are wrong"
    )


def remarks(verdict: Verdict) -> list[str]:
    """Return what a reader must know of the rounds behind a verdict."""
    return [text for text in (disturbed_text(verdict), noisy_text(verdict)) if text]


def best_text(found: Estimate) -> str:
    """Return of how many runs a pair takes the best."""
    return f"best of {found.runs_per_side} runs"


def _number(verdict: Verdict, value: float) -> str:
    found = verdict.estimate
    shown = (found.ratio, found.low, found.high) if found else ()
    digits = 2
    # What missed the limit must not be printed as the limit.
    while digits < MOST_DIGITS and any(
        v != verdict.limit and round(v, digits) == round(verdict.limit, digits) for v in shown
    ):
        digits += 1
    return f"{value:.{digits}f}"


def _given(line: str | None) -> Iterator[str]:
    if line:
        yield line


def _medians(verdict: Verdict) -> str | None:
    found = verdict.estimate
    if found is None:
        return None
    candidate = amount_text(found.question, found.candidate_median)
    baseline = amount_text(found.question, found.baseline_median)
    how = HOW[found.schedule]
    best = f", {best_text(found)}" if found.runs_per_side > 1 else ""
    laid_out = f"{found.schedule} ({how}{best})" if found.schedule else "against stored samples"
    endings = "".join(f"; {text}" for text in remarks(verdict))
    return f"{laid_out}: medians candidate {candidate}, baseline {baseline}{endings}"


def _grown(report: PerfReport) -> str | None:
    if report.baseline_memory or report.candidate_memory:
        return stage_growth_line(report.baseline_memory, report.candidate_memory)
    if not report.stages:
        return None
    return f"stages that grew: {', '.join(map(stage_text, report.stages[:MOST_STAGES]))}"


def _worst(report: PerfReport) -> str | None:
    return blame_line(report.functions[0]) if report.functions else report.unexplained
