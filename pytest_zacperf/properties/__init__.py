"""Prove that an incremental indicator equals full recomputation, on streams that hypothesis draws.

Needs the extra ``properties``; nothing of a test session loads it. See docs/properties.md.
"""

from __future__ import annotations

try:
    import hypothesis as _hypothesis  # noqa: F401 - its absence shall be told as ours
except ImportError as e:
    raise ImportError(
        "pytest_zacperf.properties needs hypothesis: pip install 'pytest-zacperf[properties]'"
    ) from e

from pytest_zacperf.calendars import Session
from pytest_zacperf.properties.check import check_incremental
from pytest_zacperf.properties.market import Bar, BarStream, Operation, bar_table
from pytest_zacperf.properties.order_events import OrderEventStream, order_event_table
from pytest_zacperf.properties.orders import order_event_streams
from pytest_zacperf.properties.prices import bars
from pytest_zacperf.properties.searching import IncrementalMismatch
from pytest_zacperf.properties.sessions import sessions
from pytest_zacperf.properties.streams import bar_streams
from pytest_zacperf.properties.tolerances import (
    Summed,
    Tolerance,
    conditioned,
    exact,
    mean_of,
    relative,
    sum_of,
    ulps,
    ulps_between,
)

__all__ = [
    "Bar",
    "BarStream",
    "IncrementalMismatch",
    "Operation",
    "OrderEventStream",
    "Session",
    "Summed",
    "Tolerance",
    "bar_streams",
    "bar_table",
    "bars",
    "check_incremental",
    "conditioned",
    "exact",
    "mean_of",
    "order_event_streams",
    "order_event_table",
    "relative",
    "sessions",
    "sum_of",
    "ulps",
    "ulps_between",
]
