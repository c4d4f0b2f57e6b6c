"""Synthetic one-second bars that lead through a given day; no calendar, no files.

A few control points (open, extremes, turning points, close) give the day its shape; a random walk
pinned to them gives it its noise. Regular hours touch the day's high and low exactly and never
leave them. Integers only, so that the bytes are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from pytest_zacperf.zacqc.bars import Ints, SecondBars
from pytest_zacperf.zacqc.sessions import Session
from pytest_zacperf.zacqc.synthetic.days import DayKind, DayShape, TickerTraits
from pytest_zacperf.zacqc.synthetic.philox import Dice, raw_words

TICKS_PER_CENT = 100
# A second's step is a small part of a cent, so paths are computed in finer units.
FINE_PER_CENT = 1 << 15

# Size of the random walk over the whole day in percent of the day's range: about what Brownian
# motion of that range has (it moves by 1 / 1.6 of its range).
NOISE_PERCENT = 60
EXTENDED_NOISE_PERCENT = 12
# Highest single print beyond a bar's open and close: one cent, and one more for so many of range.
RANGE_CENTS_PER_WICK_CENT = 150

# Per mille of regular hours. A wide day has made most of its way by 10:25 to 12:06: now and then
# before the strategy's window (10:57 to 14:00), mostly in it, always with time left in it.
FIRST_TURN = (5, 60)
SECOND_TURN = (140, 400)
# Then it oscillates: 12 to 25 minutes from turn to turn, at depths (per mille of the range) that
# contain the 4 to 20 % bounce the strategy waits for and the 8 % above it that fill its stop.
SWING_TIME = (30, 65)
SWING_DEPTH = (80, 200)
SWING_REST = (15, 70)
TREND_HOLDS_UNTIL = (800, 860)
REVERSAL_HOLDS_UNTIL = (500, 680)
LATE_EXTREME = (880, 960)

# Share of the regular volume that goes to the first and to the last trade on top, as in auctions.
OPEN_AUCTION_PARTS = 150
CLOSE_AUCTION_PARTS = 40

PRE_MARKET_START = 4 * 3600
EXTENDED_END = 20 * 3600
# Extended hours have at most one print in so many seconds.
PRE_MARKET_STRIDE = 99
AFTER_HOURS_STRIDE = 360
AFTER_HOURS_PERCENT = 25

Point = tuple[int, int]  # second or index, and price in cents or per mille of the range


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """All that decides one day's seconds.

    Attributes:
        ticker: The symbol.
        traits: What stays the same for it.
        session: The day and its hours.
        shape: The daily bar to lead through.
        volume: Shares of regular hours.
        previous_close_cents: Where the pre-market begins.

    """

    ticker: str
    traits: TickerTraits
    session: Session
    shape: DayShape
    volume: int
    previous_close_cents: int

    @property
    def range_cents(self) -> int:
        """Return the day's high minus its low."""
        return self.shape.high_cents - self.shape.low_cents


