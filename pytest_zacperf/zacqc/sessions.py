"""Trading days of the New York Stock Exchange, early closes included; nothing about prices."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass

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
    import exchange_calendars  # noqa: PLC0415 - half a second with pandas; needed here only

    # The calendar refuses a span without a session, so it is asked for a wider one.
    margin = dt.timedelta(days=14)
    with warnings.catch_warnings():
        # exchange_calendars 4.13 makes pandas 3.1 warn; neither is ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        calendar = exchange_calendars.get_calendar("XNYS", start=start - margin, end=end + margin)
    found = []
    for row in calendar.schedule.loc[str(start) : str(end)].itertuples():
        local_open = row.open.tz_convert("America/New_York")
        local_close = row.close.tz_convert("America/New_York")
        open_second = local_open.hour * 3600 + local_open.minute * 60
        found.append(
            Session(
                day=row.Index.date(),
                midnight_utc_s=int(row.open.timestamp()) - open_second,
                open_second=open_second,
                close_second=local_close.hour * 3600 + local_close.minute * 60,
            )
        )
    return tuple(found)


def sessions_before(day: dt.date, count: int) -> tuple[Session, ...]:
    """Return the *count* XNYS sessions before *day*, oldest first."""
    # 252 sessions a year are 1.45 calendar days each; two and two weeks are always enough.
    start = day - dt.timedelta(days=2 * count + 14)
    return sessions_between(start, day - dt.timedelta(days=1))[-count:]
