"""Which bars are evaluated at all: the guard, the first bar, stale bars."""

from __future__ import annotations

import pytest
from support.zacqc_stand import NEUTRAL, Stand

from pytest_zacperf.zacqc.strategy import Slice


@pytest.mark.parametrize(("guard", "samples"), [(True, 0), (False, 1)])
def test_the_guard_keeps_the_rally_detector_from_samples(*, guard: bool, samples: int) -> None:
    stand = Stand(guard=guard)
    stand.extremes.clear()
    stand.bar(NEUTRAL, is_entry_time=False)
    assert len(stand.extremes.samples) == samples


def test_the_guard_lets_a_position_be_evaluated_outside_the_window() -> None:
    stand = Stand()
    stand.enter()
    stand.extremes.clear()
    stand.bar(NEUTRAL, is_entry_time=False)
    assert len(stand.extremes.samples) == 1


def test_the_first_bar_is_not_evaluated() -> None:
    stand = Stand()
    assert stand.extremes.samples == []
    stand.bar(NEUTRAL)
    assert len(stand.extremes.samples) == 1


def test_a_stale_bar_is_not_evaluated() -> None:
    stand = Stand()
    stand.bar(NEUTRAL)
    stand.extremes.clear()
    newest = stand.broker.now - 15
    for age_s in (300, 301):
        stand.strategy.evaluate(Slice(newest + age_s, 95.0, 95.0, 95.0, 95.0, True))  # noqa: FBT003
    assert len(stand.extremes.samples) == 1
