"""Files of order events that other programs wrote: JSON array, JSON Lines, CSV; to plain rows."""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from pytest_zacperf.errors import StoreError
from pytest_zacperf.sentences import LONGEST_REASON, escape, one_line
from pytest_zacperf.store.files import first_line

Rows: TypeAlias = list[dict[str, object]]

# What nests a thousand times deep is no order event either.
DAMAGED = (msgspec.DecodeError, RecursionError)
FORMATS = "write a JSON array, JSON Lines, or CSV with a header"
LONGEST_CSV_FIELD = 100_000_000


def read_rows(path: Path) -> Rows:
    """Return the rows of a file, by what it begins with.

    Raises:
        StoreError: It cannot be read, or a line of it is damaged; the sentence says which.

    """
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as e:
        raise StoreError(f"{path} cannot be read: {e.strerror}", "name a run or a file") from e
    start = data.lstrip()[:1]
    try:
        data.decode()
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise StoreError(f"{path} line {line} is no UTF-8", "save the file as UTF-8") from e
    if start == b"[":
        return _array(path, data)
    if start in {b"{", b""}:
        return _lines(path, data)
    return list(_csv(path, data.decode()))


def _array(path: Path, data: bytes) -> Rows:
    try:
        found = msgspec.json.decode(data)
    except DAMAGED as e:
        raise _damaged(path, "", e) from e
    for number, row in enumerate(found, start=1):
        _require_row(path, f"entry {number}", row)
    return list(found)


def _lines(path: Path, data: bytes) -> Rows:
    decoder = msgspec.json.Decoder()
    rows: Rows = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = decoder.decode(line)
        except DAMAGED as e:
            raise _damaged(path, f"line {number}", e) from e
        _require_row(path, f"line {number}", row)
        rows.append(row)
    return rows


def _csv(path: Path, text: str) -> Iterator[dict[str, object]]:
    csv.field_size_limit(LONGEST_CSV_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = reader.fieldnames or []
        if len(header) < 2:  # noqa: PLR2004 - one column is no table
            raise StoreError(f"{path} holds no order events", FORMATS)
        for row in reader:
            if None in row or None in row.values():
                raise StoreError(
                    f"{path} line {reader.line_num} has not as many fields as the header",
                    f"the header has {len(header)}",
                )
            yield dict(row)
        if reader.line_num < 2:  # noqa: PLR2004 - a header, or whatever a line with a comma is
            raise StoreError(f"{path} holds a line and no order events", FORMATS)
    except csv.Error as e:
        raise _damaged(path, f"near line {reader.line_num}", e) from e


def _require_row(path: Path, where: str, row: object) -> None:
    if not isinstance(row, Mapping):
        shown = one_line(repr(row), 40)
        raise StoreError(f"{path} {where} is no order event: {escape(shown)}", FORMATS)
    for name, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise StoreError(f"{path} {where}: {name} = {value} is no finite number", FORMATS)


def _damaged(path: Path, where: str, error: Exception) -> StoreError:
    reason = one_line(escape(first_line(error)), LONGEST_REASON)
    return StoreError(f"{path} {where} is damaged: {reason}".replace("  ", " "), FORMATS)
