"""What the conformance tests say when an engine does not keep what it promises."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec
import pytest
from support.stored import RUN

from pytest_zacperf.engines import Capabilities
from pytest_zacperf.records import (
    Costs,
    InvariantValue,
    OrderEvent,
    OrderStatus,
    Run,
    RunConditions,
    StatisticValue,
    Window,
    Work,
)
from pytest_zacperf.testing import promises

NEW_YORK = ZoneInfo("America/New_York")
WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 2))
NOON_NS = 1_759_334_400_000_000_000  # 2025-10-01 16:00 UTC
DAY_NS = 86_400 * 10**9
WORK = Work(data_points=10, orders=1, order_events=1, final_equity=None)


def event(
    status: OrderStatus = "submitted",
    *,
    order_id: int = 1,
    ts_ns: int = NOON_NS,
    extra: dict[str, StatisticValue] | None = None,
) -> OrderEvent:
    return OrderEvent(
        ts_event_ns=ts_ns,
        symbol="GLD",
        order_id=order_id,
        event_id=1,
        status=status,
        type="market",
        side="buy",
        quantity=1,
        extra=extra,
    )


def run_of(**changes: object) -> Run:
    return msgspec.structs.replace(RUN, **changes)


def costs(cpu_ns: int) -> Costs:
    return Costs(wall_ns=cpu_ns, cpu_ns=cpu_ns, peak_memory_bytes=1, peak_memory_source="VmHWM")


def conditions(main_thread_cpu_ns: int) -> RunConditions:
    return RunConditions(
        start_monotonic_ns=0,
        end_monotonic_ns=1,
        main_thread_cpu_ns=main_thread_cpu_ns,
        runnable_wait_ns=None,
        machine_busy_ns=None,
    )


@pytest.mark.parametrize("days", [-1, 2])
def test_an_event_outside_the_window_is_named(days: int) -> None:
    events = [event(), event(ts_ns=NOON_NS + days * DAY_NS)]
    (problem,) = promises.outside_window(events, WINDOW, NEW_YORK)
    day = dt.date(2025, 10, 1) + dt.timedelta(days=days)
    assert problem == (
        f"order 1 has an event at {day} 12:00:00 America/New_York, and the window is 2025-10-01 to "
        "2025-10-02"
    )


def test_the_days_of_a_window_are_those_of_its_zone() -> None:
    # 23:30 of the last day in New York, which in UTC is another one.
    late = event(ts_ns=NOON_NS + DAY_NS + int(11.5 * 3600) * 10**9)
    assert list(promises.outside_window([late], WINDOW, NEW_YORK)) == []
    assert list(promises.outside_window([late], WINDOW, dt.UTC)) != []


def test_a_part_of_a_window_is_less_work() -> None:
    part, whole = run_of(work=WORK), run_of(work=WORK)
    assert list(promises.not_less(part, whole)) == [
        "its first day has 10 data points, and the whole window 10"
    ]
    more = msgspec.structs.replace(WORK, data_points=20)
    assert list(promises.not_less(part, run_of(work=more))) == []


@pytest.mark.parametrize(
    "text",
    ["a209b7e6460e4732b169bf2fb16d9458", "trade-b57D0a12-4f00-4c4e-9a56-1f1f6a0b5f00"],
)
def test_a_random_identifier_is_named(text: str) -> None:
    assert list(promises.volatile_left([event(extra={"id": text})])) == [
        f"order 1 has what looks like a random identifier: {text!r}"
    ]


def test_orders_are_numbered_by_first_appearance() -> None:
    assert list(promises.volatile_left([event(order_id=7), event(order_id=8)])) == [
        "orders are not numbered by first appearance: [7, 8]"
    ]
    assert list(promises.volatile_left([event(), event(order_id=2), event()])) == []


def test_files_that_differ_are_named() -> None:
    first = {"trades.jsonl": b"1", "equity.parquet": b"2"}
    assert list(promises.different_files(first, {**first, "trades.jsonl": b"3"})) == [
        "trades.jsonl differs between two runs with different hash seeds"
    ]
    assert list(promises.different_files(first, {"trades.jsonl": b"1"})) == [
        "equity.parquet differs between two runs with different hash seeds"
    ]


SEEN = promises.Seen(
    run=RUN,
    events=[event(), event("filled")],
    has_equity=False,
    claims_network=False,
    connections=0,
)


def flags(capabilities: Capabilities, **changes: object) -> list[str]:
    seen = dataclasses.replace(SEEN, **changes)  # type: ignore[arg-type]
    return list(promises.false_flags(capabilities, seen))


@pytest.mark.parametrize(
    ("claimed", "statuses", "problem"),
    [
        ("full", ["filled"], "it claims order_events='full', and gave filled"),
        ("full", [], "it claims order_events='full', and gave no events"),
        (
            "fills",
            ["submitted", "filled"],
            "it claims order_events='fills', and gave filled, submitted",
        ),
        ("fills", [], "it claims order_events='fills', and gave no events"),
        ("none", ["filled"], "it claims order_events='none', and gave filled"),
    ],
)
def test_a_false_claim_on_order_events_is_named(
    claimed: str, statuses: list[OrderStatus], problem: str
) -> None:
    capabilities = Capabilities(order_events=claimed)  # type: ignore[arg-type]
    assert flags(capabilities, events=[event(status) for status in statuses]) == [problem]


def test_a_false_claim_on_equity_is_named() -> None:
    assert flags(Capabilities(equity=True)) == ["it claims equity=True, and gave none"]
    assert flags(Capabilities(), has_equity=True) == ["it claims equity=False, and gave some"]


def test_a_false_claim_on_the_network_is_named() -> None:
    can = Capabilities()
    assert flags(can, connections=3) == ["it claims network=False, and opened 3 connections"]
    assert flags(can, connections=1) == ["it claims network=False, and opened a connection"]
    assert flags(can, connections=3, claims_network=True) == []


def test_what_a_run_leaves_or_changes_is_named() -> None:
    before = {"plan.json": (10, 1), "data": (0, 0), "gone.csv": (1, 1)}
    after = {"plan.json": (10, 2), "data": (0, 0), "data/new.csv": (5, 3)}
    assert list(promises.left_behind(before, after, "/gold")) == [
        "a run left data/new.csv in /gold",
        "a run changed plan.json in /gold",
    ]


def test_a_false_claim_on_threads_is_named() -> None:
    run = run_of(costs=costs(10**9), conditions=conditions(6 * 10**8))
    assert flags(Capabilities(), run=run) == [
        "it claims threads=False, and other threads and children computed for 400 ms of 1.00 s"
    ]
    assert flags(Capabilities(threads=True), run=run) == []
    quiet = run_of(costs=costs(10**9), conditions=conditions(10**9 - 9 * 10**7))
    assert flags(Capabilities(), run=quiet) == []


def test_an_invariant_that_is_not_kept_is_named() -> None:
    def keep(asked: Mapping[str, InvariantValue]) -> Mapping[str, InvariantValue]:
        return {**asked, "loud": True}

    capabilities = Capabilities(invariants=frozenset({"loud", "plot", "lookbacks_unchanged"}))
    assert list(promises.invariants_not_kept(capabilities, keep)) == [
        "it claims the invariant 'loud', and does not keep False"
    ]
    assert list(promises.invariants_not_kept(capabilities, None)) == [
        "it claims the invariant 'loud', and does not keep True",
        "it claims the invariant 'plot', and does not keep True",
    ]


def test_an_error_that_nobody_sees_is_named() -> None:
    line = 'raise ValueError("x")'
    assert list(promises.error_hidden(RUN, line, line)) == [
        "the strategy raises an error, and the run has a result"
    ]
    failed = run_of(status="error", reason="ValueError: x")
    assert list(promises.error_hidden(failed, "Traceback", line)) == [
        f"{line!r} is not in its traceback; the run says: ValueError: x"
    ]
    assert list(promises.error_hidden(failed, f"    {line}", line)) == []


def test_a_run_that_is_not_stopped_is_named() -> None:
    def problems(**changes: object) -> list[str]:
        return list(promises.not_stopped(run_of(**changes), 1.0, 10.0))

    assert problems(status="error", reason="killed") == ["at its time limit it failed: killed"]
    assert problems() == ["it went on beyond its time limit of 1 s: it caught what stops it"]
    assert problems(partial=True, costs=costs(12 * 10**9)) == [
        "its time limit was 1 s, and it ran for 12.0 s: it catches what stops it"
    ]
    assert problems(partial=True, costs=costs(2 * 10**9)) == []
