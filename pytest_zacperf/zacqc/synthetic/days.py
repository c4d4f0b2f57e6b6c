"""Synthetic daily bars, drawn from (ticker, date) alone; no calendar, no seconds, no files.

Everything is integer arithmetic on raw Philox words, which NumPy keeps stable between versions, so
that the same bars come out on every machine and in any order. The close of a day is

    anchor(day) * (1 + sum over the last MEMORY_DAYS weekdays of weight * move of that day)

where the weight falls from 1 to 0. So today's move shows in full, tomorrow it begins to fade, and
no price needs a walk from an epoch.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from pytest_zacperf.zacqc.synthetic.philox import Dice

PER_MILLION = 1_000_000

# Weekdays until a move has faded: two months, so that the fading adds a gap of about an eighth of
# the mean range, and the price still wanders by some 5 %.
MEMORY_DAYS = 40
# More than any sum of moves that occurs in practice; keeps prices positive without a doubt.
DISPLACEMENT_LIMIT = 400_000
# Swings of the anchor, small enough that its slope adds little to a gap.
YEAR_SWING = 250_000
QUARTER_SWING = 50_000

# Dollars; (weight in percent, lowest, highest). Mostly below 250: the strategy cancels an entry
# when eleven minutes move the price by half a dollar, so expensive shares seldom fill.
PRICE_BANDS = ((30, 20, 60), (45, 60, 150), (20, 150, 300), (5, 300, 500))
# Millions of dollars a day. The strategy asks for 257; the first band stands for those below.
TURNOVER_BANDS = ((7, 90, 240), (45, 350, 900), (35, 900, 3_000), (13, 3_000, 9_000))
# The mean of (high - low) / price, in millionths.
MEAN_RANGE = (12_000, 32_000)

# Percent of the mean range; (weight in percent, lowest, highest).
GAP_BANDS = ((85, 5, 50), (15, 50, 110))
VOLUME_PER_MILLE = (600, 1_300)
# A cheap, quiet share would else have no range at all.
LEAST_RANGE_CENTS = 8


class DayKind(Enum):
    """What a day looks like; every kind exists upward and, mirrored, downward."""

    TREND = "trend"
    REVERSAL = "reversal"
    ORDINARY = "ordinary"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class _KindTraits:
    weight_percent: int
    range_percent: tuple[int, int]  # of the mean range
    open_share: tuple[int, int]  # per mille of the day's range above its low, on an upward day
    move_share: tuple[int, int]  # from open to close, in the same unit


# The strategy looks for days of 1.3 times the mean range and more, and stands aside on the day
# after a close that is 0.9 mean ranges away from the last one. So half of the wide days return:
# these it can trade without missing the next day. Weights times mean ranges add up to 1.
KINDS = {
    DayKind.TREND: _KindTraits(
        weight_percent=18, range_percent=(150, 230), open_share=(30, 140), move_share=(600, 850)
    ),
    DayKind.REVERSAL: _KindTraits(
        weight_percent=18, range_percent=(130, 200), open_share=(30, 140), move_share=(0, 350)
    ),
    DayKind.ORDINARY: _KindTraits(
        weight_percent=40, range_percent=(45, 85), open_share=(100, 500), move_share=(0, 400)
    ),
    DayKind.QUIET: _KindTraits(
        weight_percent=24, range_percent=(30, 60), open_share=(100, 500), move_share=(0, 400)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerTraits:
    """What stays the same for a ticker.

    Attributes:
        price_cents: The price that the years swing around.
        mean_range: Mean daily range in millionths of the price.
        turnover_millions: Dollars traded on an average day.
        traded_percent: Seconds of regular hours with a trade.

    """

    price_cents: int
    mean_range: int
    turnover_millions: int
    traded_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShape:
    """One day's regular hours: a daily bar, and the kind of path that leads through it.

    Attributes:
        kind: What the path looks like.
        is_up: Whether the kind runs upward.
        open_cents: First trade.
        high_cents: Highest trade.
        low_cents: Lowest trade.
        close_cents: Last trade.
        volume: Shares, if the day has its full length.

    """

    kind: DayKind
    is_up: bool
    open_cents: int
    high_cents: int
    low_cents: int
    close_cents: int
    volume: int


def ticker_traits(ticker: str) -> TickerTraits:
    """Draw what stays the same for a ticker."""
    dice = Dice("traits", ticker)
    turnover = dice.from_bands(TURNOVER_BANDS)
    return TickerTraits(
        price_cents=100 * dice.from_bands(PRICE_BANDS),
        mean_range=dice.between(*MEAN_RANGE),
        turnover_millions=turnover,
        traded_percent=min(75, 25 + turnover // 60),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    kind: DayKind
    is_up: bool
    range_: int  # this and the next two in millionths of the anchor
    gap: int
    move: int
    open_share: int  # per mille of the range above the low
    volume_per_mille: int


class DayModel:
    """Draws any day of one ticker, and remembers what it drew.

    Args:
        ticker: The symbol; any text.

    """

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        self.traits = ticker_traits(ticker)
        self._draws: dict[int, _Draw] = {}
        self._knots: dict[tuple[str, dt.date], int] = {}

    def shape(self, day: dt.date) -> DayShape:
        """Return one day's regular hours."""
        anchor = self._anchor_cents(day)
        weekday_number = _weekday_number(day)
        draw = self._draw(weekday_number)
        open_part = PER_MILLION + self._displacement(weekday_number) - draw.move
        open_cents = anchor * open_part // PER_MILLION
        range_cents = max(LEAST_RANGE_CENTS, anchor * draw.range_ // PER_MILLION)
        low_cents = open_cents - range_cents * draw.open_share // 1_000
        close_cents = open_cents + anchor * draw.move // PER_MILLION
        close_cents = min(max(close_cents, low_cents), low_cents + range_cents)
        dollars = self.traits.turnover_millions * 1_000 * draw.volume_per_mille
        return DayShape(
            kind=draw.kind,
            is_up=draw.is_up,
            open_cents=open_cents,
            high_cents=low_cents + range_cents,
            low_cents=low_cents,
            close_cents=close_cents,
            volume=dollars * 100 // close_cents,
        )

    def _displacement(self, weekday_number: int) -> int:
        total = 0
        for age in range(MEMORY_DAYS):
            draw = self._draw(weekday_number - age)
            total += (MEMORY_DAYS - age) * (draw.gap + draw.move)
        return min(max(total // MEMORY_DAYS, -DISPLACEMENT_LIMIT), DISPLACEMENT_LIMIT)

    def _draw(self, weekday_number: int) -> _Draw:
        draw = self._draws.get(weekday_number)
        if draw is None:
            draw = _draw_day(self.ticker, _weekday(weekday_number), self.traits.mean_range)
            self._draws[weekday_number] = draw
        return draw

    def _anchor_cents(self, day: dt.date) -> int:
        year = dt.date(day.year, 1, 1)
        quarter = dt.date(day.year, day.month - (day.month - 1) % 3, 1)
        swing = self._swing("year", day, start=year, end=dt.date(day.year + 1, 1, 1))
        # 100 days after its first day is in the next quarter, whatever the quarter.
        after = quarter + dt.timedelta(days=100)
        swing += self._swing("quarter", day, start=quarter, end=after.replace(day=1))
        return self.traits.price_cents * (PER_MILLION + swing) // PER_MILLION

    def _swing(self, purpose: str, day: dt.date, *, start: dt.date, end: dt.date) -> int:
        first, last = self._knot(purpose, start), self._knot(purpose, end)
        return first + (last - first) * (day - start).days // (end - start).days

    def _knot(self, purpose: str, day: dt.date) -> int:
        if (purpose, day) not in self._knots:
            limit = YEAR_SWING if purpose == "year" else QUARTER_SWING
            dice = Dice(purpose, self.ticker, day.isoformat())
            self._knots[purpose, day] = dice.between(-limit, limit)
        return self._knots[purpose, day]


def _draw_day(ticker: str, day: dt.date, mean_range: int) -> _Draw:
    dice = Dice("day", ticker, day.isoformat())
    kind = list(DayKind)[dice.from_bands(_KIND_BANDS)]
    traits = KINDS[kind]
    is_up = dice.between(0, 1) == 1
    range_percent = dice.between(*traits.range_percent)
    range_ = mean_range * range_percent // 100
    open_share = dice.between(*traits.open_share)
    move = range_ * dice.between(*traits.move_share) // 1_000
    gap = mean_range * dice.from_bands(GAP_BANDS) // 100
    # A wide day trades more.
    volume = dice.between(*VOLUME_PER_MILLE) * (70 + 30 * range_percent // 100) // 100
    return _Draw(
        kind=kind,
        is_up=is_up,
        range_=range_,
        gap=gap if dice.between(0, 1) else -gap,
        move=move if is_up else -move,
        open_share=open_share if is_up else 1_000 - open_share,
        volume_per_mille=volume,
    )


_KIND_BANDS = tuple((KINDS[kind].weight_percent, i, i) for i, kind in enumerate(DayKind))


def _weekday_number(day: dt.date) -> int:
    # Weekdays and not sessions, so that a holiday found out late (a day of mourning) moves no
    # other day's prices; what is drawn for a holiday becomes part of the gap after it.
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return 5 * weeks + min(weekday, 4)


def _weekday(weekday_number: int) -> dt.date:
    weeks, weekday = divmod(weekday_number, 5)
    return dt.date.fromordinal(7 * weeks + weekday + 1)
