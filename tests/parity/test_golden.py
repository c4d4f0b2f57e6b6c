"""The embedded backtest against what Lean itself recorded, read in place and never copied."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf.records import OrderEvent, Run, Window, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore, read_order_events

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ZACPERF_ZACQC_FOLDER", ROOT.parent / "shared" / "zacqc"))
STATUSES = {"cancelPending": "cancel_pending", "updateSubmitted": "updated"}
WINDOW = Window(id="recorded", start=date(2025, 10, 1), end=date(2025, 10, 10))

pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(
        not (SHARED / "recorded").is_dir(),
        reason=f"no recorded Lean runs in {SHARED}; ZACPERF_ZACQC_FOLDER names another folder",
    ),
]


class LeanEvent(msgspec.Struct, rename="camel", kw_only=True):
    """The fields of a recorded order event that say what happened; ids and tags do not."""

    order_id: int
    order_event_id: int
    symbol_value: str
    time: float
    status: str
    direction: str
    quantity: float
    fill_price: float
    fill_quantity: float
    stop_price: float | None = None
    limit_price: float | None = None
    order_fee_amount: float | None = None
    order_fee_currency: str | None = None

    def as_order_event(self) -> OrderEvent:
        is_fill = self.status == "filled"
        return msgspec.convert(
            {
                "ts_event_ns": int(self.time) * 10**9,
                "symbol": self.symbol_value,
                "order_id": self.order_id,
                "event_id": self.order_event_id,
                "status": STATUSES.get(self.status, self.status),
                "type": "stop_market" if self.limit_price is None else "limit",
                "side": self.direction,
                "quantity": abs(self.quantity),
                "limit_price": self.limit_price,
                "stop_price": self.stop_price,
                "fill_quantity": abs(self.fill_quantity) if is_fill else None,
                "fill_price": self.fill_price if is_fill else None,
                "fee": self.order_fee_amount,
                "fee_currency": self.order_fee_currency,
            },
            OrderEvent,
        )


class LeanSummary(msgspec.Struct, rename="camel"):
    """The part of a recorded summary that the replay can be held to; Lean writes text."""

    total_performance: dict[str, object]
    state: dict[str, str]

    def figure(self, section: str, name: str) -> float:
        values = msgspec.convert(self.total_performance[section], dict[str, object])
        return float(str(values[name]))


@dataclass(frozen=True, slots=True)
class Replayed:
    """One run of the embedded backtest on the recorded market data."""

    run: Run
    events: Sequence[OrderEvent]


def _replay(folder: Path, **parameters: str) -> Replayed:
    runner = Runner(store=RunStore(folder), root=ROOT)
    workload = Workload(
        engine="pytest_zacperf.zacqc:engine",
        window=WINDOW,
        parameters={"data": str(SHARED / "data"), **parameters},
    )
    run = runner.run_once(workload, session="golden")
    assert run.status == "done", run.reason
    events = read_order_events(runner.store.run_folder(run.id))
    # The recording has no tags.
    return Replayed(run, [msgspec.structs.replace(event, tag=None) for event in events])


@pytest.fixture(scope="module", params=["incremental", "full"])
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return _replay(tmp_path_factory.mktemp("golden"), metrics=request.param)


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return _replay(tmp_path_factory.mktemp("unguarded"), guard="off")


@pytest.fixture(params=["20251016T1514", "baseline-20251016T1523"])
def recorded_folder(request: pytest.FixtureRequest) -> Path:
    folder: Path = SHARED / "recorded" / request.param
    return folder


def _recorded_events(folder: Path) -> list[OrderEvent]:
    content = (folder / "order-events.json").read_bytes()
    events = msgspec.json.decode(content, type=list[LeanEvent])
    return [event.as_order_event() for event in events]


def _first_divergence(left: Sequence[OrderEvent], right: Sequence[OrderEvent]) -> int:
    """Return the number, from 1, of the first event in which two streams differ."""
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), min(len(left), len(right)) + 1)


def test_all_recorded_order_events_are_met_bit_for_bit(
    replayed: Replayed, recorded_folder: Path
) -> None:
    recorded = _recorded_events(recorded_folder)
    assert len(recorded) == 456
    assert len(replayed.events) == len(recorded)
    assert _first_divergence(recorded, replayed.events) == 457


def test_the_recorded_summary_is_met(replayed: Replayed, recorded_folder: Path) -> None:
    content = (recorded_folder / "summary.json").read_bytes()
    summary = msgspec.json.decode(content, type=LeanSummary)
    figures = replayed.run.statistics
    assert figures["Total Orders"] == int(summary.state["OrderCount"])
    trade, portfolio = "tradeStatistics", "portfolioStatistics"
    assert figures["Total Trades"] == summary.figure(trade, "totalNumberOfTrades")
    assert figures["Total Profit Loss"] == summary.figure(trade, "totalProfitLoss")
    assert figures["Total Profit"] == summary.figure(trade, "totalProfit")
    assert figures["Total Loss"] == summary.figure(trade, "totalLoss")
    assert figures["Total Fees"] == summary.figure(trade, "totalFees")
    # Lean writes four digits.
    end_equity = float(str(figures["End Equity"]))
    assert round(end_equity, 4) == summary.figure(portfolio, "endEquity")


def test_every_symbol_second_was_replayed(replayed: Replayed) -> None:
    assert replayed.run.work is not None
    assert replayed.run.work.data_points == 2_808_000
    assert replayed.run.warnings == ()


def test_without_the_guard_the_orders_are_others(unguarded: Replayed) -> None:
    recorded = _recorded_events(SHARED / "recorded" / "20251016T1514")
    assert unguarded.run.work is not None
    assert (unguarded.run.work.orders, unguarded.run.work.order_events) == (135, 393)
    assert _first_divergence(recorded, unguarded.events) == 20
    assert round(float(str(unguarded.run.statistics["End Equity"])), 2) == 501_187.06
