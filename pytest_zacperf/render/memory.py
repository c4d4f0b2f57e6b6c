"""In which stage memory grew: one line for a message, a table for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.records import StageMemory
from pytest_zacperf.render.text import cut, escape, table_lines
from pytest_zacperf.units import format_bytes

LONGEST_STAGE = 60
HEADER = ("stage", "baseline", "candidate", "difference")
NUMBERS = frozenset(range(1, len(HEADER)))
NOTHING_GREW = (
    "no stage took more memory than before: it was there before run() began, or in child processes"
)
NOTE = "by how much each stage raised the peak, from one run a side that is watched and slower"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    stage: str
    baseline_bytes: int
    candidate_bytes: int

    @property
    def difference_bytes(self) -> int:
        return self.candidate_bytes - self.baseline_bytes


def stage_growth_lines(
    baseline: Sequence[StageMemory], candidate: Sequence[StageMemory]
) -> list[str]:
    """Return a table of the stages in which memory grew, the worst first."""
    growths = _growths(baseline, candidate)
    if not growths:
        return [NOTHING_GREW]
    rows = [
        (
            cut(escape(growth.stage), LONGEST_STAGE),
            format_bytes(growth.baseline_bytes),
            format_bytes(growth.candidate_bytes),
            _signed(growth.difference_bytes),
        )
        for growth in growths
    ]
    return [NOTE, *table_lines(HEADER, rows, numbers=NUMBERS)]


def stage_growth_line(
    baseline: Sequence[StageMemory], candidate: Sequence[StageMemory]
) -> str | None:
    """Return the stage that takes most more than it did, in at most 150 characters; else None."""
    growths = _growths(baseline, candidate)
    if not growths or growths[0].difference_bytes <= 0:
        return None
    worst = growths[0]
    before, after = format_bytes(worst.baseline_bytes), format_bytes(worst.candidate_bytes)
    stage = cut(escape(worst.stage), LONGEST_STAGE)
    return f"grew in stage {stage}: {_signed(worst.difference_bytes)} ({before} -> {after})"


def _growths(baseline: Sequence[StageMemory], candidate: Sequence[StageMemory]) -> list[_Growth]:
    before = {stage.name: stage.growth_bytes for stage in baseline}
    after = {stage.name: stage.growth_bytes for stage in candidate}
    growths = [
        _Growth(stage=name, baseline_bytes=before.get(name, 0), candidate_bytes=after.get(name, 0))
        for name in dict.fromkeys([*after, *before])
    ]
    return sorted(growths, key=lambda growth: -growth.difference_bytes)


def _signed(n: int) -> str:
    return f"{'+' if n > 0 else ''}{format_bytes(n)}"
