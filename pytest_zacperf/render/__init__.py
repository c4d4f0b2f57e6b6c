"""Results to lines of text; decides nothing and prints nothing."""

from pytest_zacperf.render.divergence import difference_lines, divergence_lines
from pytest_zacperf.render.repetition import repetition_lines
from pytest_zacperf.render.run import run_lines
from pytest_zacperf.render.summary import RunRow, VerdictRow, run_row, summary_lines
from pytest_zacperf.render.text import cut, escape, table_lines
from pytest_zacperf.render.verdicts import environment_line, verdict_line, verdict_lines

__all__ = [
    "RunRow",
    "VerdictRow",
    "cut",
    "difference_lines",
    "divergence_lines",
    "environment_line",
    "escape",
    "repetition_lines",
    "run_lines",
    "run_row",
    "summary_lines",
    "table_lines",
    "verdict_line",
    "verdict_lines",
]
