"""Results to lines of text; decides nothing and prints nothing."""

from pytest_zacperf.render.blame import blame_line, blame_lines
from pytest_zacperf.render.determinism import determinism_line
from pytest_zacperf.render.divergence import difference_lines, divergence_lines
from pytest_zacperf.render.listing import Listed, listing_table, stacked
from pytest_zacperf.render.perf_report import question_lines, report_lines, rounds_csv
from pytest_zacperf.render.repetition import repetition_lines
from pytest_zacperf.render.run import run_lines, warning_lines
from pytest_zacperf.render.show import show_tables
from pytest_zacperf.render.summary import RunRow, VerdictRow, run_row, summary_lines
from pytest_zacperf.render.text import Table, cut, escape, table_lines
from pytest_zacperf.render.verdicts import (
    interval_text,
    limit_text,
    message_lines,
    ratio_text,
    verdict_line,
)

__all__ = [
    "Listed",
    "RunRow",
    "Table",
    "VerdictRow",
    "blame_line",
    "blame_lines",
    "cut",
    "determinism_line",
    "difference_lines",
    "divergence_lines",
    "escape",
    "interval_text",
    "limit_text",
    "listing_table",
    "message_lines",
    "question_lines",
    "ratio_text",
    "repetition_lines",
    "report_lines",
    "rounds_csv",
    "run_lines",
    "run_row",
    "show_tables",
    "stacked",
    "summary_lines",
    "table_lines",
    "verdict_line",
    "warning_lines",
]
