"""The same small loop, timed over and over: how steady this machine is at the moment."""

from __future__ import annotations

import time

# About 5 ms of pure Python: longer than the kernel's turn-taking, short enough for hundreds.
LOOP = 100_000


def loop_times_ns(seconds: float) -> list[int]:
    """Return the elapsed time of each loop, in ns, for about so many seconds; at least two."""
    deadline_ns = time.perf_counter_ns() + int(seconds * 1e9)
    times: list[int] = []
    while len(times) < 2 or time.perf_counter_ns() < deadline_ns:  # noqa: PLR2004 - a spread
        start_ns = time.perf_counter_ns()
        for _ in range(LOOP):
            pass
        times.append(time.perf_counter_ns() - start_ns)
    return times
