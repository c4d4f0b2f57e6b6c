"""One workload in this process: load the engine, run it, write what it did and what it cost."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf import environment, store
from pytest_zacperf.engines import Engine
from pytest_zacperf.engines.lookup import load_engine, require_engine, resolve_reference
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.measure import Measurement, Meter
from pytest_zacperf.profiling import Profiler
from pytest_zacperf.records import (
    WHOLE_RUN,
    Environment,
    InvariantValue,
    RunRequest,
    Setup,
    WorkerResult,
    Workload,
)
from pytest_zacperf.sentences import LONGEST_REASON, error_sentence, one_line, with_hint
from pytest_zacperf.stages import StageContext
from pytest_zacperf.worker import conditions, findings, queued, returned
from pytest_zacperf.worker.context import WorkerContext
from pytest_zacperf.worker.found import found_by, write_found
from pytest_zacperf.worker.sources import mapped, require_own_sources


def run_workload(
    request: RunRequest, context: WorkerContext, may_go_on: threading.Semaphore
) -> None:
    """Run what is asked for and leave its files in the run folder.

    Args:
        request: What is asked for.
        context: What the engine gets.
        may_go_on: Released when a run that waits at a gate may go on.

    Raises:
        ZacperfError: The engine cannot be used, or it gave what cannot be stored.
        Exception: Whatever the engine raises.

    """
    # Before the engine's modules are read: a commit during a long run is not what ran.
    where = environment.current_environment(_code_root(request), request.not_sources)
    gates = may_go_on if request.waits_for_others else None
    total = context.stage(WHOLE_RUN)  # before any other, so that it is listed first
    with conditions.forks_end_here():
        ready = _ready(request, context, where)
        engine, profiler = ready.engine, _profiler(request)
        conditions.make_quiet()  # what prepare() left behind is not this run's cost
        _wait_at_gate(0, context, gates)
        measurement, was_stopped = _measured_run(request, engine, context, total, profiler)
        _wait_at_gate(1, context, gates)  # what comes now would disturb a run still under way
        found = found_by(engine, context, measurement, was_stopped=was_stopped)
        _require_own_sources(request, engine)  # what run() and collect() have loaded, too
        effective = _effective(request.workload, engine)
        sources = {**_loaded_sources(request, engine), **ready.sources}
    order_events_hash = write_found(found, context, profiler)  # first: it looks at every value
    recorded, data = found.recorded, found.output.data_fingerprint
    result = WorkerResult(
        workload=effective,
        costs=found.costs,
        work=found.work,
        order_events_hash=order_events_hash,
        fingerprints=findings.fingerprints_of(sources, data, effective, where),
        environment=where,
        statistics=dict(recorded.statistics),
        counts=dict(context.counts),
        warnings=(*found.watched_by, *findings.warnings_of(found.output, context)),
        conditions=findings.conditions_of(measurement, found.costs),
        setup=ready.setup,
        downloads=queued.downloads_of(engine, tuple(recorded.stages), context.counts),
        invariants=ready.invariants,
        partial=was_stopped,
    )
    with store.storing(context.run_folder):
        store.write_worker_result(context.run_folder, result)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """An engine that is prepared, and what is known of it before it runs."""

    engine: Engine
    invariants: dict[str, InvariantValue]
    setup: Setup
    sources: dict[str, bytes]


def _ready(request: RunRequest, context: WorkerContext, where: Environment) -> _Ready:
    engine, invariants = _prepared(request, context)
    setup = queued.setup_of(engine, where)
    queued.require_expected(setup, where, request.expected)
    _require_own_sources(request, engine)
    # Before the run, too: what somebody edits meanwhile is not what ran.
    sources = _loaded_sources(request, engine)
    return _Ready(engine=engine, invariants=invariants, setup=setup, sources=sources)


def _wait_at_gate(
    number: int, context: WorkerContext, may_go_on: threading.Semaphore | None
) -> None:
    if may_go_on is not None:
        store.come_to_gate(context.run_folder, number)
        may_go_on.acquire()


def _prepared(
    request: RunRequest, context: WorkerContext
) -> tuple[Engine, dict[str, InvariantValue]]:
    workload = request.workload
    engine = load_engine(workload.engine)
    if workload.parameters:
        changed: object = engine.with_parameters(workload.parameters)
        engine = require_engine(changed, f"what with_parameters() of {engine.name} returned")
    # Before prepare(), which may need to know.
    invariants = queued.keep_invariants(engine, request.invariants)
    engine.prepare(workload.window, context)
    returned.require_parameters(engine)  # not only after a long run
    return engine, invariants


def _profiler(request: RunRequest) -> Profiler | None:
    if request.profile is None:
        return None
    return Profiler(_code_root(request), clock=request.profile, keep_on=queued.TimeLimitReached)


def _measured_run(
    request: RunRequest,
    engine: Engine,
    context: WorkerContext,
    total: StageContext,
    profiler: Profiler | None,
) -> tuple[Measurement, bool]:
    context.has_started = True
    watched = profiler or contextlib.nullcontext()
    was_stopped = False
    try:
        with (
            Meter() as meter,
            total,
            watched,
            context.watched_memory(),
            queued.time_limit(request.time_limit_s),
        ):
            engine.run(context)
    except queued.TimeLimitReached:
        was_stopped = True
    return meter.measurement, was_stopped


def _code_root(request: RunRequest) -> Path:
    return mapped(Path(request.root), request.sources)


def _require_own_sources(request: RunRequest, engine: Engine) -> None:
    require_own_sources(Path(request.root), request.sources, _measured_modules(request, engine))


def _effective(workload: Workload, engine: Engine) -> Workload:
    returned.require_parameters(engine)
    return Workload(
        engine=workload.engine,
        engine_name=engine.name,
        engine_version=engine.version,
        parameters=dict(engine.parameters),
        window=workload.window,
    )


def _loaded_sources(request: RunRequest, engine: Engine) -> dict[str, bytes]:
    modules = [*_measured_modules(request, engine), type(engine).__module__]
    paths = [mapped(Path(path), request.sources) for path in request.python_path]
    extras = [*environment.package_dirs(modules), *paths]
    root = _code_root(request)
    files: Iterable[Path] = getattr(engine, "code_files", ())
    return {
        **environment.loaded_sources(root, extras),
        **environment.hashed_files(root, files),
    }


def _measured_modules(request: RunRequest, engine: Engine) -> list[str]:
    module = resolve_reference(request.workload.engine).partition(":")[0]
    # Where the strategy is, when an engine that can say so has it in another installed package.
    strategies: Iterable[str] = getattr(engine, "code_modules", ())
    return [module, *strategies]


def reason_of(error: BaseException, day: dt.date | None, root: Path) -> str:
    """Return why a run failed, in one sentence.

    Args:
        error: What ended it.
        day: The simulated day it had come to; None where nobody knows.
        root: The project, whose own last line on the way to the error is named.

    """
    if isinstance(error, ZacperfError):
        return with_hint(str(error.problem), str(error.hint))
    line = environment.own_line(error.__traceback__, root)
    ending = "" if line is None else f", at {line}"
    ending += "" if day is None else f", on simulated day {day}"
    return one_line(error_sentence(error), LONGEST_REASON - len(ending)) + ending
