"""One run in full, as lines of text; decides nothing and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_zacperf.records import Costs, Run, StageTiming, StatisticValue, Work, Workload
from pytest_zacperf.render.costs import sourced_cpu, sourced_memory, sourced_wall
from pytest_zacperf.render.text import Table, escape, table_lines
from pytest_zacperf.units import NS_PER_S, format_count, format_ns

STAGE_HEADER = ("stage", "total", "share", "count", "mean", "max")
STAGE_NOTE = "(a stage includes the stages entered within it)"
STAGE_NUMBERS = frozenset({1, 2, 3, 4, 5})
STATISTIC_HEADER = ("statistic", "value")
STATISTIC_NUMBERS = frozenset({1})


def run_lines(run: Run) -> list[str]:
    """Return what a run did and what it cost, or why it failed."""
    lines: list[str] = []
    for table in run_tables(run):
        lines += ["", *table_lines(table.header, table.rows, numbers=table.numbers)]
        lines += [table.note] if table.note else []
    if run.warnings:
        lines += ["", *warning_lines(run)]
    return lines[1:]


def run_tables(run: Run) -> list[Table]:
    """Return what a run did and what it cost: pairs, and its stages and statistics if any."""
    tables = [Table(rows=tuple((name, escape(text)) for name, text in _pairs(run)))]
    if run.costs and run.costs.stages:
        tables.append(stage_table(run.costs))
    if run.statistics:
        cells = tuple((escape(name), _value(value)) for name, value in run.statistics.items())
        tables.append(Table(header=STATISTIC_HEADER, rows=cells, numbers=STATISTIC_NUMBERS))
    return tables


def stage_table(costs: Costs) -> Table:
    """Return what each stage took: all entries together, their mean, and the longest one."""
    rows = tuple(_stage_cells(stage, costs.wall_ns) for stage in costs.stages)
    return Table(header=STAGE_HEADER, rows=rows, numbers=STAGE_NUMBERS, note=STAGE_NOTE)


def warning_lines(run: Run) -> list[str]:
    """Return what a reader of the results must know about their data."""
    return [f"warning: {escape(text)}" for text in run.warnings]


def engine_text(workload: Workload) -> str:
    """Return the engine and its parameters, not yet escaped."""
    name = f"{workload.engine_name} {workload.engine_version}".strip() or workload.engine
    return ", ".join([name, *(f"{k}={v}" for k, v in workload.parameters.items())])


def _pairs(run: Run) -> Iterator[tuple[str, str]]:
    workload = run.workload
    yield "status", run.status if run.reason is None else f"{run.status}: {run.reason}"
    yield "window", f"{workload.window.start} to {workload.window.end}"
    yield "engine", engine_text(workload)
    if run.partial:
        yield "partial", "stopped at its time limit, so it has no result"
    if run.work and run.costs:
        yield from _work_pairs(run.work, run.costs)
    if run.costs:
        yield from _cost_pairs(run.costs)
    if run.profile is not None:
        yield "profiled", f"by {run.profile} clock: its times are no measurement"


def _work_pairs(work: Work, costs: Costs) -> Iterator[tuple[str, str]]:
    yield "orders", format_count(work.orders)
    yield "order events", format_count(work.order_events)
    if work.data_points is not None:
        rate = work.data_points * NS_PER_S / costs.cpu_ns if costs.cpu_ns else 0
        speed = f" ({format_count(rate)} per CPU second)" if rate else ""
        yield "data points", format_count(work.data_points) + speed
    if work.final_equity is not None:
        yield "final equity", _value(work.final_equity)


def _cost_pairs(costs: Costs) -> Sequence[tuple[str, str]]:
    return (
        ("wall", sourced_wall(costs)),
        ("CPU", sourced_cpu(costs)),
        ("peak memory", sourced_memory(costs)),
    )


def _stage_cells(stage: StageTiming, wall_ns: int) -> tuple[str, ...]:
    return (
        escape(stage.name),
        format_ns(stage.total_ns),
        f"{stage.total_ns / wall_ns:.1%}" if wall_ns else "-",
        format_count(stage.count),
        format_ns(stage.total_ns / stage.count) if stage.count else "-",
        format_ns(stage.max_ns),
    )


def _value(value: StatisticValue) -> str:
    if value is None:
        return "-"
    # All digits: two runs are compared by eye, too.
    return escape(value) if isinstance(value, str) else f"{value:,}"
