"""Which source says what a run of LEAN cost: from inside its container before from outside.

The client's own figures are in none of them: it waits, and 65 MB are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pytest_zacperf.engines import Figure, ReportedCosts
from pytest_zacperf.engines.lean.reading.records import LeanLog
from pytest_zacperf.engines.lean.watching import Seen

RUSAGE_FILE = "perf-rusage.json"
CONTAINER_RUSAGE, PROCESS_RUSAGE, ENGINE_LOG = "container-rusage", "process-rusage", "engine-log"


class Rusage(msgspec.Struct, frozen=True, kw_only=True):
    """What ``in_container/rusage.py`` writes: times in ns, memory in bytes.

    The two cgroup figures count cached files as well, so they are kept and not used.
    """

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    exit_status: int
    cgroup_memory_peak: str | None = None
    cgroup_cpu_stat: str | None = None


def read_rusage(output: Path) -> Rusage | None:
    """Return what was counted inside; None where the hook did not run to its end."""
    try:
        return msgspec.json.decode((output / RUSAGE_FILE).read_bytes(), type=Rusage)
    except (OSError, msgspec.DecodeError):
        return None


def costs_of(
    rusage: Rusage | None, source: str, seen: Sequence[Seen], log: LeanLog
) -> ReportedCosts:
    """Return what a run cost, each figure from the first source that has it.

    Args:
        rusage: What was counted inside.
        source: What that is called.
        seen: What was seen from outside, the better source first.
        log: What LEAN says of itself.

    """
    if rusage is not None:
        return ReportedCosts(
            wall=Figure(value=rusage.wall_ns, source=source),
            cpu=Figure(value=rusage.cpu_ns, source=source),
            peak_memory=Figure(value=rusage.peak_memory_bytes, source=source),
        )
    memory = [one.peak_memory for one in seen] + [_figure(log.process_bytes)]
    return ReportedCosts(
        wall=_figure(log.wall_ns),
        cpu=next((one.cpu for one in seen if one.cpu), None),
        peak_memory=next((one for one in memory if one), None),
    )


def _figure(value: int | None) -> Figure | None:
    return None if value is None else Figure(value=value, source=ENGINE_LOG)
