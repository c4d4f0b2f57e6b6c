"""A report of a perf test as values."""

from __future__ import annotations

import dataclasses

from pytest_zacperf.blame import Growth
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.verdict import Outcome, Verdict

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
ESTIMATE = Estimate(
    question=RUNTIME,
    clock="CPU",
    schedule=Schedule.DUET,
    ratio=1.214,
    low=1.15,
    high=1.28,
    pairs=2,
    disturbed_pairs=0,
    baseline_median=1_000_000_000,
    candidate_median=1_214_000_000,
)
FAIL = Verdict(question=RUNTIME, estimate=ESTIMATE, op="<=", limit=1.1, outcome=Outcome.FAIL)
WORST = Growth(
    module="strategies/gold.py",
    name="Gold.on_bar",
    line=12,
    baseline_own_ns=1_000_000,
    candidate_own_ns=3_000_000,
    baseline_calls=10,
    candidate_calls=10,
)
ORDERS = StageGrowth(name="orders", baseline_ns=1e8, candidate_ns=3e8, share=0.93)
REPORT = PerfReport(
    test="tests/perf/test_runtime.py::test_runtime[wk-1]",
    verdict=FAIL,
    candidate="wk-1",
    baseline="wk-1 at 0123456789ab",
    origin="the baseline of the settings",
    revisions=("0123456789ab", "0123456789ab with changes"),
    same_inputs=None,
    why_no_duet=None,
    environment="measured with CPython 3.11.7",
    difference=None,
    stages=(ORDERS,),
    functions=(WORST,),
)


def estimated(**changes: object) -> Verdict:
    """Return a failed verdict whose estimate has other figures."""
    found = dataclasses.replace(ESTIMATE, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(FAIL, estimate=found, question=found.question)


def report(**changes: object) -> PerfReport:
    """Return the report with other contents."""
    return dataclasses.replace(REPORT, **changes)  # type: ignore[arg-type]


def unmeasured() -> Verdict:
    """Return a verdict without an estimate."""
    return dataclasses.replace(
        FAIL, estimate=None, outcome=Outcome.INCONCLUSIVE, why="the budget is too short"
    )


def everything(text: str) -> PerfReport:
    """Return a report with all there can be, and the same text in every place."""
    question = Question(quantity=Quantity.STAGE_RUNTIME, stage=text)
    found = dataclasses.replace(ESTIMATE, question=question, disturbed_pairs=2)
    return PerfReport(
        test=text,
        verdict=dataclasses.replace(FAIL, question=question, estimate=found, why=text),
        candidate=text,
        baseline=text,
        origin=text,
        revisions=(text, text),
        same_inputs=text,
        why_no_duet=text,
        environment=text,
        difference=text,
        stages=(dataclasses.replace(ORDERS, name=text),) * 9,
        functions=(dataclasses.replace(WORST, module=text, name=text),) * 9,
    )
