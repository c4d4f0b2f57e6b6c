"""The warning about a backtest that does not give the same order events again."""

from __future__ import annotations

from pytest_zacperf.records import Run, Window
from pytest_zacperf.render.text import escape

TWICE = "zacperf backtest --start {window.start} --end {window.end} --twice"
UNKNOWN_DATA = "the engine does not say which data it read, so changed data may be the reason"


def determinism_line(run: Run) -> str | None:
    """Return which run had the same fingerprints and other order events; None without one."""
    if run.differs_from is None:
        return None
    is_data_known = run.fingerprints is not None and run.fingerprints.data is not None
    same = "code, parameters and data" if is_data_known else "code and parameters"
    reasons = [] if is_data_known else [UNKNOWN_DATA]
    what = f"run {escape(run.differs_from)} had the same {same}, and other order events"
    reason = f"`{twice_command(run.workload.window)}` looks for the reason"
    return "; ".join([f"NOT DETERMINISTIC: {what}", *reasons, reason])


def twice_command(window: Window) -> str:
    """Return the command that tells whether a backtest is deterministic in a window."""
    return TWICE.format(window=window)
