"""How long a comparison may take, and what it tells of that."""

from __future__ import annotations

import math

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

from pytest_zacperf.estimates import Pair
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.verdict import Outcome


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
