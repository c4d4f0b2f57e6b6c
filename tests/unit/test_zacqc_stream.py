"""The bar stream against a second-by-second reading of the same rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf.zacqc.bars import BAR_SECONDS, TICKS_PER_DOLLAR, Bar, SecondBars, SessionBars
from pytest_zacperf.zacqc.sessions import Session
from pytest_zacperf.zacqc.stream import NO_HIGH, NO_LOW, BarStream

# A session of one minute keeps examples small; nothing depends on its length.
OPEN, CLOSE = 1000, 1060
Row = tuple[int, int, int, int]  # open, high, low, close


def _session(day: int) -> Session:
    return Session(
        day=dt.date(2025, 1, day),
        midnight_utc_s=86_400 * day,
        open_second=OPEN,
        close_second=CLOSE,
    )


def _rows(rows: dict[int, Row]) -> SecondBars:
    prices = np.array(list(rows.values()), dtype=np.int64).reshape(-1, 4)
    return SecondBars(
        start_second=np.array(list(rows), dtype=np.int64),
        open=prices[:, 0],
        high=prices[:, 1],
        low=prices[:, 2],
        close=prices[:, 3],
        # As many shares as the second has seconds: no two rows have the same.
        volume=np.array(list(rows), dtype=np.int64),
    )


@dataclass
class SecondBySecond:
    """The same rules, one second after the other."""

    row: Row | None = None
    real: Row | None = None

    def session(self, rows: dict[int, Row]) -> tuple[list[Row | None], list[Row | None]]:
        forward, real = [], []
        for second in range(86_400 // 40):
            if second in rows:
                self.row = rows[second]
                if OPEN <= second < CLOSE:
                    self.real = rows[second]
            if OPEN <= second < CLOSE:
                forward.append(self.row)
                real.append(self.real)
        return forward, real


def _expected_bars(
    forward: list[Row | None], real: dict[int, Row], session: Session
) -> list[Bar | None]:
    bars: list[Bar | None] = []
    for first in range(0, len(forward), BAR_SECONDS):
        rows = [row for row in forward[first : first + BAR_SECONDS] if row]
        start = session.midnight_utc_s + OPEN + first
        volume = sum(second for second in real if 0 <= second - OPEN - first < BAR_SECONDS)
        bars.append(_bar(start, rows, volume) if rows else None)
    return bars


def _bar(start: int, rows: list[Row], volume: int) -> Bar:
    return Bar(
        start,
        rows[0][0] / TICKS_PER_DOLLAR,
        max(row[1] for row in rows) / TICKS_PER_DOLLAR,
        min(row[2] for row in rows) / TICKS_PER_DOLLAR,
        rows[-1][3] / TICKS_PER_DOLLAR,
        volume,
    )


ROW = st.tuples(
    st.integers(90, 110), st.integers(0, 5), st.integers(0, 5), st.integers(90, 110)
).map(lambda r: (r[0], max(r[0], r[3]) + r[1], min(r[0], r[3]) - r[2], r[3]))
# Before, during and after regular hours.
DAY = st.dictionaries(st.integers(OPEN - 20, CLOSE + 20), ROW, max_size=12).map(
    lambda rows: dict(sorted(rows.items()))
)


@given(st.lists(DAY, min_size=1, max_size=3))
def test_bars_equal_a_second_by_second_reading(days: list[dict[int, Row]]) -> None:
    stream, plain = BarStream(), SecondBySecond()
    for number, rows in enumerate(days, start=1):
        session = _session(number)
        got = stream.session(_rows(rows), session)
        forward, real = plain.session(rows)
        assert got.bars == _expected_bars(forward, rows, session)
        assert got.real_bars == sum(OPEN <= second < CLOSE for second in rows)
        _assert_seconds(got, forward, real)


def _assert_seconds(got: SessionBars, forward: list[Row | None], real: list[Row | None]) -> None:
    for index, row in enumerate(real):
        high, low = (row[1], row[2]) if row else (NO_HIGH, NO_LOW)
        assert (got.real_high[index], got.real_low[index]) == (high, low)
    for bar, last in enumerate(range(BAR_SECONDS - 1, len(forward), BAR_SECONDS)):
        newest, inside = forward[last], real[last - BAR_SECONDS + 1 : last + 1]
        if newest:
            assert got.slice_high[bar] == newest[1] / TICKS_PER_DOLLAR
            assert got.slice_low[bar] == newest[2] / TICKS_PER_DOLLAR
            assert got.slice_close[bar] == newest[3] / TICKS_PER_DOLLAR
        highs = [row[1] if row else NO_HIGH for row in inside]
        lows = [row[2] if row else NO_LOW for row in inside]
        assert got.touch_high[bar] == max(highs) / TICKS_PER_DOLLAR
        assert got.touch_low[bar] == min(lows) / TICKS_PER_DOLLAR


def test_a_pre_market_print_opens_the_session_whole() -> None:
    got = BarStream().session(_rows({OPEN - 5: (100, 130, 90, 110)}), _session(1))
    assert got.bars[0] == Bar(86_400 + OPEN, 0.01, 0.013, 0.009, 0.011, 0)
    assert got.real_bars == 0


def test_fill_forward_does_not_move_the_cached_price() -> None:
    stream = BarStream()
    stream.session(_rows({OPEN + 1: (100, 100, 100, 100), CLOSE + 3: (900,) * 4}), _session(1))
    got = stream.session(_rows({}), _session(2))
    assert got.cached_price[0] == 100 / TICKS_PER_DOLLAR
    assert got.slice_close[0] == 900 / TICKS_PER_DOLLAR


def test_the_daily_bar_counts_regular_volume_only() -> None:
    rows = {OPEN - 1: (100,) * 4, OPEN + 1: (120,) * 4, CLOSE: (500,) * 4}
    daily = BarStream().session(_rows(rows), _session(1)).daily
    assert daily is not None
    assert (daily.open, daily.high, daily.volume) == (0.01, 0.012, OPEN + 1)


def test_a_symbol_without_any_row_has_no_daily_bar() -> None:
    got = BarStream().session(_rows({}), _session(1))
    assert got.daily is None
    assert got.bars == [None] * 4
