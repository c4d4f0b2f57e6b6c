"""An engine's three steps in this process, for tests of what it gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.engines import BacktestOutput, Engine
from pytest_zacperf.parity import canonical
from pytest_zacperf.records import OrderEvent, Window
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.worker.context import WorkerContext

ONE_DAY = Window(id="day", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 1))


def context_in(folder: Path) -> WorkerContext:
    """Return what a worker gives an engine."""
    return WorkerContext(
        run_folder=folder,
        cache_folder=folder,
        stages=StageTimer(),
        progress_file=store.open_progress(folder),
    )


def output_of(engine: Engine, folder: Path, window: Window = ONE_DAY) -> BacktestOutput:
    """Run an engine."""
    context = context_in(folder)
    engine.prepare(window, context)
    engine.run(context)
    return engine.collect(context)


def events_of(engine: Engine, output: BacktestOutput) -> list[OrderEvent]:
    """Return the order events as they are stored."""
    return canonical(output.order_events, engine.volatile)


def told(events: list[OrderEvent]) -> list[str]:
    """Return each event in a few words: order, status, type, side, quantity."""
    return [
        f"{one.order_id} {one.status} {one.type} {one.side} {one.fill_quantity or one.quantity:g}"
        for one in events
    ]
