"""How rounds are laid out, by which clock, how long that takes, and what counts as disturbed."""

from __future__ import annotations

import msgspec
import pytest
from support.timed_runs import timed_pair, timed_run

from pytest_zacperf import schedule
from pytest_zacperf.records import Run
from pytest_zacperf.schedule import Capacity, Choice, Schedule

ROOM = Capacity(processors=(0, 1), free_memory_bytes=10_000_000_000)
LOOKS = (5, 8, 11, 15)
COMPUTES = timed_run()
WAITS = timed_run(400.0, wall_ms=1000.0)
PARALLEL = timed_run(2500.0, wall_ms=1000.0)
THREADED = timed_run(main_thread_ms=600.0)
FAILED = msgspec.structs.replace(COMPUTES, costs=None)
UNKNOWN = msgspec.structs.replace(COMPUTES, conditions=None)


def choice(candidate: Run = COMPUTES, capacity: Capacity = ROOM, **asked: str) -> Choice:
    return schedule.choose(COMPUTES, candidate, capacity, **asked)


def test_two_sides_that_compute_on_one_processor_run_at_once() -> None:
    assert choice() == Choice(
        schedule=Schedule.DUET, clock="CPU", why_no_duet=None, one_processor=True
    )


@pytest.mark.parametrize(
    ("candidate", "clock", "why"),
    [
        pytest.param(WAITS, "wall", "it computes in 40% of its time only", id="waits"),
        pytest.param(PARALLEL, "wall", "it uses 2.5 processors", id="parallel"),
        pytest.param(THREADED, "CPU", "40% of it is not its main thread", id="threads"),
        pytest.param(FAILED, "wall", "a side has no result", id="failed"),
        pytest.param(
            UNKNOWN,
            "CPU",
            "how much of it its main thread did is not known",
            id="no conditions",
        ),
    ],
)
def test_a_side_that_allows_no_duet_is_the_reason(candidate: Run, clock: str, why: str) -> None:
    found = choice(candidate)
    assert (found.schedule, found.clock, found.why_no_duet) == (Schedule.ALTERNATE, clock, why)


def test_a_baseline_that_waits_is_a_reason_too() -> None:
    found = schedule.choose(WAITS, COMPUTES, ROOM)
    assert found.why_no_duet == "it computes in 40% of its time only"


def test_time_spent_waiting_for_a_processor_counts_as_computing() -> None:
    found = choice(timed_run(500.0, wall_ms=1000.0, waited_ms=450.0))
    assert (found.schedule, found.clock) == (Schedule.DUET, "CPU")


def test_a_kernel_that_does_not_say_who_waited_leaves_the_share_as_it_is() -> None:
    found = choice(timed_run(500.0, wall_ms=1000.0, waited_ms=None))
    assert found.why_no_duet == "it computes in 50% of its time only"


def test_without_pinning_there_is_no_duet() -> None:
    found = choice(capacity=Capacity(processors=(), free_memory_bytes=None))
    assert found.why_no_duet == "runs cannot be pinned to a processor here"
    assert (found.schedule, found.clock) == (Schedule.ALTERNATE, "CPU")


def test_without_memory_for_both_sides_there_is_no_duet() -> None:
    found = choice(capacity=Capacity(processors=(0,), free_memory_bytes=191_000_000))
    assert found.why_no_duet == "two runs need 192 MB and 191 MB are free"


def test_memory_that_is_just_enough_is_enough() -> None:
    found = choice(capacity=Capacity(processors=(0,), free_memory_bytes=192_000_000))
    assert found.schedule is Schedule.DUET


def test_free_memory_that_is_unknown_is_no_reason() -> None:
    found = choice(capacity=Capacity(processors=(0,), free_memory_bytes=None))
    assert found.schedule is Schedule.DUET


@pytest.mark.parametrize(
    ("candidate", "setting", "expected"),
    [
        pytest.param(COMPUTES, "auto", True, id="a duet"),
        pytest.param(COMPUTES, "alternate", True, id="in turn by a setting"),
        pytest.param(WAITS, "auto", False, id="waits"),
        pytest.param(THREADED, "alternate", False, id="threads"),
    ],
)
def test_only_programs_that_compute_in_one_thread_keep_to_one_processor(
    candidate: Run, setting: str, *, expected: bool
) -> None:
    assert choice(candidate, schedule=setting).one_processor is expected


