"""Single files: written atomically, read with errors that name file and line."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TypeVar

import msgspec

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")

LOG_TAIL_BYTES = 4_096

PLAIN_VALUES = "let the engine give text, numbers or None"
RUN_AGAIN = "delete the run folder and run the backtest again"


def file_name(text: str) -> str:
    """Return *text* with everything but letters, digits, dot, dash and underscore replaced."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or all of the new one, never a part."""
    # Not a NamedTemporaryFile: its mode 0600 would stay with the file.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: object) -> None:
    """Write indented JSON atomically."""
    write_atomically(path, msgspec.json.format(ENCODER.encode(content)) + b"\n")


def read_json(path: Path, kind: type[T]) -> T:
    """Return what a JSON file holds.

    Raises:
        ZacperfError: The file is missing or damaged.

    """
    return _decode(path, _read(path), kind)


def read_lines(path: Path, kind: type[R]) -> list[R]:
    """Return the records of a JSON Lines file.

    Raises:
        ZacperfError: The file is missing, or a line of it is damaged.

    """
    data = _read(path)
    try:
        return msgspec.json.Decoder(kind).decode_lines(data)
    except msgspec.DecodeError:
        # All lines at once are fast but say no line number, so look for it line by line.
        for number, line in enumerate(data.splitlines(), start=1):
            _decode(f"{path} line {number}", line, kind)
        raise


def last_lines(path: Path, count: int) -> str:
    """Return the last lines of a log that are not empty, on one line; empty if there are none."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return " / ".join([line.strip() for line in lines if line.strip()][-count:])


def cut_middle(path: Path, longest: int) -> int | None:
    """Shorten a log to its beginning and its end; return its size before, None if it was short.

    Needs no room for a copy, so that it also helps on a disk that is nearly full.
    """
    size = path.stat().st_size if path.exists() else 0
    if size <= longest:
        return None
    half = longest // 2
    with path.open("r+b") as file:
        file.seek(size - half)
        end = file.read()
        file.seek(half)
        file.write(f"\n[{size - 2 * half:,} bytes are left out here]\n".encode() + end)
        file.truncate()
    return size


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its type where it has no text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _plain(value: object) -> object:
    # numpy's scalars are no numbers to msgspec.
    item = getattr(value, "item", None)
    if not callable(item):
        raise ZacperfError(f"a {type(value).__name__} cannot be stored", PLAIN_VALUES)
    return item()


ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as e:
        raise ZacperfError(f"{path} is missing", RUN_AGAIN) from e


def _decode(where: Path | str, data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as e:
        raise ZacperfError(f"{where} is damaged: {first_line(e)}", RUN_AGAIN) from e
