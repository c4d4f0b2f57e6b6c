"""Print what entering and leaving a stage costs; run it on an idle machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from pytest_zacperf.stages import StageTimer

ENTRIES = 100_000
REPETITIONS = 7


def nothing() -> None:
    """Be called."""


def empty(n: int) -> None:
    """Loop, to subtract."""
    for _ in range(n):
        pass


def plain(n: int) -> None:
    """Enter a stage that was looked up once."""
    stage = StageTimer().stage("data")
    for _ in range(n):
        with stage:
            pass


def nested(n: int) -> None:
    """Enter a stage within another one; both are counted."""
    timer = StageTimer()
    outer, inner = timer.stage("strategy"), timer.stage("risk")
    for _ in range(n // 2):
        with outer, inner:
            pass


def looked_up(n: int) -> None:
    """Enter a stage by its name."""
    timer = StageTimer()
    for _ in range(n):
        with timer.stage("data"):
            pass


def called(n: int) -> None:
    """Call a function, to subtract from the wrapped one."""
    for _ in range(n):
        nothing()


def wrapped(n: int) -> None:
    """Call a wrapped function."""
    function = StageTimer().wrap("data", nothing)
    for _ in range(n):
        function()


def wrapped_switched_off(n: int) -> None:
    """Call a function that a switched-off timer has wrapped: the function itself."""
    function = StageTimer(enabled=False).wrap("data", nothing)
    for _ in range(n):
        function()


def switched_off(n: int) -> None:
    """Enter a stage that is not timed."""
    stage = StageTimer(enabled=False).stage("data")
    for _ in range(n):
        with stage:
            pass


def ns_per_entry(function: Callable[[int], None]) -> float:
    """Return the median over repetitions, in ns per entry."""
    samples = []
    for _ in range(REPETITIONS):
        start_ns = time.perf_counter_ns()
        function(ENTRIES)
        samples.append((time.perf_counter_ns() - start_ns) / ENTRIES)
    return statistics.median(samples)


def main() -> None:
    """Measure and print."""
    loop_ns = ns_per_entry(empty)
    for name, function, base_ns in (
        ("plain", plain, loop_ns),
        ("nested", nested, loop_ns),
        ("looked up by name", looked_up, loop_ns),
        ("wrapped", wrapped, ns_per_entry(called)),
        ("switched off", switched_off, loop_ns),
        ("wrapped, off", wrapped_switched_off, ns_per_entry(called)),
    ):
        print(f"{name:18} {ns_per_entry(function) - base_ns:6.0f} ns per enter and exit")


if __name__ == "__main__":
    main()
