"""Takes what two sides returned apart and finds the first part that differs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Number

import msgspec

from pytest_zacperf.properties.tolerances import Exact, Summed, Tolerance

Tolerances = Tolerance | Mapping[str, Tolerance]
# The name of a value that has no parts.
WHOLE = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One part in which two values differ more than they may.

    Attributes:
        part: Such as ``high`` or ``bands.1``; empty when the value has no parts, or when the two
            do not have the same ones.
        incremental: What the incremental side gave.
        full: What the full recomputation gave.
        tolerance: The rule that was broken.
        magnitude: Of the terms of the full value, where the full recomputation says it.

    """

    part: str
    incremental: object
    full: object
    tolerance: Tolerance
    magnitude: float | None = None


class Missing:
    """Stands for a part that a side does not have."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


def first_difference(
    incremental: object, full: object, tolerances: Tolerances
) -> Difference | None:
    """Return the first part that differs, or None.

    Raises:
        ValueError: There are tolerances by part, and one of the parts has none.

    """
    if type(incremental) is float and type(full) is float and not isinstance(tolerances, Mapping):
        # By far the most frequent case, without the detours.
        if agree(incremental, full, tolerances):
            return None
        return Difference(WHOLE, incremental, full, tolerances)
    mine, theirs = dict(parts(incremental)), dict(parts(full))
    if mine.keys() != theirs.keys():
        return Difference(WHOLE, incremental, full, Exact())
    for part, wanted in theirs.items():
        tolerance, got = tolerance_of(part, tolerances), mine[part]
        magnitude = wanted.magnitude if isinstance(wanted, Summed) else None
        if not agree(got, unsummed(wanted), tolerance, magnitude):
            return Difference(part, got, unsummed(wanted), tolerance, magnitude)
    return None


def tolerance_of(part: str, tolerances: Tolerances) -> Tolerance:
    """Return the tolerance of a part; ``bands`` is also that of ``bands.1``.

    Raises:
        ValueError: The part has none.

    """
    if not isinstance(tolerances, Mapping):
        return tolerances
    name = part
    while name not in tolerances:
        name, _, _ = name.rpartition(".")
        if not name:
            raise ValueError(
                f"tolerance names {', '.join(sorted(tolerances))} and not {part!r}; "
                "give each part of the value one, such as exact()"
            )
    return tolerances[name]


def unsummed(value: object) -> object:
    """Return the value alone of what says its magnitude."""
    return value.value if isinstance(value, Summed) else value


def agree(
    incremental: object, full: object, tolerance: Tolerance, magnitude: float | None = None
) -> bool:
    """Return whether two values without parts are as near as the tolerance asks."""
    got, wanted = number(incremental), number(full)
    if got is None or wanted is None:
        # A number is not a missing value, and text is compared as it is.
        return got is wanted and bool(incremental == full)
    one, other = as_float(got), as_float(wanted)
    if not (math.isfinite(one) and math.isfinite(other)):
        return got == wanted or (math.isnan(one) and math.isnan(other))
    if isinstance(got, int) and isinstance(wanted, int):
        return tolerance.accepts(got, wanted, magnitude)  # more digits than a double has
    return tolerance.accepts(one, other, magnitude)


def parts(value: object, name: str = WHOLE) -> Iterator[tuple[str, object]]:
    """Yield the parts of a value with their names; a value without parts is its only one.

    Records, dataclasses and mappings have parts by name, sequences and arrays by number from 0.
    """
    named = _named_parts(value)
    if named is None:
        yield name, value
        return
    for key, part in named:
        yield from parts(part, f"{name}.{key}" if name else key)


def _named_parts(value: object) -> list[tuple[str, object]] | None:
    if isinstance(value, Summed | str | bytes):
        return None
    if isinstance(value, msgspec.Struct):
        return [(field, getattr(value, field)) for field in value.__struct_fields__]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return [(str(key), part) for key, part in value.items()]
    return _elements(value)


def _elements(value: object) -> list[tuple[str, object]] | None:
    """Return the elements of a sequence, an array or a series; None of a scalar."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    # NumPy, pandas and polars have a shape; that of a scalar of NumPy is empty.
    has_shape = bool(getattr(value, "shape", None))
    if isinstance(value, Sequence) or (has_shape and isinstance(value, Iterable)):
        elements: Iterable[object] = value
        return [(str(index), part) for index, part in enumerate(elements)]
    return None


def number(value: object) -> int | float | Fraction | None:
    """Return a value as a Python number; None if it is none."""
    if isinstance(value, bool | None) or type(value).__name__ == "bool":  # NumPy's has that name
        return None
    if isinstance(value, int | float | Fraction):
        return value
    if isinstance(value, Decimal):
        return Fraction(value) if value.is_finite() else float(value)
    if hasattr(value, "__index__"):
        return int(value.__index__())
    if isinstance(value, Number) and hasattr(value, "__float__"):
        return float(value.__float__())
    return None


def as_float(value: float | Fraction) -> float:
    """Return the double nearest to a number; infinity where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)