def test_without_memory_for_a_duet_rounds_in_turn_keep_to_one_processor() -> None:
    found = choice(capacity=Capacity(processors=(0,), free_memory_bytes=1))
    assert (found.schedule, found.one_processor) == (Schedule.ALTERNATE, True)


def test_without_pinning_no_round_keeps_to_one_processor() -> None:
    found = choice(capacity=Capacity(processors=(), free_memory_bytes=None), schedule="alternate")
    assert not found.one_processor


def test_the_wall_clock_asks_for_rounds_in_turn() -> None:
    assert choice(clock="wall") == Choice(
        schedule=Schedule.ALTERNATE, clock="wall", why_no_duet="the wall clock is asked for"
    )


def test_a_clock_that_is_asked_for_is_kept_where_a_side_waits() -> None:
    assert choice(WAITS, clock="CPU").clock == "CPU"


@pytest.mark.parametrize(
    ("candidate", "clock", "expected"),
    [
        pytest.param(COMPUTES, "auto", "CPU", id="computes"),
        pytest.param(WAITS, "auto", "wall", id="waits"),
        pytest.param(WAITS, "CPU", "CPU", id="CPU asked for"),
        pytest.param(COMPUTES, "wall", "wall", id="wall asked for"),
    ],
)
def test_rounds_in_turn_that_are_asked_for_name_the_setting(
    candidate: Run, clock: str, expected: str
) -> None:
    found = choice(candidate, schedule="alternate", clock=clock)
    assert (found.schedule, found.clock) == (Schedule.ALTERNATE, expected)
    assert found.why_no_duet == "a setting says so"


def test_a_duet_that_is_asked_for_and_can_be_is_one() -> None:
    assert choice(schedule="duet").schedule is Schedule.DUET


def test_a_duet_that_is_asked_for_and_cannot_be_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="cannot be kept") as e:
        choice(THREADED, schedule="duet")
    assert str(e.value) == (
        "schedule = 'duet' cannot be kept: 40% of it is not its main thread; "
        "set schedule = 'auto' or 'alternate'"
    )


@pytest.mark.parametrize(
    ("baseline_ms", "candidate_ms", "runs"),
    [
        pytest.param(100.0, 150.0, 5, id="very short"),
        pytest.param(100.0, 400.0, 3, id="short"),
        pytest.param(600.0, 100.0, 2, id="by the longer side"),
        pytest.param(600.0, 1400.0, 1, id="one side long enough"),
        pytest.param(90_000.0, 90_000.0, 1, id="long"),
    ],
)
def test_a_pair_in_turn_takes_the_best_of_short_runs(
    baseline_ms: float, candidate_ms: float, runs: int
) -> None:
    sides = timed_run(baseline_ms), timed_run(candidate_ms)
    found = schedule.choose(*sides, ROOM, schedule="alternate")
    assert found.runs_per_side == runs
    assert schedule.choose(*sides, ROOM).runs_per_side == 1
    turned = schedule.in_turn(schedule.choose(*sides, ROOM), sides, "stages")
    assert turned == Choice(
        schedule=Schedule.ALTERNATE,
        clock="CPU",
        why_no_duet="stages",
        one_processor=True,
        runs_per_side=runs,
    )
    assert schedule.in_turn(found, sides, "stages") == found


def test_by_the_wall_clock_every_run_is_a_pair_of_its_own() -> None:
    short = timed_run(100.0)
    assert schedule.choose(short, short, ROOM, clock="wall").runs_per_side == 1


def test_several_runs_a_side_take_as_many_times_as_long() -> None:
    found = schedule.expect((COMPUTES, COMPUTES), LOOKS, budget_s=30.0, runs_per_side=3)
    assert (found.pair_s, found.looks) == (6.0, (5,))


