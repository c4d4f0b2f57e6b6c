"""What a run has shown, put into records: costs, conditions, work, fingerprints, warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_zacperf import environment, memory
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.measure import Measurement
from pytest_zacperf.records import (
    WORKER,
    Costs,
    Environment,
    Fingerprints,
    RunConditions,
    StageTiming,
    Work,
    Workload,
)
from pytest_zacperf.sentences import one_line
from pytest_zacperf.store import RunOutput
from pytest_zacperf.worker import returned
from pytest_zacperf.worker.context import WorkerContext


def costs_of(
    measurement: Measurement, stages: Iterable[StageTiming], context: WorkerContext
) -> Costs:
    """Return what ``run()`` cost."""
    by_stage = context.memory_by_stage
    return Costs(
        wall_ns=measurement.wall_ns,
        cpu_ns=measurement.cpu_ns,
        peak_memory_bytes=max(measurement.peak_memory_bytes, context.memory_by_day.highest_bytes),
        peak_memory_source=measurement.peak_memory_source,
        stages=tuple(stages),
        memory_by_day=context.memory_by_day.points(),
        memory_by_stage=() if by_stage is None else by_stage.growth(),
    )


def conditions_of(measurement: Measurement, costs: Costs) -> RunConditions:
    """Return what the machine did meanwhile.

    Args:
        measurement: Of this process.
        costs: Of the run.

    """
    busy_ns = measurement.machine_busy_ns
    if busy_ns is not None and costs.cpu_source != WORKER:
        # This process and its children waited for a backtest elsewhere: part of the run, and no
        # other program that disturbs it.
        busy_ns = max(busy_ns - measurement.cpu_ns, 0)
    return RunConditions(
        start_monotonic_ns=measurement.start_monotonic_ns,
        end_monotonic_ns=measurement.end_monotonic_ns,
        main_thread_cpu_ns=measurement.main_thread_cpu_ns,
        runnable_wait_ns=measurement.runnable_wait_ns,
        machine_busy_ns=busy_ns,
    )


def work_of(data_points: int | None, recorded: RunOutput) -> Work:
    """Return what a run did, in figures."""
    return Work(
        data_points=data_points,
        orders=len({event.order_id for event in recorded.order_events}),
        order_events=len(recorded.order_events),
        final_equity=recorded.equity[-1].equity if recorded.equity else None,
    )


def fingerprints_of(
    sources: Mapping[str, bytes], data: str | None, workload: Workload, where: Environment
) -> Fingerprints:
    """Return the hashes of everything that decides the result."""
    code = environment.code_fingerprint(sources)
    return Fingerprints(
        code=code,
        parameters=environment.parameters_fingerprint(workload.parameters),
        data=data,
        workload=environment.workload_fingerprint(code, data, workload, where),
    )


def warnings_of(output: BacktestOutput, context: WorkerContext) -> Iterator[str]:
    """Yield what a reader of the results must know about their data."""
    yield from output.warnings
    growth = memory.leak_warning(context.memory_by_day.points())
    if growth is not None:
        yield growth
    for name in returned.undefined_statistics(output):
        yield f"statistic {one_line(name)} is no finite number; it is stored as none"
    for row in output.coverage:
        if row.real_bars == 0:
            yield f"no real bar of {row.symbol} on {row.day}"
