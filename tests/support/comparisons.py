"""Comparisons whose rounds are known, so that nothing runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import cast

from support.timed_runs import KnownRounds, timed_pair

from pytest_zacperf import sampling
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.estimates import Pair, Quantity, Question
from pytest_zacperf.rounds import Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Choice, Schedule
from pytest_zacperf.store import RunStore

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
STAGE = Question(quantity=Quantity.STAGE_RUNTIME, stage="orders")
DUET = Choice(schedule=Schedule.DUET, clock="CPU")
LOOKS = (5, 8, 11, 15)
WARM_UP = timed_pair(1.0)


def same(_: int) -> Pair:
    """Return a pair whose sides cost the same."""
    return timed_pair(1.0)


def scattered(number: int) -> Pair:
    """Return a pair of a program that did not change, on a noisy machine."""
    return timed_pair(math.exp(0.3 * math.sin(2 * number)))


def rounds_of(known: Callable[[int], Pair]) -> KnownRounds:
    """Return rounds that are known by their numbers."""
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
    """Return a comparison of these rounds, under the rules that a test is about."""
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