def test_a_pair_is_expected_to_take_what_both_warm_ups_took() -> None:
    warm_up = (timed_run(elapsed_s=2.0), timed_run(elapsed_s=3.0))
    found = schedule.expect(warm_up, LOOKS, budget_s=60.0)
    assert (found.pair_s, found.looks, found.budget_s) == (5.0, (5, 8, 11), 60.0)


def test_what_a_warm_up_waited_for_a_processor_is_not_expected_again() -> None:
    warm_up = (timed_run(elapsed_s=2.0, waited_ms=500.0), timed_run(elapsed_s=2.0, waited_ms=None))
    assert schedule.expect(warm_up, LOOKS, budget_s=60.0).pair_s == pytest.approx(3.5)


def test_a_wait_longer_than_the_run_leaves_no_negative_time() -> None:
    warm_up = (timed_run(elapsed_s=0.1, waited_ms=500.0), timed_run(elapsed_s=1.0))
    assert schedule.expect(warm_up, LOOKS, budget_s=60.0).pair_s == 1.0


def test_a_budget_that_is_too_short_allows_no_look() -> None:
    assert schedule.expect(timed_pair(1.0), LOOKS, budget_s=9.9).looks == ()


def test_without_a_setting_there_are_ten_minutes() -> None:
    found = schedule.expect(timed_pair(1.0), LOOKS, budget_s=None)
    assert (found.budget_s, found.looks) == (600.0, LOOKS)


def test_without_a_setting_long_runs_get_the_time_until_the_first_look() -> None:
    found = schedule.expect(timed_pair(1.0, elapsed_s=200.0), LOOKS, budget_s=None)
    assert (found.budget_s, found.looks) == (2000.0, (5,))


def test_what_others_used_is_the_busy_time_that_is_not_ours() -> None:
    run = timed_run(1000.0, busy_ms=1500.0)
    assert schedule.other_busy_cores(run) == pytest.approx(0.5)


def test_what_the_partner_used_meanwhile_is_ours_too() -> None:
    run = timed_run(500.0, wall_ms=1000.0, busy_ms=1100.0)
    partner = timed_run(500.0, wall_ms=1000.0, busy_ms=1100.0)
    assert schedule.other_busy_cores(run, partner) == pytest.approx(0.1)


def test_a_partner_counts_only_while_both_ran() -> None:
    run = timed_run(500.0, wall_ms=1000.0, busy_ms=1000.0)
    partner = timed_run(500.0, wall_ms=1000.0, start_ms=600.0)
    assert schedule.other_busy_cores(run, partner) == pytest.approx(0.3)


def test_a_partner_that_ran_at_another_time_does_not_count() -> None:
    run = timed_run(500.0, wall_ms=1000.0, busy_ms=1000.0)
    partner = timed_run(500.0, wall_ms=1000.0, start_ms=5000.0)
    assert schedule.other_busy_cores(run, partner) == pytest.approx(0.5)


def test_others_never_use_less_than_nothing() -> None:
    assert schedule.other_busy_cores(timed_run(1000.0, busy_ms=990.0)) == 0.0


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(FAILED, id="failed"),
        pytest.param(UNKNOWN, id="no conditions"),
        pytest.param(timed_run(busy_ms=None), id="kernel does not say"),
    ],
)
def test_what_nobody_knows_is_not_called_disturbed(run: Run) -> None:
    assert schedule.other_busy_cores(run) is None
    assert not schedule.is_disturbed(run)


@pytest.mark.parametrize(("busy_ms", "expected"), [(1250.0, False), (1251.0, True)])
def test_more_than_a_quarter_of_a_processor_is_disturbed(busy_ms: float, *, expected: bool) -> None:
    assert schedule.is_disturbed(timed_run(1000.0, busy_ms=busy_ms)) is expected


@pytest.mark.parametrize(("run", "expected"), [(COMPUTES, True), (WAITS, False), (PARALLEL, False)])
def test_it_is_cpu_bound_when_it_computes_all_the_time_on_one_processor(
    run: Run, *, expected: bool
) -> None:
    assert schedule.is_cpu_bound(run) is expected
