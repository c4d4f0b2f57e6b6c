"""The process of one run: load the engine, run one workload, write what it did and what it cost.

Started by ``runner`` as ``python -m pytest_zacperf.worker REQUEST``; imports no pytest, so that it
is ready in a fraction of a second.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pytest_zacperf import environment, parity, store
from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.engines.lookup import error_sentence, load_engine, resolve_reference
from pytest_zacperf.errors import EngineError, MarketDataError, SettingsError, ZacperfError
from pytest_zacperf.measure import Measurement, Meter
from pytest_zacperf.records import (
    Costs,
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

WHOLE_RUN = "total"  # the stage around run()

EXIT_FAILED = 1
EXIT_BAD_INPUT = 64  # EX_USAGE of sysexits.h; 2 is what argparse exits with


@dataclass(slots=True)
class WorkerContext:
    """What the engine gets: folders, stages, counters; see ``engines.Context``."""

    run_folder: Path
    cache_folder: Path
    stages: StageTimer
    counts: Counter[str] = field(default_factory=Counter)
    day: dt.date | None = None
    has_started: bool = False

    @property
    def working_folder(self) -> Path:
        """Folder of this run alone; made at first use."""
        folder = self.run_folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def stage(self, name: str) -> StageContext:
        """Return the stage *name* to enter with ``with``."""
        return self.stages.stage(name)

    def progress(self, day: dt.date) -> None:
        """Report the simulated day that begins."""
        self.day = day

    def count(self, name: str, n: int) -> None:
        """Add *n* to the counter *name*."""
        self.counts[name] += n


def main(arguments: list[str]) -> int:
    """Run the request in the file that the only argument names; return the exit status."""
    request = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=RunRequest)
    _end_with_parent()
    _enter_project(request)
    context = WorkerContext(
        run_folder=Path(request.run_folder),
        cache_folder=Path(request.cache_folder),
        stages=StageTimer(enabled=request.stages),
    )
    try:
        _run(request, context)
    # SystemExit too: a strategy that calls sys.exit() has not finished its backtest.
    except (Exception, SystemExit) as e:  # noqa: BLE001 - whatever it was, it is recorded
        traceback.print_exc()
        store.write_worker_error(context.run_folder, _reason(e, context.day))
        is_refused = isinstance(e, EngineError | SettingsError) and not context.has_started
        # Market data may be read inside run(); they are input all the same.
        is_bad_input = is_refused or isinstance(e, MarketDataError)
        return EXIT_BAD_INPUT if is_bad_input else EXIT_FAILED
    return 0


def _end_with_parent() -> None:
    # The parent holds the other end of stdin; the engine gets an empty stdin of its own.
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    threading.Thread(target=_wait_for_end, args=(pipe,), daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    if os.getpgrp() == os.getpid():  # so the runner starts a worker: take the children along
        os.killpg(0, signal.SIGKILL)
    os._exit(EXIT_FAILED)


def _enter_project(request: RunRequest) -> None:
    # As pytest has it: python -m has put the folder of the start first, which is not the project.
    if sys.path[0] == str(Path.cwd()):
        del sys.path[0]
    first = [*request.python_path, request.root]
    sys.path[:] = [*first, *(entry for entry in sys.path if entry not in first)]
    package_parent = str(Path(__file__).resolve().parents[1])
    if package_parent not in sys.path:
        sys.path.append(package_parent)
    os.chdir(request.root)


def _run(request: RunRequest, context: WorkerContext) -> None:
    # Before the engine's modules are read: a commit during a long run is not what ran.
    where = environment.current_environment(Path(request.root))
    total = context.stage(WHOLE_RUN)  # before any other, so that it is listed first
    engine = load_engine(request.workload.engine)
    if request.workload.parameters:
        engine = engine.with_parameters(request.workload.parameters)
    engine.prepare(request.workload.window, context)
    measurement = _measured_run(engine, context, total)
    output = engine.collect(context)
    recorded = _recorded(engine, output, context.stages)
    store.write_output(context.run_folder, recorded)
    result = WorkerResult(
        workload=_effective(request.workload, engine),
        costs=_costs(measurement, recorded.stages),
        work=_work(output, recorded.order_events),
        fingerprints=_fingerprints(request, engine, output),
        environment=where,
        statistics=dict(output.statistics),
        counts=dict(context.counts),
        warnings=tuple(_warnings(output)),
        run_start_monotonic_ns=measurement.start_monotonic_ns,
        run_end_monotonic_ns=measurement.end_monotonic_ns,
    )
    store.write_worker_result(context.run_folder, result)


def _measured_run(engine: Engine, context: WorkerContext, total: StageContext) -> Measurement:
    context.has_started = True
    gc.collect()  # what prepare() left behind is not this run's cost
    with Meter() as meter, total:
        engine.run(context)
    return meter.measurement


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


def _fingerprints(request: RunRequest, engine: Engine, output: BacktestOutput) -> Fingerprints:
    module = resolve_reference(request.workload.engine).partition(":")[0]
    packages = environment.package_dirs([module, type(engine).__module__])
    sources = [*packages, *map(Path, request.python_path)]
    return Fingerprints(
        code=environment.code_fingerprint(Path(request.root), sources),
        parameters=environment.parameters_fingerprint(engine.parameters),
        data=output.data_fingerprint,
    )


def _warnings(output: BacktestOutput) -> Iterator[str]:
    yield from output.warnings
    for row in output.coverage:
        if row.real_bars == 0:
            yield f"no real bar of {row.symbol} on {row.day}"


def _reason(error: BaseException, day: dt.date | None) -> str:
    if isinstance(error, ZacperfError):
        return f"{error.problem} (hint: {error.hint})"
    reason = error_sentence(error)
    return reason if day is None else f"{reason}, on simulated day {day}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
