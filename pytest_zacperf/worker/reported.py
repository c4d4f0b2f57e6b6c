"""Costs that an engine reports because the worker's clocks do not reach its backtest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from pytest_zacperf.engines import BacktestOutput, Engine, Figure, ReportedCosts
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import NOT_MEASURED, WHOLE_RUN, Costs, StageTiming

SEE_COSTS = "see pytest_zacperf.engines.ReportedCosts"


def reported_costs(measured: Costs, engine: Engine, output: BacktestOutput) -> Costs:
    """Return the costs of a run: as the worker measured them, or as the engine reports them.

    What an engine in a container does not report is not measured: the worker's own figures are
    those of a client that waits.

    Raises:
        EngineError: A reported figure cannot be one.

    """
    if not engine.capabilities.reports_costs:
        return measured
    reported = output.costs or ReportedCosts()
    wall = _checked("wall", reported.wall)
    cpu = _checked("cpu", reported.cpu)
    memory = _checked("peak_memory", reported.peak_memory)
    return msgspec.structs.replace(
        measured,
        wall_ns=wall.value,
        wall_source=wall.source,
        cpu_ns=cpu.value,
        cpu_source=cpu.source,
        peak_memory_bytes=memory.value,
        peak_memory_source=memory.source,
        stages=tuple(_stages(measured.stages, wall)),
        memory_by_day=(),
        memory_by_stage=(),
    )


def _stages(stages: Iterable[StageTiming], wall: Figure) -> Iterable[StageTiming]:
    for stage in stages:
        if stage.name != WHOLE_RUN:
            yield stage
        elif wall.source != NOT_MEASURED:
            yield msgspec.structs.replace(stage, total_ns=wall.value, max_ns=wall.value)


def _checked(name: str, figure: object) -> Figure:
    if figure is None:
        return Figure(value=0, source=NOT_MEASURED)
    if not isinstance(figure, Figure):
        raise EngineError(f"costs.{name} is {type(figure).__name__}, no Figure", SEE_COSTS)
    value, source = cast("tuple[object, object]", (figure.value, figure.source))
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise EngineError(f"costs.{name} = {value!r} is no number of ns or bytes", SEE_COSTS)
    if not isinstance(source, str) or not source:
        raise EngineError(f"costs.{name} does not say where it comes from", SEE_COSTS)
    return figure
