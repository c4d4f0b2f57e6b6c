"""The rounds of a baseline: timed alone, all with the same result; stores no baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_zacperf import store
from pytest_zacperf.baselines import different_result, round_name
from pytest_zacperf.errors import EngineError, RunError, SettingsError
from pytest_zacperf.records import (
    Baseline,
    BaselineSample,
    Costs,
    Environment,
    Fingerprints,
    Run,
    Work,
    Workload,
)
from pytest_zacperf.runner import Runner
from pytest_zacperf.store.baselines import FEWEST_SAMPLES
from pytest_zacperf.worker import EXIT_BAD_INPUT

ROUNDS = 10
SIDE = "record"


@dataclass(frozen=True, slots=True)
class _Completed:
    """A run that has all that a baseline needs."""

    run: Run
    costs: Costs
    work: Work
    fingerprints: Fingerprints
    environment: Environment


def record(  # noqa: PLR0913 - all of it is written down
    runner: Runner,
    workload: Workload,
    *,
    session: str,
    rounds: int = ROUNDS,
    reason: str,
    author: str,
    on_round: Callable[[int, Run], None] = lambda number, run: None,  # noqa: ARG005 - says nothing
) -> Baseline:
    """Time a workload alone on the machine, each round in a fresh process; stores no baseline.

    Args:
        runner: Runs it.
        workload: What is run.
        session: The session of its runs.
        rounds: Runs that count, at least 5; one more before them is the warm-up.
        reason: Why the baseline is accepted.
        author: Who accepts it.
        on_round: Told after each run, with the number of the round; 0 is the warm-up.

    Raises:
        SettingsError: Too few rounds.
        EngineError: The engine cannot be used, or it refuses its parameters.
        RunError: A round failed, or it did not do what the others did.

    """
    if rounds < FEWEST_SAMPLES:
        raise SettingsError(
            f"{rounds} rounds are too few for a baseline", f"let it have at least {FEWEST_SAMPLES}"
        )
    done = [_round(runner, workload, session, number=0)]
    on_round(0, done[0].run)
    for number in range(1, rounds + 1):
        done.append(_round(runner, workload, session, number=number))
        # At once: the rounds that would follow are worth nothing.
        different = different_result(workload, [one.run for one in done])
        if different is not None:
            raise RunError(*different)
        on_round(number, done[-1].run)
    return _baseline(done[1:], reason=reason, author=author)


def _round(runner: Runner, workload: Workload, session: str, *, number: int) -> _Completed:
    run = runner.run_once(workload, session=session, machine="alone", round=number, side=SIDE)
    what = f"{round_name(number)} of {workload.window.id}"
    if run.status == "error" and run.exit_status == EXIT_BAD_INPUT:
        raise EngineError(
            f"{what} could not begin: {run.reason}", "correct the engine or its parameters"
        )
    done = _completed(run)
    if done is None:
        log = runner.store.run_folder(run.id) / store.STDERR_FILE
        raise RunError(f"{what} failed: {run.reason}", f"read {log}")
    return done


def _completed(run: Run) -> _Completed | None:
    if run.costs and run.work and run.fingerprints and run.environment:
        return _Completed(run, run.costs, run.work, run.fingerprints, run.environment)
    return None


def _baseline(rounds: Sequence[_Completed], *, reason: str, author: str) -> Baseline:
    first = rounds[0]
    return Baseline(
        workload=first.run.workload,
        fingerprints=first.fingerprints,
        environment=first.environment,
        work=first.work,
        peak_memory_source=first.costs.peak_memory_source,
        samples=tuple(_sample(one.costs) for one in rounds),
        reason=reason,
        author=author,
        recorded_utc=dt.datetime.now(dt.UTC),
        clock_sources=first.costs.clock_sources,
    )


def _sample(costs: Costs) -> BaselineSample:
    return BaselineSample(
        wall_ns=costs.wall_ns,
        cpu_ns=costs.cpu_ns,
        peak_memory_bytes=costs.peak_memory_bytes,
        stages=costs.stages,
    )
