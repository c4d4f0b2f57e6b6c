from __future__ import annotations

from support.plans import plan_of, run_of

from pytest_zacperf.queue.finished import full_range
from pytest_zacperf.scaling import Measured


def window(name: str, days: int, bars: int) -> Measured:
    return Measured(
        window=name, days=days, data_points=bars, wall_ns=1, cpu_ns=1, peak_memory_bytes=1
    )


def test_the_longest_window_has_the_size_that_it_had_when_it_ran() -> None:
    plan = plan_of(run_of("short"), run_of("long", 4))
    # Its days had fewer bars than those of the other one.
    found = full_range(plan, [window("short", 1, 390), window("long", 4, 1_000)])
    assert (found.window, found.size) == ("long", 1_000)


def test_a_longest_window_that_has_not_run_has_the_usual_bars_of_its_days() -> None:
    plan = plan_of(run_of("short"), run_of("long", 4))
    found = full_range(plan, [window("short", 1, 390)])
    assert (found.window, found.size) == ("long", 4 * 390)
