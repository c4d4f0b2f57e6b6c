from __future__ import annotations

import datetime as dt

from pytest_zacperf.examples.bars import ALL_SYMBOLS, bars_of, days_of, frame_of

DAY = dt.date(2025, 10, 1)


def test_there_are_bars_on_weekdays_alone() -> None:
    days = days_of(dt.date(2025, 10, 3), dt.date(2025, 10, 7))
    assert [day.day for day in days] == [3, 6, 7]


def test_a_day_has_a_bar_for_each_minute_of_trading_hours() -> None:
    bars = list(bars_of("GLD", DAY))
    assert len(bars) == 390
    assert (bars[0].start.time(), bars[-1].start.time()) == (dt.time(9, 30), dt.time(15, 59))


def test_a_bar_holds_its_open_and_close_and_the_next_one_goes_on_from_there() -> None:
    for symbol in ALL_SYMBOLS.split(","):
        bars = list(bars_of(symbol, DAY))
        for bar in bars:
            assert bar.low_cents <= min(bar.open_cents, bar.close_cents)
            assert bar.high_cents >= max(bar.open_cents, bar.close_cents)
            assert bar.low_cents > 0
            assert bar.volume > 0
        assert [bar.close_cents for bar in bars[:-1]] == [bar.open_cents for bar in bars[1:]]


def test_the_bars_of_a_day_do_not_depend_on_the_window() -> None:
    two_days = frame_of("GLD", DAY, DAY + dt.timedelta(days=1))
    assert two_days.loc["2025-10-01"].equals(frame_of("GLD", DAY, DAY))
    assert str(two_days.index.tz) == "America/New_York"


def test_the_first_bar_is_the_same_on_every_machine() -> None:
    bar = next(bars_of("AAPL", DAY))
    prices = (bar.open_cents, bar.high_cents, bar.low_cents, bar.close_cents, bar.volume)
    assert prices == (33_828, 33_830, 33_820, 33_825, 3_600)
