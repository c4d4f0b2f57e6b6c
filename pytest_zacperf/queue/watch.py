"""What wants to know how far the queue has come; shows nothing itself."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from pytest_zacperf.plan import PlannedRun, RunResult, Status


class QueueWatch(Protocol):
    """Is told what the queue does."""

    def begins(self, planned: PlannedRun, what: str) -> None:
        """Note that a run begins, and which of its passes."""
        ...

    def comes_to(self, day: dt.date | None) -> None:
        """Note the simulated day, every 100 ms; None where the engine does not report it."""
        ...

    def ends(self, planned: PlannedRun, status: Status, result: RunResult) -> None:
        """Note that a run has its result."""
        ...

    def says(self, text: str) -> None:
        """Note a sentence about the queue."""
        ...
