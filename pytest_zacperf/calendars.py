"""Trading sessions of exchanges, from exchange_calendars: holidays, early closes, clock changes.

Read only; the embedded backtest and the property kit share it. Nothing about prices.
"""

from __future__ import annotations

import datetime as dt
import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

# A calendar refuses a span without a session, so it is asked for a wider one.
MARGIN = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading session of an exchange.

    Attributes:
        day: The date that the exchange gives it; a session may open the evening before.
        zone: Time zone of the exchange, such as ``America/New_York``.
        open_ns: First instant of regular trading, in ns since 1970 UTC.
        close_ns: End of regular trading, exclusive; earlier than usual on an early close.
        halts: Spans without trading inside the session, each from its first to its end, exclusive,
            in ns since 1970 UTC, in order of time and apart: lunch breaks, trading halts.

    """

    day: dt.date
    zone: str
    open_ns: int
    close_ns: int
    halts: tuple[tuple[int, int], ...] = ()


@functools.lru_cache(maxsize=64)
def sessions_of(exchange: str, start: dt.date, end: dt.date) -> tuple[Session, ...]:
    """Return the sessions from *start* to *end*, both inclusive, in order of time.

    Args:
        exchange: Name that exchange_calendars knows, such as ``XNYS``, ``CMES`` or ``24/7``.
        start: First day.
        end: Last day.

    Raises:
        ValueError: exchange_calendars does not know the exchange.

    """
    calendar = _calendar(exchange, start, end)
    zone = str(calendar.tz)
    return tuple(
        Session(
            day=row.Index.date(),
            zone=zone,
            open_ns=row.open.value,
            close_ns=row.close.value,
            halts=((row.break_start.value, row.break_end.value),)
            if row.break_start == row.break_start  # no break is NaT
            else (),
        )
        for row in calendar.schedule.loc[str(start) : str(end)].itertuples()
    )


def _calendar(exchange: str, start: dt.date, end: dt.date) -> ExchangeCalendar:
    try:
        import exchange_calendars  # noqa: PLC0415 - half a second with pandas; needed here only
    except ImportError as e:
        raise ImportError(
            "the sessions of an exchange need exchange_calendars: "
            "pip install 'pytest-zacperf[properties]', or [zacqc] for that backtest"
        ) from e

    with warnings.catch_warnings():
        # exchange_calendars 4.13 makes pandas 3.1 warn; neither is ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return exchange_calendars.get_calendar(exchange, start=start - MARGIN, end=end + MARGIN)
        except exchange_calendars.errors.InvalidCalendarName as e:
            raise ValueError(
                f"exchange_calendars has no calendar {exchange!r}; "
                "exchange_calendars.get_calendar_names() lists them"
            ) from e
