"""Values of other libraries as ours: times in ns, numbers and text; imports none of them."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import StatisticValue
from pytest_zacperf.units import NS_PER_S

NS_PER_US = 1000


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        EngineError: There is none of that name.

    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as e:
        raise EngineError(
            f"timezone={name!r} is no time zone", "name one like America/New_York, or UTC"
        ) from e


def time_ns(moment: dt.datetime, zone: dt.tzinfo = dt.UTC) -> int:
    """Return a time in ns since 1970 UTC.

    Args:
        moment: A ``datetime``, or a pandas ``Timestamp``, whose nanoseconds are kept.
        zone: Of a time without one.

    Raises:
        EngineError: It is no time, as where data have numbers for an index.

    """
    if not isinstance(moment, dt.datetime):
        raise EngineError(
            f"{moment!r} is no time, but {type(moment).__name__}",
            "give the data an index of times, such as a pandas DatetimeIndex",
        )
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    nanoseconds: int = getattr(moment, "nanosecond", 0)
    part_ns = aware.microsecond * NS_PER_US + nanoseconds
    return calendar.timegm(aware.utctimetuple()) * NS_PER_S + part_ns


def window_bounds(start: dt.date, end: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of the first day and the last microsecond of the last day."""
    return (
        dt.datetime.combine(start, dt.time.min, tzinfo=zone),
        dt.datetime.combine(end, dt.time.max, tzinfo=zone),
    )


def plain_statistics(values: Mapping[Any, object]) -> dict[str, StatisticValue]:
    """Return what a library says about a run as numbers and text.

    Mappings within are flattened, their names joined by dots; numbers of NumPy become Python's, and
    times text. What is a table, or anything else, is left out.
    """
    return dict(_plain(values, ""))


def _plain(values: Mapping[Any, object], prefix: str) -> Iterator[tuple[str, StatisticValue]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _plain(value, f"{name}.")
        elif is_scalar(value):
            yield name, plain_scalar(value)


def is_scalar(value: object) -> bool:
    """Return whether a value is one number, text or time, and no table."""
    if value is None or isinstance(value, bool | int | float | str | dt.date | dt.timedelta):
        return True
    return hasattr(value, "item") and getattr(value, "ndim", None) == 0


def plain_scalar(value: object) -> StatisticValue:
    """Return one value as a number or text; None for what is no number."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.date | dt.timedelta):  # and pandas' own, which are such
        return None if value != value else str(value)  # noqa: PLR0124 - NaT is not itself
    if isinstance(value, int | float):
        return _number(value)
    item: object = value.item() if hasattr(value, "item") else str(value)
    return _number(item) if isinstance(item, int | float) else str(item)


def _number(value: float) -> StatisticValue:
    if isinstance(value, int):  # a bool is one
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None
