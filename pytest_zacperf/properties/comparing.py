"""Takes what two sides returned apart and finds the first part that differs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from pytest_zacperf.properties.tolerances import Exact, Summed, Tolerance, as_float

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


@dataclass(frozen=True, slots=True)
class SameParts:
    """The rule that comes before all others: both sides have the same parts."""

    def accepts(self, *_: object) -> bool:
        """Return False: it is looked at where the parts are not the same."""
        return False

    def __str__(self) -> str:
        return "the same parts on both sides"


SAME_PARTS = SameParts()
EXACT = Exact()


def first_difference(
    incremental: object, full: object, tolerances: Tolerances
) -> Difference | None:
    """Return the first part that differs, or None.

    Raises:
        ValueError: There are tolerances by part, and one of the parts has none.
        TypeError: The incremental value says a magnitude, which is for the full one to say.

    """
    if type(incremental) is float and type(full) is float and not isinstance(tolerances, Mapping):
        # By far the most frequent case, without the detours.
        if agree(incremental, full, tolerances):
            return None
        return Difference(WHOLE, incremental, full, tolerances)
    mine, theirs = dict(parts(incremental)), dict(parts(full))
    if mine.keys() != theirs.keys():
        return Difference(WHOLE, incremental, full, SAME_PARTS)
    for part, wanted in theirs.items():
        got = mine[part]
        if isinstance(got, Summed):
            raise TypeError("update() returns a plain number; a Summed is what full() returns")
        tolerance = tolerance_of(part, tolerances)
        magnitude = wanted.magnitude if isinstance(wanted, Summed) else None
        if not agree(got, unsummed(wanted), tolerance, magnitude):
            return Difference(part, got, unsummed(wanted), tolerance, magnitude)
    return None


def tolerance_of(part: str, tolerances: Tolerances) -> Tolerance:
    """Return the tolerance of a part; ``bands`` is also that of ``bands.1``.

    A value without parts, such as the None of a warm-up, is compared exactly where each part has
    a tolerance of its own.

    Raises:
        ValueError: The part has none.

    """
    if not isinstance(tolerances, Mapping):
        return tolerances
    name = part
    while name not in tolerances:
        if name == WHOLE:
            return EXACT
        name, _, _ = name.rpartition(".")
        if name == WHOLE:
            raise ValueError(
                f"tolerance names {', '.join(sorted(map(str, tolerances)))} and not {part}; "
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
        return got is wanted and _is_same(incremental, full)
    if not (isinstance(got, float) or isinstance(wanted, float)):
        # Both have more digits than a double.
        return got == wanted or tolerance.accepts(got, wanted, magnitude)
    one, other = as_float(got), as_float(wanted)
    if not (math.isfinite(one) and math.isfinite(other)):
        return one == other or (math.isnan(one) and math.isnan(other))
    return tolerance.accepts(one, other, magnitude)


def _is_same(one: object, other: object) -> bool:
    if one is other:
        return True
    try:
        # What is not even itself is missing, as NaT is.
        return bool(one == other) or bool(one != one and other != other)  # noqa: PLR0124
    except TypeError:  # pandas' NA compares to nothing
        return False


def parts(value: object, name: str = WHOLE) -> Iterator[tuple[str, object]]:
    """Yield the parts of a value with their names; a value without parts is its only one.

    Records, dataclasses and mappings have parts by name; sequences, arrays, series and frames by
    number from 0.
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
    """Return the elements of a sequence, an array, a series or a frame; None of a scalar."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, Sequence):
        return [(str(index), part) for index, part in enumerate(value)]
    if getattr(value, "shape", ()):
        # A frame is iterated by its columns' names; as an array it is its values.
        array: Any = value.to_numpy() if hasattr(value, "to_numpy") else value
        return [(str(index), part) for index, part in enumerate(array)]
    return None


def number(value: object) -> int | float | Fraction | None:
    """Return a value as a Python number; None if it is none.

    NumPy's scalars and arrays without dimensions count as the number that they hold.
    """
    if hasattr(value, "shape") and hasattr(value, "item"):
        value = value.item() if value.shape == () else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Fraction):
        return value
    if isinstance(value, Decimal):
        if value.is_nan():
            return math.nan
        return Fraction(value) if value.is_finite() else math.copysign(math.inf, value)
    return None
