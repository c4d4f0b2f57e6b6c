"""Single bars, sessions, and the table that a stream prints as."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import NoSuchExample
from support.kit_bars import bar

from pytest_zacperf.properties import (
    Bar,
    BarStream,
    Operation,
    Session,
    bar_table,
    bars,
    sessions,
)

SEARCH = settings(database=None, max_examples=2000, phases=[Phase.generate])
HOUR_NS = 3600 * 10**9


@given(bars())
def test_a_bar_has_its_prices_in_order_and_lies_in_its_session(one: Bar) -> None:
    assert one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high
    assert 0.0001 <= one.low <= one.high <= 1e6
    assert dt.time(9, 30) <= one.local_time.time() < dt.time(16)


@given(bars(tick=0.05, min_price=1.0, max_price=2.0, zero_volume=False, max_volume=5))
def test_a_bar_is_what_its_arguments_say(one: Bar) -> None:
    for price in (one.open, one.high, one.low, one.close):
        assert 1.0 <= price <= 2.0
        assert price == round(price * 20) / 20
    assert 1 <= one.volume <= 5


@pytest.mark.parametrize(
    "is_there",
    [
        pytest.param(lambda b: b.low < b.open < b.close < b.high, id="four prices"),
        pytest.param(lambda b: b.low == 0.0001 and b.high == 1e6, id="both limits"),
        pytest.param(lambda b: b.volume == 0, id="zero volume"),
    ],
)
def test_bars_have(is_there: Callable[[Bar], bool]) -> None:
    assert is_there(find(bars(), is_there, settings=SEARCH))


@pytest.mark.parametrize(
    "tick", [np.float64(0.25), Decimal("0.25"), Fraction(1, 4)], ids=["NumPy", "decimal", "exact"]
)
def test_a_tick_may_be_any_number(tick: Any) -> None:  # noqa: ANN401 - not only a float
    @settings(max_examples=20)
    @given(bars(tick=tick))
    def check(one: Bar) -> None:
        assert one.open * 4 == int(one.open * 4)

    check()


def test_no_bar_is_in_the_lunch_break_of_an_exchange_that_has_one() -> None:
    @given(bars(calendar="XTKS"))
    def check(one: Bar) -> None:
        assert not dt.time(11, 30) <= one.local_time.time() < dt.time(12, 30)

    check()


def test_a_bar_that_does_not_fit_its_session_starts_at_the_open() -> None:
    @given(bars(interval_s=86_400))
    def check(one: Bar) -> None:
        assert one.local_time.time() == dt.time(9, 30)

    check()


@given(sessions())
def test_halts_lie_within_the_session_and_apart(session: Session) -> None:
    ends = session.open_ns
    for begin, end in session.halts:
        assert ends <= begin < end <= session.close_ns
        ends = end + 1


@pytest.mark.parametrize(
    ("switches", "is_there"),
    [
        pytest.param({}, lambda s: len(s.halts) == 2, id="two halts"),
        pytest.param({}, lambda s: s.close_ns - s.open_ns == 3.5 * HOUR_NS, id="early close"),
        pytest.param({}, lambda s: s.day == dt.date(2025, 3, 10), id="after the clock change"),
        pytest.param({}, lambda s: s.day == dt.date(2025, 3, 7), id="before the clock change"),
        pytest.param({}, lambda s: s.day == dt.date(2025, 1, 31), id="the last of a month"),
        pytest.param(
            {"calendar": "XTKS", "halts": False}, lambda s: len(s.halts) == 1, id="a lunch break"
        ),
        pytest.param({"calendar": "24/7"}, lambda s: s.day.weekday() == 6, id="a Sunday"),
    ],
)
def test_sessions_have(switches: dict[str, Any], is_there: Callable[[Session], bool]) -> None:
    assert is_there(find(sessions(**switches), is_there, settings=SEARCH))


@given(sessions(halts=False, early_closes=False, daylight_saving=False))
def test_what_is_switched_off_is_not_drawn(session: Session) -> None:
    assert session.halts == ()
    assert session.close_ns - session.open_ns == 6.5 * HOUR_NS
    assert session.open_ns % (24 * HOUR_NS) == 14.5 * HOUR_NS


@given(sessions(min_day=dt.date(2025, 1, 6), max_day=dt.date(2025, 1, 8)))
def test_days_are_those_asked_for(session: Session) -> None:
    assert dt.date(2025, 1, 6) <= session.day <= dt.date(2025, 1, 8)


# The table.


def test_sessions_of_an_exchange_that_changed_its_hours_are_not_short() -> None:
    # Tokyo closes half an hour later since 2024-11-05.
    @given(sessions(calendar="XTKS", early_closes=False, max_day=dt.date(2024, 2, 1)))
    def check(session: Session) -> None:
        assert session.close_ns - session.open_ns == 6 * HOUR_NS

    check()
    with pytest.raises(NoSuchExample):
        find(
            sessions(calendar="XTKS"),
            lambda s: s.close_ns - s.open_ns < 6 * HOUR_NS,
            settings=SEARCH,
        )


def test_the_last_sessions_before_an_exchange_changed_its_hours_are_not_short() -> None:
    days = sessions(
        calendar="XTKS",
        early_closes=False,
        min_day=dt.date(2024, 10, 1),
        max_day=dt.date(2024, 12, 1),
    )
    find(days, lambda session: session.day == dt.date(2024, 11, 1), settings=SEARCH)


def test_a_stream_is_the_sequence_of_its_bars() -> None:
    stream = BarStream([Operation("bar", bar(0)), Operation("reset"), Operation("bar", bar(1))])
    assert list(stream) == [bar(0), bar(1)]
    assert (len(stream), stream[1], stream[:1]) == (2, bar(1), (bar(0),))
    assert stream != list(stream)


def test_a_table_keeps_the_zone_and_microseconds() -> None:
    one = Bar(
        symbol="ES",
        session=dt.date(2025, 1, 6),
        start_ns=1_736_118_000_000_001_000,
        open=0.1,
        high=1e16,
        low=1e-5,
        close=0.30000000000000004,
        volume=10**12,
        zone="America/Chicago",
    )
    stream = BarStream([Operation("late", one)])
    assert eval(repr(stream), {"bar_table": bar_table}) == stream  # noqa: S307 - as pasted
    assert "America/Chicago" in repr(stream)
    assert "2025-01-05T17:00:00.000001-06:00" in repr(stream)


def test_recorded_numbers_of_numpy_print_as_python() -> None:
    recorded = msgspec.structs.replace(bar(0), close=np.float64(1.5), volume=np.int64(7))
    stream = BarStream([Operation("bar", recorded)])
    assert eval(repr(stream), {"bar_table": bar_table}) == stream  # noqa: S307 - as pasted


def test_bars_of_two_zones_are_no_stream() -> None:
    abroad = msgspec.structs.replace(bar(0), zone="UTC")
    with pytest.raises(ValueError, match=r"of one time zone, not \['America/New_York', 'UTC'\]"):
        BarStream([Operation("bar", bar(0)), Operation("bar", abroad)])


HEADER = "operation symbol session America/New_York open high low close volume"
ROW = "bar A 2024-01-02 2024-01-02T09:30:00-05:00 1.0 1.0 1.0 1.0 1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "a table begins with a line of column names; here is nothing", id="none"),
        pytest.param(ROW, "a table begins with operation symbol session ZONE open", id="header"),
        pytest.param(f"{HEADER}\n{ROW} 1", "10 cells where a row has 9", id="cells"),
        pytest.param(f"{HEADER}\nsell{ROW[3:]}", "'sell' is no operation; there are", id="kind"),
        pytest.param(f"{HEADER}\n{ROW.replace('1.0', 'one')}", "'one'", id="price"),
        pytest.param(f"{HEADER}\n{ROW.replace('-05:00', '')}", "offset-naive", id="no offset"),
    ],
)
def test_a_table_that_cannot_be_read_says_which_row(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is below
        bar_table(text)
    assert problem in str(refused.value)


def test_sessions_without_exchange_calendars_say_what_to_install() -> None:
    code = (
        "import sys; sys.modules['exchange_calendars'] = None; "
        "from pytest_zacperf.properties import bar_streams; bar_streams()"
    )
    completed = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert completed.stderr.splitlines()[-1] == (
        "ImportError: the sessions of an exchange need exchange_calendars: "
        "pip install 'pytest-zacperf[properties]', or [zacqc] for that backtest"
    )


def test_the_kit_without_hypothesis_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import pytest_zacperf.properties"
    completed = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert completed.stderr.splitlines()[-1] == (
        "ImportError: pytest_zacperf.properties needs hypothesis: "
        "pip install 'pytest-zacperf[properties]'"
    )
