"""One workload in this process: load the engine, run it, write what it did and what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pytest_zacperf import environment, parity, store
from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.engines.lookup import error_sentence, load_engine, resolve_reference
from pytest_zacperf.errors import EngineError, ZacperfError
from pytest_zacperf.measure import Measurement, Meter
from pytest_zacperf.records import (
    Costs,
    Environment,
    Fingerprints,
    OrderEvent,
    RunRequest,
    StageTiming,
    Work,
    WorkerResult,
    Workload,
)
from pytest_zacperf.stages import StageContext, StageTimer
from pytest_zacperf.store import RunOutput
from pytest_zacperf.worker import conditions
from pytest_zacperf.worker.context import WorkerContext

WHOLE_RUN = "total"  # the stage around run()


def run_workload(request: RunRequest, context: WorkerContext) -> None:
    """Run what is asked for and leave its files in the run folder.

    Raises:
        ZacperfError: The engine cannot be used, or it gave what cannot be stored.
        Exception: Whatever the engine raises.

    """
    # Before the engine's modules are read: a commit during a long run is not what ran.
    where = environment.current_environment(Path(request.root), request.not_sources)
    total = context.stage(WHOLE_RUN)  # before any other, so that it is listed first
    with conditions.forks_end_here():
        engine = load_engine(request.workload.engine)
        if request.workload.parameters:
            engine = engine.with_parameters(request.workload.parameters)
        engine.prepare(request.workload.window, context)
        measurement = _measured_run(engine, context, total)
    watched_by = list(conditions.tracing_problems())
    output = _collected(engine, context)
    recorded = _recorded(engine, output, context.stages)
    order_events_hash = store.write_output(context.run_folder, recorded)
    effective = _effective(request.workload, engine)
    result = WorkerResult(
        workload=effective,
        costs=_costs(measurement, recorded.stages),
        work=_work(output, recorded.order_events),
        order_events_hash=order_events_hash,
        fingerprints=_fingerprints(request, engine, output, effective, where),
        environment=where,
        statistics=dict(output.statistics),
        counts=dict(context.counts),
        warnings=(*watched_by, *_warnings(output)),
        run_start_monotonic_ns=measurement.start_monotonic_ns,
        run_end_monotonic_ns=measurement.end_monotonic_ns,
    )
    store.write_worker_result(context.run_folder, result)


def _measured_run(engine: Engine, context: WorkerContext, total: StageContext) -> Measurement:
    context.has_started = True
    conditions.make_quiet()  # what prepare() left behind is not this run's cost
    with Meter() as meter, total:
        engine.run(context)
    return meter.measurement


def _collected(engine: Engine, context: WorkerContext) -> BacktestOutput:
    with conditions.forks_end_here():
        output: object = engine.collect(context)
    if not isinstance(output, BacktestOutput):
        raise EngineError(
            f"collect() of {engine.name} returned {type(output).__name__}",
            "return a pytest_zacperf.engines.BacktestOutput",
        )
    return output


def _recorded(engine: Engine, output: BacktestOutput, timer: StageTimer) -> RunOutput:
    return RunOutput(
        order_events=parity.canonical(output.order_events, engine.volatile),
        trades=output.trades,
        equity=output.equity,
        statistics=output.statistics,
        stages=[
            StageTiming(name=t.name, total_ns=t.total_ns, count=t.count, max_ns=t.max_ns)
            for t in timer.timings()
        ],
        coverage=output.coverage,
    )


def _effective(workload: Workload, engine: Engine) -> Workload:
    return Workload(
        engine=workload.engine,
        engine_name=engine.name,
        engine_version=engine.version,
        parameters=dict(engine.parameters),
        window=workload.window,
    )


def _costs(measurement: Measurement, stages: Iterable[StageTiming]) -> Costs:
    return Costs(
        wall_ns=measurement.wall_ns,
        cpu_ns=measurement.cpu_ns,
        peak_memory_bytes=measurement.peak_memory_bytes,
        peak_memory_source=measurement.peak_memory_source,
        stages=tuple(stages),
    )


def _work(output: BacktestOutput, events: Sequence[OrderEvent]) -> Work:
    return Work(
        data_points=output.data_points,
        orders=len({event.order_id for event in events}),
        order_events=len(events),
        final_equity=output.equity[-1].equity if output.equity else None,
    )


def _fingerprints(
    request: RunRequest,
    engine: Engine,
    output: BacktestOutput,
    workload: Workload,
    where: Environment,
) -> Fingerprints:
    module = resolve_reference(request.workload.engine).partition(":")[0]
    packages = environment.package_dirs([module, type(engine).__module__])
    sources = [*packages, *map(Path, request.python_path)]
    code = environment.code_fingerprint(Path(request.root), sources)
    data = output.data_fingerprint
    return Fingerprints(
        code=code,
        parameters=environment.parameters_fingerprint(engine.parameters),
        data=data,
        workload=environment.workload_fingerprint(code, data, workload, where),
    )


def _warnings(output: BacktestOutput) -> Iterator[str]:
    yield from output.warnings
    for row in output.coverage:
        if row.real_bars == 0:
            yield f"no real bar of {row.symbol} on {row.day}"


def reason_of(error: BaseException, day: dt.date | None) -> str:
    """Return why a run failed, in one sentence, with the simulated day where there is one."""
    if isinstance(error, ZacperfError):
        return f"{error.problem} (hint: {error.hint})"
    reason = error_sentence(error)
    return reason if day is None else f"{reason}, on simulated day {day}"
