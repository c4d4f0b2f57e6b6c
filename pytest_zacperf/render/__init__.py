"""Results to lines of text; decides nothing and prints nothing."""

from pytest_zacperf.render.determinism import determinism_line
from pytest_zacperf.render.divergence import difference_lines, divergence_lines
from pytest_zacperf.render.listing import Listed, listing_table, stacked
from pytest_zacperf.render.repetition import repetition_lines
from pytest_zacperf.render.run import run_lines, warning_lines
from pytest_zacperf.render.show import show_tables
from pytest_zacperf.render.summary import RunRow, VerdictRow, run_row, summary_lines
from pytest_zacperf.render.text import Table, cut, escape, table_lines
from pytest_zacperf.render.verdicts import environment_line, verdict_line, verdict_lines

__all__ = [
    "Listed",
    "RunRow",
    "Table",
    "VerdictRow",
    "cut",
    "determinism_line",
    "difference_lines",
    "divergence_lines",
    "environment_line",
    "escape",
    "listing_table",
    "repetition_lines",
    "run_lines",
    "run_row",
    "show_tables",
    "stacked",
    "summary_lines",
    "table_lines",
    "verdict_line",
    "verdict_lines",
    "warning_lines",
]
