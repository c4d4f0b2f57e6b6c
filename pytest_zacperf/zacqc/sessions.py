"""Trading days of the New York Stock Exchange, early closes included; nothing about prices."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pytest_zacperf import calendars
from pytest_zacperf.units import NS_PER_S

EXCHANGE = "XNYS"
OPEN_SECOND = 9 * 3600 + 30 * 60
CLOSE_SECOND = 16 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day in New York.

    Attributes:
        day: The date in New York.
        midnight_utc_s: New York midnight of that day in seconds since 1970-01-01 UTC, so that
            ``midnight_utc_s + second of day`` is right all day (clocks change on Sundays only).
        open_second: First second of regular hours since midnight, 34200.
        close_second: End of regular hours, 57600, or 46800 on an early close.

    """

    day: dt.date
    midnight_utc_s: int
    open_second: int = OPEN_SECOND
    close_second: int = CLOSE_SECOND


def sessions_between(start: dt.date, end: dt.date) -> tuple[Session, ...]:
    """Return the XNYS sessions from *start* to *end*, both inclusive, in order of time."""
    return tuple(map(_in_seconds, calendars.sessions_of(EXCHANGE, start, end)))


def sessions_before(day: dt.date, count: int) -> tuple[Session, ...]:
    """Return the *count* XNYS sessions before *day*, oldest first."""
    # 252 sessions a year are 1.45 calendar days each; two and two weeks are always enough.
    start = day - dt.timedelta(days=2 * count + 14)
    return sessions_between(start, day - dt.timedelta(days=1))[-count:]


def _in_seconds(session: calendars.Session) -> Session:
    midnight = dt.datetime.combine(session.day, dt.time(), ZoneInfo(session.zone))
    midnight_s = int(midnight.timestamp())
    return Session(
        day=session.day,
        midnight_utc_s=midnight_s,
        open_second=session.open_ns // NS_PER_S - midnight_s,
        close_second=session.close_ns // NS_PER_S - midnight_s,
    )
