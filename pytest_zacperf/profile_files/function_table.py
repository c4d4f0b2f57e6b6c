"""The functions of a profile as CSV, in the columns that LumiBot gives its own profiles."""

from __future__ import annotations

from pytest_zacperf.profile_files.text import csv_bytes, seconds, thread_names
from pytest_zacperf.records import Profile, ProfiledFunction

COLUMNS = (
    *("full_name", "module", "lineno", "name", "ncall", "nactualcall"),
    *("ttot_s", "tsub_s", "tavg_s", "thread"),
)


def functions_csv(profile: Profile) -> bytes:
    """Return a CSV file with a row for each function and thread, the longest own time first.

    The figures are the profiler's: builtins have rows of their own, and ``tsub_s`` is without
    theirs. Names are yappi's, with the shortened path of the module; times are in seconds.

    Args:
        profile: What the profiler saw.

    """
    threads = thread_names(profile)
    named = [(_full_name(function), function) for function in profile.functions]
    named.sort(key=lambda row: (-row[1].own_ns, row[0], row[1].thread))
    rows = (
        (
            full_name,
            function.module,
            function.line,
            function.name,
            function.calls,
            function.actual_calls,
            seconds(function.total_ns),
            seconds(function.own_ns),
            seconds(round(function.total_ns / function.calls)),
            threads[function.thread],
        )
        for full_name, function in named
    )
    return csv_bytes(COLUMNS, rows)


def _full_name(function: ProfiledFunction) -> str:
    if function.is_builtin:
        return f"{function.module}.{function.name}"
    return f"{function.module}:{function.line} {function.name}"
