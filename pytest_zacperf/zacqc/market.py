"""Market data in Lean's folder format, and what the replay asks of any market.

Reads and checks; nothing here fills forward or aggregates.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from pytest_zacperf.errors import MarketDataError
from pytest_zacperf.zacqc.bars import TICKS_PER_DOLLAR, DailyBar, Ints, SecondBars
from pytest_zacperf.zacqc.sessions import Session, sessions_between

MILLISECONDS_PER_SECOND = 1000
SECONDS_PER_DAY = 86_400
COLUMNS = ("time", "open", "high", "low", "close", "volume")


class Market(Protocol):
    """Where bars come from."""

    def sessions(self, start: dt.date, end: dt.date) -> Sequence[Session]:
        """Return the trading days from *start* to *end*, both inclusive."""
        ...

    def daily_bars(self, ticker: str, *, before: dt.date, count: int) -> Sequence[DailyBar]:
        """Return the last *count* daily bars before a day, oldest first."""
        ...

    def second_bars(self, ticker: str, day: dt.date) -> SecondBars:
        """Return one day's one-second bars, extended hours included."""
        ...

    def fingerprint(self) -> str:
        """Return a hash of all that was read so far, independent of the order of reading."""
        ...


class LeanFolder:
    """US equity trade bars in a Lean data folder.

    Args:
        folder: The folder that holds ``equity/usa``.

    Raises:
        MarketDataError: The folder is no Lean data folder.

    """

    def __init__(self, folder: Path) -> None:
        self._equity = folder / "equity" / "usa"
        self._digests: dict[str, bytes] = {}
        if not self._equity.is_dir():
            raise MarketDataError(
                f"{folder} is no Lean data folder: it has no equity/usa",
                "pass the folder that holds equity/usa, or data=synthetic",
            )

    def sessions(self, start: dt.date, end: dt.date) -> Sequence[Session]:
        """Return the XNYS sessions; whether their files exist shows when they are read."""
        return sessions_between(start, end)

    def daily_bars(self, ticker: str, *, before: dt.date, count: int) -> Sequence[DailyBar]:
        """Return the last *count* daily bars before a day, oldest first; fewer if there are fewer.

        Raises:
            MarketDataError: The file is missing or damaged, or holds no day before *before*.

        """
        path = self._equity / "daily" / f"{ticker.lower()}.zip"
        # Lean writes "20251001 00:00"; without the time of day every column is an integer.
        rows = _parse_rows(self._read(path, ticker).replace(b" 00:00,", b","), path)
        _require_increasing(rows[:, 0], path)
        _require_prices(rows, path)
        end = int(np.searchsorted(rows[:, 0], int(before.strftime("%Y%m%d"))))
        if not end:
            raise MarketDataError(
                f"{path} has no daily bar of {ticker} before {before}",
                "add older daily bars, or start the window later",
            )
        first = max(0, end - count)
        return [_daily_bar(rows[row].tolist(), path, row) for row in range(first, end)]

    def second_bars(self, ticker: str, day: dt.date) -> SecondBars:
        """Return one day's one-second bars, extended hours included.

        Raises:
            MarketDataError: The file is missing or damaged, or its rows are not in order of time.

        """
        path = self._equity / "second" / ticker.lower() / f"{day:%Y%m%d}_trade.zip"
        rows = _parse_rows(self._read(path, ticker), path)
        _require_increasing(rows[:, 0], path)
        _require_prices(rows, path)
        _require_whole_seconds(rows[:, 0], path)
        columns = np.ascontiguousarray(rows.T)
        return SecondBars(
            start_second=columns[0] // MILLISECONDS_PER_SECOND,
            open=columns[1],
            high=columns[2],
            low=columns[3],
            close=columns[4],
            volume=columns[5],
        )

    def fingerprint(self) -> str:
        """Return a hash over names and contents of all files read so far."""
        total = hashlib.blake2b(digest_size=16)
        for name in sorted(self._digests):
            total.update(name.encode() + b"\0" + self._digests[name])
        return total.hexdigest()

    def _read(self, path: Path, ticker: str) -> bytes:
        """Return the only file of a zip."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError as e:
            raise self._missing(path, ticker) from e
        except OSError as e:
            raise MarketDataError(
                f"{path} cannot be read: {e.strerror}", "check the file's permissions"
            ) from e
        self._digests[str(path.relative_to(self._equity))] = hashlib.blake2b(raw).digest()
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                names = archive.namelist()
                if len(names) == 1:
                    return archive.read(names[0])
        except Exception as e:  # zipfile raises a dozen kinds for damaged bytes
            raise MarketDataError(
                f"{path} is no readable zip file: {e}", "download or convert it again"
            ) from e
        raise MarketDataError(
            f"{path} holds {len(names)} files instead of one", "download or convert it again"
        )

    def _missing(self, path: Path, ticker: str) -> MarketDataError:
        if not (self._equity / "daily" / f"{ticker.lower()}.zip").exists():
            known = sorted(file.stem.upper() for file in (self._equity / "daily").glob("*.zip"))
            return MarketDataError(
                f"unknown ticker {ticker!r}: {path} does not exist",
                f"known tickers here: {', '.join(known) or 'none'}",
            )
        return MarketDataError(
            f"no data of {ticker} for a trading day: {path} does not exist",
            "add the file, or choose a window that the data cover",
        )


def _parse_rows(text: bytes, path: Path) -> Ints:
    """Return the rows of a CSV without header, shape (n, 6)."""
    if not text.strip():
        return np.empty((0, len(COLUMNS)), dtype=np.int64)
    if b"\n\n" in text:
        # loadtxt would pass over it, and all later rows would be reported by a wrong number.
        raise _row_error(path, _first_bad_row(text), "is empty")
    try:
        rows = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.int64, ndmin=2, comments=None)
    except (ValueError, UnicodeDecodeError) as e:
        raise _row_error(path, _first_bad_row(text), "is not six integers") from e
    if rows.shape[1] != len(COLUMNS):
        raise _row_error(path, 0, f"has {rows.shape[1]} columns instead of {len(COLUMNS)}")
    return rows


def _first_bad_row(text: bytes) -> int:
    largest = np.iinfo(np.int64).max
    for number, line in enumerate(text.splitlines()):
        fields = [field.strip() for field in line.split(b",")]
        is_row = len(fields) == len(COLUMNS) and all(field.isdigit() for field in fields)
        if not is_row or any(int(field) > largest for field in fields):
            return number
    return 0


def _require_increasing(times: Ints, path: Path) -> None:
    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if len(wrong):
        row = int(wrong[0]) + 1
        raise _row_error(path, row, f"is not later than the row before: {times[row]}")


def _require_whole_seconds(times: Ints, path: Path) -> None:
    wrong = np.flatnonzero((times % MILLISECONDS_PER_SECOND != 0) | (times < 0))
    late = np.flatnonzero(times >= SECONDS_PER_DAY * MILLISECONDS_PER_SECOND)
    if len(wrong) or len(late):
        row = int(min([*wrong[:1], *late[:1]]))
        raise _row_error(path, row, f"has no time of a one-second bar: {times[row]} ms")


def _require_prices(rows: Ints, path: Path) -> None:
    opens, highs, lows, closes, volumes = rows[:, 1:].T
    lowest, highest = np.minimum(opens, closes), np.maximum(opens, closes)
    wrong = np.flatnonzero((lows <= 0) | (lows > lowest) | (highs < highest) | (volumes < 0))
    if len(wrong):
        row = int(wrong[0])
        raise _row_error(path, row, f"is no bar (low <= open, close <= high): {rows[row].tolist()}")


def _row_error(path: Path, row: int, what: str) -> MarketDataError:
    return MarketDataError(f"{path}, row {row + 1} {what}", "download or convert the file again")


def _daily_bar(values: list[int], path: Path, row: int) -> DailyBar:
    date, opened, high, low, close, volume = values
    try:
        day = dt.date(date // 10_000, date // 100 % 100, date % 100)
    except ValueError as e:
        raise _row_error(path, row, f"has no date: {date}") from e
    return DailyBar(
        day=day,
        open=opened / TICKS_PER_DOLLAR,
        high=high / TICKS_PER_DOLLAR,
        low=low / TICKS_PER_DOLLAR,
        close=close / TICKS_PER_DOLLAR,
        volume=volume,
    )
