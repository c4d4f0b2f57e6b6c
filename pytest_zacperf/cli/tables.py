"""Tables on the terminal, laid out by rich."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from pytest_zacperf.render import Table, table_lines

# Of a pipe or a file: there nothing wraps and nothing is cut, so that programs can read it.
UNLIMITED_WIDTH = 100_000
GAP = "  "  # between columns


def fits(table: Table) -> bool:
    """Return whether a table needs no line breaks within its cells; always so in a pipe."""
    console = _console()
    if _is_plain(table):
        width = _width(table)
    else:
        width = Measurement.get(console, console.options, _laid_out(table)).maximum
    # At the limit rich already gives it no more than there is.
    return width < console.width


def print_table(table: Table, *, spaced: bool = False) -> None:
    """Print a table; the rows of a spaced one have an empty line between them."""
    if _is_plain(table) and not spaced and fits(table):
        _print_plain(table)
    else:
        _print_laid_out(table, spaced=spaced)
    if table.note:
        click.echo(table.note)


def _print_plain(table: Table) -> None:
    # What rich would print, in a twentieth of its time: a plan may have a thousand runs.
    lines = table_lines(table.header, table.rows, numbers=table.numbers)
    for number, line in enumerate(lines):
        is_header = bool(table.header) and number == 0
        click.echo(click.style(line, bold=True) if is_header and sys.stdout.isatty() else line)


def _is_plain(table: Table) -> bool:
    """Return whether each character takes one column, and no cell has several lines."""
    rows = (table.header, *table.rows)
    return all(cell.isascii() and "\n" not in cell for row in rows for cell in row)


def _width(table: Table) -> int:
    cells = [table.header, *table.rows] if table.header else table.rows
    return sum(max(map(len, column)) for column in zip(*cells, strict=True)) + len(GAP) * (
        len(cells[0]) - 1
    )


def _print_laid_out(table: Table, *, spaced: bool) -> None:
    console = _console()
    with console.capture() as captured:
        console.print(_laid_out(table, spaced=spaced))
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _console() -> Console:
    if sys.stdout.isatty():
        return Console(highlight=False, markup=False, emoji=False)
    # The height only because rich takes no width without it when TERM is "dumb".
    return Console(
        width=UNLIMITED_WIDTH, height=1, no_color=True, highlight=False, markup=False, emoji=False
    )


def _laid_out(table: Table, *, spaced: bool = False) -> RichTable:
    laid_out = RichTable(
        box=None,
        pad_edge=False,
        padding=(0, 2, int(spaced), 0),
        show_header=bool(table.header),
        header_style="bold",
    )
    for index in range(len(table.rows[0])):
        laid_out.add_column(
            Text(table.header[index]) if table.header else "",
            justify="right" if index in table.numbers else "left",
            overflow="fold",
            no_wrap=index == 0,  # it is what people copy
        )
    for row in table.rows:
        # Not str: what a user wrote is no markup.
        laid_out.add_row(*map(Text, row))
    return laid_out
