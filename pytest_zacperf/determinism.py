"""Whether a backtest gives the same order events again; reads no file and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from pytest_zacperf.parity import Difference, OrderEvents
from pytest_zacperf.records import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """What running a workload again has shown.

    Attributes:
        runs: In the order in which they ran; the one that failed comes last.
        difference: How the order events of the first two differ; None when they are the same.
        expected: Order events of the first run; None when a run failed.
        same_seed_repeats: Whether a third run, with the first one's hash seed, gave its order
            events; None when nobody had to ask.

    """

    runs: tuple[Run, ...]
    difference: Difference | None = None
    expected: OrderEvents | None = None
    same_seed_repeats: bool | None = None

    @property
    def has_failed(self) -> bool:
        """Whether a run has no result."""
        return any(run.status == "error" for run in self.runs)

    @property
    def is_deterministic(self) -> bool:
        """Whether the runs did the same, order by order, and ended with the same equity."""
        same_events = len({run.order_events_hash for run in self.runs}) == 1
        return same_events and not self.has_failed and self.runs[0].work == self.runs[1].work


def checked(run: Run, others: Iterable[Run]) -> Run:
    """Return *run*, and in it the first other run with its fingerprints and other order events."""
    for other in others:
        if contradict(run, other):
            return msgspec.structs.replace(run, differs_from=other.id)
    return run


def contradict(run: Run, other: Run) -> bool:
    """Return whether two runs had the same fingerprints and different order events."""
    if run.fingerprints is None or other.fingerprints is None or run.partial or other.partial:
        return False
    is_same = run.fingerprints.workload == other.fingerprints.workload
    return is_same and run.order_events_hash != other.order_events_hash
