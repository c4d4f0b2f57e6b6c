"""How trades, equity or statistics differ from their recording, in the lines that pytest shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pytest_zacperf.parity import RowsDifference
from pytest_zacperf.render.divergence import time_text
from pytest_zacperf.render.text import cut, escape, value_text
from pytest_zacperf.run_parity import ChangedValue
from pytest_zacperf.units import format_count

LONGEST_SYMBOL = 48
LONGEST_LINE = 130
MOST_FIELDS = 3
MOST_FIGURES = 4


def rows_lines(
    found: RowsDifference[Any], noun: str, time_field: str, *, words: tuple[str, str]
) -> list[str]:
    """Return how two lists of rows differ: at most 5 lines.

    Args:
        found: What was found.
        noun: A row, such as ``trade``.
        time_field: The field of a row that says when.
        words: For a value of the expected side, and of the other.

    """
    number = format_count(found.index)
    if found.actual is None:
        first = f"{noun} {number} is missing"
    elif found.expected is None:
        first = f"{noun} {number} is extra"
    elif not found.fields:
        first = f"{noun} {number} comes at another place"
    else:
        first = f"{noun} {number} is not the same"
    lines = [first]
    row = found.actual if found.expected is None else found.expected
    if row is not None:
        lines.append(f"  {time_text(getattr(row, time_field))}{_symbol(row)}")
    if found.expected is not None and found.actual is not None:
        lines += [
            f"  {name}: {words[0]} {value_text(getattr(found.expected, name))}, "
            f"{words[1]} {value_text(getattr(found.actual, name))}"
            for name in found.fields[:MOST_FIELDS]
        ]
    lines.append(f"  {noun}s: {rows_text(found)}")
    return [cut(line, LONGEST_LINE) for line in lines]


def rows_text(found: RowsDifference[Any]) -> str:
    """Return how many rows are what."""
    rows = found.rows
    named = (
        ("equal", rows.equal),
        ("changed", rows.changed),
        ("added", rows.added),
        ("removed", rows.removed),
    )
    return ", ".join(f"{format_count(number)} {name}" for name, number in named)


def figures_lines(
    changed: Sequence[ChangedValue], recorded: Mapping[str, object], *, words: tuple[str, str]
) -> list[str]:
    """Return how statistics differ: at most 6 lines.

    Args:
        changed: Those that do.
        recorded: All that are recorded.
        words: For a value of the expected side, and of the other.

    """
    more = len(changed) - MOST_FIGURES
    names = {*recorded, *(one.name for one in changed)}
    return [
        f"{len(changed)} of {len(names)} statistics are not the same",
        *(
            cut(
                f"  {escape(one.name)}: {words[0]} {value_text(one.expected)}, "
                f"{words[1]} {value_text(one.actual)}",
                LONGEST_LINE,
            )
            for one in changed[:MOST_FIGURES]
        ),
        *([f"  and {more} more"] if more > 0 else []),
    ]


def _symbol(row: msgspec.Struct) -> str:
    symbol = getattr(row, "symbol", None)
    return f", {cut(escape(symbol), LONGEST_SYMBOL)}" if isinstance(symbol, str) else ""
