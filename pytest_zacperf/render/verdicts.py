"""A verdict in words: one line, and the few lines of a failed comparison."""

from __future__ import annotations

from pytest_zacperf.records import Environment
from pytest_zacperf.render.text import cut, escape
from pytest_zacperf.units import format_bytes, format_ns
from pytest_zacperf.verdict import Estimate, Quantity, Verdict

LONGEST_LINE = 180
MOST_DIGITS = 6
SHORT_REVISION = 12


def verdict_lines(verdict: Verdict, *, sides: str, remark: str | None, where: str) -> list[str]:
    """Return what a failed comparison of costs says: at most 8 lines and 640 characters.

    Args:
        verdict: The outcome and what it rests on.
        sides: What the two sides are.
        remark: That both sides are the same, if they are.
        where: The environment of the candidate.

    """
    estimate = verdict.estimate
    candidate = _amount(estimate, estimate.candidate_median)
    baseline = _amount(estimate, estimate.baseline_median)
    return [
        verdict_line(verdict),
        f"medians: candidate {candidate}, baseline {baseline}",
        cut(escape(sides), LONGEST_LINE),
        *([remark] if remark else []),
        cut(escape(where), LONGEST_LINE),
    ]


def verdict_line(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    estimate = verdict.estimate
    clock = f"{estimate.clock} clock, " if estimate.clock else ""
    pairs = f"{estimate.pairs} pair{'' if estimate.pairs == 1 else 's'}"
    return (
        f"{estimate.quantity} {ratio_text(verdict)} of baseline, limit {limit_text(verdict)}: "
        f"{verdict.outcome} ({clock}{pairs})"
    )


def environment_line(environment: Environment | None) -> str:
    """Return where a run was measured, in one line."""
    if environment is None:
        return "measured on an unknown machine"
    revision = (environment.git_revision or "")[:SHORT_REVISION] or "no git revision"
    dirty = " with changes" if environment.git_dirty else ""
    return (
        f"measured with {environment.python} on {environment.platform}, {environment.machine}, "
        f"{len(environment.cpus)} processors; {revision}{dirty}"
    )


def ratio_text(verdict: Verdict) -> str:
    """Return the ratio with as many digits as tell it from its limit."""
    ratio, limit = verdict.estimate.ratio, verdict.limit
    digits = 2
    # A ratio that missed its limit must not be printed as the limit.
    while digits < MOST_DIGITS and ratio != limit and round(ratio, digits) == round(limit, digits):
        digits += 1
    return f"{ratio:.{digits}f}"


def limit_text(verdict: Verdict) -> str:
    """Return the limit, with its sign where that is not the usual one."""
    sign = f"{verdict.op} " if verdict.op.startswith(">") else ""
    limit = verdict.limit
    return f"{sign}{limit:.2f}" if limit == round(limit, 2) else f"{sign}{limit:g}"


def _amount(estimate: Estimate, value: float) -> str:
    return format_bytes(value) if estimate.quantity is Quantity.PEAK_MEMORY else format_ns(value)
