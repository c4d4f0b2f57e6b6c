"""Costs of a run as people read them; a dash for what nothing measured."""

from __future__ import annotations

from pytest_zacperf.records import WORKER, Costs
from pytest_zacperf.units import format_bytes, format_ns

UNKNOWN = "-"


def wall_text(costs: Costs | None) -> str:
    """Return the elapsed time, or a dash."""
    known = None if costs is None else costs.known_wall_ns
    return UNKNOWN if known is None else format_ns(known)


def cpu_text(costs: Costs | None) -> str:
    """Return the CPU time, or a dash."""
    known = None if costs is None else costs.known_cpu_ns
    return UNKNOWN if known is None else format_ns(known)


def memory_text(costs: Costs | None) -> str:
    """Return the peak memory, or a dash."""
    known = None if costs is None else costs.known_peak_memory_bytes
    return UNKNOWN if known is None else format_bytes(known)


def sourced_wall(costs: Costs) -> str:
    """Return the elapsed time and its source, where that is not the worker's clock."""
    return _sourced(wall_text(costs), costs.wall_source)


def sourced_cpu(costs: Costs) -> str:
    """Return the CPU time and its source, where that is not the worker's clock."""
    return _sourced(cpu_text(costs), costs.cpu_source)


def sourced_memory(costs: Costs) -> str:
    """Return the peak memory and its source."""
    return f"{memory_text(costs)} ({costs.peak_memory_source})"


def _sourced(text: str, source: str) -> str:
    return text if source == WORKER else f"{text} ({source})"
