"""What an engine gave when its run was over, checked, and put into the run folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pytest_zacperf import store
from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.measure import Measurement
from pytest_zacperf.profiling import Profiler
from pytest_zacperf.records import Costs, Work
from pytest_zacperf.store import RunOutput
from pytest_zacperf.worker import conditions, findings, returned
from pytest_zacperf.worker.context import WorkerContext
from pytest_zacperf.worker.reported import reported_costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of a run.

    Attributes:
        output: What the engine gave.
        recorded: What of it is stored.
        costs: What the run cost.
        watched_by: What watched this process and made it slow, in sentences.
        was_stopped: Whether it was stopped at its time limit.

    """

    output: BacktestOutput
    recorded: RunOutput
    costs: Costs
    watched_by: tuple[str, ...]
    was_stopped: bool

    @property
    def work(self) -> Work | None:
        """What the run did; None when it was stopped."""
        if self.was_stopped:
            return None
        return findings.work_of(self.output.data_points, self.recorded)


def found_by(
    engine: Engine, context: WorkerContext, measurement: Measurement, *, was_stopped: bool
) -> Found:
    """Return what an engine gives after its run.

    Raises:
        ZacperfError: It gave what cannot be used.

    """
    watched_by = tuple(conditions.tracing_problems())  # before an engine tidies up
    # Half of a backtest has no result to collect.
    given: object = BacktestOutput() if was_stopped else engine.collect(context)
    output = returned.require_output(given, engine)
    recorded = returned.recorded(engine, output, context.stages)
    measured = findings.costs_of(measurement, recorded.stages, context)
    costs = reported_costs(measured, engine, output)
    return Found(
        output=output,
        recorded=dataclasses.replace(recorded, stages=costs.stages),
        costs=costs,
        watched_by=watched_by,
        was_stopped=was_stopped,
    )


def write_found(found: Found, context: WorkerContext, profiler: Profiler | None) -> str | None:
    """Write the files of a run; return the hash of its order events, None when it was stopped.

    Raises:
        ZacperfError: A value cannot be stored.

    """
    with store.storing(context.run_folder):
        if profiler is not None:
            store.write_profile(context.run_folder, profiler.profile())
        if found.was_stopped:  # what it traded by then is no result
            store.write_stages(context.run_folder, found.recorded.stages)
            return None
        return store.write_output(context.run_folder, found.recorded)
