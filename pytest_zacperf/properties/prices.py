"""Prices on a tick grid, and the strategy of a single bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from pytest_zacperf.properties.arguments import checked_interval
from pytest_zacperf.properties.market import Bar
from pytest_zacperf.properties.sessions import sessions
from pytest_zacperf.units import NS_PER_S

MIN_TICK = 0.0001
MAX_PRICE = 1_000_000.0
MAX_VOLUME = 1_000_000_000
# Where prices begin, and jump to; the first is what an example shrinks to.
LEVELS = (100, 1, 10, 300, 60_000)
# Volumes that are drawn more often than others, and none of it most often.
VOLUMES = (100, 0, 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The prices there are: whole ticks between two limits.

    Attributes:
        tick: Smallest step.
        lowest: Lowest price in ticks.
        highest: Highest price in ticks.

    """

    tick: Fraction
    lowest: int
    highest: int

    def levels(self) -> tuple[int, ...]:
        """Return well-known prices in ticks, then the two limits."""
        known = (self.nearest(round(level / self.tick)) for level in LEVELS)
        return tuple(dict.fromkeys((*known, self.lowest, self.highest)))

    def nearest(self, ticks: int) -> int:
        """Return the price within the limits that is nearest to one, both in ticks."""
        return min(max(ticks, self.lowest), self.highest)

    def price(self, ticks: int) -> float:
        """Return a number of ticks as the nearest double, which prints without further digits."""
        return ticks * self.tick.numerator / self.tick.denominator


def grid_of(*, tick: float, min_price: float, max_price: float) -> Grid:
    """Return the prices from one to the other, those that are on the tick grid.

    Raises:
        ValueError: There is none.

    """
    if not 0 < tick < math.inf:
        raise ValueError(f"tick is more than 0, not {tick!r}")
    if 0 < min_price <= max_price < math.inf:
        step = as_written(tick)
        lowest = max(1, math.ceil(as_written(min_price) / step))
        highest = math.floor(as_written(max_price) / step)
        if lowest <= highest:
            return Grid(tick=step, lowest=lowest, highest=highest)
    raise ValueError(
        f"there is no price from {min_price!r} to {max_price!r} in steps of {tick!r}; "
        "prices are more than 0"
    )


def as_written(price: float | Fraction | Decimal) -> Fraction:
    """Return a number as it is written: 0.01 is a hundredth, and not the double next to it."""
    is_exact = isinstance(price, Fraction | Decimal)
    return Fraction(price) if is_exact else Fraction(repr(float(price)))


def volumes(*, max_volume: int, zero_volume: bool) -> st.SearchStrategy[int]:
    """Return a strategy of whole volumes; small and well-known ones are drawn more often."""
    least = 0 if zero_volume else 1
    if max_volume < least:
        raise ValueError(f"max_volume is {least} or more, not {max_volume!r}")
    known = [volume for volume in VOLUMES if least <= volume <= max_volume] or [least]
    return st.sampled_from(known) | st.integers(least, max_volume)


def bars(  # noqa: PLR0913 - each names one property of a bar
    *,
    symbol: str = "A",
    tick: float = MIN_TICK,
    min_price: float = MIN_TICK,
    max_price: float = MAX_PRICE,
    max_volume: int = MAX_VOLUME,
    zero_volume: bool = True,
    calendar: str = "XNYS",
    interval_s: int = 1,
) -> st.SearchStrategy[Bar]:
    """Return a strategy of single bars: ``low <= open, close <= high``, all on the tick grid.

    Args:
        symbol: The ticker.
        tick: Smallest price step.
        min_price: Lowest price.
        max_price: Highest price.
        max_volume: Highest volume.
        zero_volume: Whether a bar may have no volume.
        calendar: Exchange, as exchange_calendars names it.
        interval_s: Length of a bar in seconds; it starts on a multiple of it after the open.

    Raises:
        ValueError: An argument leaves no bar to draw.

    """
    grid = grid_of(tick=tick, min_price=min_price, max_price=max_price)
    amounts = volumes(max_volume=max_volume, zero_volume=zero_volume)
    days = sessions(calendar=calendar, halts=False)
    price = st.sampled_from(grid.levels()) | st.integers(grid.lowest, grid.highest)
    length_ns = checked_interval(interval_s) * NS_PER_S

    @st.composite
    def drawn(draw: st.DrawFn) -> Bar:
        day = draw(days)
        last = (day.close_ns - day.open_ns) // length_ns - 1
        start_ns = day.open_ns + draw(st.integers(0, max(0, last))) * length_ns
        is_paused = any(begin <= start_ns < end for begin, end in day.halts)
        opened, closed, *others = draw(st.tuples(price, price, price, price))
        return Bar(
            symbol=symbol,
            session=day.day,
            start_ns=day.open_ns if is_paused else start_ns,
            open=grid.price(opened),
            high=grid.price(max(opened, closed, *others)),
            low=grid.price(min(opened, closed, *others)),
            close=grid.price(closed),
            volume=draw(amounts),
            zone=day.zone,
        )

    return drawn()
