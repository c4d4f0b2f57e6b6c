"""Bars, streams and indicators of the property kit, for tests that say what comes when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_zacperf.calendars import sessions_of
from pytest_zacperf.properties import Bar, BarStream, IncrementalMismatch, check_incremental

START_NS = 1_704_205_800 * 10**9  # 2024-01-02 09:30 in New York


def bar(second: int, close: float = 100.0, *, day: int = 2, symbol: str = "A") -> Bar:
    return Bar(
        symbol=symbol,
        session=dt.date(2024, 1, day),
        start_ns=START_NS + (86_400 * (day - 2) + second) * 10**9,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=1,
    )


def plain(count: int) -> list[Bar]:
    """Return so many bars of 100.0, one a second."""
    return [bar(second) for second in range(count)]


NEW_YORK_DAYS = {
    session.day: session
    for session in sessions_of("XNYS", dt.date(2024, 1, 1), dt.date(2026, 12, 31))
}


def kinds(stream: BarStream) -> list[str]:
    return [done.kind for done in stream.operations]


def new_bars(stream: BarStream) -> list[Bar]:
    return [done.bar for done in stream.operations if done.kind == "bar" and done.bar]


class Zero:
    def update(self, _: Bar) -> int:
        return 0


class Off:
    """Returns what a test wants."""

    def __init__(self, value: object) -> None:
        self.value = value

    def update(self, _: object) -> object:
        return self.value


def last_close(bars: Sequence[Bar]) -> float:
    return bars[-1].close


def failure(**arguments: Any) -> list[str]:  # noqa: ANN401 - of the check
    with pytest.raises(IncrementalMismatch) as failed:
        check_incremental(**arguments)
    return str(failed.value).splitlines()
