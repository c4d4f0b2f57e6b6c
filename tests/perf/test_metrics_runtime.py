"""What the rolling metrics gain over their full recomputation, side by side on the same days."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_zacperf.backtest import Backtest

pytestmark = [pytest.mark.perf, pytest.mark.window("days-2025-03-10_03-11")]


def test_incremental_metrics_save_a_quarter_of_the_runtime(
    backtest: Backtest, baseline_for: Callable[..., Backtest]
) -> None:
    assert backtest.runtime / baseline_for(metrics="full").runtime <= 0.75


def test_incremental_metrics_need_no_more_memory(
    backtest: Backtest, baseline_for: Callable[..., Backtest]
) -> None:
    assert backtest.peak_memory / baseline_for(metrics="full").peak_memory <= 1.10


def test_incremental_metrics_change_no_order_event(
    backtest: Backtest, baseline_for: Callable[..., Backtest]
) -> None:
    assert backtest.order_events == baseline_for(metrics="full").order_events


@pytest.mark.slow
@pytest.mark.window("days-2025-11-26_11-28")
def test_incremental_metrics_save_a_quarter_of_their_own_stage(
    backtest: Backtest, baseline_for: Callable[..., Backtest]
) -> None:
    full = baseline_for(metrics="full")
    assert backtest.stage_runtime("metrics") / full.stage_runtime("metrics") <= 0.75
