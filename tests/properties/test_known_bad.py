"""The kit finds every known bug within hypothesis' default budget, and nothing in correct forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import Phase, given, seed, settings
from support.finding import mismatch
from support.known_bad import CASES, Case
from support.known_bad.windows import Mean, RunningMean

from pytest_zacperf.properties import (
    BarStream,
    IncrementalMismatch,
    bar_streams,
    check_incremental,
    ulps,
)

# The same correct form beside several bugs is looked at once.
CORRECT = tuple({case.good: case for case in CASES}.values())
# Those that ask for the same streams are driven through the same ones.
BY_STREAMS = [
    [case for case in CORRECT if case.streams == streams]
    for streams in [dict(key) for key in dict.fromkeys(tuple(c.streams.items()) for c in CORRECT)]
]
EXAMPLES = 10_000
MILLION = 1_000_000
# Further off than a sum of five terms can be, and reached after some ten thousand bars.
DRIFT = 64


def _name(case: Case) -> str:
    return case.bug


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_known_bug_is_found_within_the_default_budget(case: Case) -> None:
    found = mismatch(case, case.bad, number=1, phases=(Phase.generate,))
    assert found is not None
    stream, error = found
    # What was found is found again, and without hypothesis.
    with pytest.raises(IncrementalMismatch):
        check_incremental(
            case.bad, case.full, data=stream, tolerance=case.tolerance, **case.policies
        )
    assert "differ" in str(error) or "share state" in str(error)


@pytest.mark.parametrize("case", CASES[1:7:2], ids=_name)
def test_a_counter_example_shrinks_to_a_few_bars(case: Case) -> None:
    found = mismatch(case, case.bad, number=1)
    assert found is not None
    assert len(found[0]) <= 8


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.good.__name__)
def test_a_correct_form_is_not_reported(case: Case) -> None:
    assert mismatch(case, case.good, number=1) is None


@pytest.mark.slow
@pytest.mark.parametrize("cases", BY_STREAMS, ids=lambda cases: cases[0].good.__name__)
def test_correct_forms_are_not_reported_in_ten_thousand_examples(cases: Sequence[Case]) -> None:
    @seed(2)
    @settings(
        max_examples=math.ceil(EXAMPLES / len(CORRECT)),
        database=None,
        deadline=None,
        phases=(Phase.generate,),
    )
    @given(bar_streams(**cases[0].streams))
    def check(stream: BarStream) -> None:
        for case in cases:
            check_incremental(
                case.good, case.full, data=stream, tolerance=case.tolerance, **case.policies
            )

    check()


@dataclass(frozen=True, slots=True)
class Close:
    """All of a bar that a mean looks at: a million of them are few objects."""

    close: float


def _quiet_market(count: int) -> Iterator[Close]:
    """Yield closes within a dollar of 300, a cent or none from each to the next."""
    closes = [Close(cents / 100) for cents in range(29_900, 30_101)]
    state, position = 1, 100
    for _ in range(count):
        state = state * 6_364_136_223_846_793_005 % 2**64
        step = (state >> 33) % 3 - 1
        position = min(max(position + step, 0), 200)
        yield closes[position]


def _mean(bars: Sequence[Close]) -> float:
    newest = [bar.close for bar in bars[-RunningMean.size :]]
    return math.fsum(newest) / len(newest)


def test_a_running_sum_looks_right_for_a_thousand_quiet_bars() -> None:
    check_incremental(RunningMean, _mean, data=_quiet_market(1000), tolerance=ulps(DRIFT))


@pytest.mark.slow
def test_a_running_sum_has_drifted_after_a_million_quiet_bars() -> None:
    with pytest.raises(IncrementalMismatch, match="RunningMean and _mean differ"):
        check_incremental(RunningMean, _mean, data=_quiet_market(MILLION), tolerance=ulps(DRIFT))


@pytest.mark.slow
def test_a_mean_of_its_window_has_not_drifted_after_a_million_quiet_bars() -> None:
    check_incremental(Mean, _mean, data=_quiet_market(MILLION))
