"""What the queue writes down of a run: the keys of ``results._schema``, and what else there is."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from pytest_zacperf.records import InvariantValue, Setup

Policy: TypeAlias = Literal["single", "preload", "two_pass"]


class DecidedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the cache probe decided, as far as the queue needs it again; see ``probe.Decision``."""

    cache_policy: Policy | None = None


class Unprofiled(msgspec.Struct, frozen=True, kw_only=True):
    """The round without profiler, which says what the profiler cost."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    run: str = ""


class RunResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of one run; the first eight keys are those of ``results._schema``.

    Times and memory are of the profiled run unless a name says otherwise, so they are no
    measurement. Paths are relative to the plan file.

    Attributes:
        wall_seconds_total: Elapsed time; of a run that failed, until it did.
        wall_seconds_no_download: The same without the stage ``download``; None where the engine
            may download and does not say.
        cpu_seconds: Of the process tree; None when it failed.
        top_functions_csv: Functions by own time; empty when it failed.
        top_threads_csv: Threads.
        git_rev: Commit of the project, with ``-dirty`` where files differed from it.
        timestamp_utc: When it began.
        notes: ``cache-warm pass``, ``preloaded``, or the first line of what went wrong.
        partial: Whether it was stopped at its time limit.
        peak_memory_bytes: Of the process tree.
        top_function: The one with the longest own time.
        data_points: Bars or ticks; None where the engine cannot count.
        trading_days: Simulated days, as the engine reported them; else the weekdays.
        pstat: For ``pstats`` and what reads its files.
        speedscope: For speedscope.app.
        profile: What the other files are made of.
        report: What is to be read first.
        unprofiled: The round without profiler, where the plan asks for one.
        invariants: As they were in effect.
        setup: What must be the same in all runs of the queue.
        run: The whole record of the run.
        history: Earlier results, the oldest first.

    """

    wall_seconds_total: float | None = None
    wall_seconds_no_download: float | None = None
    cpu_seconds: float | None = None
    top_functions_csv: str | None = None
    top_threads_csv: str | None = None
    git_rev: str | None = None
    timestamp_utc: str | None = None
    notes: str | None = None
    partial: bool = False
    peak_memory_bytes: int | None = None
    top_function: str | None = None
    data_points: int | None = None
    trading_days: int | None = None
    pstat: str | None = None
    speedscope: str | None = None
    profile: str | None = None
    report: str | None = None
    unprofiled: Unprofiled | None = None
    invariants: dict[str, InvariantValue] | None = None
    setup: Setup | None = None
    run: dict[str, Any] | None = None
    history: list[Any] = msgspec.field(default_factory=list)
