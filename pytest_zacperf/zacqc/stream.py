"""The bar stream: one-second rows filled forward, then folded into 15-second and daily bars.

All of it in arrays, a session at a time. Bars of which nobody knows the future are all there are
here: what the strategy makes of them is in ``metrics.py``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from pytest_zacperf.zacqc.bars import (
    BAR_SECONDS,
    TICKS_PER_DOLLAR,
    Bar,
    DailyBar,
    Ints,
    SecondBars,
    SessionBars,
)
from pytest_zacperf.zacqc.sessions import Session

OPEN, HIGH, LOW, CLOSE = range(4)

# Before a symbol's first real bar nothing can touch an order: no stop lies beyond these.
NO_HIGH = np.iinfo(np.int64).min
NO_LOW = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seconds:
    """Prices of every second of a session, each of shape (4, n), in 1/10 000 dollar.

    Attributes:
        forward: Filled forward from all rows, extended hours included.
        real: Filled forward from regular-hours rows alone.
        missing: Leading seconds of ``forward`` before the symbol's first row ever.

    """

    forward: Ints
    real: Ints
    missing: int


class BarStream:
    """Fills one symbol's one-second rows forward, across extended hours and across sessions.

    Fill-forward repeats the last row whole, and comes before the market-hours filter: the first
    bar of a session may be a copy of a pre-market print.
    """

    def __init__(self) -> None:
        self._last_row: Ints | None = None
        self._last_real: Ints = np.array([0, NO_HIGH, NO_LOW, 0])

    def session(self, rows: SecondBars, session: Session) -> SessionBars:
        """Return one session's bars; sessions must be asked for in order of time."""
        hours = (session.open_second, session.close_second)
        first, last = (int(row) for row in np.searchsorted(rows.start_second, hours))
        prices = np.stack((rows.open, rows.high, rows.low, rows.close))
        forward, missing = self._fill_forward(rows.start_second, prices, session)
        real_start = int(rows.start_second[first]) if first < last else session.close_second
        lead = real_start - session.open_second
        real = forward
        if lead:
            real = forward.copy()
            real[:, :lead] = self._last_real[:, None]
        if first < last:
            self._last_real = prices[:, last - 1]
        if prices.shape[1]:
            self._last_row = prices[:, -1]
        return _fold(
            _Seconds(forward=forward, real=real, missing=missing),
            session,
            volumes=_by_second(rows, session, slice(first, last)),
            real_bars=last - first,
        )

    def _fill_forward(self, starts: Ints, prices: Ints, session: Session) -> tuple[Ints, int]:
        """Return prices of every second, and how many leading seconds have none."""
        carry = np.zeros(4, dtype=np.int64) if self._last_row is None else self._last_row
        filled = np.concatenate((carry[:, None], prices), axis=1)
        seconds = np.arange(session.open_second, session.close_second)
        index = np.searchsorted(starts, seconds, side="right")
        forward = filled[:, index]
        missing = int(np.searchsorted(index, 1)) if self._last_row is None else 0
        if missing:
            # They take no part in any extreme, and the bar they lead opens with its first row.
            forward[HIGH, :missing], forward[LOW, :missing] = NO_HIGH, NO_LOW
            forward[OPEN, :missing] = forward[OPEN, min(missing, len(seconds) - 1)]
        return forward, missing


def _by_second(rows: SecondBars, session: Session, regular: slice) -> Ints:
    """Return the shares of every second; one that is filled forward has none."""
    volumes = np.zeros(session.close_second - session.open_second, dtype=np.int64)
    volumes[rows.start_second[regular] - session.open_second] = rows.volume[regular]
    return volumes


def _fold(seconds: _Seconds, session: Session, *, volumes: Ints, real_bars: int) -> SessionBars:
    """Fold a session's seconds into 15-second bars and the daily bar."""
    forward, real = seconds.forward, seconds.real
    count = forward.shape[1] // BAR_SECONDS
    shape = (count, BAR_SECONDS)
    ends = slice(BAR_SECONDS - 1, None, BAR_SECONDS)
    high, low = forward[HIGH].reshape(shape).max(axis=1), forward[LOW].reshape(shape).min(axis=1)
    columns = (forward[OPEN, ::BAR_SECONDS], high, low, forward[CLOSE, ends])
    start = session.midnight_utc_s + session.open_second
    starts = range(start, start + count * BAR_SECONDS, BAR_SECONDS)
    amounts: list[int] = volumes.reshape(shape).sum(axis=1).tolist()
    bars: list[Bar | None] = list(map(Bar, starts, *map(_dollars, columns), amounts))
    missing = seconds.missing // BAR_SECONDS
    bars[:missing] = [None] * missing
    is_same = real is forward
    return SessionBars(
        bars=bars,
        slice_high=_dollars(forward[HIGH, ends]),
        slice_low=_dollars(forward[LOW, ends]),
        slice_close=_dollars(forward[CLOSE, ends]),
        cached_price=_dollars(real[CLOSE, ends]),
        touch_high=_dollars(high if is_same else real[HIGH].reshape(shape).max(axis=1)),
        touch_low=_dollars(low if is_same else real[LOW].reshape(shape).min(axis=1)),
        real_high=real[HIGH],
        real_low=real[LOW],
        real_close=real[CLOSE],
        daily=_daily_bar([column[missing:] for column in columns], session.day, int(volumes.sum())),
        real_bars=real_bars,
    )


def _daily_bar(columns: list[Ints], day: dt.date, volume: int) -> DailyBar | None:
    opens, highs, lows, closes = columns
    if not len(opens):
        return None
    return DailyBar(
        day=day,
        open=int(opens[0]) / TICKS_PER_DOLLAR,
        high=int(highs.max()) / TICKS_PER_DOLLAR,
        low=int(lows.min()) / TICKS_PER_DOLLAR,
        close=int(closes[-1]) / TICKS_PER_DOLLAR,
        volume=volume,
    )


def _dollars(ticks: Ints) -> list[float]:
    prices: list[float] = (ticks / TICKS_PER_DOLLAR).tolist()
    return prices
