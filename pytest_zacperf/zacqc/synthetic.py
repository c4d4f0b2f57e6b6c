"""A market that is made up: any ticker, any XNYS trading day, the same bytes everywhere.

The prices are drawn in ``synthetic_days`` and ``synthetic_seconds``; here are the calendar, the
cache of generated days and the fingerprint.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl

from pytest_zacperf.errors import MarketDataError
from pytest_zacperf.zacqc.bars import DailyBar, SecondBars
from pytest_zacperf.zacqc.sessions import CLOSE_SECOND, Session, sessions_between
from pytest_zacperf.zacqc.synthetic_days import DayModel, DayShape
from pytest_zacperf.zacqc.synthetic_seconds import DayPlan, second_bars

# Part of the cache folder's name: raise it with every change of the bytes that are generated.
GENERATOR_VERSION = "synthetic-v1"
# Half a day has about half the volume.
EARLY_CLOSE_VOLUME_PERCENT = 50
# After a clean-up the cache has room again, so that the next one is not due at the next file.
CACHE_FILL_PERCENT = 80
# Other processes write to the folder too; their files are counted after so many of our own.
CACHE_RECOUNT_FILES = 256

_TICKER = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
_COLUMNS = tuple(field.name for field in fields(SecondBars))
_DIGEST_SIZE = 16


class SyntheticMarket:
    """Makes up one-second and daily bars; implements ``Market``.

    Args:
        cache_folder: Where generated days are kept between runs; None keeps none.
        cache_limit_bytes: Size of the cache above which the least recently used days go.

    """

    def __init__(
        self, cache_folder: Path | None, *, cache_limit_bytes: int = 512 * 1024**2
    ) -> None:
        self._cache = None
        if cache_folder is not None:
            self._cache = _DayCache(cache_folder / GENERATOR_VERSION, cache_limit_bytes)
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
            self._digests[f"daily|{ticker}|{bar.day}"] = _digest([repr(bar).encode()])
        return bars

    def second_bars(self, ticker: str, day: dt.date) -> SecondBars:
        """Return one day's one-second bars, extended hours included.

        Raises:
            MarketDataError: The exchange is closed on that day, or the ticker is none.

        """
        model = self._model(ticker)
        bars = self._cache.read(ticker, day) if self._cache else None
        if bars is None:
            bars = self._generate(model, day)
            if self._cache:
                self._cache.write(ticker, day, bars)
        arrays = (getattr(bars, name).astype("<i4").tobytes() for name in _COLUMNS)
        self._digests[f"seconds|{ticker}|{day}"] = _digest(arrays)
        return bars

    def fingerprint(self) -> str:
        """Return a hash of all that was read so far, independent of the order of reading."""
        items = sorted(self._digests.items())
        return _digest(part for key, digest in items for part in (key.encode(), digest)).hex()

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


class _DayCache:
    """Files of generated days; whatever goes wrong with one, the day is generated again.

    A file is an Arrow stream with 32-bit columns, and after its end the digest of its bytes: a
    reader of Arrow ignores that, and a damaged file never reaches one.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._size = 0
        self._writes_until_recount = 0

    def read(self, ticker: str, day: dt.date) -> SecondBars | None:
        path = self._path(ticker, day)
        try:
            content = path.read_bytes()
            stream, digest = content[:-_DIGEST_SIZE], content[-_DIGEST_SIZE:]
            if _digest([stream]) != digest:
                return None
            os.utime(path)  # the time of the last use, for the clean-up
        except OSError:
            return None
        table = pl.read_ipc_stream(stream)
        return SecondBars(**{name: table[name].to_numpy().astype(np.int64) for name in _COLUMNS})

    def write(self, ticker: str, day: dt.date, bars: SecondBars) -> None:
        columns = {name: getattr(bars, name).astype(np.int32) for name in _COLUMNS}
        # A full or read-only disk costs time, not the run.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._replace(self._path(ticker, day), pl.DataFrame(columns))
            self._keep_limit()

    def _replace(self, path: Path, table: pl.DataFrame) -> None:
        buffer = table.write_ipc_stream(None, compression="lz4")
        stream = buffer.getvalue()
        content = stream + _digest([stream])
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._size += len(content)
        self._writes_until_recount -= 1

    def _keep_limit(self) -> None:
        if self._size <= self._limit_bytes and self._writes_until_recount > 0:
            return
        files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder)]
        self._size = sum(status.st_size for status, _ in files)
        self._writes_until_recount = CACHE_RECOUNT_FILES
        if self._size <= self._limit_bytes:
            return
        for status, path in sorted(files, key=lambda file: (file[0].st_mtime_ns, file[1])):
            Path(path).unlink(missing_ok=True)
            self._size -= status.st_size
            if self._size * 100 <= self._limit_bytes * CACHE_FILL_PERCENT:
                return

    def _path(self, ticker: str, day: dt.date) -> Path:
        return self._folder / f"{ticker}-{day}.arrow"


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


def _digest(parts: Iterable[bytes]) -> bytes:
    hash_ = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    for part in parts:
        hash_.update(part)
    return hash_.digest()
