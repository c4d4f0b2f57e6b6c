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
ITSELF = "this compares a run with itself"
SAME_INPUTS = "same code, parameters and data on both sides"
SAME_INPUTS_AS_FAR_AS_KNOWN = "same code and parameters on both sides, and none knows its data"


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
        same_inputs: The remark that both sides are the same workload, if they are.

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
    """Return the remark that two sides are the same workload, or None."""
    if expected is None or actual is None:
        return None
    prints = expected.fingerprints, actual.fingerprints
    if prints[0] is None or prints[1] is None:
        return None
    if prints[0].workload != prints[1].workload:
        return None
    is_known = prints[0].data is not None
    return f"{SAME_INPUTS if is_known else SAME_INPUTS_AS_FAR_AS_KNOWN}: {ITSELF}"
