"""What a stream is drawn from: segments, each one thing that happens and a run of bars after it.

They are data and know nothing of each other; ``weaving.py`` makes operations of them. A list of
segments finds more than a list of bars: windows fill up, and an example still shrinks to a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True, slots=True)
class Shape:
    """One bar relative to the close before it, in units of its run.

    Attributes:
        gap: From that close to the open.
        move: From the open to the close.
        above: From the higher of the two to the high.
        below: From the lower of the two to the low.
        volume: Shares.

    """

    gap: int
    move: int
    above: int
    below: int
    volume: int


@dataclass(frozen=True, slots=True)
class Run:
    """Bars one interval apart.

    Attributes:
        shapes: A few bars.
        repeats: How often they come.
        unit: Of the shapes: a number of ticks, or a part of the price.
        symbols: Positions of the symbols that trade; all of them at each time.
        held_back: How many bars a bar of the run comes late by; 0 for none.

    """

    shapes: tuple[Shape, ...]
    repeats: int
    unit: int | Fraction
    symbols: tuple[int, ...]
    held_back: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without a bar.

    Attributes:
        to: ``intervals`` lets some pass, ``percent`` goes to a part of the session, ``halt`` to
            the last bar before its next halt, ``close`` to some bars before its end.
        count: How many.

    """

    to: Literal["intervals", "percent", "halt", "close"]
    count: int


@dataclass(frozen=True, slots=True)
class NextSession:
    """The next session, or a later one.

    Attributes:
        position: Of the session in the schedule; the next one where it is not later.
        percent: From the last close to the next open.
        split: New shares for an old one.
        halts: Seconds after the open, and for how many seconds.

    """

    position: int
    percent: int
    split: Fraction
    halts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """A price far away.

    Attributes:
        ticks: The price.
        is_print: Whether it is one bad print, after which prices are as before.
        symbol: Position of the symbol.

    """

    ticks: int
    is_print: bool
    symbol: int


@dataclass(frozen=True, slots=True)
class Again:
    """A bar that was there before.

    Attributes:
        back: How many bars ago, 1 for the newest.
        revision: Its new values; None for the same bar once more.

    """

    back: int
    revision: Shape | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A bar without prices: NaN, as pandas fills a second without a trade."""

    symbol: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset."""


@dataclass(frozen=True, slots=True)
class Rewind:
    """A snapshot, bars that shall not have been, and the way back to its time and its prices.

    Attributes:
        run: The bars.
        ratio: Of their prices to those before.
        is_again: Whether the way back is to the snapshot before, where there is one.

    """

    run: Run
    ratio: Fraction
    is_again: bool


Event = Gap | NextSession | Jump | Again | Missing | Reset | Rewind


@dataclass(frozen=True, slots=True)
class Segment:
    """What happens, and the bars after it, which show what has become of the time before.

    Attributes:
        event: None where nothing happens.
        run: The bars.

    """

    event: Event | None
    run: Run
