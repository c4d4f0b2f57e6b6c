"""Results to lines of text for the terminal; decides nothing and prints nothing."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity import Divergence, OrderEvents
from pytest_zacperf.records import Costs, Environment, OrderEvent, Run, Work
from pytest_zacperf.units import NS_PER_S, format_bytes, format_count, format_ns
from pytest_zacperf.verdict import Estimate, Quantity, Verdict

EXCHANGE_ZONE = "America/New_York"
LONGEST_VALUE = 48
LONGEST_NAME = 32
LONGEST_LIST = 80
LONGEST_LINE = 180
MOST_DIGITS = 6
SHORT_REVISION = 12

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
VERDICT_HEADER = ("test", "of", "ratio", "limit", "outcome", "clock", "pairs")
VERDICT_NUMBERS = frozenset({2, 3, 6})


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
    """What the summary says of one verdict: the test's node id and what it asked for."""

    test: str
    verdict: Verdict


def run_row(run: Run, *, overrides: str, run_by: str) -> RunRow:
    """Return the summary's row of a run."""
    workload = run.workload
    failure = [f"no result: {run.reason}"] if run.status == "error" else []
    return RunRow(
        id=run.id,
        window=workload.window.id,
        engine=f"{workload.engine_name} {workload.engine_version}".strip() or workload.engine,
        parameters=overrides,
        work=run.work,
        costs=run.costs,
        run_by=run_by,
        warnings=(*run.warnings, *failure),
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
        rows = [_verdict_cells(row) for row in verdicts]
        lines += ["", *table_lines(VERDICT_HEADER, rows, numbers=VERDICT_NUMBERS)]
    return lines


def table_lines(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int]
) -> list[str]:
    """Return a table with aligned columns; those whose index is in *numbers* end at the right."""
    cells = [header, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return [
        "  ".join(
            text.rjust(width) if column in numbers else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


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
        f"{estimate.quantity} {_ratio(verdict)} of baseline, limit {_limit(verdict)}: "
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
        f"{environment.cpu_count} processors; {revision}{dirty}"
    )


def divergence_lines(
    divergence: Divergence | None, *, expected: OrderEvents, actual: OrderEvents
) -> list[str]:
    """Return where two lists of order events part: at most 6 lines and 560 characters.

    pytest cuts an explanation after 8 lines or 640 characters, and syrupy takes some of them.
    """
    event = (divergence.actual or divergence.expected) if divergence else None
    if divergence is None or event is None:
        return [
            "the recording holds the same order events in other bytes",
            "  its line ends or its formatting were changed; restore it from git",
        ]
    symbol = cut(escape(event.symbol), LONGEST_NAME)
    order = f"order {event.order_id}, event {event.event_id}: {event.side} {event.status}"
    lines = [_place(divergence), f"  {_times(event.ts_event_ns)}", f"  symbol {symbol}, {order}"]
    if divergence.fields and divergence.expected and divergence.actual:
        lines.append(f"  {_field(divergence.fields[0], divergence.expected, divergence.actual)}")
    if divergence.fields[1:]:
        others = ", ".join(divergence.fields[1:])
        lines.append(f"  also different in this event: {cut(others, LONGEST_LIST)}")
    lines.append(f"  recording: {expected.totals}; this run: {actual.totals}")
    return lines


def escape(text: str) -> str:
    """Return *text* with control and format characters written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def cut(text: str, longest: int) -> str:
    """Return *text*, or its beginning and "..." when it is longer than *longest*."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _run_cells(row: RunRow) -> tuple[str, ...]:
    work, costs = row.work, row.costs
    return (
        escape(row.window),
        cut(escape(f"{row.engine} {row.parameters}".strip()), LONGEST_LIST),
        format_count(work.orders) if work else "-",
        format_count(work.order_events) if work else "-",
        format_ns(costs.wall_ns) if costs else "-",
        format_ns(costs.cpu_ns) if costs else "-",
        format_bytes(costs.peak_memory_bytes) if costs else "-",
        row.run_by,
    )


def _verdict_cells(row: VerdictRow) -> tuple[str, ...]:
    estimate = row.verdict.estimate
    return (
        escape(row.test),
        estimate.quantity,
        _ratio(row.verdict),
        _limit(row.verdict),
        row.verdict.outcome,
        estimate.clock or "-",
        str(estimate.pairs),
    )


def _ratio(verdict: Verdict) -> str:
    ratio, limit = verdict.estimate.ratio, verdict.limit
    digits = 2
    # A ratio that missed its limit must not be printed as the limit.
    while digits < MOST_DIGITS and ratio != limit and round(ratio, digits) == round(limit, digits):
        digits += 1
    return f"{ratio:.{digits}f}"


def _limit(verdict: Verdict) -> str:
    # Below the limit is the usual direction and needs no sign.
    sign = f"{verdict.op} " if verdict.op.startswith(">") else ""
    limit = verdict.limit
    return f"{sign}{limit:.2f}" if limit == round(limit, 2) else f"{sign}{limit:g}"


def _amount(estimate: Estimate, value: float) -> str:
    return format_bytes(value) if estimate.quantity is Quantity.PEAK_MEMORY else format_ns(value)


def _place(divergence: Divergence) -> str:
    if divergence.actual is None:
        return f"order event {divergence.index:,} is missing: this run ended before it"
    if divergence.expected is None:
        return f"order event {divergence.index:,} is extra: the recording has ended before it"
    return f"order events diverge at event {divergence.index:,}"


def _field(name: str, expected: OrderEvent, actual: OrderEvent) -> str:
    values = [getattr(event, name) for event in (expected, actual)]
    if name == "ts_event_ns":
        shown = [_utc(value) for value in values]
    else:
        shown = [
            cut(ascii(value) if _unsafe(value) else repr(value), LONGEST_VALUE) for value in values
        ]
    return f"{name}: expected {shown[0]}, was {shown[1]}"


def _unsafe(value: object) -> bool:
    return isinstance(value, str) and not value.isprintable()


def _times(ts_event_ns: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
        local = moment.astimezone(zoneinfo.ZoneInfo(EXCHANGE_ZONE))
    except (OverflowError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return _utc(ts_event_ns)
    return f"{local:%Y-%m-%d %H:%M:%S}{_fraction(ts_event_ns)} New York, {_utc(ts_event_ns)}"


def _utc(ts_event_ns: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(ts_event_ns // NS_PER_S, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ts_event_ns} ns since 1970 UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(ts_event_ns)} UTC"


def _fraction(ts_event_ns: int) -> str:
    digits = f"{ts_event_ns % NS_PER_S:09}".rstrip("0")
    return f".{digits}" if digits else ""
