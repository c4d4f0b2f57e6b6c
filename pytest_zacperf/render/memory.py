"""Placeholder until the helper's module replaces it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_zacperf.records import StageMemory


def stage_growth_line(
    baseline: Sequence[StageMemory], candidate: Sequence[StageMemory]
) -> str | None:
    """Return nothing yet."""
    return None if not baseline or not candidate else None


def stage_growth_lines(
    baseline: Sequence[StageMemory], candidate: Sequence[StageMemory]
) -> list[str]:
    """Return nothing yet."""
    return [] if not baseline or not candidate else []
