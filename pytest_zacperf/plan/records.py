"""What a plan file holds, as types; keys beyond these are kept in the file and have no meaning."""

from __future__ import annotations

import datetime as dt
import posixpath
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from pytest_zacperf.records import InvariantValue, ProfileClock, Window

CACHE_PROBE = "cache_probe"
COLD, WARM = f"{CACHE_PROBE}_cold", f"{CACHE_PROBE}_warm"
OUTPUT_DIR = "profiling"  # where the plan names none
PHASE0 = "phase0"  # what the results of the cache probe are called

Status: TypeAlias = Literal["pending", "running", "done", "error"]
CachePolicy: TypeAlias = Literal["preload", "two_pass"]
Ratio: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]


class RunningMark(msgspec.Struct, frozen=True, kw_only=True):
    """Which process executes a run.

    Attributes:
        host: Name of its machine.
        pid: Its number there.
        process_started_s: When it was started, in seconds since 1970 UTC: numbers come again.
        started_utc: When it took the run.

    """

    host: str
    pid: int
    process_started_s: float
    started_utc: str


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the queue; keys beyond these stay in ``Plan.document``.

    Attributes:
        id: Name of the run and of its window, unique within the plan.
        start: First day, inclusive.
        end: Last day, inclusive.
        label: Group of the window.
        status: How far the queue has come with it.
        timed: Whether a round without profiler comes first; None for what ``meta`` says.
        running: Who executes it; None unless somebody does.

    """

    id: str
    start: dt.date
    end: dt.date
    label: str = ""
    status: Status = "pending"
    timed: bool | None = None
    running: RunningMark | None = None

    @property
    def window(self) -> Window:
        """Its window."""
        return Window(id=self.id, start=self.start, end=self.end, label=self.label)

    @property
    def is_probe(self) -> bool:
        """Whether it belongs to phase 0, which asks what the cache is worth."""
        return self.label.startswith(CACHE_PROBE)


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """How the queue is worked off.

    Attributes:
        profiler: Ours is yappi.
        clock_type: What the profiler measures by: ``WALL`` or ``CPU``.
        output_dir: Where profiles and reports go, relative to the plan file.
        timed: Whether each run has a round without profiler first.
        cache_policy: What phase 1 does where the cache matters: one pass that only fills it, or
            two profiled ones of which the second counts.
        cache_material_ratio: Part of the warm wall time from which on the cache matters.

    """

    profiler: Literal["yappi"] = "yappi"
    clock_type: Literal["WALL", "CPU"] = "WALL"
    output_dir: str = OUTPUT_DIR
    timed: bool = False
    cache_policy: CachePolicy = "preload"
    cache_material_ratio: Ratio = 0.10

    @property
    def clock(self) -> ProfileClock:
        """The profiler's clock."""
        return "cpu" if self.clock_type == "CPU" else "wall"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan file that was read.

    Attributes:
        name: Where it was read from, for messages.
        text: What the file holds.
        meta: How its queue is worked off.
        invariants: What every run must keep, name to value.
        runs: The queue, in the order of the file.
        results: Run id to its result, and ``_schema``.
        document: The whole file, unknown keys included.

    """

    name: str
    text: str
    meta: Meta
    invariants: dict[str, InvariantValue]
    runs: tuple[PlannedRun, ...]
    results: dict[str, Any]
    document: dict[str, Any]

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows of all runs, in the order of the file."""
        return tuple(run.window for run in self.runs)

    @property
    def test_windows(self) -> tuple[Window, ...]:
        """Those that a test may see: all but cache probes."""
        return tuple(run.window for run in self.runs if not run.is_probe)

    def not_sources(self, plan_file: str) -> tuple[str, ...]:
        """Return what our queue writes, so that it is no change of code: relative as the file."""
        folder = posixpath.join(posixpath.dirname(plan_file), self.meta.output_dir)
        return plan_file, folder
