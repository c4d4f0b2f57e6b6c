"""Whether what an engine gave can be stored and read again; writes nothing."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence

import msgspec

from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import Record, StatisticValue
from pytest_zacperf.sentences import cut, error_sentence, one_line
from pytest_zacperf.store.files import ENCODER, PLAIN_VALUES

FINITE = "let the engine return finite numbers; JSON has no others"
LONGEST_VALUE = 100


def require_records(noun: str, values: Sequence[Record], kind: type[Record]) -> None:
    """Refuse the first value that is no record of a kind, or holds what the record does not allow.

    Args:
        noun: How one of them is called.
        values: What the engine gave.
        kind: What they must be.

    Raises:
        ZacperfError: It names the value.

    """
    for number, value in enumerate(values, start=1):
        if not isinstance(value, kind):
            raise ZacperfError(
                f"{noun} {number} is a {type(value).__name__}", f"build it with {_name(kind)}"
            )
    if _is_stored(values, list[kind]):  # type: ignore[valid-type]
        return
    for number, value in enumerate(values, start=1):
        _require_fields(f"{noun} {number}", value, kind)


def require_mapping(name: str, values: object) -> None:
    """Refuse what is no mapping of names to text, finite numbers and None.

    Raises:
        ZacperfError: It names the key and the value.

    """
    if not isinstance(values, Mapping):
        raise ZacperfError(
            f"{name} = {shown(values)} is no mapping", "give a mapping of names to values"
        )
    for key, value in values.items():
        if not isinstance(key, str):
            raise ZacperfError(f"{name} has the key {shown(key)}", "let every key be text")
        place = f"{name}[{shown(key)}]"
        if not is_finite(value):
            raise ZacperfError(
                f"{place} = {value} is not a finite number", "leave it out, or let it be None"
            )
        if not _is_stored({key: value}, dict[str, StatisticValue]):
            raise ZacperfError(
                f"{place} = {shown(value)}: a {type(value).__name__} cannot be stored", PLAIN_VALUES
            )


def is_finite(value: object) -> bool:
    """Return False for NaN and infinities, which JSON does not have, and True for all else."""
    # Whole numbers are, of any size; math.isfinite() refuses the largest ones.
    if isinstance(value, numbers.Integral) or not isinstance(value, numbers.Real):
        return True
    return math.isfinite(value)


def shown(value: object) -> str:
    """Return a value as an error shows it: as in a program, on one line and not too long."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a class of the user's
        text = f"a {type(value).__name__}"
    return one_line(text, LONGEST_VALUE)


def _is_stored(value: object, kind: object) -> bool:
    # A struct checks the types of its fields only when it is decoded.
    try:
        msgspec.json.Decoder(kind).decode(ENCODER.encode(value))
    except Exception:  # noqa: BLE001 - text that is no Unicode, numbers that are none, objects
        return False
    return True


def _require_fields(label: str, record: Record, kind: type[Record]) -> None:
    symbol = getattr(record, "symbol", None)
    label = f"{label} ({cut(symbol, LONGEST_VALUE)})" if isinstance(symbol, str) else label
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if not is_finite(value):
            raise ZacperfError(f"{label} has {name}={value}", FINITE)
    try:
        msgspec.json.decode(ENCODER.encode(record), type=kind)
    except msgspec.ValidationError as e:
        problem, _, path = str(e).partition(" - at `$.")
        name = path.rstrip("`")
        value = shown(getattr(record, name, None))
        raise ZacperfError(
            f"{label} has {name}={value}: {problem[0].lower()}{problem[1:]}",
            f"build it as {_name(kind)} says",
        ) from e
    except Exception as e:
        raise ZacperfError(
            f"{label} cannot be stored: {error_sentence(e)}", f"build it as {_name(kind)} says"
        ) from e


def _name(kind: type[Record]) -> str:
    return f"pytest_zacperf.records.{kind.__name__}"
