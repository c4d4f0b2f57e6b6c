from __future__ import annotations

import subprocess
import sys
import time

import pytest

from pytest_zacperf.stages import NO_STAGE, StageTimer, Timing


class FakeClock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.now_ns)

    def spend(self, ns: int) -> None:
        self.now_ns += ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    return FakeClock(monkeypatch)


def test_a_stage_sums_its_entries_and_keeps_the_longest(clock: FakeClock) -> None:
    timer = StageTimer()
    for ns in (5, 9, 2):
        with timer.stage("data"):
            clock.spend(ns)
    assert timer.timings() == (Timing(name="data", total_ns=16, count=3, max_ns=9),)


def test_the_time_of_a_stage_includes_the_stages_within(clock: FakeClock) -> None:
    timer = StageTimer()
    with timer.stage("strategy"):
        clock.spend(1)
        with timer.stage("risk"):
            clock.spend(10)
    assert [(t.name, t.total_ns) for t in timer.timings()] == [("strategy", 11), ("risk", 10)]


def test_a_stage_entered_within_itself_counts_its_time_once(clock: FakeClock) -> None:
    timer = StageTimer()
    with timer.stage("orders"):
        clock.spend(1)
        with timer.stage("orders"):
            clock.spend(10)
    assert timer.timings() == (Timing(name="orders", total_ns=11, count=2, max_ns=11),)


def test_a_stage_that_an_error_leaves_is_timed(clock: FakeClock) -> None:
    timer = StageTimer()

    def fail() -> None:
        with timer.stage("data"):
            clock.spend(7)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert timer.timings() == (Timing(name="data", total_ns=7, count=1, max_ns=7),)


def test_a_wrapped_function_is_timed_and_keeps_its_name_and_result(clock: FakeClock) -> None:
    timer = StageTimer()

    def double(n: int) -> int:
        clock.spend(n)
        return 2 * n

    timed = timer.wrap("metrics", double)
    assert (timed(4), timed.__name__) == (8, "double")
    assert timer.timings() == (Timing(name="metrics", total_ns=4, count=1, max_ns=4),)


def test_a_stage_never_entered_is_not_listed() -> None:
    timer = StageTimer()
    timer.stage("data")
    assert timer.timings() == ()


def test_a_timer_switched_off_times_nothing_and_wraps_nothing() -> None:
    timer = StageTimer(enabled=False)
    assert timer.stage("data") is NO_STAGE
    assert timer.wrap("data", len) is len
    with timer.stage("data"):
        pass
    assert timer.timings() == ()


def test_the_stage_timer_loads_nothing_else_of_the_package() -> None:
    script = (
        "import sys, pytest_zacperf.stages\n"
        "print(sorted(m for m in sys.modules if m.startswith('pytest_zacperf')))"
    )
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "['pytest_zacperf', 'pytest_zacperf.stages']"
