"""Dates and times as LEAN has written them over the years; all of them are UTC."""

from __future__ import annotations

import datetime as dt
import re

from pytest_zacperf.units import NS_PER_S

# 2025-10-01T00:00:00Z since August 2025, before that 2024-11-21 21:01:02; fractions to 100 ns.
TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?Z?"
)
# LEAN's own first day, and that of .NET: an algorithm that failed before it set a day.
UNSET = (dt.date(1998, 1, 1), dt.date(1, 1, 1))


def ns_of(text: object) -> int | None:
    """Return a time in ns since 1970 UTC; None for what is none."""
    found = TIME.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(f"{found['day']}T{found['time']}+00:00")
    except ValueError:  # such as the 30th of February
        return None
    seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    return seconds * NS_PER_S + int(f"{found['fraction'] or '':0<9}")


def day_of(text: object) -> dt.date | None:
    """Return the day of a time; None for what is none, and for one that nobody has set."""
    found = TIME.match(text) if isinstance(text, str) else None
    try:
        day = dt.date.fromisoformat(found["day"]) if found else None
    except ValueError:
        return None
    return None if day in UNSET else day
