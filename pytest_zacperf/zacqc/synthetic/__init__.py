"""A market that is made up: any ticker, any XNYS trading day, the same bytes everywhere.

The prices are drawn in ``days.py`` and ``seconds.py``; here are the calendar, the
cache of generated days and the fingerprint.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

from pytest_zacperf.errors import MarketDataError
from pytest_zacperf.records import DOWNLOAD_STAGE
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.zacqc.bars import DailyBar, SecondBars
from pytest_zacperf.zacqc.sessions import CLOSE_SECOND, Session, sessions_between
from pytest_zacperf.zacqc.synthetic.cache import COLUMNS, DayCache, digest_of
from pytest_zacperf.zacqc.synthetic.days import DayModel, DayShape
from pytest_zacperf.zacqc.synthetic.seconds import DayPlan, second_bars

# Part of the cache folder's name: raise it with every change of the bytes that are generated.
GENERATOR_VERSION = "synthetic-v1"
# Half a day has about half the volume.
EARLY_CLOSE_VOLUME_PERCENT = 50

_TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")


class SyntheticMarket:
    """Makes up one-second and daily bars; implements ``Market``.

    Args:
        cache_folder: Where generated days are kept between runs; None keeps none.
        cache_limit_bytes: Size of the cache above which the least recently used days go.
        stages: Where making up a day is timed, as ``download``: it is what a download is to a real
            market.

    Attributes:
        generated_days: How many days were not in the cache.
        generated_bytes: Their size.

    """

    def __init__(
        self,
        cache_folder: Path | None,
        *,
        cache_limit_bytes: int = 512 * 1024**2,
        stages: StageTimer | None = None,
    ) -> None:
        self.generated_days = 0
        self.generated_bytes = 0
        timer = stages or StageTimer(enabled=False)
        self._download = timer.wrap(DOWNLOAD_STAGE, self._generate)
        self._cache = None
        if cache_folder is not None:
            self._cache = DayCache(cache_folder / GENERATOR_VERSION, cache_limit_bytes)
        self._models: dict[str, DayModel] = {}
        self._years: dict[int, tuple[Session, ...]] = {}
        self._digests: dict[str, bytes] = {}

    def sessions(self, start: dt.date, end: dt.date) -> Sequence[Session]:
        """Return the trading days from *start* to *end*, both inclusive."""
        years = (self._year(year) for year in range(start.year, end.year + 1))
        return tuple(s for sessions in years for s in sessions if start <= s.day <= end)

    def daily_bars(self, ticker: str, *, before: dt.date, count: int) -> Sequence[DailyBar]:
        """Return the last *count* daily bars before a day, oldest first."""
        model = self._model(ticker)
        bars = [_daily_bar(session, model) for session in self._before(before, count)]
        for bar in bars:
            self._digests[f"daily|{ticker}|{bar.day}"] = digest_of([repr(bar).encode()])
        return bars

    def second_bars(self, ticker: str, day: dt.date) -> SecondBars:
        """Return one day's one-second bars, extended hours included.

        Raises:
            MarketDataError: The exchange is closed on that day, or the ticker is none.

        """
        model = self._model(ticker)
        bars = self._cache.read(ticker, day) if self._cache else None
        if bars is None:
            bars = self._download(model, day)
            if self._cache:
                self._cache.write(ticker, day, bars)
            self.generated_days += 1
            self.generated_bytes += sum(getattr(bars, name).nbytes for name in COLUMNS)
        arrays = (getattr(bars, name).astype("<i4").tobytes() for name in COLUMNS)
        self._digests[f"seconds|{ticker}|{day}"] = digest_of(arrays)
        return bars

    def fingerprint(self) -> str:
        """Return a hash of all that was read so far, independent of the order of reading."""
        items = sorted(self._digests.items())
        return digest_of(part for key, digest in items for part in (key.encode(), digest)).hex()

    def _generate(self, model: DayModel, day: dt.date) -> SecondBars:
        sessions = self.sessions(day, day)
        if not sessions:
            raise MarketDataError(
                f"{day} is no trading day of the New York Stock Exchange",
                "take a weekday that is no holiday; Market.sessions lists the trading days",
            )
        shape = model.shape(day)
        (previous,) = self._before(day, 1)
        plan = DayPlan(
            ticker=model.ticker,
            traits=model.traits,
            session=sessions[0],
            shape=shape,
            volume=_volume(sessions[0], shape),
            previous_close_cents=model.shape(previous.day).close_cents,
        )
        return second_bars(plan)

    def _model(self, ticker: str) -> DayModel:
        model = self._models.get(ticker)
        if model is None:
            if not _TICKER.fullmatch(ticker):
                raise MarketDataError(
                    f"{ticker!r} is no ticker",
                    "write 1 to 16 uppercase letters, digits, dots or dashes, such as 'BRK.B'",
                )
            model = self._models[ticker] = DayModel(ticker)
        return model

    def _before(self, day: dt.date, count: int) -> Sequence[Session]:
        year = day.year
        found = [session for session in self._year(year) if session.day < day]
        while len(found) < count:
            year -= 1
            found = [*self._year(year), *found]
        return found[len(found) - count :]

    def _year(self, year: int) -> tuple[Session, ...]:
        # By whole years, since the calendar takes as long for a day as for a year.
        if year not in self._years:
            self._years[year] = sessions_between(dt.date(year, 1, 1), dt.date(year, 12, 31))
        return self._years[year]


def _daily_bar(session: Session, model: DayModel) -> DailyBar:
    shape = model.shape(session.day)
    return DailyBar(
        day=session.day,
        open=shape.open_cents / 100,
        high=shape.high_cents / 100,
        low=shape.low_cents / 100,
        close=shape.close_cents / 100,
        volume=_volume(session, shape),
    )


def _volume(session: Session, shape: DayShape) -> int:
    if session.close_second < CLOSE_SECOND:
        return shape.volume * EARLY_CLOSE_VOLUME_PERCENT // 100
    return shape.volume
