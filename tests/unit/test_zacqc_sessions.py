"""XNYS trading days, as the replay needs them."""

from __future__ import annotations

import datetime as dt

from pytest_zacperf.zacqc.sessions import sessions_before, sessions_between


def test_weekends_and_holidays_are_no_sessions() -> None:
    days = [s.day for s in sessions_between(dt.date(2025, 1, 18), dt.date(2025, 1, 21))]
    assert days == [dt.date(2025, 1, 21)], "the 20th was Martin Luther King Day"


def test_a_span_without_session_is_empty() -> None:
    assert sessions_between(dt.date(2025, 10, 4), dt.date(2025, 10, 5)) == ()


def test_an_early_close_ends_at_one_in_the_afternoon() -> None:
    (session,) = sessions_between(dt.date(2025, 11, 28), dt.date(2025, 11, 28))
    assert (session.open_second, session.close_second) == (34_200, 46_800)


def test_midnight_follows_daylight_saving_time() -> None:
    winter, summer = (
        sessions_between(day, day)[0] for day in (dt.date(2025, 3, 7), dt.date(2025, 3, 10))
    )
    assert dt.datetime.fromtimestamp(winter.midnight_utc_s, dt.UTC).hour == 5
    assert dt.datetime.fromtimestamp(summer.midnight_utc_s, dt.UTC).hour == 4


def test_sessions_before_a_day_end_the_day_before() -> None:
    before = sessions_before(dt.date(2025, 10, 1), 50)
    assert (len(before), before[0].day, before[-1].day) == (
        50,
        dt.date(2025, 7, 22),
        dt.date(2025, 9, 30),
    )
