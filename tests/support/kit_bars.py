"""Bars of the property kit, one second apart, for tests that say what comes when."""

from __future__ import annotations

import datetime as dt

from pytest_zacperf.properties import Bar

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
