"""The order events of synthetic windows against their recordings in ``snapshots/``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion

from pytest_zacperf.backtest import Backtest

pytestmark = pytest.mark.parity


def test_order_events(backtest: Backtest, order_events_snapshot: SnapshotAssertion) -> None:
    assert backtest.order_events == order_events_snapshot


def test_full_metrics_lead_to_the_same_orders(
    backtest: Backtest, baseline_for: Callable[..., Backtest]
) -> None:
    assert backtest.order_events == baseline_for(metrics="full").order_events


def test_both_sides_of_the_market_are_traded(backtest: Backtest) -> None:
    # A recording without orders would be equal to anything that does nothing.
    assert {trade.side for trade in backtest.trades} == {"buy", "sell"}
