"""The finished windows of a plan as the fit of their costs wants them; loads scipy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.errors import ScalingError
from pytest_zacperf.functions import functions_of
from pytest_zacperf.plan import Plan, PlannedRun, RunResult
from pytest_zacperf.plan.queue import result_of
from pytest_zacperf.queue.files import read_profile
from pytest_zacperf.records import FunctionProfile
from pytest_zacperf.scaling import FullRange, Measured, axis_of, full_size, size_of
from pytest_zacperf.units import NS_PER_S

FINISH_MORE = "`zacperf run` works the pending ones off, `zacperf reset ID` makes one pending again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The windows of a plan that have run to their end, cache probes left out.

    Attributes:
        windows: With their functions.
        is_profiled: Whether their costs are those of profiled runs: they are unless each of them
            has a round without profiler.
        stopped: Ids of the windows that were stopped at a time limit, and are no part of it.

    """

    windows: list[Measured]
    is_profiled: bool
    stopped: tuple[str, ...]


def finished_windows(plan: Plan, plan_folder: Path) -> Finished:
    """Return the windows that have run to their end.

    Raises:
        ScalingError: None has finished.
        ZacperfError: A profile that the plan names is missing or damaged.

    """
    done = [
        (run, result)
        for run in plan.runs
        if run.status == "done" and not run.is_probe
        for result in [result_of(plan, run.id)]
        if not result.partial and result.wall_seconds_total is not None
    ]
    stopped = tuple(
        run.id for run in plan.runs if not run.is_probe and result_of(plan, run.id).partial
    )
    if not done:
        left = f"; {', '.join(stopped)} stopped at a time limit" if stopped else ""
        raise ScalingError(f"{plan.name} has no finished window{left}", FINISH_MORE)
    is_profiled = any(result.unprofiled is None for _, result in done)
    windows = [
        _measured(run, result, _functions(result, plan_folder), is_profiled=is_profiled)
        for run, result in done
    ]
    return Finished(windows=windows, is_profiled=is_profiled, stopped=stopped)


def full_range(plan: Plan, windows: list[Measured]) -> FullRange:
    """Return the longest window of a plan, finished or not, in the unit of those that are.

    Raises:
        ScalingError: Nobody knows how many bars a day has.

    """
    longest = max(
        (run for run in plan.runs if not run.is_probe), key=lambda run: run.end - run.start
    )
    for window in windows:
        if window.window == longest.id:
            return FullRange(window=longest.id, size=size_of(window, axis_of(windows)))
    return FullRange(window=longest.id, size=full_size(windows, longest.window.weekdays))


def _functions(result: RunResult, plan_folder: Path) -> tuple[FunctionProfile, ...]:
    if result.profile is None:
        return ()
    return functions_of(read_profile(plan_folder, result.profile))


def _measured(
    run: PlannedRun,
    result: RunResult,
    functions: tuple[FunctionProfile, ...],
    *,
    is_profiled: bool,
) -> Measured:
    plain = None if is_profiled else result.unprofiled
    wall_s = plain.wall_seconds if plain else result.wall_seconds_total
    cpu_s = plain.cpu_seconds if plain else result.cpu_seconds
    memory = plain.peak_memory_bytes if plain else result.peak_memory_bytes
    return Measured(
        window=run.id,
        days=result.trading_days or run.window.weekdays,
        data_points=result.data_points,
        wall_ns=round((wall_s or 0.0) * NS_PER_S),
        cpu_ns=round((cpu_s or 0.0) * NS_PER_S),
        peak_memory_bytes=memory or 0,
        functions=functions,
    )
