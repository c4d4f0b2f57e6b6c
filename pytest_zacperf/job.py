"""One run that is asked for: what tells it from others, and how it is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_zacperf.execution import Limits, OnDay
from pytest_zacperf.records import (
    Expectation,
    InvariantValue,
    MachineUse,
    ProfileClock,
    SourceTree,
    Workload,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run that is asked for: what tells it from others, and how it is executed.

    Attributes:
        workload: What is run.
        session: Runs of different sessions are different runs.
        machine: ``alone`` for a run that is timed or profiled.
        round: Number of the round; 0 is the single run of a session.
        side: Which side of which comparison; empty for the single run.
        sources: The revision it is run from; None for the working tree.
        cpus: Processors it keeps to, when these are not the runner's.
        limits: What the worker is allowed, when it is not what all are.
        layout: Number of the memory layout that it shares with the job beside it; None for one by
            chance.
        profile: Clock by which it is profiled; None for no profile.
        memory_by_stage: Whether the growth of its memory is attributed to stages.
        time_limit_s: Seconds after which it is stopped and what it has come to is kept.
        cache_folder: What it keeps between runs lies there; None for the store's own folder.
        invariants: What the engine must keep, name to value.
        expected: What must be as in the first run of its queue.
        on_day: Told every 100 ms which simulated day it has come to, None where it does not say.

    """

    workload: Workload
    session: str
    machine: MachineUse = "shared"
    round: int = 0
    side: str = ""
    sources: SourceTree | None = None
    cpus: tuple[int, ...] = ()
    limits: Limits | None = None
    layout: int | None = None
    profile: ProfileClock | None = None
    memory_by_stage: bool = False
    time_limit_s: float | None = None
    cache_folder: Path | None = None
    invariants: Mapping[str, InvariantValue] = field(default_factory=dict)
    expected: Expectation | None = None
    on_day: OnDay | None = None
