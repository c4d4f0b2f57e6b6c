"""All that is known of one run of a profiling plan, as its report shows it; decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf.call_growth import CallGrowth
from pytest_zacperf.plan import PlannedRun, RunResult, Status
from pytest_zacperf.plan.probe import Decision
from pytest_zacperf.records import FunctionProfile, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of a plan.

    Attributes:
        planned: The run.
        status: How it has ended.
        run: The profiled run, or the pass that failed.
        unprofiled: The round without profiler; None where none was asked for.
        result: What the plan file says.
        functions: The longest own time first.
        compared: What it was compared with, in sentences.
        log: Where the run's errors are, below the project.
        decision: What the cache probe has shown; None unless the run belongs to it.
        other_side: The other run of the cache probe; None unless the run belongs to it.
        shorter: The finished window that a stopped run was compared with; empty for none.
        growths: Functions of a stopped run whose calls have become slower.

    """

    planned: PlannedRun
    status: Status
    run: Run
    unprofiled: Run | None
    result: RunResult
    functions: Sequence[FunctionProfile]
    compared: Sequence[str]
    log: str
    decision: Decision | None = None
    other_side: Run | None = None
    shorter: str = ""
    growths: Sequence[CallGrowth] = ()
