"""What is written down of a run that was executed: its result, and what its report is made of."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pytest_zacperf.call_growth import CallGrowth, grown_per_call
from pytest_zacperf.environment import current_environment
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.functions import functions_of
from pytest_zacperf.plan import Plan, PlannedRun, RunResult, Status, Unprofiled
from pytest_zacperf.plan.queue import result_of
from pytest_zacperf.queue.files import RunFiles, read_profile
from pytest_zacperf.queue.passes import Executed
from pytest_zacperf.queue.plan_queue import utc_text
from pytest_zacperf.records import WORKER, Costs, Environment, Expectation, Run
from pytest_zacperf.runner import Runner
from pytest_zacperf.sentences import one_line, with_hint
from pytest_zacperf.units import NS_PER_S

NO_REVISION = "no git revision"


def expectation(plan: Plan, planned: PlannedRun, *, changed_allowed: bool) -> Expectation | None:
    """Return what a run must have in common with the first finished one of the queue, or None."""
    for other in plan.runs:
        result = result_of(plan, other.id)
        setup = result.setup
        if other.status != "done" or other.id == planned.id or setup is None:
            continue
        keeps_lookbacks = bool(plan.invariants.get("lookbacks_unchanged"))
        return Expectation(
            first_run=other.id,
            parameters=setup.parameters if keeps_lookbacks else None,
            symbols=None if changed_allowed else setup.symbols,
            data_provider=None if changed_allowed else setup.data_provider,
            environment=None if changed_allowed else _environment_in(result),
        )
    return None


def _environment_in(result: RunResult) -> Environment | None:
    # Somebody may have shortened the plan by hand, or another version of this plugin wrote it.
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert((result.run or {}).get("environment"), Environment | None)
    return None


def compared_with(expected: Expectation | None) -> list[str]:
    """Return what a run was compared with, in sentences."""
    if expected is None:
        return ["the first run of the queue: the others are compared with it"]
    names = {
        "parameters": expected.parameters,
        "symbols": expected.symbols,
        "data provider": expected.data_provider,
        "environment": expected.environment,
    }
    same = [name for name, value in names.items() if value is not None]
    unknown = [name for name, value in names.items() if value is None]
    lines = [f"the same {', '.join(same)} as in {expected.first_run}"] if same else []
    return lines + ([f"not compared: {', '.join(unknown)}"] if unknown else [])


def done(files: RunFiles, executed: Executed, time_limit_s: float | None) -> RunResult:
    """Write the profile's files; return the result of a run that was executed.

    Args:
        files: Where they go.
        executed: Its passes.
        time_limit_s: After which it should have been stopped; None for no limit.

    Raises:
        OSError: What the disk says.

    """
    run, profile = executed.run, executed.profile
    costs = run.costs
    if costs is None or profile is None:
        raise ValueError(f"run {run.id} has failed")
    files.write_profile(profile)
    functions = functions_of(profile)
    downloads, work = run.downloads, run.work
    return RunResult(
        wall_seconds_total=costs.wall_ns / NS_PER_S,
        wall_seconds_no_download=(costs.wall_ns - downloads.wall_ns) / NS_PER_S
        if downloads
        else None,
        cpu_seconds=_seconds(costs.known_cpu_ns),
        top_functions_csv=files.functions,
        top_threads_csv=files.threads,
        git_rev=git_revision(_environment(run)),
        timestamp_utc=utc_text(run.start_utc),
        notes=", ".join(_notes(executed, costs, time_limit_s)),
        partial=run.partial,
        peak_memory_bytes=costs.known_peak_memory_bytes,
        top_function=functions[0].place if functions else None,
        data_points=work.data_points if work else None,
        trading_days=len(costs.memory_by_day) or files.planned.window.weekdays,
        pstat=files.pstat,
        speedscope=files.speedscope,
        profile=files.profile,
        report=files.report,
        unprofiled=unprofiled_of(executed.unprofiled),
        invariants=run.invariants,
        setup=run.setup,
        run=msgspec.to_builtins(run),
    )


def _notes(executed: Executed, costs: Costs, time_limit_s: float | None) -> Iterator[str]:
    if executed.note:
        yield executed.note
    limit_ns = (time_limit_s or math.inf) * NS_PER_S
    if not executed.run.partial and costs.wall_ns > limit_ns + NS_PER_S:
        yield "ran beyond the time limit, whose signal the strategy caught or replaced"
    if costs.cpu_source != WORKER:
        yield "the profile is of the process that waited for the backtest, and not of the backtest"


def failed(files: RunFiles, executed: Executed, runner: Runner) -> RunResult:
    """Return the result of a run that has none."""
    run = executed.run
    reason = with_hint(*executed.problem) if executed.problem else run.reason
    where = run.environment or current_environment(runner.root, runner.not_sources)
    return RunResult(
        wall_seconds_total=(run.end_utc - run.start_utc).total_seconds(),
        top_functions_csv="",
        top_threads_csv="",
        git_rev=git_revision(where),
        timestamp_utc=utc_text(run.start_utc),
        notes=one_line(reason or ""),
        report=files.report,
        run=msgspec.to_builtins(run),
    )


def not_run(reason: str, runner: Runner, now: dt.datetime) -> RunResult:
    """Return the result of a run that could not even begin."""
    return RunResult(
        wall_seconds_total=0.0,
        top_functions_csv="",
        top_threads_csv="",
        git_rev=git_revision(current_environment(runner.root, runner.not_sources)),
        timestamp_utc=utc_text(now),
        notes=one_line(reason),
    )


def stamp_of_last(plan: Plan, run_id: str) -> str:
    """Return what tells the newest result of a run from others: when it began, for a file name."""
    result = result_of(plan, run_id)
    entries = [{"timestamp_utc": result.timestamp_utc}, *reversed(result.history)]
    begun = next((str(one["timestamp_utc"]) for one in entries if one.get("timestamp_utc")), "")
    return "".join(character for character in begun if character.isalnum()) or "earlier"


def status_of(executed: Executed) -> Status:
    """Return how a run has ended."""
    return "error" if executed.has_failed else "done"


def growth_since_shorter(
    plan: Plan, plan_folder: Path, planned: PlannedRun, executed: Executed
) -> tuple[str, tuple[CallGrowth, ...]]:
    """Return the longest finished window that is shorter than a stopped run, and what grew.

    The id is empty where no shorter one has finished, or its profile cannot be read.
    """
    days = _days(planned)
    shorter = [
        run
        for run in plan.runs
        if run.status == "done" and _days(run) < days and not result_of(plan, run.id).partial
    ]
    for run in sorted(shorter, key=_days, reverse=True):
        name = result_of(plan, run.id).profile
        if name is None:
            continue
        try:
            before = functions_of(read_profile(plan_folder, name))
        except ZacperfError:  # somebody has deleted it
            continue
        functions = functions_of(executed.profile) if executed.profile else ()
        work = _days_ratio(result_of(plan, run.id), executed.run)
        return run.id, grown_per_call(before, functions, work=work)
    return "", ()


def _days_ratio(before: RunResult, after: Run) -> float | None:
    """Return how many times as many days a run came to; None where the engine is silent."""
    days_before = len(((before.run or {}).get("costs") or {}).get("memory_by_day") or ())
    days_after = len(after.costs.memory_by_day) if after.costs else 0
    return days_after / days_before if days_before and days_after else None


def git_revision(environment: Environment) -> str:
    """Return the commit, with ``-dirty`` where files differed from it."""
    if environment.git_revision is None:
        return NO_REVISION
    return environment.git_revision + ("-dirty" if environment.git_dirty else "")


def unprofiled_of(run: Run | None) -> Unprofiled | None:
    """Return the figures of the round without profiler."""
    if run is None or run.costs is None:
        return None
    return Unprofiled(
        wall_seconds=run.costs.wall_ns / NS_PER_S,
        cpu_seconds=run.costs.cpu_ns / NS_PER_S,
        peak_memory_bytes=run.costs.peak_memory_bytes,
        run=run.id,
    )


def _seconds(ns: int | None) -> float | None:
    return None if ns is None else ns / NS_PER_S


def _days(planned: PlannedRun) -> int:
    return (planned.end - planned.start).days + 1


def _environment(run: Run) -> Environment:
    if run.environment is None:
        raise ValueError(f"run {run.id} has failed")
    return run.environment
