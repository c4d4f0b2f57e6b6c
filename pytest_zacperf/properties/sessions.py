"""The strategy of trading sessions: real ones of an exchange, those around its edges more often."""

from __future__ import annotations

import datetime as dt
import functools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from pytest_zacperf import calendars
from pytest_zacperf.calendars import Session
from pytest_zacperf.units import NS_PER_S

MIN_DAY = dt.date(2024, 1, 1)
MAX_DAY = dt.date(2026, 12, 31)
# Trading halts of US equities last five minutes or more.
HALT_S = 300
MAX_HALTS = 2
# An exchange may change its hours: a session is short beside so many before and after it.
NEAR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Sessions in order of time, and those among them at which something is special.

    Attributes:
        sessions: All of them, in order of time.
        special: Positions of early closes, of the last session before and the first after a clock
            change, and of the last of a month.

    """

    sessions: tuple[Session, ...]
    special: tuple[int, ...]


def sessions(  # noqa: PLR0913 - each names one property of a session
    *,
    calendar: str = "XNYS",
    min_day: dt.date = MIN_DAY,
    max_day: dt.date = MAX_DAY,
    early_closes: bool = True,
    daylight_saving: bool = True,
    halts: bool = True,
) -> st.SearchStrategy[Session]:
    """Return a strategy of trading sessions of an exchange; special ones are drawn more often.

    Special are early closes, sessions next to a clock change, and the last of a month.

    Args:
        calendar: Exchange, as exchange_calendars names it.
        min_day: First day.
        max_day: Last day.
        early_closes: Whether there may be sessions that are shorter than those around them.
        daylight_saving: Whether there may be sessions at another UTC offset than the first one's.
        halts: Whether trading may be halted, beyond the breaks that the exchange always has.

    Raises:
        ValueError: There is no such exchange, or no such session.

    """
    schedule = schedule_of(
        calendar, min_day, max_day, early_closes=early_closes, daylight_saving=daylight_saving
    )
    position = positions(schedule)
    if not halts:
        return position.map(schedule.sessions.__getitem__)
    return st.builds(with_halts, position.map(schedule.sessions.__getitem__), halted())


def positions(schedule: Schedule, *, last: int | None = None) -> st.SearchStrategy[int]:
    """Return a strategy of positions in a schedule, up to the last one that may be drawn.

    An example shrinks to the first session.
    """
    end = len(schedule.sessions) - 1 if last is None else last
    special = [position for position in schedule.special if position <= end]
    return st.sampled_from((0, *special)) | st.integers(0, end)


def halted() -> st.SearchStrategy[list[tuple[int, int]]]:
    """Return a strategy of halts: seconds after the open, and how many seconds."""
    begin = st.sampled_from((1, 60, 3600)) | st.integers(1, 23_000)
    return st.lists(st.tuples(begin, st.just(HALT_S) | st.integers(1, 7200)), max_size=MAX_HALTS)


def with_halts(session: Session, drawn: Sequence[tuple[int, int]]) -> Session:
    """Return a session with trading halts, cut where it ends and joined where they meet."""
    spans = list(session.halts)
    for begin_s, length_s in drawn:
        begin = session.open_ns + begin_s * NS_PER_S
        end = min(begin + length_s * NS_PER_S, session.close_ns)
        if begin < end:
            spans.append((begin, end))
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return replace(session, halts=tuple(joined))


@functools.lru_cache(maxsize=64)
def schedule_of(
    exchange: str, min_day: dt.date, max_day: dt.date, *, early_closes: bool, daylight_saving: bool
) -> Schedule:
    """Return the sessions that may be drawn, the special ones noted.

    Raises:
        ValueError: There is no such exchange, or no such session.

    """
    if min_day > max_day:
        raise ValueError(f"min_day is at most max_day, not {min_day} and {max_day}")
    found = calendars.sessions_of(exchange, min_day, max_day)
    if found and not early_closes:
        short = _short(found)
        found = tuple(one for position, one in enumerate(found) if position not in short)
    if found and not daylight_saving:
        first = _offset(found[0])
        found = tuple(one for one in found if _offset(one) == first)
    if not found:
        raise ValueError(f"{exchange} has no such session from {min_day} to {max_day}")
    return Schedule(sessions=found, special=_special(found))


def _special(found: Sequence[Session]) -> tuple[int, ...]:
    special = _short(found)
    for position, (before, after) in enumerate(pairwise(found)):
        if _offset(before) != _offset(after):
            special |= {position, position + 1}
        if before.day.month != after.day.month:
            special.add(position)
    return tuple(sorted(special))


def _short(found: Sequence[Session]) -> set[int]:
    """Return the positions of sessions that are shorter than most of those around them."""
    lengths = [one.close_ns - one.open_ns for one in found]
    return {
        position
        for position, length in enumerate(lengths)
        if length < statistics.median(lengths[max(0, position - NEAR) : position + NEAR + 1])
    }


def _offset(session: Session) -> dt.timedelta | None:
    opened = dt.datetime.fromtimestamp(session.open_ns // NS_PER_S, ZoneInfo(session.zone))
    return opened.utcoffset()