def second_bars(plan: DayPlan) -> SecondBars:
    """Return one day's one-second bars, pre-market and after-hours included."""
    parts = (_pre_market(plan), _regular_hours(plan), _after_hours(plan))
    return SecondBars(
        start_second=np.concatenate([part.start_second for part in parts]),
        open=np.concatenate([part.open for part in parts]),
        high=np.concatenate([part.high for part in parts]),
        low=np.concatenate([part.low for part in parts]),
        close=np.concatenate([part.close for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
    )


def _regular_hours(plan: DayPlan) -> SecondBars:
    shape = plan.shape
    seconds = plan.session.close_second - plan.session.open_second
    bits = _bits("regular", plan, seconds)
    points = _control_points(plan, seconds)
    turns = [index for index, _ in points]
    distance = _distance_from_midday(seconds)
    index = _traded_seconds(bits, distance, plan.traits.traded_percent, always=turns)
    walk = _walk(bits, 1_000 + distance, size=_fine(plan.range_cents) * NOISE_PERCENT // 100)
    path = _pinned(walk[index], index, points, at_points=walk[turns])
    close = _to_cents(_folded(path, _fine(shape.low_cents), _fine(shape.high_cents)))
    bits = bits[index]
    before = np.concatenate((close[:1], close[:-1]))
    open_ = before + ((close - before) * _byte(bits, 4) >> 8)
    wick = 1 + plan.range_cents // RANGE_CENTS_PER_WICK_CENT
    top = np.maximum(open_, close) + (_byte(bits, 5) * wick >> 8)
    bottom = np.minimum(open_, close) - (_byte(bits, 6) * wick >> 8)
    return SecondBars(
        start_second=plan.session.open_second + index,
        open=open_ * TICKS_PER_CENT,
        high=np.minimum(top, shape.high_cents) * TICKS_PER_CENT,
        low=np.maximum(bottom, shape.low_cents) * TICKS_PER_CENT,
        close=close * TICKS_PER_CENT,
        volume=_volumes(bits, distance[index], plan.volume),
    )


def _pre_market(plan: DayPlan) -> SecondBars:
    start, end = PRE_MARKET_START, plan.session.open_second
    points = [(start, plan.previous_close_cents), (end, plan.shape.open_cents)]
    count = (end - start) // PRE_MARKET_STRIDE
    # Rises to its highest at the open.
    percent = plan.traits.traded_percent * (40 + np.arange(count)) // (40 + count)
    percent[-1] = 100
    return _extended("pre-market", plan, points, percent=percent)


def _after_hours(plan: DayPlan) -> SecondBars:
    start, end = plan.session.close_second, EXTENDED_END
    points = [(start, plan.shape.close_cents), (end, plan.shape.close_cents)]
    percent = np.full((end - start) // AFTER_HOURS_STRIDE, AFTER_HOURS_PERCENT)
    return _extended("after-hours", plan, points, percent=percent)


def _extended(purpose: str, plan: DayPlan, points: list[Point], *, percent: Ints) -> SecondBars:
    start, end = points[0][0], points[-1][0]
    count = percent.size
    bits = _bits(purpose, plan, count)
    stride = (end - start) // count
    second = start + stride * np.arange(count) + (((bits >> 32) & _WORD) * stride >> 16)
    size = _fine(plan.range_cents) * EXTENDED_NOISE_PERCENT // 100
    walk = _walk(bits, np.ones_like(bits), size=size)
    at_points = np.array((0, walk[-1]))
    price = _to_cents(_pinned(walk, second, points, at_points=at_points))
    has_trade = _chance(bits) * 100 < percent << 16
    # Far above zero as it is; a price of zero would be worse than a strange one.
    price = np.maximum(price, 1)[has_trade] * TICKS_PER_CENT
    return SecondBars(
        start_second=second[has_trade],
        open=price,
        high=price,
        low=price,
        close=price,
        volume=1 + (_heavy_tailed(bits)[has_trade] << 2),
    )


def _control_points(plan: DayPlan, seconds: int) -> list[Point]:
    shape = plan.shape
    dice = Dice("turns", plan.ticker, plan.session.day.isoformat(), count=128)
    if shape.kind in {DayKind.TREND, DayKind.REVERSAL}:
        turns = _wide_day(dice, shape.kind)
    else:
        turns = _narrow_day(dice)
    points = [(0, shape.open_cents)]
    for time, share in turns:
        share_up = share if shape.is_up else 1_000 - share
        price = shape.low_cents + plan.range_cents * share_up // 1_000
        points.append((seconds * time // 1_000, price))
    return [*points, (seconds - 1, shape.close_cents)]


def _wide_day(dice: Dice, kind: DayKind) -> list[Point]:
    turns = [(dice.between(*FIRST_TURN), 0)]
    time = dice.between(*SECOND_TURN)
    is_late = kind is DayKind.TREND and dice.between(0, 1) == 1
    turns.append((time, 1_000 - dice.between(*SWING_REST) if is_late else 1_000))
    holds = TREND_HOLDS_UNTIL if kind is DayKind.TREND else REVERSAL_HOLDS_UNTIL
    end = dice.between(*holds)
    is_down = True
    while (time := time + dice.between(*SWING_TIME)) < end:
        depth = SWING_DEPTH if is_down else SWING_REST
        turns.append((time, 1_000 - dice.between(*depth)))
        is_down = not is_down
    if is_late:
        turns.append((dice.between(*LATE_EXTREME), 1_000))
    return turns


def _narrow_day(dice: Dice) -> list[Point]:
    first, second = dice.between(20, 480), dice.between(520, 970)
    return [(first, 0), (second, 1_000)] if dice.between(0, 1) else [(first, 1_000), (second, 0)]


def _traded_seconds(bits: Ints, distance: Ints, percent: int, *, always: list[int]) -> Ints:
    activity = 700 + distance
    mean = int(activity.sum()) // activity.size
    has_trade = _chance(bits) * 100 < (activity * percent << 16) // mean
    has_trade[always] = True
    return np.flatnonzero(has_trade)


def _volumes(bits: Ints, distance: Ints, total: int) -> Ints:
    weight = (1_800 + distance) * (8 + _heavy_tailed(bits))
    sum_ = int(weight.sum())
    weight[0] += sum_ // OPEN_AUCTION_PARTS
    weight[-1] += sum_ // CLOSE_AUCTION_PARTS
    # One share each first, so that no trade is without any.
    volume = 1 + weight * (total - weight.size) // int(weight.sum())
    volume[-1] += total - int(volume.sum())
    return volume


def _distance_from_midday(seconds: int) -> Ints:
    # A U: 0 at midday, 2048 at both ends, steepest there.
    distance = np.abs(2 * np.arange(seconds) - (seconds - 1)) * 1_024 // (seconds - 1)
    square: Ints = distance * distance >> 10
    return square + (square * square >> 10)


def _walk(bits: Ints, weights: Ints, *, size: int) -> Ints:
    # Size is the standard deviation of the walk's end. Eight bits are dropped against overflow.
    end = _STEP_DEVIATION * isqrt(int((weights * weights).sum())) >> 8
    steps = (bits & _WORD) - (1 << 15)
    walk: Ints = np.cumsum(steps * weights) >> 8
    return walk * size // end


def _pinned(walk: Ints, position: Ints, points: list[Point], *, at_points: Ints) -> Ints:
    at = np.array([position for position, _ in points])
    # What has to be added to the walk at the points, and in between by straight lines.
    lift = np.array([_fine(cents) for _, cents in points]) - at_points
    segment = np.minimum(np.searchsorted(at, position, side="right") - 1, at.size - 2)
    rise, run = np.diff(lift)[segment], np.diff(at)[segment]
    lifted: Ints = walk + lift[segment] + rise * (position - at[segment]) // run
    return lifted


def _folded(path: Ints, low: int, high: int) -> Ints:
    # Reflects what overshoots, again and again, so that the path stays continuous.
    height = high - low
    above: Ints = (path - low) % (2 * height)
    return low + np.minimum(above, 2 * height - above)


def _fine(cents: int) -> int:
    return cents * FINE_PER_CENT


def _to_cents(path: Ints) -> Ints:
    return (path + FINE_PER_CENT // 2) // FINE_PER_CENT


def _bits(purpose: str, plan: DayPlan, count: int) -> Ints:
    # Used by mask and shift alone, so the sign that a view as int64 brings has no meaning.
    return raw_words(purpose, plan.ticker, plan.session.day.isoformat(), count=count).view(np.int64)


def _chance(bits: Ints) -> Ints:
    return (bits >> 16) & _WORD


def _byte(bits: Ints, number: int) -> Ints:
    return (bits >> 8 * number) & 0xFF


def _heavy_tailed(bits: Ints) -> Ints:
    # Zero to 253 with a mean of 63 and a median of 31.
    size = _byte(bits, 7)
    return size * size * size >> 16


_WORD = 0xFFFF
_STEP_DEVIATION = 18_918  # of a uniform 16-bit integer: 65536 / sqrt(12)
