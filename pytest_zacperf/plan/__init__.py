"""The plan file: date windows, the queue and its results; reads and writes no file itself."""

from __future__ import annotations

from pytest_zacperf.plan.reading import EXAMPLE, parse_plan
from pytest_zacperf.plan.records import (
    CACHE_PROBE,
    CachePolicy,
    Meta,
    Plan,
    PlannedRun,
    RunningMark,
    Status,
)
from pytest_zacperf.plan.results import DecidedPolicy, Policy, RunResult, Unprofiled
from pytest_zacperf.plan.windows import select_windows

__all__ = [
    "CACHE_PROBE",
    "EXAMPLE",
    "CachePolicy",
    "DecidedPolicy",
    "Meta",
    "Plan",
    "PlannedRun",
    "Policy",
    "RunResult",
    "RunningMark",
    "Status",
    "Unprofiled",
    "parse_plan",
    "select_windows",
]
