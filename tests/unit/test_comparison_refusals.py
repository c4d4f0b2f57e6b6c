"""What a comparison refuses to compare."""

from __future__ import annotations

import msgspec
import pytest
from support.comparisons import (
    MEMORY,
    RUNTIME,
    STAGE,
    comparison,
    rounds_of,
    same,
)
from support.timed_runs import timed_pair, timed_run

from pytest_zacperf.errors import ComparisonError, SettingsError
from pytest_zacperf.estimates import Pair
from pytest_zacperf.records import Work
from pytest_zacperf.verdict import Outcome

OTHER_WORK = Work(data_points=999, orders=2, order_events=4, final_equity=100.5)


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
