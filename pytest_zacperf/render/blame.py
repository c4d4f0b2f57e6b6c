"""Which functions became slower: one line for a message, a table for a report."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_zacperf.blame import Growth
from pytest_zacperf.render.text import cut, escape, table_lines
from pytest_zacperf.units import format_count, format_ns

LONGEST_LINE = 150
LONGEST_MODULE = 60
LONGEST_NAME = 60
HEADER = (
    *("function", "own time", "baseline", "grown"),
    *("a call", "baseline", "calls", "baseline"),
)
NUMBERS = frozenset(range(1, len(HEADER)))
NOTHING_GREW = "no function's own time grew in the profiled runs"
NOTE = "from one profiled run a side, which is slower than a run alone; what builtins take counts"
NEVER = "-"


def blame_line(growth: Growth) -> str:
    """Return the function to look at first, in one line of at most 150 characters."""
    before, after = format_ns(growth.baseline_own_ns), format_ns(growth.candidate_own_ns)
    figures = f" own time {before} -> {after} profiled; {_calls(growth)}"
    prefix = "worst: "
    return prefix + _function(growth, LONGEST_LINE - len(prefix) - len(figures)) + figures


def blame_lines(growths: Sequence[Growth]) -> list[str]:
    """Return a table of the functions whose own time grew, in the given order."""
    if not growths:
        return [NOTHING_GREW]
    table = table_lines(HEADER, [_cells(growth) for growth in growths], numbers=NUMBERS)
    return [f"{NOTE} as its caller's own time", *table]


def _cells(growth: Growth) -> tuple[str, ...]:
    module = _end(escape(growth.module), LONGEST_MODULE)
    name = cut(escape(growth.name), LONGEST_NAME)
    return (
        f"{module}:{growth.line} {name}{' (waits)' if growth.waits else ''}",
        format_ns(growth.candidate_own_ns),
        format_ns(growth.baseline_own_ns),
        f"+{format_ns(growth.grown_ns)}",
        _time(growth.candidate_ns_per_call),
        _time(growth.baseline_ns_per_call),
        format_count(growth.candidate_calls),
        format_count(growth.baseline_calls),
    )


def _calls(growth: Growth) -> str:
    before, after = growth.baseline_ns_per_call, growth.candidate_ns_per_call
    plural = "" if growth.candidate_calls == 1 else "s"
    calls = f"{format_count(growth.candidate_calls)} call{plural}"
    if before is None:
        return f"new, {calls}, {_time(after)} a call"
    if growth.baseline_calls != growth.candidate_calls:
        calls = f"{format_count(growth.baseline_calls)} -> {calls}"
    return f"{calls}, {_time(before)} -> {_time(after)} a call"


def _time(ns: float | None) -> str:
    return NEVER if ns is None else format_ns(ns)


def _function(growth: Growth, longest: int) -> str:
    # The name says more than the path, and the end of a path more than its beginning.
    name = cut(escape(growth.name), longest * 2 // 3)
    return f"{_end(escape(growth.module), longest - len(name) - 1)} {name}"


def _end(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"...{text[len(text) - longest + 3 :]}"
