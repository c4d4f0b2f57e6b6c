"""Two sides whose rounds are known: when a comparison stops, and what it rests on."""

from __future__ import annotations

import pytest
from support.comparisons import (
    DUET,
    LOOKS,
    MEMORY,
    RUNTIME,
    STAGE,
    comparison,
    rounds_of,
    same,
    scattered,
)
from support.timed_runs import timed_pair

from pytest_zacperf import sampling
from pytest_zacperf.estimates import Question
from pytest_zacperf.schedule import Choice, Schedule
from pytest_zacperf.verdict import Outcome

BEST_OF_3 = Choice(schedule=Schedule.ALTERNATE, clock="CPU", runs_per_side=3)


def test_it_stops_at_the_first_look_when_that_is_certain() -> None:
    rounds = rounds_of(same)
    found = comparison(rounds).judge(RUNTIME, "<=", 100.0)
    assert (found.outcome, found.why) == (Outcome.PASS, None)
    assert rounds.asked == [(Schedule.ALTERNATE, number) for number in range(1, 6)]


def test_a_slower_candidate_fails_at_the_first_look_that_is_certain() -> None:
    rounds = rounds_of(lambda _: timed_pair(8.0))
    found = comparison(rounds, choice=DUET).judge(RUNTIME, "<=", 1.1)
    assert found.outcome is Outcome.FAIL
    assert found.estimate is not None
    assert found.estimate.ratio == pytest.approx(8.0)
    assert rounds.asked == [(Schedule.DUET, 1), (Schedule.DUET, 2)]


def test_it_looks_again_while_the_first_look_is_not_certain() -> None:
    rounds = rounds_of(same)
    found = comparison(rounds, choice=DUET).judge(RUNTIME, "<=", 1.04)
    assert found.outcome is Outcome.PASS
    assert found.estimate is not None
    assert found.estimate.pairs == len(rounds.asked)
    assert len(rounds.asked) in sampling.DUET.looks[1:]


def test_the_last_look_that_is_not_certain_is_inconclusive_and_says_what_helps() -> None:
    rounds = rounds_of(scattered)
    found = comparison(rounds).judge(RUNTIME, "<=", 1.05)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.why == (
        "the interval still holds the limit; widen the limit, or measure on a quieter machine"
    )
    assert len(rounds.asked) == LOOKS[-1]


def test_asking_again_runs_no_new_pairs() -> None:
    rounds = rounds_of(scattered)
    asked_twice = comparison(rounds)
    first = asked_twice.judge(RUNTIME, "<=", 1.05)
    assert asked_twice.judge(RUNTIME, "<=", 1.05) == first
    assert len(rounds.asked) == LOOKS[-1]


def test_another_limit_is_judged_by_the_pairs_that_were_run() -> None:
    rounds = rounds_of(lambda _: timed_pair(8.0))
    asked_twice = comparison(rounds, choice=DUET)
    assert asked_twice.judge(RUNTIME, "<=", 1.1).outcome is Outcome.FAIL
    assert asked_twice.judge(RUNTIME, ">", 1.1).outcome is Outcome.PASS
    assert len(rounds.asked) == 2


def test_another_limit_adds_only_the_pairs_that_are_missing() -> None:
    rounds = rounds_of(same)
    asked_twice = comparison(rounds, choice=DUET)
    asked_twice.judge(RUNTIME, "<=", 100.0)
    asked_twice.judge(RUNTIME, "<=", 1.0)
    assert [number for _, number in rounds.asked] == list(range(1, 9))


def test_memory_is_judged_by_the_pairs_that_were_timed() -> None:
    rounds = rounds_of(lambda _: timed_pair(8.0))
    both = comparison(rounds, choice=DUET)
    both.judge(RUNTIME, "<=", 1.1)
    found = both.judge(MEMORY, "<=", 1.1)
    assert found.outcome is Outcome.PASS
    assert found.estimate is not None
    assert found.estimate.clock is None
    assert len(rounds.asked) == 2


def test_it_rests_on_the_pairs_that_were_looked_at() -> None:
    rounds = rounds_of(same)
    asked_twice = comparison(rounds, choice=DUET)
    early = asked_twice.judge(RUNTIME, "<=", 100.0)
    asked_twice.judge(RUNTIME, "<=", 1.0)
    assert len(asked_twice.measured_for(early)) == 2


def test_the_best_of_several_short_runs_is_a_side_of_a_pair() -> None:
    # One of three runs of either side is undisturbed.
    rounds = rounds_of(lambda n: timed_pair(1.0) if n % 3 == 0 else timed_pair(1.7))
    told: list[str] = []
    asked = comparison(rounds, choice=BEST_OF_3, tell=told.append)
    found = asked.judge(RUNTIME, "<=", 1.6)
    assert found.estimate is not None
    assert found.outcome is Outcome.PASS
    assert found.estimate.ratio == pytest.approx(1.0)
    assert [number for _, number in rounds.asked] == list(range(1, found.estimate.pairs * 3 + 1))
    assert len(asked.measured_for(found)) == found.estimate.pairs * 3
    assert told[0].startswith(
        "timing wk-1 in turn (alternate, CPU clock): 5 to 15 pairs of 3 runs a side, about 30.0 s"
    )


def test_each_run_is_a_pair_of_its_own_for_peak_memory() -> None:
    rounds = rounds_of(same)
    found = comparison(rounds, choice=BEST_OF_3).judge(MEMORY, "<=", 1.5)
    assert found.estimate is not None
    assert (found.estimate.pairs, len(rounds.asked)) == (2, 2)


def test_pairs_are_reported_and_not_each_of_their_runs() -> None:
    reported: list[int] = []
    asked = comparison(
        rounds_of(same), choice=BEST_OF_3, on_pair=lambda: reported.append(len(reported))
    )
    found = asked.judge(RUNTIME, "<=", 100.0)
    assert found.estimate is not None
    assert len(reported) == found.estimate.pairs


def test_a_verdict_without_an_estimate_rests_on_no_pairs() -> None:
    asked = comparison(rounds_of(same), budget_s=1.0)
    assert asked.measured_for(asked.judge(RUNTIME, "<=", 1.1)) == ()


@pytest.mark.parametrize("question", [RUNTIME, STAGE])
def test_rounds_of_a_program_in_one_thread_keep_to_one_processor(question: Question) -> None:
    stages = (("orders", 5.0),)
    rounds = rounds_of(lambda _: timed_pair(1.0, stages_ms=stages))
    comparison(rounds, warm_up=timed_pair(1.0, stages_ms=stages), schedule="auto").judge(
        question, "<=", 1.1
    )
    assert rounds.on_one_processor == {True}


def test_rounds_by_the_wall_clock_keep_to_no_processor() -> None:
    rounds = rounds_of(same)
    comparison(rounds, clock="wall").judge(RUNTIME, "<=", 1.1)
    assert rounds.on_one_processor == {False}


def test_a_stage_is_timed_in_turn_although_the_whole_run_is_not() -> None:
    pair = timed_pair(8.0, stages_ms=(("orders", 5.0),))
    rounds = rounds_of(lambda _: pair)
    asked = comparison(rounds, warm_up=pair, choice=DUET)
    found = asked.judge(STAGE, "<=", 100.0)
    assert found.estimate is not None
    assert (found.estimate.schedule, found.estimate.clock) == (Schedule.ALTERNATE, "CPU")
    assert {laid_out for laid_out, _ in rounds.asked} == {Schedule.ALTERNATE}
    assert asked.choice_for(STAGE).why_no_duet == "stages are not timed so"
    assert asked.choice_for(RUNTIME) == DUET
