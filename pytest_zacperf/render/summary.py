"""The terminal summary: a table of runs, what their data lack, a table of verdicts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pytest_zacperf.records import Costs, Run, Work
from pytest_zacperf.render.costs import cpu_text, memory_text, wall_text
from pytest_zacperf.render.determinism import determinism_line
from pytest_zacperf.render.text import cut, escape, table_lines
from pytest_zacperf.render.verdicts import (
    interval_text,
    limit_text,
    ratio_text,
    remarks,
)
from pytest_zacperf.units import format_count
from pytest_zacperf.verdict import Verdict

LONGEST_ENGINE = 80
RUN_HEADER = (
    "window",
    "engine",
    "orders",
    "order events",
    "wall",
    "CPU",
    "peak memory",
    "run by",
)
RUN_NUMBERS = frozenset({2, 3, 4, 5, 6})
# The test comes last: its name is long, and a line that wraps shall wrap there.
VERDICT_HEADER = ("outcome", "of", "ratio", "interval", "limit", "clock", "pairs", "rounds", "test")
VERDICT_NUMBERS = frozenset({2, 4, 6})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What the summary says of one run; small, because it travels on test reports.

    Attributes:
        id: Of the run; the summary shows each run once.
        window: Id of the window.
        engine: Name and version.
        parameters: What was asked for beyond the engine's own values, as text.
        work: What it did; None when it failed, as ``costs``.
        costs: What it cost.
        run_by: The pytest process that had it executed.
        warnings: Sentences about the data; the reason of a run that failed.

    """

    id: str
    window: str
    engine: str
    parameters: str
    work: Work | None
    costs: Costs | None
    run_by: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """What the summary says of one verdict.

    Attributes:
        test: Node id.
        verdict: The outcome.
        candidate: Name of the side under test.
        baseline: Name of the accepted side.
        same_inputs: The remark that both sides are the same, if they are.

    """

    test: str
    verdict: Verdict
    candidate: str = ""
    baseline: str = ""
    same_inputs: str | None = None


def run_row(run: Run, *, overrides: str, run_by: str) -> RunRow:
    """Return the summary's row of a run."""
    workload = run.workload
    failure = [f"no result: {run.reason}"] if run.status == "error" else []
    contradiction = determinism_line(run)
    return RunRow(
        id=run.id,
        window=workload.window.id,
        engine=f"{workload.engine_name} {workload.engine_version}".strip() or workload.engine,
        parameters=overrides,
        work=run.work,
        costs=run.costs,
        run_by=run_by,
        warnings=(*run.warnings, *failure, *([contradiction] if contradiction else [])),
    )


def summary_lines(runs: Collection[RunRow], verdicts: Collection[VerdictRow]) -> list[str]:
    """Return the terminal summary: a table of runs, their warnings, a table of verdicts."""
    lines: list[str] = []
    if runs:
        lines += table_lines(RUN_HEADER, [_run_cells(row) for row in runs], numbers=RUN_NUMBERS)
        warnings = [(row.window, text) for row in runs for text in row.warnings]
        # Both sides of a comparison read the same data and warn of the same.
        lines += [
            f"warning: {escape(window)}: {escape(text)}" for window, text in dict.fromkeys(warnings)
        ]
    if verdicts:
        rows = [(*_verdict_cells(row), escape(_name(row, verdicts))) for row in verdicts]
        lines += ["", *table_lines(VERDICT_HEADER, rows, numbers=VERDICT_NUMBERS)]
        lines += _remarks(verdicts)
    return lines


def _run_cells(row: RunRow) -> tuple[str, ...]:
    work, costs = row.work, row.costs
    return (
        escape(row.window),
        cut(escape(f"{row.engine} {row.parameters}".strip()), LONGEST_ENGINE),
        format_count(work.orders) if work else "-",
        format_count(work.order_events) if work else "-",
        wall_text(costs),
        cpu_text(costs),
        memory_text(costs),
        row.run_by,
    )


def _verdict_cells(row: VerdictRow) -> tuple[str, ...]:
    found = row.verdict.estimate
    return (
        row.verdict.outcome,
        escape(str(row.verdict.question)),
        ratio_text(row.verdict),
        interval_text(row.verdict),
        limit_text(row.verdict),
        (found and found.clock) or "-",
        str(found.pairs) if found else "0",
        "-" if found is None else str(found.schedule or "stored"),
    )


def _name(row: VerdictRow, verdicts: Collection[VerdictRow]) -> str:
    # A test may ask the same of several candidates, or against several baselines.
    asked = (row.test, row.verdict.question)
    sides = {
        (one.candidate, one.baseline)
        for one in verdicts
        if (one.test, one.verdict.question) == asked
    }
    return row.test if len(sides) == 1 else f"{row.test}: {row.candidate} against {row.baseline}"


def _remarks(verdicts: Collection[VerdictRow]) -> list[str]:
    found = [
        f"{_name(row, verdicts)}: {remark}"
        for row in verdicts
        for remark in (
            row.same_inputs,
            row.verdict.why and f"{row.verdict.outcome}: {row.verdict.why}",
            *remarks(row.verdict),
        )
        if remark
    ]
    return [escape(remark) for remark in dict.fromkeys(found)]
