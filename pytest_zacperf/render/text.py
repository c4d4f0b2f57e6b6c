"""Plain text: tables, values that are cut or escaped; knows none of our records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_zacperf.sentences import cut, escape

__all__ = [
    "Table",
    "cut",
    "escape",
    "fitted",
    "markdown_table",
    "stacked_table",
    "table_lines",
    "value_text",
]

# pytest cuts an explanation that is longer.
MOST_LINES = 8
MOST_CHARACTERS = 640
LONGEST_FIRST = 400
LONGEST_VALUE = 48


def value_text(value: object) -> str:
    """Return a value as Python writes it, escaped and cut; ``none`` for None."""
    return "none" if value is None else cut(escape(repr(value)), LONGEST_VALUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that nobody has laid out yet; its cells are escaped already.

    Attributes:
        header: Names of the columns; empty for pairs of a name and a value.
        rows: One text for each column.
        numbers: Indices of the columns that end at the right.
        note: A line below it; empty for none.

    """

    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    note: str = ""


def table_lines(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int]
) -> list[str]:
    """Return a table with aligned columns; those whose index is in *numbers* end at the right."""
    cells = [header, *rows] if header else rows
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if column in numbers else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def stacked_table(table: Table, stacks: Sequence[Sequence[int]], numbers: frozenset[int]) -> Table:
    """Return a table with several values in a cell, one below the other.

    Args:
        table: With a header.
        stacks: For each new column, the indices of the old ones.
        numbers: Indices of the new columns that end at the right.

    """
    header, *rows = (
        tuple("\n".join(row[column] for column in stack) for stack in stacks)
        for row in (table.header, *table.rows)
    )
    return Table(header=header, rows=tuple(rows), numbers=numbers)


def markdown_table(table: Table) -> list[str]:
    """Return a table in Markdown, and its note below it."""
    header = table.header or ("",) * len(table.rows[0])
    rule = ["---:" if column in table.numbers else "---" for column in range(len(header))]
    lines = [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
        for row in (header, rule, *table.rows)
    ]
    return [*lines, "", table.note] if table.note else lines


def fitted(lines: Sequence[str]) -> list[str]:
    """Return lines that pytest shows whole: the longest ones are cut, the last ones dropped."""
    kept = list(lines[:MOST_LINES])
    kept[:1] = (cut(line, LONGEST_FIRST) for line in kept[:1])
    while sum(map(len, kept)) + len(kept) > MOST_CHARACTERS:
        # More than the first line are left: it is not as long as all may be together.
        longest = max(kept[1:], key=len)
        kept[kept.index(longest)] = cut(longest, max(len(longest) - 20, 3))
    return kept
