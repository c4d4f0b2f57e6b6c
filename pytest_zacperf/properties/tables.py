"""Tables that a person reads and that Python reads back; knows nothing about bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

GAP = "  "


class Printer(Protocol):
    """What hypothesis, like IPython, hands to ``_repr_pretty_``."""

    def text(self, text: str, /) -> None:
        """Print text without a line break in it."""
        ...

    def break_(self) -> None:
        """Print a line break and indent the next line like this one."""
        ...


def print_call(text: str, printer: Printer) -> None:
    """Print text of several lines."""
    first, *rest = text.splitlines()
    printer.text(first)
    for line in rest:
        printer.break_()
        printer.text(line)


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the columns one below the other; cells contain no white space."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def parse_table(text: str, *, columns: int) -> Iterator[list[str]]:
    """Yield the cells of each row, the header's first.

    Raises:
        ValueError: There is no row, or one has not as many cells.

    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("a table begins with a line of column names; here is nothing")
    for cells in lines:
        if len(cells) != columns:
            raise table_error(cells, f"{len(cells)} cells where a row has {columns}")
        yield cells


def table_error(cells: Sequence[str], problem: str) -> ValueError:
    """Return the error of a row that cannot be read."""
    return ValueError(f"the row {' '.join(cells)!r} cannot be read: {problem}")
