"""JSON files of LEAN: read with one sentence for a damaged one, keys of all years made the same."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TypeAlias

import msgspec

from pytest_zacperf.errors import StoreError

Object: TypeAlias = dict[str, object]

OFFSET = re.compile(r"\(byte (\d+)\)")
HINT = "copy the output folder again, or run the backtest again"


def read_object(path: Path) -> Object:
    """Return the object in a file.

    Raises:
        StoreError: It cannot be read, or holds something else; with the place where there is one.

    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise StoreError(f"{path} holds no JSON object but {_kind(found)}", HINT)
    return found


def read_rows(path: Path) -> list[Object]:
    """Return the list of objects in a file.

    Raises:
        StoreError: As ``read_object``.

    """
    found = read_json(path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise StoreError(f"{path} holds no JSON list of objects", HINT)
    return found


def read_json(path: Path) -> object:
    """Return what a JSON file holds.

    Raises:
        StoreError: It cannot be read, or is no JSON.

    """
    try:
        content = path.read_bytes()
    except OSError as e:
        raise StoreError(f"{path} cannot be read: {e.strerror}", HINT) from e
    text = content.removeprefix(b"\xef\xbb\xbf")
    try:
        found: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise StoreError(f"{path} is no whole JSON: {_where(e, content)}", HINT) from e
    return found


def camel(name: str) -> str:
    """Return a key as LEAN has written it since 2024: ``order-id``, ``OrderId`` are ``orderId``."""
    first, *rest = name.replace("_", "-").split("-")
    joined = first + "".join(part[:1].upper() + part[1:] for part in rest)
    if joined.isupper():  # MAE, ID
        return joined.lower()
    return joined[:1].lower() + joined[1:]


def with_camel_keys(value: object) -> object:
    """Return a value whose keys, all the way down, are as LEAN has written them since 2024."""
    if isinstance(value, dict):
        return {camel(str(name)): with_camel_keys(below) for name, below in value.items()}
    if isinstance(value, list):
        return [with_camel_keys(below) for below in value]
    return value


def object_at(value: object, name: str) -> Object:
    """Return the object below a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_at(value: object, name: str) -> list[object]:
    """Return the list below a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def number(value: object) -> float | None:
    """Return a number that may be written as text; None for what is none, as ``"NaN"`` is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _where(error: Exception, content: bytes) -> str:
    found = OFFSET.search(str(error))
    if found:
        return f"{str(error).partition(' (byte')[0]}, at byte {found[1]}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no UTF-8, at byte {_first_undecodable(content)}"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    truncated = "truncated" in str(error)
    return f"it ends too early, at byte {len(content)}" if truncated else str(error)


def _first_undecodable(content: bytes) -> int:
    # The decoder of JSON counts from the text in which it is.
    try:
        content.decode()
    except UnicodeDecodeError as e:
        return e.start
    return len(content)


def _kind(value: object) -> str:
    return type(value).__name__
