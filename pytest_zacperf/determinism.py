"""Whether a backtest gives the same order events again; reads no file and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pytest_zacperf.records import Run


def checked(run: Run, others: Iterable[Run]) -> Run:
    """Return *run*, and in it the first other run with its fingerprints and other order events."""
    for other in others:
        if contradict(run, other):
            return msgspec.structs.replace(run, differs_from=other.id)
    return run


def contradict(run: Run, other: Run) -> bool:
    """Return whether two runs had the same fingerprints and different order events."""
    if run.fingerprints is None or other.fingerprints is None:
        return False
    is_same = run.fingerprints.workload == other.fingerprints.workload
    return is_same and run.order_events_hash != other.order_events_hash
