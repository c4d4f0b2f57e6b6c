"""How two runs differ in what they did: lines for a terminal, and Markdown; writes no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_zacperf.parity_report import ParityReport
from pytest_zacperf.parity_sides import ORDER_EVENTS
from pytest_zacperf.render.divergence import difference_lines
from pytest_zacperf.render.parity_report import parity_detail_lines
from pytest_zacperf.render.rows import rows_lines
from pytest_zacperf.render.stages import stage_sides_table
from pytest_zacperf.render.text import LONGEST_VALUE, escape, table_lines, value_text
from pytest_zacperf.run_parity import ChangedValue, RunParity

MOST_VALUES = 20
# Of two long texts, how many characters are shown before the first that is not the same.
SAME_BEFORE = 8
WORDS = ("baseline", "candidate")
VALUE_HEADER = ("figure", *WORDS)


def run_parity_lines(found: RunParity) -> list[str]:
    """Return how two runs differ, for a terminal."""
    lines = [f"{escape(found.names[1])} against {escape(found.names[0])}"]
    if found.same_inputs:
        lines.append(found.same_inputs)
    if found.is_identical:
        lines.append(_identical(found))
    if found.order_events is not None:
        lines += difference_lines(found.order_events, words=WORDS)
    elif not found.is_identical and ORDER_EVENTS in found.compared:
        lines.append("the order events are the same")
    if found.trades is not None:
        lines += rows_lines(found.trades, "trade", "entry_ts_ns", words=WORDS)
    if found.equity is not None:
        lines += rows_lines(found.equity, "equity point", "ts_ns", words=WORDS)
    lines += _values("statistics that differ", found.statistics)
    lines += _values("work that differs", found.work)
    lines += [f"not compared: {escape(text)}" for text in found.not_compared]
    lines += [f"not compared, for only one side has it: {name}" for name in found.only_one_has]
    lines += [f"note: {escape(note)}" for note in found.notes]
    return [*lines, *_stages(found)]


def _identical(found: RunParity) -> str:
    *first, last = found.compared
    what = f"{', '.join(first)} and {last}" if first else last
    within = " within the tolerances" if found.tolerances else ""
    return f"identical{within}: the same {what}"


def run_parity_markdown(found: RunParity, report: ParityReport | None) -> list[str]:
    """Return how two runs differ, in Markdown.

    Args:
        found: The two runs.
        report: Of their order events; None where these are the same.

    """
    lines = [f"# {escape(found.names[1])} against {escape(found.names[0])}", ""]
    lines += ["```text", *run_parity_lines(found)[1:], "```"]
    if report is not None and found.order_events is not None:
        lines += parity_detail_lines(report, found.order_events, WORDS)
    return lines


def _values(title: str, values: Sequence[ChangedValue]) -> Iterator[str]:
    if not values:
        return
    yield f"{title}:"
    rows = [(escape(one.name), *_value_texts(one)) for one in values]
    shown = table_lines(VALUE_HEADER, rows[:MOST_VALUES], numbers=frozenset({1, 2}))
    yield from (f"  {line}" for line in shown)
    if len(rows) > MOST_VALUES:
        yield f"  and {len(rows) - MOST_VALUES} more"


def _value_texts(one: ChangedValue) -> tuple[str, str]:
    expected, actual = one.expected, one.actual
    if isinstance(expected, str) and isinstance(actual, str):
        pairs = zip(expected, actual, strict=False)
        shorter = min(len(expected), len(actual))
        same = next((at for at, (a, b) in enumerate(pairs) if a != b), shorter)
        if max(len(expected), len(actual)) > LONGEST_VALUE and same > SAME_BEFORE:
            start = same - SAME_BEFORE
            expected, actual = f"...{expected[start:]}", f"...{actual[start:]}"
    return value_text(expected), value_text(actual)


def _stages(found: RunParity) -> Iterator[str]:
    if not found.stages:
        return
    yield "stage times, which are no part of parity:"
    table = stage_sides_table(found.stages, WORDS)
    lines = table_lines(table.header, table.rows, numbers=table.numbers)
    yield from (f"  {line}" for line in lines)
