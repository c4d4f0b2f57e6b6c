from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pytest_zacperf.records import Costs, OrderEvent, Run, Window, Workload

EVENT = OrderEvent(
    ts_event_ns=1_759_325_400_000_000_000,
    symbol="AAPL",
    order_id=1,
    event_id=2,
    status="filled",
    type="market",
    side="buy",
    quantity=100.0,
    fill_price=0.1 + 0.2,
)
WINDOW = Window(id="day", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 1))


def test_an_order_event_is_one_line_with_fixed_keys_and_without_nulls() -> None:
    assert msgspec.json.encode(EVENT).decode() == (
        '{"ts_event_ns":1759325400000000000,"symbol":"AAPL","order_id":1,"event_id":2,'
        '"status":"filled","type":"market","side":"buy","quantity":100.0,'
        '"fill_price":0.30000000000000004}'
    )


def test_an_order_event_survives_its_file_bit_for_bit() -> None:
    assert msgspec.json.decode(msgspec.json.encode(EVENT), type=OrderEvent) == EVENT


def test_a_field_nobody_knows_is_refused() -> None:
    data = msgspec.json.encode({**msgspec.to_builtins(WINDOW), "lable": "week"})
    with pytest.raises(msgspec.ValidationError, match="unknown field `lable`"):
        msgspec.json.decode(data, type=Window)


def test_a_status_nobody_knows_is_refused() -> None:
    data = msgspec.json.encode(EVENT).replace(b'"filled"', b'"done"')
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'done'"):
        msgspec.json.decode(data, type=OrderEvent)


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    message = "window 'w' ends on 2025-10-01, before it starts, 2025-10-02"
    with pytest.raises(ValueError, match=message):
        Window(id="w", start=dt.date(2025, 10, 2), end=dt.date(2025, 10, 1))


def test_a_run_survives_its_file() -> None:
    now = dt.datetime(2025, 11, 1, 12, tzinfo=dt.UTC)
    run = Run(
        session="s",
        machine="shared",
        id="r",
        status="done",
        reason=None,
        exit_status=0,
        start_utc=now,
        end_utc=now,
        workload=Workload(engine="zacqc", window=WINDOW, parameters={"a": 1, "b": 1.0, "c": None}),
        costs=Costs(wall_ns=1, cpu_ns=2, peak_memory_bytes=3, peak_memory_source="VmHWM"),
        statistics={"Sharpe": 1.5},
    )
    assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run
