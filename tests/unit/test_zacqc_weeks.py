"""Every week of a plan trades in both directions on the synthetic market."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf.plan import parse_plan, select_windows
from pytest_zacperf.records import Window
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.replay import Replay
from pytest_zacperf.zacqc.sessions import sessions_between
from pytest_zacperf.zacqc.synthetic import SyntheticMarket

ROOT = Path(__file__).parents[2]
SHARED_PLAN = ROOT.parent / "shared" / "profiling_plan.json"


def _weeks(path: Path) -> list[object]:
    """Return the weeks of a plan as parameters; a plan that is absent is one that skips."""
    if not path.exists():
        skip = pytest.mark.skip(reason=f"there is no plan {path}")
        return [pytest.param(None, id="absent", marks=skip)]
    plan = parse_plan(path.read_bytes(), path.name)
    return [pytest.param(w, id=w.id) for w in select_windows(plan, labels=("week",))]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> SyntheticMarket:
    return SyntheticMarket(tmp_path_factory.mktemp("synthetic"))


@pytest.mark.parametrize("week", [*_weeks(ROOT / "profiling_plan.json"), *_weeks(SHARED_PLAN)])
def test_every_week_places_orders_and_fills_on_both_sides(
    market: SyntheticMarket, week: Window
) -> None:
    replay = Replay(
        market, TradingParameters(), metrics="incremental", stages=StageTimer(enabled=False)
    )
    result = replay.run(sessions_between(week.start, week.end))
    entries = [
        e for e in result.order_events if e.tag and e.tag.startswith(("Buy-", "Short-", "Trail-"))
    ]
    assert {event.side for event in entries} == {"buy", "sell"}
    assert {event.side for event in entries if event.status == "filled"} == {"buy", "sell"}
    assert {trade.side for trade in result.trades} == {"buy", "sell"}
