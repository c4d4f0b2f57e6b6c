"""What is known of two lists of order events that differ, and of where they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_zacperf.parity import (
    ChangedOrder,
    Counts,
    Difference,
    Divergence,
    Totals,
    changed_orders,
)
from pytest_zacperf.records import WHOLE_RUN, Origin, Run, StageTiming

MOST_ORDERS = 200
ITSELF = "same code, parameters and data on both sides: this compares a run with itself"
MAYBE_ITSELF = (
    "same code and parameters on both sides; nobody knows whether their data are the same"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityReport:
    """A difference, as it is written to a file.

    Attributes:
        test: Node id, or what was compared.
        divergence: Where the lists part.
        orders: How many orders are what.
        events: How many events are what.
        renumbered_orders: How many orders have another number.
        moved_events: How many events have another place.
        expected_totals: What the expected side amounts to.
        actual_totals: What the actual side amounts to.
        by_symbol: Number of the first event that differs, by symbol.
        changed_orders: The first 200 orders that differ.
        changed_orders_left_out: How many more there are.
        expected_origin: Where the expected side came from.
        actual_origin: Where the actual side came from.
        is_with_itself: Whether both sides are the same workload for certain.
        same_inputs: The remark that they are, as far as anybody knows; None where they are not.

    """

    test: str
    divergence: Divergence | None
    orders: Counts
    events: Counts
    renumbered_orders: int
    moved_events: int
    expected_totals: Totals
    actual_totals: Totals
    by_symbol: Mapping[str, int]
    changed_orders: Sequence[ChangedOrder]
    changed_orders_left_out: int
    expected_origin: Origin | None
    actual_origin: Origin | None
    is_with_itself: bool
    same_inputs: str | None


def report_of(
    found: Difference, *, test: str, expected: Origin | None, actual: Origin | None
) -> ParityReport:
    """Return what is written of a difference.

    Args:
        found: The difference.
        test: Node id, or what was compared.
        expected: Where the expected side came from; None where nobody knows.
        actual: Where the actual side came from; None where nobody knows.

    """
    orders = changed_orders(found)
    return ParityReport(
        test=test,
        divergence=found.divergence,
        orders=found.orders,
        events=found.events,
        renumbered_orders=found.renumbered_orders,
        moved_events=found.moved_events,
        expected_totals=found.expected_totals,
        actual_totals=found.actual_totals,
        by_symbol=found.by_symbol,
        changed_orders=orders[:MOST_ORDERS],
        changed_orders_left_out=max(0, len(orders) - MOST_ORDERS),
        expected_origin=expected,
        actual_origin=actual,
        is_with_itself=is_with_itself(expected, actual),
        same_inputs=same_inputs(expected, actual),
    )


def origin_of(run: Run) -> Origin:
    """Return what is kept of the run that something came from."""
    where = run.environment
    return Origin(
        workload=run.workload,
        fingerprints=run.fingerprints,
        git_revision=where.git_revision if where else None,
        git_dirty=where.git_dirty if where else None,
        python=where.python if where else "",
        stage_counts=_stage_counts(run.costs.stages if run.costs else ()),
    )


def _stage_counts(stages: Sequence[StageTiming]) -> dict[str, int]:
    return {stage.name: stage.count for stage in stages if stage.name != WHOLE_RUN}


def same_inputs(expected: Origin | None, actual: Origin | None) -> str | None:
    """Return the remark that two sides are the same workload as far as anybody knows, or None."""
    if is_with_itself(expected, actual):
        return ITSELF
    return MAYBE_ITSELF if _fingerprint(expected) == _fingerprint(actual) is not None else None


def is_with_itself(expected: Origin | None, actual: Origin | None) -> bool:
    """Return whether two sides are the same workload: code, parameters and data."""
    prints = expected.fingerprints if expected else None
    is_data_known = prints is not None and prints.data is not None
    return is_data_known and _fingerprint(expected) == _fingerprint(actual)


def _fingerprint(origin: Origin | None) -> str | None:
    return origin.fingerprints.workload if origin and origin.fingerprints else None
