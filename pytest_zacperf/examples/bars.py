"""Synthetic one-minute bars of US trading hours: the same for the same symbol and day, anywhere.

They are no market: no holidays, no gaps, and most days break out of their opening range.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

ALL_SYMBOLS = "AAPL,NVDA,TSLA,META,AMD"
NEW_YORK = ZoneInfo("America/New_York")
OPEN = dt.time(9, 30)
MINUTES = 390
SATURDAY = 5
LOWEST_CENTS, HIGHEST_CENTS = 8_000, 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One minute; prices in cents, volume in shares.

    Attributes:
        start: When it begins, in New York.

    """

    start: dt.datetime
    open_cents: int
    high_cents: int
    low_cents: int
    close_cents: int
    volume: int


def days_of(start: dt.date, end: dt.date) -> list[dt.date]:
    """Return the weekdays from *start* to *end*, both inclusive."""
    days = (start + dt.timedelta(days=number) for number in range((end - start).days + 1))
    return [day for day in days if day.weekday() < SATURDAY]


def bars_of(symbol: str, day: dt.date) -> Iterator[Bar]:
    """Yield the 390 bars of a symbol on a day."""
    # By whole numbers alone, so that no machine rounds otherwise.
    draw = random.Random(f"{symbol} {day}")  # noqa: S311 - no secret
    level = random.Random(symbol).randrange(LOWEST_CENTS, HIGHEST_CENTS)  # noqa: S311
    price = level + draw.randrange(-level // 50, level // 50)
    step = max(2, level // 2_000)
    drift = draw.choice((-1, 0, 1, 1))
    opens = dt.datetime.combine(day, OPEN, tzinfo=NEW_YORK)
    for minute in range(MINUTES):
        close = max(100, price + draw.randint(-step, step) + drift)
        yield Bar(
            start=opens + dt.timedelta(minutes=minute),
            open_cents=price,
            high_cents=max(price, close) + draw.randint(0, step),
            low_cents=min(price, close) - draw.randint(0, step),
            close_cents=close,
            volume=draw.randrange(100, 10_000, 100),
        )
        price = close


def frame_of(symbol: str, start: dt.date, end: dt.date) -> Any:  # noqa: ANN401 - pandas comes with an engine
    """Return the bars of a window as a pandas DataFrame.

    Columns are open, high, low, close and volume, prices in dollars; the index is the start of
    each bar, in New York.
    """
    import pandas as pd  # noqa: PLC0415 - comes with an engine

    bars = [bar for day in days_of(start, end) for bar in bars_of(symbol, day)]
    prices = {
        name: [getattr(bar, f"{name}_cents") / 100 for bar in bars]
        for name in ("open", "high", "low", "close")
    }
    columns = {**prices, "volume": [float(bar.volume) for bar in bars]}
    return pd.DataFrame(columns, index=pd.DatetimeIndex([bar.start for bar in bars], name="start"))
