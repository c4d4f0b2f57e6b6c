"""What ``zacperf bench`` shows: a row for each verdict, or the noise of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_zacperf.noise import Noise
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.render.text import Table, escape
from pytest_zacperf.render.verdicts import (
    amount_text,
    interval_text,
    limit_text,
    ratio_text,
    remarks,
)

VERDICT_HEADER = (
    *("window", "outcome", "of", "ratio", "interval", "limit"),
    *("candidate", "baseline", "clock", "pairs", "rounds"),
)
VERDICT_NUMBERS = frozenset({3, 5, 6, 7, 9})
NOISE_HEADER = ("schedule", "pairs", "ratio", "sd of a pair", "farthest", "pairs: lowest limit")
NOISE_NUMBERS = frozenset({1, 2, 3, 4})


def bench_table(reports: Sequence[PerfReport]) -> Table:
    """Return a row for each verdict, and why the rounds were laid out as they were."""
    found = dict.fromkeys(
        remark
        for report in reports
        for remark in (report.same_inputs, report.difference, *remarks(report.verdict))
        if remark
    )
    return Table(
        header=VERDICT_HEADER,
        rows=tuple(_cells(report) for report in reports),
        numbers=VERDICT_NUMBERS,
        note="; ".join(map(escape, found)),
    )


def noise_table(found: Sequence[Noise]) -> Table:
    """Return how far pairs of the same program differ, a row for each schedule."""
    return Table(
        header=NOISE_HEADER,
        rows=tuple(
            (
                one.name,
                str(one.pairs),
                f"{one.ratio:.3f}",
                f"{one.sd:.1%}",
                f"{one.largest:.3f}",
                ", ".join(f"{r.pairs}: {r.limit:.2f}" for r in one.recommendations),
            )
            for one in found
        ),
        numbers=NOISE_NUMBERS,
    )


def noise_lines(found: Sequence[Noise], limit: float, *, why_no_duet: str | None) -> Iterator[str]:
    """Yield what to set: for the limit that was asked about, and the lowest one there is."""
    if why_no_duet:
        yield f"no duet: {why_no_duet}"
    best = min(found, key=lambda one: one.recommendations[-1].limit)
    pairs = best.pairs_for(limit)
    if pairs is not None:
        yield f"limit {limit:.2f}: {pairs} pairs are enough ({best.name})"
    else:
        yield f"limit {limit:.2f} is too low for this machine ({best.name})"
    last = best.recommendations[-1]
    yield f"recommended: a limit of {_rounded_up(last.limit):.2f} or more, {last.pairs} pairs"


def _rounded_up(limit: float) -> float:
    hundredths = round(limit * 100, 6)
    return (int(hundredths) + (hundredths != int(hundredths))) / 100


def _cells(report: PerfReport) -> tuple[str, ...]:
    verdict = report.verdict
    found, question = verdict.estimate, verdict.question
    return (
        escape(report.candidate),
        verdict.outcome,
        escape(str(question)),
        ratio_text(verdict),
        interval_text(verdict),
        limit_text(verdict),
        amount_text(question, found.candidate_median) if found else "-",
        amount_text(question, found.baseline_median) if found else "-",
        (found and found.clock) or "-",
        str(found.pairs) if found else "0",
        (found and found.schedule) or "-",
    )
