"""What a mismatch says, and what hypothesis adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from support.kit_bars import bar, plain

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    IncrementalMismatch,
    Operation,
    Summed,
    Tolerance,
    bar_streams,
    bar_table,
    check_incremental,
    conditioned,
    exact,
    order_event_streams,
    ulps,
)
from pytest_zacperf.records import OrderEvent

ZONE = "America/New_York"
IN_ALL = "in the 3 bars of the session 2024-01-02"
FLAT = "100.0 100.0 100.0 100.0 1"


class Zero:
    def update(self, _: Bar) -> int:
        return 0


class OffInTheThird:
    """Is off by one step at its second bar, and by much at its third."""

    bars = 0

    def update(self, item: Bar) -> float:
        self.bars += 1
        return [100.0, 100.00000000000001, item.close + 1][self.bars - 1]


def last_close(bars: Sequence[Bar]) -> float:
    return bars[-1].close


def failure(**arguments: Any) -> list[str]:  # noqa: ANN401 - of the check
    with pytest.raises(IncrementalMismatch) as failed:
        check_incremental(**arguments)
    return str(failed.value).splitlines()


def test_a_mismatch_names_bar_values_distance_bound_and_drift() -> None:
    stream = BarStream([Operation("bar", bar(second)) for second in range(3)])
    lines = failure(make_incremental=OffInTheThird, full=last_close, data=stream, tolerance=ulps(1))
    assert [" ".join(line.split()) for line in lines] == [
        f"OffInTheThird and last_close differ at bar 3: A, 2024-01-02 09:30:02-05:00 {ZONE}",
        "incremental 101.0",
        "full 100.0",
        "distance more than 10,000,000 ulps = 1, 0.01 of the full value",
        "allowed ulps(1)",
        f"drift 1 ulp at bar 2, more than 10,000,000 ulps here, {IN_ALL}",
        "",
        f"operation symbol session {ZONE} open high low close volume incremental full",
        f"bar A 2024-01-02 2024-01-02T09:30:00-05:00 {FLAT} 100.0 100.0",
        f"bar A 2024-01-02 2024-01-02T09:30:01-05:00 {FLAT} 100.00000000000001 100.0",
        f"> bar A 2024-01-02 2024-01-02T09:30:02-05:00 {FLAT} 101.0 100.0",
    ]


class Off:
    """Returns what a test wants."""

    def __init__(self, value: object) -> None:
        self.value = value

    def update(self, _: object) -> object:
        return self.value


@pytest.mark.parametrize(
    ("incremental", "full", "tolerance", "line"),
    [
        pytest.param(
            -0.0,
            0.0,
            exact(),
            "  distance     0 ulps: they differ in the sign of zero alone; ulps(0) takes them for "
            "equal",
            id="the sign of zero",
        ),
        pytest.param(
            None,
            0.0,
            exact(),
            "  distance     none: these are not two finite numbers",
            id="none",
        ),
        pytest.param(
            1e-15,
            Summed(0.0, 2.0),
            conditioned(1),
            "  allowed      conditioned(1): times eps x magnitude 2.0 = 4.44e-16",
            id="the bound from the data",
        ),
        pytest.param(1.0, 2.0, exact(), "  allowed      exact(): the same bits", id="exact"),
    ],
)
def test_a_mismatch_says_how_far_apart_and_how_far_is_allowed(
    incremental: object,
    full: object,
    tolerance: Tolerance,
    line: str,
) -> None:
    lines = failure(
        make_incremental=lambda: Off(incremental),
        full=lambda _: full,
        data=[bar(0)],
        tolerance=tolerance,
    )
    assert line in lines
    assert "  drift        none: this is the first bar of the session 2024-01-02" in lines


def test_a_mismatch_names_the_part_and_shows_that_part_in_the_table() -> None:
    lines = failure(
        make_incremental=lambda: Off({"low": 1.0, "high": 2.0}),
        full=lambda _: {"low": 1.0, "high": 3.0},
        data=[bar(0)],
    )
    assert lines[0].startswith("Off and <lambda> differ in high at bar 1: A")
    assert lines[-1].split()[-2:] == ["2.0", "3.0"]


def test_a_mismatch_without_drift_before_says_so() -> None:
    class GoesOff:
        bars = 0

        def update(self, _: Bar) -> float:
            self.bars += 1
            return 100.0 if self.bars < 3 else 0.0

    lines = failure(make_incremental=GoesOff, full=last_close, data=plain(3))
    assert "  drift        none before this one in the 3 bars of the session 2024-01-02" in lines


def test_a_long_stream_is_cut_to_what_a_person_reads() -> None:
    class OffInTheEnd:
        bars = 0

        def update(self, _: Bar) -> float:
            self.bars += 1
            return 100.0 if self.bars < 20_000 else 0.0

    lines = failure(make_incremental=OffInTheEnd, full=last_close, data=plain(20_000))
    assert len(lines) == 34
    assert "bar 20000: A" in lines[0]
    assert lines[7].endswith(" rows before these are left out)")


def test_a_reset_before_the_rows_that_are_shown_is_shown_too() -> None:
    class Forgetful:
        bars = 0

        def update(self, _: Bar) -> float:
            self.bars += 1
            return 100.0 if self.bars < 40 else 0.0

        def reset(self) -> None:
            pass

    first, *others = [Operation("bar", one) for one in plain(40)]
    stream = BarStream([first, Operation("reset"), *others])
    lines = failure(make_incremental=Forgetful, full=last_close, data=stream)
    assert lines[7] == "  (15 rows before these are left out)"
    assert lines[9].split()[0] == "reset"


def test_an_error_of_the_indicator_says_at_which_bar_it_was() -> None:
    class Broken:
        bars = 0

        def update(self, _: Bar) -> float:
            self.bars += 1
            return 100 / (2 - self.bars)

    with pytest.raises(ZeroDivisionError) as failed:
        check_incremental(Broken, lambda _: 100.0, data=plain(2))
    assert failed.value.__notes__ == [
        "in the check of Broken, bar 2: A, 2024-01-02 09:30:01-05:00 America/New_York"
    ]


def test_items_that_are_no_bars_are_shown_as_they_are() -> None:
    lines = failure(make_incremental=lambda: Off(1), full=len, data=["first", "second"])
    assert lines[0] == "Off and len differ at item 2: 'second'"
    assert lines[-1].split() == [">", "'second'", "1", "2"]


def test_order_events_are_shown_as_a_table_of_theirs() -> None:
    class Position:
        quantity = 0.0

        def update(self, event: Any) -> float:  # noqa: ANN401 - an order event
            if event.status == "filled":
                self.quantity += event.fill_quantity
            return self.quantity

    def position(events: Sequence[Any]) -> float:
        return float(sum(event.fill_quantity or 0 for event in events))

    lines = failure(make_incremental=Position, full=position, data=order_event_streams())
    assert "differ at order event" in lines[0]
    assert lines[0].endswith("partially_filled")
    assert lines[7].split()[:3] == ["UTC", "symbol", "order_id"]


# State that indicators share.


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
