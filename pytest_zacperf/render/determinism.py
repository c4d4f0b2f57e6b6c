"""The warning about a backtest that does not give the same order events again."""

from __future__ import annotations

from pytest_zacperf.records import Run
from pytest_zacperf.render.text import escape

LOOK_FOR_REASON = "`zacperf backtest --twice` looks for the reason"
UNKNOWN_DATA = "the engine does not say which data it read, so changed data may be the reason"


def determinism_line(run: Run) -> str | None:
    """Return which run had the same fingerprints and other order events; None without one."""
    if run.differs_from is None:
        return None
    is_data_known = run.fingerprints is not None and run.fingerprints.data is not None
    same = "code, parameters and data" if is_data_known else "code and parameters"
    reasons = [] if is_data_known else [UNKNOWN_DATA]
    what = f"run {escape(run.differs_from)} had the same {same}, and other order events"
    return "; ".join([f"NOT DETERMINISTIC: {what}", *reasons, LOOK_FOR_REASON])
