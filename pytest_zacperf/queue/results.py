"""What is written down of a run that was executed: its result, and what its report is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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
from pytest_zacperf.records import Environment, Expectation, FunctionProfile, Run
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
    # Somebody may have shortened the plan file by hand.
    found = (result.run or {}).get("environment")
    return None if found is None else msgspec.convert(found, Environment)


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


def done(files: RunFiles, executed: Executed) -> RunResult:
    """Write the profile's files; return the result of a run that was executed.

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
        cpu_seconds=costs.cpu_ns / NS_PER_S,
        top_functions_csv=files.functions,
        top_threads_csv=files.threads,
        git_rev=git_revision(_environment(run)),
        timestamp_utc=utc_text(run.start_utc),
        notes=executed.note,
        partial=run.partial,
        peak_memory_bytes=costs.peak_memory_bytes,
        top_function=function_name(functions[0]) if functions else None,
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


def status_of(executed: Executed) -> Status:
    """Return how a run has ended."""
    return "error" if executed.has_failed else "done"


def growth_since_shorter(
    plan: Plan, plan_folder: Path, planned: PlannedRun, functions: Sequence[FunctionProfile]
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
        return run.id, grown_per_call(before, functions)
    return "", ()


def git_revision(environment: Environment) -> str:
    """Return the commit, with ``-dirty`` where files differed from it."""
    if environment.git_revision is None:
        return NO_REVISION
    return environment.git_revision + ("-dirty" if environment.git_dirty else "")


def function_name(function: FunctionProfile) -> str:
    """Return a function as the plan and the tables name it."""
    return f"{function.module}:{function.line} {function.name}"


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


def _days(planned: PlannedRun) -> int:
    return (planned.end - planned.start).days + 1


def _environment(run: Run) -> Environment:
    if run.environment is None:
        raise ValueError(f"run {run.id} has failed")
    return run.environment
