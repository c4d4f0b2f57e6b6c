"""The errors this package raises on purpose: what is wrong, and what to do about it."""

from __future__ import annotations


class ZacperfError(Exception):
    """Base class of all errors raised on purpose by this package.

    Both parts are positional so that the exception survives pickling between processes.

    Args:
        problem: What is wrong, with the offending value, in one sentence.
        hint: What to do about it; a command or a setting whenever there is one.

    """

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem, hint)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem}\n  hint: {self.hint}"


class SettingsError(ZacperfError):
    """A setting, a plan file or a command line argument cannot be used."""


class PlanError(SettingsError):
    """The plan file cannot be read or used, so tests with a window have none."""


class EngineError(ZacperfError):
    """An engine cannot be found, does not keep the protocol, or refuses its parameters."""


class InvariantError(EngineError):
    """A run cannot keep what its queue asks for, or does not agree with the queue's first run."""


class MarketDataError(ZacperfError):
    """Market data are missing or damaged."""


class StoreError(ZacperfError):
    """A stored run cannot be found or read."""


class RunError(ZacperfError):
    """A run ended without a result."""


class ComparisonError(ZacperfError):
    """Two runs whose costs cannot be compared."""


class ScalingError(ZacperfError):
    """Windows that do not say how a cost grows with their size."""
