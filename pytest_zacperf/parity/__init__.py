"""Order events: their canonical form, equality, and how two lists of them differ."""

from __future__ import annotations

from pytest_zacperf.parity.canonical_form import (
    are_canonical,
    canonical,
    decode_events,
    encode_events,
)
from pytest_zacperf.parity.changed_orders import ChangedOrder, OrderChange, changed_orders
from pytest_zacperf.parity.changes import ChangedEvent, Changes, changes_between
from pytest_zacperf.parity.contents import Content, InMemory
from pytest_zacperf.parity.counts import Counts
from pytest_zacperf.parity.difference import Difference, difference
from pytest_zacperf.parity.divergence import Divergence, Kind
from pytest_zacperf.parity.order_events import OrderEvents, size_text
from pytest_zacperf.parity.rows import RowsDifference, equity_key, rows_difference, trade_key
from pytest_zacperf.parity.tolerance import (
    Relative,
    Tolerance,
    numbers_of,
    parse_tolerances,
    relative,
)
from pytest_zacperf.parity.totals import Totals

__all__ = [
    "ChangedEvent",
    "ChangedOrder",
    "Changes",
    "Content",
    "Counts",
    "Difference",
    "Divergence",
    "InMemory",
    "Kind",
    "OrderChange",
    "OrderEvents",
    "Relative",
    "RowsDifference",
    "Tolerance",
    "Totals",
    "are_canonical",
    "canonical",
    "changed_orders",
    "changes_between",
    "decode_events",
    "difference",
    "encode_events",
    "equity_key",
    "numbers_of",
    "parse_tolerances",
    "relative",
    "rows_difference",
    "size_text",
    "trade_key",
]
