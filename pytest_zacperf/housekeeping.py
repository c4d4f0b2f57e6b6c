"""Prunes the run store by the settings; says what failed, and leaves it to others to print it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pytest_zacperf import retention
from pytest_zacperf.retention import KeptRun
from pytest_zacperf.settings import Settings
from pytest_zacperf.store import Entry, RunStore


def prune(
    run_store: RunStore, settings: Settings, *, clock_s: Callable[[], float] = time.time
) -> str | None:
    """Delete the runs that are too old or too many; never one that is in use.

    Returns:
        What could not be deleted, and why, in one sentence; None when all went well.

    """

    def choose(entries: Sequence[Entry]) -> frozenset[str]:
        return retention.to_delete(
            _kept_runs(run_store, entries),
            keep_runs=settings.keep_runs,
            keep_s=settings.keep_s,
            now_s=clock_s(),
        )

    try:
        problems = run_store.prune(choose)
    except OSError as e:
        problems = [f"{e.filename or run_store.folder}: {e.strerror or e}"]
    if not problems:
        return None
    more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
    return f"old runs could not be deleted: {problems[0]}{more}"


def _kept_runs(run_store: RunStore, entries: Sequence[Entry]) -> list[KeptRun]:
    sessions = {entry.session for entry in entries if entry.session is not None}
    in_use = {session for session in sessions if run_store.is_in_use(session)}
    # What was not written by us is not ours to delete, and does not count.
    return [
        KeptRun(
            id=entry.folder.name,
            modified_s=entry.modified_s,
            is_in_use=entry.session in in_use,
        )
        for entry in entries
        if entry.session is not None
    ]
