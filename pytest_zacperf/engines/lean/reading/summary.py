"""One summary or main file of LEAN, away from its folder, to our record; knows no other file."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf.engines.lean.reading.folder import MAIN_KEYS
from pytest_zacperf.engines.lean.reading.json_files import (
    HINT,
    Object,
    object_at,
    read_object,
    with_camel_keys,
)
from pytest_zacperf.engines.lean.reading.records import LeanRun
from pytest_zacperf.engines.lean.reading.statistics import figures_of
from pytest_zacperf.engines.lean.reading.times import day_of
from pytest_zacperf.engines.lean.reading.trades import equity_of, trades_of, with_camel_top
from pytest_zacperf.errors import StoreError

ORDERS = "orders"  # a main file has them, even none; a summary never has
PERFORMANCE = "totalPerformance"


def is_summary(path: Path) -> bool:
    """Return whether a file is a summary or a main file of LEAN, by what it holds."""
    try:
        return _is_of_lean(with_camel_top(read_object(path)))
    except StoreError:
        return False


def read_summary(path: Path) -> LeanRun:
    """Read a summary or a main file of any year by itself; it has no order events.

    Args:
        path: Of any name; a file with orders is a main file.

    Raises:
        StoreError: It is damaged, with the place, or holds something else.

    """
    given = read_object(path)
    content = with_camel_top(given)
    if not _is_of_lean(content):
        raise StoreError(f"{path} is no summary and no main file of Lean", HINT)
    is_main = ORDERS in content
    state = object_at(content, "state")
    configuration = with_camel_top(object_at(content, "algorithmConfiguration"))
    equity = equity_of(object_at(content, "charts"))
    return LeanRun(
        folder=path,
        id=path.stem,
        status=str(state["Status"]) if "Status" in state else None,
        runtime_error=str(state.get("RuntimeError", "")),
        start=day_of(configuration.get("startDate")),
        end=day_of(configuration.get("endDate")),
        order_events=(),
        has_orders=is_main,
        trades=tuple(trades_of(_performance(content))) if is_main else None,
        equity=equity,
        equity_source=None if equity is None else "main" if is_main else "summary",
        statistics=figures_of(given),
        requests=None,
    )


def _is_of_lean(content: Object) -> bool:
    return bool(MAIN_KEYS & content.keys())


def _performance(content: Object) -> Object:
    return object_at(with_camel_keys({PERFORMANCE: content.get(PERFORMANCE)}), PERFORMANCE)
