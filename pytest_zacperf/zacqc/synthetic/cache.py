"""Files of generated days, bounded in size; deleting them changes nothing but time."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl

from pytest_zacperf.zacqc.bars import SecondBars

# After a clean-up the cache has room again, so that the next one is not due at the next file.
CACHE_FILL_PERCENT = 80
# Other processes write to the folder too; their files are counted after so many of our own.
CACHE_RECOUNT_FILES = 256
COLUMNS = tuple(field.name for field in fields(SecondBars))
DIGEST_SIZE = 16


class DayCache:
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
        """Return a kept day, or None when it is not there or damaged."""
        path = self._path(ticker, day)
        try:
            content = path.read_bytes()
            stream, digest = content[:-DIGEST_SIZE], content[-DIGEST_SIZE:]
            if digest_of([stream]) != digest:
                return None
            os.utime(path)  # the time of the last use, for the clean-up
        except OSError:
            return None
        table = pl.read_ipc_stream(stream)
        return SecondBars(**{name: table[name].to_numpy().astype(np.int64) for name in COLUMNS})

    def write(self, ticker: str, day: dt.date, bars: SecondBars) -> None:
        """Keep a day; a disk that is full or read-only keeps none."""
        columns = {name: getattr(bars, name).astype(np.int32) for name in COLUMNS}
        # A full or read-only disk costs time, not the run.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._replace(self._path(ticker, day), pl.DataFrame(columns))
            self._keep_limit()

    def _replace(self, path: Path, table: pl.DataFrame) -> None:
        buffer = table.write_ipc_stream(None, compression="lz4")
        stream = buffer.getvalue()
        content = stream + digest_of([stream])
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


def digest_of(parts: Iterable[bytes]) -> bytes:
    """Return the BLAKE2b digest of all parts together."""
    hash_ = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for part in parts:
        hash_.update(part)
    return hash_.digest()
