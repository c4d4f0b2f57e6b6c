"""What pytest says of a failed comparison that one of our objects takes part in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pytest_zacperf.ratios import Ratio

SYRUPY = "syrupy.assertion"


@runtime_checkable
class ExplainsItself(Protocol):
    """An extension of syrupy that knows how both sides differ."""

    @property
    def explanation(self) -> Sequence[str]:
        """Lines; none where it has nothing to say."""


def explained(side: object) -> list[str]:
    """Return the lines for one side of a comparison; none for what is not ours."""
    if isinstance(side, Ratio):
        return side.failure_lines()
    # By name, because syrupy is not imported where nothing is recorded.
    if type(side).__module__ != SYRUPY:
        return []
    extension = getattr(side, "extension", None)
    return list(extension.explanation) if isinstance(extension, ExplainsItself) else []
