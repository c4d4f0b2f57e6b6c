"""What bar streams have in them, and what they never have."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from support.kit_bars import NEW_YORK_DAYS, kinds

from pytest_zacperf.properties import Bar, BarStream, bar_streams, bar_table

SEARCH = settings(database=None, max_examples=2000, phases=[Phase.generate])
SHRINKING = (Phase.generate, Phase.shrink)
LAST_DAY = dt.date(2024, 7, 3)
EVERYTHING: dict[str, Any] = {
    "symbols": ("A", "B"),
    "splits": True,
    "missing": True,
    "duplicates": True,
    "revisions": True,
    "late": True,
}


def what_counts(stream: BarStream) -> list[Bar]:
    """Return the bars that a restore has not undone."""
    bars: list[Bar] = []
    kept: list[Bar] = []
    for done in stream.operations:
        if done.bar is not None:
            bars.append(done.bar)
        elif done.kind == "snapshot":
            kept = list(bars)
        elif done.kind == "restore":
            bars = list(kept)
    return bars


# What every stream keeps.


@given(bar_streams(**EVERYTHING))
def test_low_is_lowest_and_high_is_highest(stream: BarStream) -> None:
    for bar in stream:
        if not math.isnan(bar.open):
            assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
            assert bar.volume >= 0


@given(bar_streams(tick=0.25, min_price=10.1, max_price=20.0))
def test_prices_are_whole_ticks_within_the_limits(stream: BarStream) -> None:
    for bar in stream:
        for price in (bar.open, bar.high, bar.low, bar.close):
            assert 10.25 <= price <= 20.0
            assert price * 4 == int(price * 4)


@given(bar_streams(symbols=("A", "B"), splits=True, snapshots=False))
def test_bars_come_in_order_of_time_and_each_symbol_once_at_a_time(stream: BarStream) -> None:
    for before, after in pairwise(stream):
        assert before.start_ns <= after.start_ns
        assert (before.symbol, before.start_ns) != (after.symbol, after.start_ns)


@given(bar_streams())
def test_a_restore_goes_back_to_the_time_of_its_snapshot(stream: BarStream) -> None:
    for before, after in pairwise(what_counts(stream)):
        assert before.start_ns < after.start_ns


@given(bar_streams(duplicates=True, symbols=("A", "B")))
def test_a_duplicate_is_a_bar_that_the_indicator_knows(stream: BarStream) -> None:
    known: list[Bar] = []
    kept: list[Bar] = []
    for done in stream.operations:
        if done.kind == "reset":
            known = []
        elif done.kind == "snapshot":
            kept = list(known)
        elif done.kind == "restore":
            known = list(kept)
        elif done.bar is not None:
            assert done.kind != "duplicate" or done.bar in known
            known.append(done.bar)


@given(bar_streams(max_volume=10))
def test_no_bar_has_more_volume_than_allowed(stream: BarStream) -> None:
    assert max(bar.volume for bar in stream) <= 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        pytest.param({"interval_s": 86_400}, 30, id="daily bars"),
        pytest.param({"min_day": LAST_DAY, "max_day": LAST_DAY}, 50, id="one early close"),
        pytest.param({"late": True, "max_size": 20}, 20, id="late bars"),
        pytest.param({"calendar": "XTKS", "interval_s": 3600}, 100, id="lunch breaks"),
    ],
)
def test_there_are_enough_bars_also_where_the_sessions_end(
    arguments: dict[str, Any], least: int
) -> None:
    @settings(max_examples=150)
    @given(bar_streams(min_size=least, **arguments))
    def check(stream: BarStream) -> None:
        assert len(stream) >= least
        for bar in stream:
            assert bar.local_time.date() == bar.session

    check()


@given(bar_streams(**EVERYTHING))
def test_bars_lie_whole_within_a_session_of_the_exchange(stream: BarStream) -> None:
    for bar in stream:
        session = NEW_YORK_DAYS[bar.session]
        assert session.open_ns <= bar.start_ns < session.close_ns
        assert bar.local_time.date() == bar.session


@given(st.integers(1, 50), st.integers(0, 30), st.data())
def test_a_stream_has_as_many_bars_as_asked_for(least: int, more: int, data: st.DataObject) -> None:
    stream = data.draw(bar_streams(min_size=least, max_size=least + more, **EVERYTHING))
    assert least <= len(stream) <= least + more


@given(bar_streams(interval_s=60))
def test_bars_start_on_their_interval_after_the_open(stream: BarStream) -> None:
    for bar in stream:
        assert (bar.start_ns - NEW_YORK_DAYS[bar.session].open_ns) % (60 * 10**9) == 0


@given(bar_streams(interval_s=86_400, snapshots=False))
def test_an_interval_longer_than_a_session_gives_one_bar_a_session(stream: BarStream) -> None:
    days = [bar.session for bar in stream]
    assert len(days) == len(set(days))


@given(bar_streams(**EVERYTHING))
def test_a_stream_prints_as_a_table_that_gives_it_again(stream: BarStream) -> None:
    again = eval(repr(stream), {"bar_table": bar_table})  # noqa: S307 - what users paste
    assert repr(again) == repr(stream)
    if not any(math.isnan(bar.open) for bar in stream):
        assert again == stream
        assert hash(again) == hash(stream)


# What is only there when it is asked for.


@given(bar_streams())
def test_nothing_comes_again_or_late_unless_asked_for(stream: BarStream) -> None:
    assert set(kinds(stream)) <= {"bar", "reset", "snapshot", "restore"}
    assert not any(math.isnan(bar.open) for bar in stream)


def never(**switches: Any) -> Callable[[Callable[[BarStream], None]], Callable[[], None]]:  # noqa: ANN401
    return given(stream=bar_streams(**switches))


@never(resets=False, snapshots=False)
def test_nothing_is_done_between_bars_where_it_is_switched_off(stream: BarStream) -> None:
    assert set(kinds(stream)) == {"bar"}


@never(zero_volume=False)
def test_every_bar_has_volume_where_it_must(stream: BarStream) -> None:
    assert all(bar.volume > 0 for bar in stream)


@never(gaps=False, halts=False, overnight=False)
def test_without_gaps_each_bar_follows_the_one_before(stream: BarStream) -> None:
    for before, after in pairwise(what_counts(stream)):
        if before.session == after.session:
            assert after.start_ns - before.start_ns == 10**9


@never(early_closes=False)
def test_without_early_closes_every_session_has_its_usual_length(stream: BarStream) -> None:
    for bar in stream:
        session = NEW_YORK_DAYS[bar.session]
        assert session.close_ns - session.open_ns == 6.5 * 3600 * 10**9


@never(daylight_saving=False)
def test_without_daylight_saving_the_offset_never_changes(stream: BarStream) -> None:
    assert {bar.local_time.utcoffset() for bar in stream} == {dt.timedelta(hours=-5)}


@never(spikes=False, overnight=False, max_price=100.0, min_price=99.0)
def test_prices_stay_where_they_are_told_to(stream: BarStream) -> None:
    assert all(99.0 <= bar.low <= bar.high <= 100.0 for bar in stream)


# What it shrinks to, and to which exchanges it goes.


def test_the_simplest_stream_is_one_flat_bar_of_a_hundred() -> None:
    drawn: list[BarStream] = []

    @settings(database=None, report_multiple_bugs=False, phases=SHRINKING)
    @given(bar_streams())
    def fail(stream: BarStream) -> None:
        drawn.append(stream)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the one from above
        fail()
    (bar,) = drawn[-1]
    assert (bar.local_time.isoformat(), bar.volume) == ("2024-01-02T09:30:00-05:00", 100)
    assert {bar.open, bar.high, bar.low, bar.close} == {100.0}


def test_a_session_that_opens_the_evening_before_has_the_date_of_the_exchange() -> None:
    def is_overnight(stream: BarStream) -> bool:
        return stream[0].local_time.date() < stream[0].session

    found = find(bar_streams(calendar="CMES"), is_overnight, settings=SEARCH)
    assert found[0].zone == "America/Chicago"


def test_no_bar_lies_in_the_lunch_break_of_an_exchange_that_has_one() -> None:
    @given(bar_streams(calendar="XTKS", interval_s=600, halts=False, max_day=dt.date(2024, 3, 1)))
    def check(stream: BarStream) -> None:
        for bar in stream:
            minute = bar.local_time.hour * 60 + bar.local_time.minute
            assert not 11 * 60 + 30 <= minute < 12 * 60 + 30

    check()


# What is refused, at once and with the value.


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param({"min_size": 0}, "min_size=0, max_size=200", id="no bars"),
        pytest.param({"min_size": 9, "max_size": 3}, "min_size=9, max_size=3", id="sizes"),
        pytest.param({"symbols": ()}, "without white space, not ()", id="no symbol"),
        pytest.param({"symbols": "AB"}, "white space, not 'AB'", id="one text"),
        pytest.param({"symbols": ("A", "A")}, "not ('A', 'A')", id="twice the same"),
        pytest.param({"symbols": ("BRK B",)}, "not ('BRK B',)", id="white space"),
        pytest.param({"tick": 0}, "tick is more than 0, not 0", id="tick"),
        pytest.param(
            {"min_price": 2.0, "max_price": 1.0}, "no price from 2.0 to 1.0", id="no prices"
        ),
        pytest.param(
            {"tick": 5, "min_price": 1, "max_price": 4}, "in steps of 5", id="none on the grid"
        ),
        pytest.param({"interval_s": 0}, "interval_s is a whole number of 1", id="interval"),
        pytest.param({"max_volume": -1}, "max_volume is 0 or more, not -1", id="volume"),
        pytest.param(
            {"max_volume": 0, "zero_volume": False},
            "max_volume is 1 or more, not 0",
            id="no volume",
        ),
        pytest.param(
            {"min_day": LAST_DAY, "max_day": LAST_DAY, "interval_s": 3600, "min_size": 4},
            "there are 3 bars from 2024-07-03 to 2024-07-03, fewer than min_size=4",
            id="no time",
        ),
        pytest.param(
            {"min_day": LAST_DAY, "max_day": dt.date(2024, 7, 2)},
            "min_day is at most max_day, not 2024-07-03 and 2024-07-02",
            id="days",
        ),
        pytest.param({"calendar": "MOON"}, "no calendar 'MOON'", id="exchange"),
        pytest.param(
            {"min_day": dt.date(2025, 1, 4), "max_day": dt.date(2025, 1, 5)},
            "XNYS has no such session from 2025-01-04 to 2025-01-05",
            id="no session",
        ),
    ],
)
def test_arguments_that_leave_nothing_to_draw_are_refused(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is below
        bar_streams(**arguments)
    assert problem in str(refused.value)
