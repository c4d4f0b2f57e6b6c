"""An exponent that a test holds against a limit: the outcome, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.estimates import Quantity
from pytest_zacperf.scaling.fitting import Exponent, fit
from pytest_zacperf.scaling.sizes import Axis
from pytest_zacperf.schedule import Clock
from pytest_zacperf.verdict import Operator, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A window, its size, and what it cost in ns or bytes."""

    window: str
    size: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentVerdict:
    """An exponent, the limit it was held against, and the outcome.

    Attributes:
        quantity: What was measured.
        clock: By which clock; None for memory.
        axis: What sizes are counted in.
        points: The windows.
        exponent: Through all of them.
        op: How the exponent shall be to the limit.
        limit: The exponent that a test allows.
        outcome: What follows.

    """

    quantity: Quantity
    clock: Clock | None
    axis: Axis
    points: tuple[Point, ...]
    exponent: Exponent
    op: Operator
    limit: float
    outcome: Outcome


def fit_points(points: Sequence[Point]) -> Exponent:
    """Return the exponent through windows; see ``fit``."""
    return fit([(point.size, point.cost) for point in points])


def outcome_of(found: Exponent, op: Operator, limit: float) -> Outcome:
    """Return on which side of the limit the interval lies.

    Args:
        found: The exponent; without an interval nothing is certain.
        op: How the exponent shall be to the limit.
        limit: Any finite number.

    Raises:
        ValueError: A limit that is not finite.

    """
    check_limit(limit)
    if found.low is None or found.high is None:
        return Outcome.INCONCLUSIVE
    is_below = found.high < limit or (found.high == limit and op in {"<=", ">"})
    is_above = found.low > limit or (found.low == limit and op in {"<", ">="})
    if not is_below and not is_above:
        return Outcome.INCONCLUSIVE
    return Outcome.PASS if is_below == (op in {"<", "<="}) else Outcome.FAIL


def check_limit(limit: float) -> None:
    """Refuse what cannot be a limit, before anything is run for it.

    Raises:
        ValueError: A limit that is not finite.

    """
    if not math.isfinite(limit):
        raise ValueError(f"the limit of an exponent is a number such as 1.2, got {limit}")
