"""What the check refuses, state that indicators share, and what hypothesis does for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from support.kit_bars import Off, Zero, failure, last_close, plain

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    IncrementalMismatch,
    Operation,
    Summed,
    bar_streams,
    bar_table,
    check_incremental,
    exact,
)
from pytest_zacperf.records import OrderEvent


@pytest.mark.parametrize("count", [1, 2])
def test_state_that_two_indicators_share_is_found_each_time(count: int) -> None:
    held: list[float] = []

    class Highest:
        def update(self, item: Bar) -> float:
            held.append(item.high)
            return max(held)

    for _ in range(count):
        (line,) = failure(make_incremental=Highest, full=last_close, data=plain(1))
    assert "for the same input: they share state, such as an attribute of the class" in line


def test_state_that_trackers_of_order_events_share_is_found() -> None:
    held: list[str] = []

    class Count:
        def update(self, event: Any) -> int:  # noqa: ANN401 - an order event
            held.append(event.symbol)
            return len(held)

    with pytest.raises(IncrementalMismatch, match="two new Count give 4 and 10 for the same"):
        check_incremental(Count, len, data=order_events(3))


def order_events(count: int) -> Sequence[OrderEvent]:
    return [
        OrderEvent(
            ts_event_ns=number,
            symbol="A",
            order_id=1,
            event_id=number,
            status="submitted",
            type="market",
            side="buy",
            quantity=1.0,
        )
        for number in range(1, count + 1)
    ]


def test_the_same_object_twice_is_refused() -> None:
    one = Zero()
    (line,) = failure(make_incremental=lambda: one, full=last_close, data=plain(1))
    assert line.startswith("make_incremental returned the same object twice")


# A strategy as data.


def test_a_strategy_is_drawn_as_often_as_the_settings_say() -> None:
    seen: list[int] = []

    def full(bars: Sequence[Bar]) -> int:
        seen.append(len(bars))
        return 0

    streams = bar_streams(max_size=1, resets=False, snapshots=False)
    settings.register_profile("few", max_examples=7, database=None)
    before = settings.get_current_profile_name()
    settings.load_profile("few")
    try:
        check_incremental(Zero, full, data=streams)
    finally:
        settings.load_profile(before)
    assert len(seen) == 7


def test_what_hypothesis_found_is_told_with_the_stream_as_python() -> None:
    with pytest.raises(IncrementalMismatch) as failed:
        check_incremental(lambda: Off(0.0), last_close, data=bar_streams())
    (note,) = failed.value.__notes__
    assert note.startswith('Failing test case: check_incremental(\n    stream=bar_table("""\n')
    inside = note.split('"""')[1]
    with pytest.raises(IncrementalMismatch, match=r"Off and last_close differ at bar 1"):
        check_incremental(lambda: Off(0.0), last_close, data=bar_table(inside))


class OffAlways(Off):
    def __init__(self) -> None:
        super().__init__(0.0)


def test_two_searches_of_a_test_do_not_find_the_failures_of_each_other(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    settings.register_profile("kept", database=DirectoryBasedExampleDatabase(kept))
    before = settings.get_current_profile_name()
    settings.load_profile("kept")
    keys = []
    try:
        for full in (last_close, last_close, first_close):
            with pytest.raises(IncrementalMismatch):
                check_incremental(OffAlways, full, data=bar_streams())
            keys.append(len(list(kept.iterdir())))
    finally:
        settings.load_profile(before)
    same, again, other = keys
    assert same == again == other - 1


def first_close(bars: Sequence[Bar]) -> float:
    return bars[0].close


def test_a_strategy_inside_given_is_refused() -> None:
    @settings(max_examples=1, database=None)
    @given(st.just(0))
    def inside(_: int) -> None:
        check_incremental(Zero, last_close, data=bar_streams())

    with pytest.raises(TypeError, match=r"@given has drawn a stream already: .* data=stream"):
        inside()


# What cannot be meant.


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(
            {"make_incremental": Zero()},
            "make_incremental makes a new indicator: pass Zero and not one of them",
            id="an object",
        ),
        pytest.param({"full": Zero}, "full is a function of all bars", id="swapped"),
        pytest.param({"full": 1.0}, "returns the value, not 1.0", id="no function"),
        pytest.param({"data": bar_streams}, "not function; the rows", id="not called"),
        pytest.param(
            {"data": pd.DataFrame({"close": [1.0]})},
            "not DataFrame; the rows of a frame are frame.itertuples()",
            id="a frame",
        ),
        pytest.param({"tolerance": 1e-9}, "conditioned(k), not 1e-09", id="a number"),
        pytest.param({"tolerance": exact}, "tolerance is exact(), ulps(n)", id="no call"),
        pytest.param({"tolerance": {"low": 0.1}}, "conditioned(k), not 0.1", id="in a mapping"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(
    arguments: dict[str, Any], problem: str
) -> None:
    usable: dict[str, Any] = {"make_incremental": Zero, "full": last_close, "data": plain(1)}
    with pytest.raises(TypeError) as refused:
        check_incremental(**usable | arguments)
    assert problem in str(refused.value)


@pytest.mark.parametrize("data", [[], BarStream([]), iter(())], ids=["list", "stream", "spent"])
def test_nothing_to_compare_is_no_success(data: Any) -> None:  # noqa: ANN401 - any sequence
    with pytest.raises(ValueError, match="data has nothing to compare; a generator gives"):
        check_incremental(Zero, last_close, data=data)


def test_a_summed_of_the_incremental_side_is_refused() -> None:
    with pytest.raises(TypeError, match=r"update\(\) returns a plain number; a Summed is what"):
        check_incremental(lambda: Off(Summed(1.0, 1.0)), lambda _: 1.0, data=plain(1))


def test_a_strategy_may_draw_nothing_now_and_then() -> None:
    check_incremental(Count, len, data=st.lists(st.floats(), max_size=3))


class Count:
    items = 0

    def update(self, _: object) -> int:
        self.items += 1
        return self.items


def test_operations_may_be_a_list() -> None:
    check_incremental(Count, len, data=[Operation("bar", one) for one in plain(3)])
