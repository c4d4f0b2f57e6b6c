"""Syrupy's assertion on a recording, as a fixture gives it to a test."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from syrupy.assertion import SnapshotAssertion

from pytest_zacperf.ci import is_under_ci
from pytest_zacperf.parity import Tolerance, parse_tolerances
from pytest_zacperf.parity.tolerance import FIELDS
from pytest_zacperf.session import SESSION
from pytest_zacperf.snapshots.delivery import UPDATES, Delivery
from pytest_zacperf.snapshots.extension import ComparedExtension
from pytest_zacperf.snapshots.order_events import OrderEventsExtension
from pytest_zacperf.snapshots.values import EquityExtension, StatisticsExtension, TradesExtension

PARITY_MARKER = "parity"
NEEDS_REASON = (
    '  --snapshot-update writes nothing without a reason: give --zacperf-reason "...", or set '
    "ZACPERF_REASON"
)
NEVER_UNDER_CI = "  CI is set, and CI accepts no recording: approve on your own machine"

EXTENSIONS: Mapping[str, type[ComparedExtension]] = {
    "order_events": OrderEventsExtension,
    "trades": TradesExtension,
    "equity": EquityExtension,
    "statistics": StatisticsExtension,
}


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
