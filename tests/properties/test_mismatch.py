"""What a mismatch says, and what hypothesis adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.kit_bars import Off, bar, failure, last_close, plain

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    Operation,
    Summed,
    Tolerance,
    check_incremental,
    conditioned,
    exact,
    order_event_streams,
    ulps,
)

ZONE = "America/New_York"
IN_ALL = "in the 3 bars of the session 2024-01-02"
FLAT = "100.0 100.0 100.0 100.0 1"


class OffInTheThird:
    """Is off by one step at its second bar, and by much at its third."""

    bars = 0

    def update(self, item: Bar) -> float:
        self.bars += 1
        return [100.0, 100.00000000000001, item.close + 1][self.bars - 1]


def test_a_mismatch_names_bar_values_distance_bound_and_drift() -> None:
    stream = BarStream([Operation("bar", bar(second)) for second in range(3)])
    lines = failure(make_incremental=OffInTheThird, full=last_close, data=stream, tolerance=ulps(1))
    assert [" ".join(line.split()) for line in lines] == [
        f"OffInTheThird and last_close differ at bar 3: A, 2024-01-02 09:30:02-05:00 {ZONE}",
        "incremental 101.0",
        "full 100.0",
        "distance 7e+13 ulps = 1, 0.01 of the full value",
        "allowed ulps(1)",
        f"drift 1 ulp at bar 2, 7e+13 ulps here, {IN_ALL}",
        "",
        f"operation symbol session {ZONE} open high low close volume incremental full",
        f"bar A 2024-01-02 2024-01-02T09:30:00-05:00 {FLAT} 100.0 100.0",
        f"bar A 2024-01-02 2024-01-02T09:30:01-05:00 {FLAT} 100.00000000000001 100.0",
        f"> bar A 2024-01-02 2024-01-02T09:30:02-05:00 {FLAT} 101.0 100.0",
    ]


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
        pytest.param(
            2**53 + 1, 2**53, exact(), "  distance     less than a double can tell", id="integers"
        ),
        pytest.param(
            {"low": 1.0},
            {"low": 1.0, "high": 2.0},
            ulps(4),
            "  distance     none: only one side has high",
            id="a part that is missing",
        ),
        pytest.param(
            {"low": 1.0},
            {"low": 1.0, "high": 2.0},
            ulps(4),
            "  allowed      the same parts on both sides",
            id="what was asked of it",
        ),
        pytest.param(
            (1.0, np.float64(2.0)),
            (1.0, Summed(3.0, 4.0), 5.0),
            exact(),
            "  full         (0=1.0, 1=3.0, 2=5.0)",
            id="a value with parts",
        ),
        pytest.param(
            None, [1.0], exact(), "  distance     none: only one side has 0", id="nothing yet"
        ),
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
