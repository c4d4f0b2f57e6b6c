"""Two sides whose rounds are known: when it stops, what it says, what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import pytest
from support.timed_runs import KnownRounds, timed_pair, timed_run

from pytest_zacperf import sampling
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.errors import ComparisonError, SettingsError
from pytest_zacperf.estimates import Pair, Quantity, Question
from pytest_zacperf.records import Work
from pytest_zacperf.rounds import Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Choice, Schedule
from pytest_zacperf.store import RunStore
from pytest_zacperf.verdict import Outcome

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
STAGE = Question(quantity=Quantity.STAGE_RUNTIME, stage="orders")
DUET = Choice(schedule=Schedule.DUET, clock="CPU")
LOOKS = (5, 8, 11, 15)
WARM_UP = timed_pair(1.0)
OTHER_WORK = Work(data_points=999, orders=2, order_events=4, final_equity=100.5)


def same(_: int) -> Pair:
    return timed_pair(1.0)


def scattered(number: int) -> Pair:
    return timed_pair(math.exp(0.3 * math.sin(2 * number)))


def rounds_of(known: Callable[[int], Pair]) -> KnownRounds:
    runner = Runner(store=RunStore(Path("nowhere")), root=Path("nowhere"))
    return KnownRounds(runner=runner, known=known)


def comparison(  # noqa: PLR0913 - a test names what it is about
    rounds: KnownRounds,
    *,
    warm_up: Pair = WARM_UP,
    schedule: str = "alternate",
    clock: str = "auto",
    budget_s: float | None = None,
    choice: Choice | None = None,
    allow_different_work: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    on_pair: Callable[[], None] = lambda: None,
) -> Comparison:
    rules = Rules(
        schedule=schedule,
        clock=clock,
        budget_s=budget_s,
        duet_looks=sampling.DUET.looks,
        alternate_looks=LOOKS,
        allow_different_work=allow_different_work,
    )
    return Comparison(
        rounds=cast("Rounds", rounds),
        warm_up=warm_up,
        rules=rules,
        tell=tell,
        on_pair=on_pair,
        _choice=choice,
    )


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


def test_a_verdict_without_an_estimate_rests_on_no_pairs() -> None:
    asked = comparison(rounds_of(same), budget_s=1.0)
    assert asked.measured_for(asked.judge(RUNTIME, "<=", 1.1)) == ()


def test_a_budget_that_is_too_short_runs_nothing_and_says_so() -> None:
    rounds = rounds_of(same)
    told: list[str] = []
    found = comparison(rounds, budget_s=9.0, tell=told.append).judge(RUNTIME, "<=", 1.1)
    assert (found.outcome, found.estimate) == (Outcome.INCONCLUSIVE, None)
    assert found.why == (
        "the budget of 9.00 s is too short for 5 pairs of about 2.00 s; "
        "set a larger budget under [tool.zacperf], or --zacperf-budget"
    )
    assert (rounds.asked, told) == ([], [])


def test_a_budget_that_allows_some_of_the_looks_says_how_many_pairs() -> None:
    rounds = rounds_of(scattered)
    found = comparison(rounds, budget_s=17.0).judge(RUNTIME, "<=", 1.05)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.why == (
        "the budget of 17.0 s allows 8 pairs of about 2.00 s; "
        "set a larger budget under [tool.zacperf], or --zacperf-budget"
    )
    assert len(rounds.asked) == 8


def test_a_budget_that_is_spent_ends_it_with_the_last_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = [0.0]
    monkeypatch.setattr("pytest_zacperf.comparison.time.monotonic", lambda: now_s[0])

    def slow(number: int) -> Pair:
        now_s[0] += 7.0  # longer than the warm-up lets expect
        return timed_pair(math.exp(0.3 * math.sin(2 * number)), elapsed_s=3.5)

    rounds = rounds_of(slow)
    found = comparison(rounds, budget_s=30.0).judge(RUNTIME, "<=", 1.05)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.why == (
        "the budget of 30.0 s is spent; "
        "set a larger budget under [tool.zacperf], or --zacperf-budget"
    )
    assert found.estimate is not None
    assert found.estimate.pairs == 5
    assert len(rounds.asked) == 7  # 49 s are gone, and 45 s may go


def test_waiting_for_another_session_costs_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr("pytest_zacperf.comparison.time.monotonic", lambda: now_s[0])

    def late(number: int) -> Pair:
        now_s[0] += 1000.0  # the runs themselves took 2 s
        return scattered(number)

    rounds = rounds_of(late)
    comparison(rounds, budget_s=60.0).judge(RUNTIME, "<=", 1.05)
    assert len(rounds.asked) == LOOKS[-1]


def test_pairs_that_were_run_before_cost_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_zacperf.comparison.time.monotonic", lambda: 0.0)
    rounds = rounds_of(lambda _: timed_pair(1.0, elapsed_s=10.0))
    found = comparison(rounds, budget_s=30.0).judge(RUNTIME, "<=", 1.0)
    assert found.estimate is not None
    assert found.estimate.pairs == LOOKS[-1]


@pytest.mark.parametrize("field", ["code", "data"])
@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_a_side_whose_code_or_data_changes_meanwhile_is_not_compared(field: str, side: str) -> None:
    def edited(number: int) -> Pair:
        pair = list(timed_pair(1.0))
        if number == 3:
            index = ("baseline", "candidate").index(side)
            before = pair[index].fingerprints
            assert before is not None
            changed = msgspec.structs.replace(before, **{field: "f" * 32})
            pair[index] = msgspec.structs.replace(pair[index], fingerprints=changed)
        return pair[0], pair[1]

    with pytest.raises(ComparisonError) as caught:
        comparison(rounds_of(edited)).judge(RUNTIME, "<=", 1.1)
    assert caught.value.problem == (
        f"the code or the data of the {side} changed while it was measured"
    )
    assert caught.value.hint == (
        "leave the project as it is until the comparison has ended, and run it again"
    )


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


def test_the_budget_is_one_for_all_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr("pytest_zacperf.comparison.time.monotonic", lambda: now_s[0])

    def slow(number: int) -> Pair:
        now_s[0] += 20.0
        return timed_pair(8.0 + number, stages_ms=(("orders", 5.0),), elapsed_s=20.0)

    warm_up = timed_pair(1.0, stages_ms=(("orders", 5.0),))
    rounds = rounds_of(slow)
    both = comparison(rounds, warm_up=warm_up, choice=DUET, budget_s=30.0)
    both.judge(RUNTIME, "<=", 1.1)
    found = both.judge(STAGE, "<=", 1.1)
    assert found.estimate is None
    assert found.why is not None
    assert found.why.startswith("the budget of 30.0 s is spent")
    assert [laid_out for laid_out, _ in rounds.asked] == [
        *(Schedule.DUET, Schedule.DUET),
        Schedule.ALTERNATE,
    ]


def test_a_warm_up_that_did_different_work_is_refused_before_any_round() -> None:
    rounds = rounds_of(same)
    warm_up = (timed_run(), timed_run(work=OTHER_WORK))
    with pytest.raises(ComparisonError, match=r"different work .* data points 1,000 / 999"):
        comparison(rounds, warm_up=warm_up).judge(RUNTIME, "<=", 1.1)
    assert rounds.asked == []


def test_a_round_that_did_different_work_is_refused() -> None:
    rounds = rounds_of(lambda n: (timed_run(), timed_run(work=OTHER_WORK)) if n == 3 else same(n))
    with pytest.raises(ComparisonError, match="different work"):
        comparison(rounds).judge(RUNTIME, "<=", 1.1)
    assert len(rounds.asked) == 3


def test_different_work_is_compared_where_a_test_allows_it() -> None:
    warm_up = (timed_run(), timed_run(work=OTHER_WORK))
    rounds = rounds_of(lambda _: warm_up)
    found = comparison(rounds, warm_up=warm_up, allow_different_work=True)
    assert found.judge(RUNTIME, "<=", 100.0).outcome is Outcome.PASS


def test_memory_of_different_sources_is_refused() -> None:
    warm_up = (timed_run(), timed_run(source="sampled"))
    with pytest.raises(ComparisonError, match="from 'VmHWM', the candidate's from 'sampled'"):
        comparison(rounds_of(same), warm_up=warm_up).judge(MEMORY, "<=", 1.1)


def test_runtime_does_not_mind_different_sources_of_memory() -> None:
    warm_up = (timed_run(), timed_run(source="sampled"))
    found = comparison(rounds_of(lambda _: warm_up), warm_up=warm_up)
    assert found.judge(RUNTIME, "<=", 100.0).outcome is Outcome.PASS


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


def test_a_stage_that_no_side_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no stage 'orders'; name one of its stages: none"):
        comparison(rounds_of(same)).judge(STAGE, "<=", 1.1)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused_before_any_round(limit: float) -> None:
    rounds = rounds_of(same)
    with pytest.raises(ValueError, match="a limit is a positive number"):
        comparison(rounds).judge(RUNTIME, "<=", limit)
    assert rounds.asked == []


def test_a_duet_that_cannot_be_kept_is_an_error_of_the_settings() -> None:
    waits = timed_pair(1.0, wall_ms=10_000.0)
    with pytest.raises(SettingsError) as e:
        comparison(rounds_of(same), warm_up=waits, schedule="duet").judge(RUNTIME, "<=", 1.1)
    assert e.value.problem == (
        "schedule = 'duet' cannot be kept: it computes in 10% of its time only"
    )
    assert e.value.hint == "set schedule = 'auto' or 'alternate'"


def test_it_tells_once_and_before_the_first_round_how_long_it_will_take() -> None:
    events: list[str] = []

    def noted(number: int) -> Pair:
        events.append(f"pair {number}")
        return scattered(number)

    asked_twice = comparison(rounds_of(noted), tell=events.append)
    asked_twice.judge(RUNTIME, "<=", 1.05)
    asked_twice.judge(MEMORY, "<=", 1.05)
    assert events[0] == (
        "timing wk-1 in turn (alternate, CPU clock): 5 to 15 pairs, about 10.0 s to 30.0 s"
    )
    assert events[1] == "pair 1"
    assert sum(event.startswith("timing") for event in events) == 1


def test_it_tells_that_a_duet_runs_both_sides_at_once() -> None:
    told: list[str] = []
    comparison(rounds_of(same), choice=DUET, tell=told.append).judge(RUNTIME, "<=", 100.0)
    assert told == [
        "timing wk-1 both sides at once (duet, CPU clock): 2 to 8 pairs, about 4.00 s to 16.0 s"
    ]


def test_it_tells_of_no_more_pairs_than_the_budget_allows() -> None:
    told: list[str] = []
    comparison(rounds_of(same), budget_s=17.0, tell=told.append).judge(RUNTIME, "<=", 100.0)
    assert told[0].endswith("5 to 8 pairs, about 10.0 s to 16.0 s")


def test_each_pair_is_reported_when_it_has_been_run() -> None:
    counted: list[None] = []
    rounds = rounds_of(same)
    asked_twice = comparison(rounds, choice=DUET, on_pair=lambda: counted.append(None))
    asked_twice.judge(RUNTIME, "<=", 100.0)
    asked_twice.judge(RUNTIME, "<=", 100.0)
    assert len(counted) == len(rounds.asked) == 2
