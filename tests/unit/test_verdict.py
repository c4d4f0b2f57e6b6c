import dataclasses

import pytest

from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.verdict import Operator, Outcome, Verdict, check_limit, outcome_of

QUESTION = Question(quantity=Quantity.RUNTIME)


def estimate(low: float, high: float, *, disturbed_pairs: int = 0) -> Estimate:
    return Estimate(
        question=QUESTION,
        clock="CPU",
        schedule=Schedule.DUET,
        ratio=(low + high) / 2,
        low=low,
        high=high,
        pairs=4,
        disturbed_pairs=disturbed_pairs,
        baseline_median=1e9,
        candidate_median=1e9,
    )


@pytest.mark.parametrize(
    ("low", "high", "op", "outcome"),
    [
        (1.0, 1.05, "<=", Outcome.PASS),
        (1.0, 1.05, "<", Outcome.PASS),
        (1.0, 1.1, "<=", Outcome.PASS),
        (1.0, 1.1, "<", Outcome.INCONCLUSIVE),
        (1.0, 1.2, "<=", Outcome.INCONCLUSIVE),
        (1.2, 1.3, "<=", Outcome.FAIL),
        (1.1, 1.3, "<=", Outcome.INCONCLUSIVE),
        (1.1, 1.3, "<", Outcome.FAIL),
        (1.2, 1.3, ">", Outcome.PASS),
        (1.1, 1.3, ">=", Outcome.PASS),
        (1.1, 1.3, ">", Outcome.INCONCLUSIVE),
        (1.0, 1.05, ">=", Outcome.FAIL),
        (1.0, 1.1, ">", Outcome.FAIL),
        (1.0, 1.1, ">=", Outcome.INCONCLUSIVE),
    ],
)
def test_the_outcome_is_where_the_whole_interval_lies(
    low: float, high: float, op: Operator, outcome: Outcome
) -> None:
    assert outcome_of(estimate(low, high), op, 1.1) is outcome


@pytest.mark.parametrize("limit", [0, -1.1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    for refuse in (check_limit, lambda limit: outcome_of(estimate(1, 2), "<=", limit)):
        with pytest.raises(ValueError, match=r"a limit is a positive number such as 1\.10, got "):
            refuse(limit)


@pytest.mark.parametrize(("disturbed", "says_so"), [(0, False), (2, False), (3, True)])
def test_a_verdict_on_mostly_disturbed_pairs_knows_it(disturbed: int, *, says_so: bool) -> None:
    found = estimate(1.0, 1.05, disturbed_pairs=disturbed)
    verdict = Verdict(question=QUESTION, estimate=found, op="<=", limit=1.1, outcome=Outcome.PASS)
    assert verdict.is_mostly_disturbed is says_so


def test_a_verdict_without_rounds_is_not_disturbed() -> None:
    verdict = Verdict(
        question=QUESTION, estimate=None, op="<=", limit=1.1, outcome=Outcome.INCONCLUSIVE
    )
    assert not verdict.is_mostly_disturbed


@pytest.mark.parametrize(
    ("sd", "highest_sd", "outcome", "says_so"),
    [
        (0.05, 0.044, Outcome.PASS, True),
        (0.05, 0.044, Outcome.FAIL, True),
        (0.04, 0.044, Outcome.FAIL, False),
        (0.05, 0.044, Outcome.INCONCLUSIVE, False),
        (None, None, Outcome.PASS, False),
    ],
)
def test_a_verdict_on_pairs_noisier_than_it_was_made_for_knows_it(
    sd: float | None, highest_sd: float | None, outcome: Outcome, *, says_so: bool
) -> None:
    found = dataclasses.replace(estimate(1.0, 1.05), sd=sd, highest_sd=highest_sd)
    verdict = Verdict(question=QUESTION, estimate=found, op="<=", limit=1.1, outcome=outcome)
    assert verdict.is_noisier_than_proven is says_so
