"""The state of a process in which a run is measured: its processors, no tracing, no garbage."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Collection, Iterator

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.worker import EXIT_FAILED

SET_CPUS = "cpus under [tool.zacperf]"


def keep_to(cpus: Collection[int]) -> None:
    """Let this process and its children run on these processors only; empty changes nothing.

    Call it before a numeric library is imported: they start as many threads as there are
    processors.

    Raises:
        SettingsError: The system has no affinity, or this process may not use one of them.

    """
    if not cpus:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise SettingsError(
            f"cpus = {sorted(cpus)} cannot be kept on {sys.platform}", f"remove {SET_CPUS}"
        )
    allowed = os.sched_getaffinity(0)
    if not set(cpus) <= allowed:
        raise SettingsError(
            f"cpus = {sorted(cpus)}: this process may use {sorted(allowed)} only",
            f"choose among them for {SET_CPUS}",
        )
    os.sched_setaffinity(0, cpus)


@contextlib.contextmanager
def forks_end_here() -> Iterator[None]:
    """Let nothing but this process leave the block: what the engine forked writes no results."""
    pid = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != pid:
            os._exit(EXIT_FAILED)


def make_quiet() -> None:
    """Collect what was left behind, so that the collector counts from zero."""
    gc.collect()


def tracing_problems() -> Iterator[str]:
    """Yield a sentence for everything that watches this process and makes it slow."""
    watchers = {"sys.settrace": sys.gettrace(), "sys.setprofile": sys.getprofile()}
    for name, watcher in watchers.items():
        if watcher is not None:
            what = getattr(watcher, "__module__", None) or type(watcher).__module__
            yield f"{name} of {what} was active in the worker: its times are too long"
    for name in _monitoring_tools():
        yield f"sys.monitoring of {name} was active in the worker: its times are too long"


def _monitoring_tools() -> Iterator[str]:
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    if monitoring is None:
        return
    for tool in range(6):  # as many as there can be
        name = monitoring.get_tool(tool)
        if name is not None:
            yield name
