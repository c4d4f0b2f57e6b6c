"""The report of one run of a profiling plan, in Markdown; decides nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_zacperf.plan.probe import Decision, Download, FunctionChange
from pytest_zacperf.records import FunctionProfile, ProfileClock
from pytest_zacperf.render.costs import sourced_cpu, sourced_memory
from pytest_zacperf.render.run import stage_table
from pytest_zacperf.render.scaling import growth_lines
from pytest_zacperf.render.stages import stage_sides_table
from pytest_zacperf.render.text import Table, escape, markdown_table
from pytest_zacperf.run_report import RunReport
from pytest_zacperf.stage_comparison import stage_sides
from pytest_zacperf.units import format_bytes, format_count, format_ns, format_seconds

MOST_FUNCTIONS = 10
FUNCTION_HEADER = ("function", "own", "share", "total", "calls", "own per call")
CHANGE_HEADER = ("function", "cold", "warm", "saved")
CLOCKS: Mapping[ProfileClock, str] = {
    "wall": "Times are those of a profiled run and no measurement; by wall clock they include "
    "waiting. Own time includes that of builtins.",
    "cpu": "CPU times are those of a profiled run and no measurement. Own time includes that of "
    "builtins.",
}


def run_report_lines(report: RunReport) -> list[str]:
    """Return the report: window, figures, stages, top functions, invariants, what was compared."""
    lines = [f"# {escape(report.planned.id)}: {report.status}", ""]
    lines += markdown_table(Table(header=("", ""), rows=tuple(_facts(report))))
    for title, part in _parts(report):
        lines += ["", f"## {title}", "", *part]
    return lines


def _facts(report: RunReport) -> Iterator[tuple[str, str]]:
    planned, result, run = report.planned, report.result, report.run
    yield "window", f"{planned.start} to {planned.end}, {escape(planned.label or 'no label')}"
    yield "revision", escape(result.git_rev or "-")
    yield "begun", result.timestamp_utc or "-"
    if result.notes:
        yield "notes", escape(result.notes)
    yield "run", f"{escape(run.id)}, `zacperf show` has the whole of it"
    if report.status == "error":
        yield "errors", escape(report.log)
    if result.partial:
        yield "partial", "stopped at the time limit, so it has no outcome"
    if run.costs is None or report.status != "done":
        return
    yield "wall", _wall(report)
    yield "CPU", sourced_cpu(run.costs)
    yield "peak memory", sourced_memory(run.costs)
    yield from _profiler_cost(report)
    if run.work is not None:
        points = run.work.data_points
        yield "data points", "not counted" if points is None else format_count(points)
        yield "orders", f"{run.work.orders} with {run.work.order_events} order events"
    yield "simulated days", str(result.trading_days)


def _wall(report: RunReport) -> str:
    total_s = report.result.wall_seconds_total or 0.0
    without_s = report.result.wall_seconds_no_download
    if without_s is None:
        return f"{format_seconds(total_s)}; what of it was download is not known"
    return f"{format_seconds(total_s)}, {format_seconds(without_s)} without download"


def _profiler_cost(report: RunReport) -> Iterator[tuple[str, str]]:
    plain = report.unprofiled
    if plain is None or plain.costs is None or report.run.costs is None:
        return
    costs, ratio = plain.costs, report.run.costs.cpu_ns / max(plain.costs.cpu_ns, 1)
    cost = f"the profiler made it {ratio:.1f} times as long (CPU)"
    if plain.partial or report.run.partial:
        cost = "not comparable, for one of both was stopped at the time limit"
    yield "without profiler", f"{format_ns(costs.wall_ns)}, CPU {format_ns(costs.cpu_ns)}: {cost}"


def _parts(report: RunReport) -> Iterator[tuple[str, list[str]]]:
    run = report.run
    if report.result.partial:
        yield "What grew", ["```text", *growth_report(report), "```"]
    if report.decision is not None:
        yield "Cold and warm", _decision(report.decision, report)
    if run.costs is not None and run.costs.stages:
        yield "Stages", markdown_table(stage_table(run.costs))
    if report.functions:
        yield "Functions", [*_functions(report.functions), "", CLOCKS[run.profile or "wall"]]
    yield "Invariants and setup", _setup(report)
    if report.compared:
        yield "Compared", [f"- {escape(text)}" for text in report.compared]


def growth_report(report: RunReport) -> list[str]:
    """Return which functions of a stopped run have become slower, call by call."""
    if not report.shorter:
        return ["no shorter window of this plan has finished, so nothing was compared"]
    return growth_lines(report.growths, report.shorter, report.planned.id)


def _functions(functions: Sequence[FunctionProfile]) -> list[str]:
    whole_ns = max(sum(function.own_ns for function in functions), 1)
    rows = tuple(
        (
            escape(function.place),
            format_ns(function.own_ns),
            f"{function.own_ns / whole_ns:.1%}",
            format_ns(function.total_ns),
            format_count(function.calls),
            format_ns(function.own_ns / max(function.calls, 1)),
        )
        for function in functions[:MOST_FUNCTIONS]
    )
    return markdown_table(Table(header=FUNCTION_HEADER, rows=rows, numbers=frozenset(range(1, 6))))


def _setup(report: RunReport) -> list[str]:
    result = report.result
    rows = [(escape(name), escape(str(value))) for name, value in (result.invariants or {}).items()]
    if result.setup is not None:
        setup = result.setup
        symbols = "the engine does not say" if setup.symbols is None else ", ".join(setup.symbols)
        rows += [
            ("symbols", escape(symbols)),
            ("data provider", escape(setup.data_provider or "the engine does not say")),
            ("parameters", setup.parameters),
            ("environment", setup.environment),
        ]
    return markdown_table(Table(header=("", ""), rows=tuple(rows))) if rows else ["Not known."]


def _decision(decision: Decision, report: RunReport) -> list[str]:
    walls = [format_seconds(decision.cold_wall_seconds), format_seconds(decision.warm_wall_seconds)]
    downloads = [_download(decision.cold_download), _download(decision.warm_download)]
    change = f"{decision.delta_wall_seconds:+.2f} s"
    lines = [
        f"- {escape(decision.reason)}",
        f"- wall without profiler {walls[0]} cold, {walls[1]} warm: {change}",
        f"- download: {downloads[0]} cold, {downloads[1]} warm",
        "- both did the same work",
    ]
    lines += _sides(decision, report)
    for title, changes in (
        ("own time", decision.own_time),
        ("cumulative time", decision.cumulative_time),
    ):
        lines += ["", f"Functions by change of {title}:", "", *_changes(changes)]
    return lines


def _sides(decision: Decision, report: RunReport) -> list[str]:
    sides = (report.run, report.other_side)
    cold, warm = sides if report.planned.id == decision.cold else sides[::-1]
    stages = stage_sides(cold, warm)
    return ["", *markdown_table(stage_sides_table(stages, ("cold", "warm")))] if stages else []


def _changes(changes: Sequence[FunctionChange]) -> list[str]:
    rows = tuple(
        (
            escape(one.function),
            format_seconds(one.cold_seconds),
            format_seconds(one.warm_seconds),
            format_seconds(one.saved_seconds),
        )
        for one in changes
    )
    if not rows:
        return ["None was called."]
    return markdown_table(Table(header=CHANGE_HEADER, rows=rows, numbers=frozenset({1, 2, 3})))


def _download(found: Download | None) -> str:
    if found is None:
        return "unknown"
    requests = "requests not counted" if found.requests is None else f"{found.requests} requests"
    size = "bytes not counted" if found.bytes is None else format_bytes(found.bytes)
    return f"{format_seconds(found.seconds)} ({requests}, {size})"
