"""What is measured when it is held against a limit, and what doubt does to its test."""

from __future__ import annotations

import abc
import numbers
import warnings
from collections.abc import Callable, Sequence

import pytest

from pytest_zacperf.verdict import Operator


class InconclusiveVerdictWarning(pytest.PytestWarning):
    """A comparison of costs is not certain, and the setting ``inconclusive`` is ``warn``."""


class HeldAgainstLimit(abc.ABC):
    """Gives a class the four operators that hold it against a limit."""

    __array_ufunc__ = None  # numpy numbers leave operators to us

    def __lt__(self, limit: float) -> bool:
        __tracebackhide__ = True
        return self._holds("<", limit)

    def __le__(self, limit: float) -> bool:
        __tracebackhide__ = True
        return self._holds("<=", limit)

    def __gt__(self, limit: float) -> bool:
        __tracebackhide__ = True
        return self._holds(">", limit)

    def __ge__(self, limit: float) -> bool:
        __tracebackhide__ = True
        return self._holds(">=", limit)

    @abc.abstractmethod
    def _holds(self, op: Operator, limit: object) -> bool:
        """Return whether it is on the right side of the limit; may end the test."""


def checked(limit: object, check: Callable[[float], None], form: str) -> float:
    """Return a limit as a number.

    Args:
        limit: What stands behind the operator.
        check: Raises ValueError for what cannot be a limit.
        form: What is wanted.

    Raises:
        TypeError: It is no number.
        ValueError: What *check* says.

    """
    __tracebackhide__ = True
    if isinstance(limit, bool) or not isinstance(limit, numbers.Real):
        raise TypeError(f"{form}, got {limit!r}")
    try:
        check(float(limit))
    except ValueError as e:
        # Without the frame that raised it, which is ours and would tell the reader nothing.
        raise e.with_traceback(None) from None
    return float(limit)


def act_on_doubt(action: str, lines: Sequence[str]) -> bool:
    """Do with a test what the setting ``inconclusive`` says; return True when it goes on.

    Called by a method that an operator calls.

    Args:
        action: ``skip``, ``fail`` or ``warn``.
        lines: What is not certain.

    """
    __tracebackhide__ = True
    text = "\n".join(lines)
    if action == "skip":
        pytest.skip(text)
    if action == "fail":
        pytest.fail(text, pytrace=False)
    # The test's own line: this function, its caller and the operator are between.
    warnings.warn(text, InconclusiveVerdictWarning, stacklevel=4)
    return True
