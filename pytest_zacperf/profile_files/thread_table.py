"""The threads of a profile as CSV, with what they took only to wait."""

from __future__ import annotations

from collections import Counter

from pytest_zacperf.profile_files.text import csv_bytes, seconds, thread_names
from pytest_zacperf.profile_files.waiting import waits
from pytest_zacperf.records import Profile

COLUMNS = ("thread", "id", "ttot_s", "waiting_s", "schedules")


def threads_csv(profile: Profile) -> bytes:
    """Return a CSV file with a row for each thread, in the order of their ids; times in seconds.

    ``waiting_s`` is the own time of the builtins that only wait, see ``waiting``; by CPU clock it
    is next to nothing.

    Args:
        profile: What the profiler saw.

    """
    names = thread_names(profile)
    waiting = waiting_ns(profile)
    rows = (
        (
            names[thread.id],
            thread.id,
            seconds(thread.total_ns),
            seconds(waiting[thread.id]),
            thread.schedules,
        )
        for thread in profile.threads
    )
    return csv_bytes(COLUMNS, rows)


def waiting_ns(profile: Profile) -> Counter[int]:
    """Return how long each thread, by its id, was in builtins that only wait."""
    found: Counter[int] = Counter()
    for function in profile.functions:
        if waits(function):
            found[function.thread] += function.own_ns
    return found
