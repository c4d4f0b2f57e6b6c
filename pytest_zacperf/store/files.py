"""Single files: written atomically, read with errors that name file and line."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")

LOG_TAIL_BYTES = 4_096
# How the lines begin that the module faulthandler writes for a thread.
FRAMES = ('File "', "Thread 0x", "Current thread 0x", "Extension modules:", "<no Python frame>")

LONGEST_NAME = 200  # bytes of a file name below the 255 of most file systems
HOSTILE = re.compile(r'[\\/?*:|"<>\x00-\x1f\x7f]')

PLAIN_VALUES = "let the engine give text, numbers or None"
RUN_AGAIN = "delete the run folder and run the backtest again"


def file_name(text: str) -> str:
    """Return *text* with everything but letters, digits, dot, dash and underscore replaced."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)


def unique_file_name(name: str) -> str:
    """Return a name that every file system takes; different names stay different."""
    harmless = HOSTILE.sub("_", name)
    if harmless == name and len(name.encode()) <= LONGEST_NAME:
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    shortened = harmless.encode()[:LONGEST_NAME].decode(errors="ignore")
    return f"{shortened}-{digest}"


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file that is read in pieces, whenever somebody asks; see ``parity.Content``."""

    path: Path

    @property
    def size_bytes(self) -> int:
        """How much there is."""
        return self.path.stat().st_size

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* to before *end*."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file so that a reader sees the old content or all of the new one, never a part.

    Args:
        path: The file.
        data: Its content, at once or piece by piece.

    """
    with staged(path, data) as temporary:
        temporary.replace(path)


@contextlib.contextmanager
def staged(path: Path, data: bytes | Iterable[bytes]) -> Iterator[Path]:
    """Yield a file with all of its content that only waits for its name; delete what still waits.

    Args:
        path: What it will be called.
        data: Its content, at once or piece by piece.

    """
    # Not a NamedTemporaryFile: its mode 0600 would stay with the file.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    except OSError as e:
        # Of a full disk the system tells no name, and of others that of the temporary file.
        raise OSError(e.errno, e.strerror, str(path)) from e
    finally:
        with contextlib.suppress(OSError):  # a folder that is read-only has none
            temporary.unlink()


def temporaries_in(folder: Path) -> list[Path]:
    """Return the files that somebody was writing, and still is unless it was killed."""
    return list(folder.glob(".*.tmp"))


def write_json(path: Path, content: object) -> None:
    """Write indented JSON atomically."""
    write_atomically(path, json_of(content))


def json_of(content: object) -> bytes:
    """Return indented JSON."""
    return msgspec.json.format(ENCODER.encode(content)) + b"\n"


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
    """Return the last lines of a log that say something, on one line; empty if there are none.

    The frames that Python lists when it dies say nothing to a reader of one line.
    """
    if not path.exists():  # the engine may have deleted it
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    said = [line for line in lines if line and not line.startswith(FRAMES)]
    return " / ".join(said[-count:])


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
