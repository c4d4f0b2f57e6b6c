"""By how much a value may differ and still be the same, by field; exact where nobody asks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

import msgspec

from pytest_zacperf.parity.canonical_form import NUMBERS
from pytest_zacperf.records import EquityPoint, Trade

STATISTICS_PREFIX = "statistics."
NUMERIC_TEXT = re.compile(
    r"(?P<sign>-?)(?P<currency>\$?)(?P<digits>[0-9][0-9,]*(\.[0-9]+)?)(?P<percent>%?)"
)


@dataclass(frozen=True, slots=True)
class Relative:
    """A tolerance as a share of the expected value."""

    share: float


Tolerance: TypeAlias = float | Relative


def relative(share: float) -> Relative:
    """Return a tolerance that is a share of the expected value, such as ``relative(1e-9)``.

    Raises:
        ValueError: It is none: below 0, NaN or infinite.

    """
    return Relative(_finite("relative()", share))


def is_within(expected: object, actual: object, tolerance: Tolerance | None) -> bool:
    """Return whether two numbers differ by no more than a tolerance; never where there is none.

    Texts that are numbers count, with their sign of percent or dollar: Lean writes its statistics
    as ``"0.896"``, ``"9.797%"`` and ``"$135.20"``, and they are compared in that unit.
    """
    left, right = _measure(expected), _measure(actual)
    if tolerance is None or left is None or right is None or left[1] != right[1]:
        return False
    allowed = tolerance.share * abs(left[0]) if isinstance(tolerance, Relative) else tolerance
    return abs(left[0] - right[0]) <= allowed


def cell(value: float | None, tolerance: Tolerance, offset: float) -> float | None:
    """Return the cell of a grid that a number lies in, whose cells are two tolerances wide.

    Args:
        value: The number; None lies in no cell.
        tolerance: Half the width; a relative one makes cells that grow with the number.
        offset: By which part of a cell the grid is moved.

    """
    is_relative = isinstance(tolerance, Relative)
    width = 2 * (tolerance.share if isinstance(tolerance, Relative) else tolerance)
    if not value or not width:
        return value
    measure = math.copysign(math.log(abs(value)), value) if is_relative else value
    return math.floor(measure / width + offset)


def parse_tolerances(given: object, known: tuple[str, ...]) -> dict[str, Tolerance]:
    """Return tolerances by field, checked.

    Args:
        given: Field, or ``statistics.<name>``, to a number or ``relative(...)``.
        known: The fields that hold numbers.

    Raises:
        ValueError: No mapping, a field that has no tolerance, or a tolerance that is none.

    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{given!r} names no field; write one such as {{'fill_price': 0.005}}")  # noqa: TRY004 - as for the others
    found: dict[str, Tolerance] = {}
    for name, value in given.items():
        if name not in known and not name.startswith(STATISTICS_PREFIX):
            raise ValueError(
                f"{name!r} has no tolerance; these have: {', '.join(known)}, statistics.<name>"
            )
        found[name] = (
            value if isinstance(value, Relative) else _finite(f"the tolerance of {name!r}", value)
        )
    return found


def numbers_of(record: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a record that hold numbers with a fraction."""
    return tuple(
        field.name for field in msgspec.structs.fields(record) if field.type in {float, "float"}
    )


# What may have a tolerance, of whatever is recorded.
FIELDS = tuple(dict.fromkeys([*NUMBERS, *numbers_of(Trade), *numbers_of(EquityPoint)]))


def _finite(what: str, value: object) -> float:
    if not _is_number(value) or not 0 <= value < math.inf:
        raise ValueError(f"{what} = {value!r} is no number from 0; write one such as 0.005")
    return float(value)


def _measure(value: object) -> tuple[float, str] | None:
    if _is_number(value):
        return value, ""
    match = NUMERIC_TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    number = float(f"{match['sign']}{match['digits'].replace(',', '')}")
    return number, f"{match['currency']}{match['percent']} text"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
