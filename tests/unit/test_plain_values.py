from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from pytest_zacperf.engines.plain import plain_statistics, time_ns, window_bounds, zone_of
from pytest_zacperf.errors import EngineError

NEW_YORK = ZoneInfo("America/New_York")
NOON_NS = 1_759_334_400_000_000_000  # 2025-10-01 16:00 UTC


@pytest.mark.parametrize(
    "moment",
    [
        dt.datetime(2025, 10, 1, 16, tzinfo=dt.UTC),
        dt.datetime(2025, 10, 1, 12, tzinfo=NEW_YORK),
        pd.Timestamp("2025-10-01 12:00", tz="America/New_York"),
        pd.Timestamp("2025-10-01 12:00"),
        dt.datetime(2025, 10, 1, 12),  # noqa: DTZ001 - what engines give
    ],
    ids=["UTC", "New York", "Timestamp", "Timestamp without zone", "without zone"],
)
def test_a_time_is_ns_since_1970_utc(moment: dt.datetime) -> None:
    assert time_ns(moment, NEW_YORK) == NOON_NS


def test_microseconds_and_nanoseconds_are_kept() -> None:
    assert time_ns(pd.Timestamp("2025-10-01 16:00:00.123456789", tz="UTC")) == NOON_NS + 123_456_789


def test_the_bounds_of_a_window_are_those_of_its_zone() -> None:
    start, end = window_bounds(dt.date(2025, 10, 1), dt.date(2025, 10, 2), NEW_YORK)
    assert start == dt.datetime(2025, 10, 1, 4, tzinfo=dt.UTC)
    assert end == dt.datetime(2025, 10, 3, 3, 59, 59, 999_999, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(EngineError) as caught:
        zone_of(name)
    assert caught.value.problem == f"timezone={name!r} is no time zone"
    assert caught.value.hint == "name one like America/New_York, or UTC"


def test_statistics_are_flat_and_of_plain_types() -> None:
    given = {
        "trades": np.int64(3),
        "sharpe": np.float64(1.5),
        "drawdown": {"max": {"len": 7}, "money": float("nan")},
        "start": pd.Timestamp("2025-10-01"),
        "lasted": pd.Timedelta(minutes=5),
        "never": pd.NaT,
        "won": True,
        "name": "Cross",
        "nothing": None,
        "table": pd.DataFrame({"a": [1]}),
        "column": pd.Series([1, 2]),
        "list": [1, 2],
    }
    found = plain_statistics(given)
    assert found == {
        "trades": 3,
        "sharpe": 1.5,
        "drawdown.max.len": 7,
        "drawdown.money": None,
        "start": "2025-10-01 00:00:00",
        "lasted": "0 days 00:05:00",
        "never": None,
        "won": 1,
        "name": "Cross",
        "nothing": None,
    }
    assert type(found["trades"]) is int
    assert type(found["sharpe"]) is float


def test_a_number_is_no_time() -> None:
    with pytest.raises(EngineError) as caught:
        time_ns(17)  # type: ignore[arg-type]
    assert caught.value.problem == "17 is no time, but int"
    assert caught.value.hint == ("give the data an index of times, such as a pandas DatetimeIndex")
