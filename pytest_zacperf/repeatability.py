"""Run a workload twice to see whether it gives the same order events; prints nothing."""

from __future__ import annotations

from dataclasses import replace

from pytest_zacperf import parity, store
from pytest_zacperf.determinism import Repetition
from pytest_zacperf.parity import OrderEvents
from pytest_zacperf.records import Run, Workload
from pytest_zacperf.runner import Runner

# Two seeds that order the elements of a set of strings differently.
FIRST_SEED, OTHER_SEED = 0, 1


def run_twice(runner: Runner, workload: Workload, *, session: str) -> Repetition:
    """Run a workload in two processes with different hash seeds, and a third time if they differ.

    Raises:
        RunError: Nothing can be stored.

    """
    runs: list[Run] = []
    for number, seed in enumerate((FIRST_SEED, OTHER_SEED, FIRST_SEED), start=1):
        runs.append(
            runner.run_once(
                workload,
                session=session,
                round=number,
                side="twice",
                limits=replace(runner.limits, hash_seed=seed),
            )
        )
        if runs[-1].status == "error" or (number > 1 and _equal(runs)):
            break
    return _repetition(runner, tuple(runs))


def _equal(runs: list[Run]) -> bool:
    return runs[0].order_events_hash == runs[1].order_events_hash


def _repetition(runner: Runner, runs: tuple[Run, ...]) -> Repetition:
    found = Repetition(runs=runs)
    if found.has_failed:
        return found
    expected, actual = (_order_events(runner, run) for run in runs[:2])
    return Repetition(
        runs=runs,
        difference=parity.difference(expected, actual),
        expected=expected,
        same_seed_repeats=runs[0].order_events_hash == runs[2].order_events_hash
        if len(runs) > 2  # noqa: PLR2004 - the third run asks about the seed
        else None,
    )


def _order_events(runner: Runner, run: Run) -> OrderEvents:
    folder = runner.store.run_folder(run.id)
    return OrderEvents(store.FileContent(folder / store.ORDER_EVENTS_FILE))
