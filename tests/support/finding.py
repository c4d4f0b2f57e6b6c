"""Looks for a stream that shows a bug, with a seed, so that the same one is found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, given, seed, settings
from support.known_bad import Case

from pytest_zacperf.properties import (
    BarStream,
    IncrementalMismatch,
    bar_streams,
    check_incremental,
)

# How many streams hypothesis draws unless it is told otherwise.
BUDGET = 100
SHRINKING = (Phase.generate, Phase.shrink)


def mismatch(
    case: Case,
    make: Callable[[], Any],
    *,
    number: int,
    examples: int = BUDGET,
    phases: tuple[Phase, ...] = SHRINKING,
) -> tuple[BarStream, IncrementalMismatch] | None:
    """Return the stream that hypothesis ended with, and what the check said; None if none fails."""
    last: list[BarStream] = []

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
    )
    @given(bar_streams(**case.streams))
    def look(stream: BarStream) -> None:
        last[:] = [stream]
        check_incremental(make, case.full, data=stream, tolerance=case.tolerance, **case.policies)

    try:
        look()
    except IncrementalMismatch as e:
        return last[0], e
    return None
