"""Recordings of order events as syrupy snapshots: compared here, accepted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.types import SerializableData, SerializedData

from pytest_zacperf import render
from pytest_zacperf.ci import is_under_ci
from pytest_zacperf.compared_extension import ComparedExtension
from pytest_zacperf.parity import (
    OrderEvents,
    Tolerance,
    difference,
    numbers_of,
    parse_tolerances,
    size_text,
)
from pytest_zacperf.parity.canonical_form import NUMBERS
from pytest_zacperf.parity_reporting import UPDATES, Delivery
from pytest_zacperf.records import EquityPoint, Trade
from pytest_zacperf.session import SESSION
from pytest_zacperf.store import ENDINGS, FileContent
from pytest_zacperf.value_snapshots import (
    EquityExtension,
    StatisticsExtension,
    TradesExtension,
)

KIND = "order_events"
PARITY_MARKER = "parity"
# What may have a tolerance, of whatever is recorded.
FIELDS = tuple(dict.fromkeys([*NUMBERS, *numbers_of(Trade), *numbers_of(EquityPoint)]))
NEEDS_REASON = (
    '  --snapshot-update writes nothing without a reason: give --zacperf-reason "...", or set '
    "ZACPERF_REASON"
)
NEVER_UNDER_CI = "  CI is set, and CI accepts no recording: approve on your own machine"


class OrderEventsExtension(ComparedExtension):
    """Order events: compared as bytes in a stream, decoded only where they differ."""

    file_extension = ENDINGS[KIND].removeprefix(".")

    def recorded(self) -> SerializableData:
        """Return the recording without reading it."""
        return OrderEvents(FileContent(self.recording))

    def serialize(self, data: SerializableData, **_: object) -> SerializedData:
        """Return order events that are read only when they are compared or kept."""
        if not isinstance(data, OrderEvents):
            raise self.refuse(KIND, data, "backtest.order_events")
        if not self.recording.is_file():
            size = size_text(data.totals)
            missing = f"nothing is recorded yet for {size}"
            self.keep_first(data, missing=missing, change=f"first recording: {size}")
        # Detached, because syrupy keeps both sides until the session ends.
        return data.detached()  # type: ignore[return-value]

    def matches(self, *, serialized_data: SerializedData, snapshot_data: SerializedData) -> bool:
        """Return whether both sides are the same bytes, or the same within their tolerances."""
        expected, actual = as_order_events(snapshot_data), as_order_events(serialized_data)
        if expected == actual:
            return self.meet()
        try:
            found = difference(expected, actual, tolerances=self.tolerances)
        except ValueError as e:
            return self.damaged(e, actual)
        if found is None:
            return self.meet()
        return self.hand_over(
            render.difference_lines(found),
            lambda: self.delivery.differ(found, actual, self.recording),
        )


EXTENSIONS: Mapping[str, type[ComparedExtension]] = {
    KIND: OrderEventsExtension,
    "trades": TradesExtension,
    "equity": EquityExtension,
    "statistics": StatisticsExtension,
}


def as_order_events(data: object) -> OrderEvents:
    """Return what this module has given to syrupy."""
    if not isinstance(data, OrderEvents):
        raise TypeError(f"{type(data).__name__} was never given to syrupy")
    return data


def assertion_on(kind: str, snapshot: SnapshotAssertion, item: pytest.Item) -> SnapshotAssertion:
    """Return syrupy's assertion on what is recorded of a kind for a test."""
    # Not snapshot(extension_class=...): syrupy would print the difference with another extension.
    assertion = snapshot.use_extension(EXTENSIONS[kind])
    wants = bool(assertion.update_snapshots or assertion.update_new_snapshots_only)
    reason = item.config.stash[SESSION].settings.reason
    refused = NEVER_UNDER_CI if is_under_ci() else None if reason else NEEDS_REASON
    if wants and refused:
        # syrupy would take it for written.
        assertion.update_snapshots = assertion.update_new_snapshots_only = False
    item.stash[UPDATES] = bool(assertion.update_snapshots)
    extension = assertion.extension
    if isinstance(extension, ComparedExtension):
        extension.delivery = Delivery(item=item, kind=kind, refused=refused if wants else None)
        extension.tolerances = tolerances_of(item)
    return assertion


def tolerances_of(item: pytest.Item) -> Mapping[str, Tolerance]:
    """Return the tolerances of ``@pytest.mark.parity(tolerance={...})``."""
    mark = item.get_closest_marker(PARITY_MARKER)
    given = mark.kwargs.get("tolerance", {}) if mark else {}
    try:
        return parse_tolerances(given, FIELDS)
    except ValueError as e:
        raise pytest.fail.Exception(f"tolerance: {e}", pytrace=False) from None
