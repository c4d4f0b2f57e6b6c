"""A ratio with its interval, held against a limit: the outcome; runs nothing and prints nothing."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pytest_zacperf.estimates import Estimate, Question

Operator: TypeAlias = Literal["<", "<=", ">", ">="]
MOST_DISTURBED = 0.5  # share of the pairs; a verdict on more says so


class Outcome(enum.StrEnum):
    """What a verdict says; INCONCLUSIVE is for a ratio whose side of the limit is not certain."""

    PASS = "PASS"  # noqa: S105 - a word, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An estimate, the limit it was held against, and the outcome.

    Attributes:
        question: What was asked.
        estimate: None when not a single pair could be measured.
        op: How the ratio shall be to the limit.
        limit: The ratio that a test allows.
        outcome: What follows.
        why: Why it is INCONCLUSIVE; None otherwise.

    """

    question: Question
    estimate: Estimate | None
    op: Operator
    limit: float
    outcome: Outcome
    why: str | None = None

    @property
    def is_mostly_disturbed(self) -> bool:
        """Whether it rests mostly on rounds that others disturbed."""
        found = self.estimate
        return found is not None and found.disturbed_pairs > found.pairs * MOST_DISTURBED

    @property
    def is_noisier_than_proven(self) -> bool:
        """Whether its pairs differ by more than its error was held below 1 % for."""
        found = self.estimate
        if found is None or found.sd is None or found.highest_sd is None:
            return False
        return self.outcome is not Outcome.INCONCLUSIVE and found.sd > found.highest_sd


def outcome_of(found: Estimate, op: Operator, limit: float) -> Outcome:
    """Return on which side of the limit the interval lies.

    Raises:
        ValueError: A limit that is not a positive, finite number.

    """
    check_limit(limit)
    is_below = found.high < limit or (found.high == limit and op in {"<=", ">"})
    is_above = found.low > limit or (found.low == limit and op in {"<", ">="})
    if not is_below and not is_above:
        return Outcome.INCONCLUSIVE
    wants_below = op in {"<", "<="}
    return Outcome.PASS if is_below == wants_below else Outcome.FAIL


def check_limit(limit: float) -> None:
    """Refuse what cannot be a limit, before anything is run for it.

    Raises:
        ValueError: A limit that is not a positive, finite number.

    """
    if not 0 < limit < math.inf:
        raise ValueError(f"a limit is a positive number such as 1.10, got {limit}")
