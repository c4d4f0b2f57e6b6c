"""Results to lines of text; decides nothing and prints nothing.

What pytest needs when it starts; the others are imported from their own modules.
"""

from pytest_zacperf.render.blame import blame_line, blame_lines
from pytest_zacperf.render.determinism import determinism_line, twice_command
from pytest_zacperf.render.divergence import change_text, difference_lines
from pytest_zacperf.render.listing import Listed, listing_table, stacked
from pytest_zacperf.render.parity_report import parity_report_lines
from pytest_zacperf.render.perf_report import question_lines, report_lines, rounds_csv
from pytest_zacperf.render.repetition import repetition_lines
from pytest_zacperf.render.rows import figures_lines, rows_lines
from pytest_zacperf.render.run import run_lines, warning_lines
from pytest_zacperf.render.run_parity import run_parity_lines, run_parity_markdown
from pytest_zacperf.render.show import show_tables
from pytest_zacperf.render.summary import RunRow, VerdictRow, run_row, summary_lines
from pytest_zacperf.render.text import (
    Table,
    cut,
    escape,
    fitted,
    table_lines,
)
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
    "change_text",
    "cut",
    "determinism_line",
    "difference_lines",
    "escape",
    "figures_lines",
    "fitted",
    "interval_text",
    "limit_text",
    "listing_table",
    "message_lines",
    "parity_report_lines",
    "question_lines",
    "ratio_text",
    "repetition_lines",
    "report_lines",
    "rounds_csv",
    "rows_lines",
    "run_lines",
    "run_parity_lines",
    "run_parity_markdown",
    "run_row",
    "show_tables",
    "stacked",
    "summary_lines",
    "table_lines",
    "twice_command",
    "verdict_line",
    "warning_lines",
]
