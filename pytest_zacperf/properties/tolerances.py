"""How far an incremental value may be from the full one, and why that far: a ladder of four rungs.

What the values are is not known here: ``comparing.py`` takes them apart.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeAlias

# Integers and exact fractions count as well; they may have more digits than a double.
Real: TypeAlias = float | Fraction
EPSILON = sys.float_info.epsilon
# A double's bits, read as an integer, count the doubles from 0 on.
SIGN_BIT = 1 << 63


@dataclass(frozen=True, slots=True)
class Summed:
    """What a full recomputation adds up, with what an error of that sum is measured by.

    Attributes:
        value: The result.
        magnitude: Sum of the absolute terms, scaled as the result is: for a mean of n terms,
            divided by n. Relative to it, and not to the value, sums are accurate.

    """

    value: float
    magnitude: float


NO_SUM = Summed(math.nan, math.nan)


class Tolerance(Protocol):
    """A rule that takes two finite numbers for equal or not; ``str()`` of it names the rule."""

    def accepts(self, incremental: Real, full: Real, magnitude: float | None) -> bool:
        """Return whether the two are as near as the rule asks; magnitude is that of ``Summed``."""
        ...


@dataclass(frozen=True, slots=True)
class Exact:
    """The same bits."""

    def accepts(self, incremental: Real, full: Real, _: float | None) -> bool:
        """Return whether both are the same double; 0.0 and -0.0 are not."""
        if incremental != full:
            return False
        return bool(full) or math.copysign(1.0, incremental) == math.copysign(1.0, full)

    def __str__(self) -> str:
        return "exact(): the same bits"


@dataclass(frozen=True, slots=True)
class Ulps:
    """A number of representable doubles."""

    count: int

    def accepts(self, incremental: Real, full: Real, _: float | None) -> bool:
        """Return whether there are no more steps than that from one to the other."""
        return ulps_between(as_float(incremental), as_float(full)) <= self.count

    def __str__(self) -> str:
        return f"ulps({self.count})"


@dataclass(frozen=True, slots=True)
class Relative:
    """A part of the full value."""

    epsilon: float

    def accepts(self, incremental: Real, full: Real, _: float | None) -> bool:
        """Return whether the distance is at most that part of the full value."""
        return _apart(incremental, full) <= self.epsilon * abs(as_float(full))

    def __str__(self) -> str:
        return f"relative({self.epsilon:g})"


@dataclass(frozen=True, slots=True)
class Conditioned:
    """A bound from the data."""

    factor: float

    def accepts(self, incremental: Real, full: Real, magnitude: float | None) -> bool:
        """Return whether the distance is at most factor x eps x magnitude.

        Raises:
            TypeError: The full recomputation gives no magnitude.

        """
        if magnitude is None:
            raise TypeError(
                "conditioned() needs the magnitudes that were added up: let the full "
                "recomputation return sum_of(terms), mean_of(terms) or Summed(value, magnitude)"
            )
        return _apart(incremental, full) <= self.factor * EPSILON * magnitude

    def __str__(self) -> str:
        return f"conditioned({self.factor:g})"


def exact() -> Tolerance:
    """Ask for the same bits; NaN equals NaN.

    Right for minimum, maximum, first, last and counts, and for sums wherever both sides add the
    same terms in the same order, or in integers, or by ``math.fsum``.
    """
    return Exact()


def ulps(n: int) -> Tolerance:
    """Allow *n* steps between neighboring doubles; 0.0 and -0.0 are none apart.

    Right for sums of positive terms and what is divided out of them. A sum that subtracts the
    oldest term and is taken afresh once a window keeps within 4 (measured: a million bars, window
    of 20).

    Raises:
        ValueError: *n* is negative, or no whole number.

    """
    if isinstance(n, bool) or int(_checked(n)) != n:
        raise ValueError(f"ulps() takes a whole number of steps, not {n!r}")
    return Ulps(int(n))


def relative(eps: float) -> Tolerance:
    """Allow a distance of *eps* times the full value, 1e-9 for nine digits.

    The last resort: it hides an error of that size on good data, and near a full value of 0 it
    allows none. Say beside it why the bound is that large.

    Raises:
        ValueError: *eps* is negative or no number.

    """
    return Relative(_checked(eps))


def conditioned(k: float) -> Tolerance:
    """Allow a distance of *k* times 2**-52 times the sum of the magnitudes of the terms.

    Right for sums whose terms cancel. Terms added one after the other keep the bound with k =
    (n - 1) / 2 at worst, and ``math.fsum`` or a compensated sum with 1; a sum that subtracts
    what left its window cannot keep it, for its error is measured by what has left. The full
    recomputation returns ``sum_of(terms)``, ``mean_of(terms)`` or a ``Summed`` of its own.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 4.2,
    equation 4.4.

    Raises:
        ValueError: *k* is negative or no number.

    """
    return Conditioned(_checked(k))


def _checked(allowed: float) -> float:
    if not 0 <= allowed < math.inf:
        raise ValueError(f"a tolerance is 0 or more, not {allowed!r}")
    return allowed


def sum_of(terms: Iterable[float]) -> Summed:
    """Return the sum of terms, correctly rounded, with its magnitude; NaN if one is not finite."""
    kept = list(terms)
    if not all(map(math.isfinite, kept)):
        return NO_SUM
    return Summed(math.fsum(kept), math.fsum(map(abs, kept)))


def mean_of(terms: Iterable[float]) -> Summed:
    """Return the mean of one or more terms as ``sum_of`` returns their sum.

    Raises:
        ValueError: There is no term.

    """
    kept = list(terms)
    if not kept:
        raise ValueError("the mean of nothing; return None until there is a bar")
    if not all(map(math.isfinite, kept)):
        return NO_SUM
    mean = sum(map(Fraction, kept), Fraction()) / len(kept)
    return Summed(float(mean), math.fsum(map(abs, kept)) / len(kept))


def ulps_between(one: float, other: float) -> int:
    """Return how many steps lead from one double to the other; 0.0 and -0.0 are the same.

    Raises:
        ValueError: One of them is NaN.

    """
    if math.isnan(one) or math.isnan(other):
        raise ValueError("NaN is no number of steps from anything")
    return abs(_step(one) - _step(other))


def as_float(value: Real) -> float:
    """Return the double nearest to a number; infinity where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _apart(one: Real, other: Real) -> float:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other)
    return as_float(abs(Fraction(one) - Fraction(other)))


def _step(value: float) -> int:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return int(bits) if bits < SIGN_BIT else SIGN_BIT - int(bits)
