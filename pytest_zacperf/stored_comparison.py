"""The candidate against stored samples of a baseline: a cheap first look, never a FAIL."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_zacperf import estimates, sampling, schedule, verdict, work
from pytest_zacperf.comparison import OVERRUN, RAISE_BUDGET
from pytest_zacperf.errors import ComparisonError, RunError
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.job import Job
from pytest_zacperf.records import Baseline, Run, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.sampling import StoredDesign
from pytest_zacperf.schedule import Clock, Expectation
from pytest_zacperf.units import format_seconds
from pytest_zacperf.verdict import Operator, Outcome, Verdict

MORE_RUNS = sampling.STORED_RUNS
# A run that others slow down looks like one that is slower, as these operators want it.
WANTS_MORE = (">", ">=")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """Stored samples, and the runs of the candidate that are held against them.

    Attributes:
        runner: Runs the candidate.
        session: Whose runs they are.
        baseline: The stored one, of this environment.
        workload: The candidate.
        first_run: The run of the candidate that exists anyway.
        clock: ``auto``, ``wall`` or ``CPU``.
        allow_different_work: Whether costs of different work are compared all the same.
        budget_s: Seconds for more runs; None for what the length of a run asks for.
        tell: Told in a sentence how long more runs will take, before the first.
        more_runs: Those that were made for the second look.

    """

    runner: Runner
    session: str
    baseline: Baseline
    workload: Workload
    first_run: Run
    clock: str = schedule.AUTO
    allow_different_work: bool = False
    budget_s: float | None = None
    tell: Callable[[str], None] = lambda _: None
    more_runs: list[Run] = field(default_factory=list)

    def first_look(self, question: Question, op: Operator, limit: float) -> Verdict:
        """Judge by the run that exists anyway, which others may have disturbed.

        Raises:
            ComparisonError: The run did other work than the samples.
            ValueError: The limit is none, or a side has no such stage.

        """
        found = self._judged([self.first_run], question, op, limit)
        if op in WANTS_MORE and found.outcome is Outcome.PASS:
            return dataclasses.replace(found, outcome=Outcome.INCONCLUSIVE)
        return found

    def judge(self, question: Question, op: Operator, limit: float, *, why: str) -> Verdict:
        """Judge by more runs of the candidate; PASS or INCONCLUSIVE.

        They are not begun where they could not settle it, or where the budget is too short.

        Args:
            question: What is compared.
            op: How the ratio shall be to the limit.
            limit: The ratio that is allowed.
            why: Why the baseline's revision cannot be measured.

        Raises:
            ComparisonError: A run did other work than the samples.
            RunError: A run failed.

        """
        first = self._judged([self.first_run], question, op, limit)
        if not self._could_pass(question, op, limit):
            return _inconclusive(first, f"{_cannot_settle(limit)}: {why}")
        expected = schedule.expect([self.first_run], (MORE_RUNS,), budget_s=self.budget_s)
        if not expected.looks:
            return _inconclusive(first, _too_short(expected))
        self.tell(self._expectation(expected))
        self._run_more(expected)
        if len(self.more_runs) < MORE_RUNS:
            spent = f"the budget of {format_seconds(expected.budget_s)} is spent; {RAISE_BUDGET}"
            return _inconclusive(first, spent)
        found = self._judged(self.more_runs, question, op, limit)
        if found.outcome is Outcome.PASS:
            return found
        return _inconclusive(found, f"stored samples alone never fail a test: {why}")

    def _could_pass(self, question: Question, op: Operator, limit: float) -> bool:
        # As many runs that agree to the nanosecond: no others make the interval narrower.
        same = self._estimate([self.first_run] * MORE_RUNS, question)
        # The first run may have been a slow one, or a fast one.
        unchanged = dataclasses.replace(
            same, ratio=1.0, low=same.low / same.ratio, high=same.high / same.ratio
        )
        outcomes = (verdict.outcome_of(found, op, limit) for found in (same, unchanged))
        return Outcome.PASS in outcomes

    def _expectation(self, expected: Expectation) -> str:
        return (
            f"timing {self.workload.window.id} against stored samples: {MORE_RUNS} runs, "
            f"about {format_seconds(MORE_RUNS * expected.pair_s)}"
        )

    def _run_more(self, expected: Expectation) -> None:
        runs = self.more_runs
        spent_s = 0.0
        while len(runs) < MORE_RUNS:
            if spent_s + expected.pair_s > expected.budget_s * OVERRUN:
                break
            begun_s = time.monotonic()
            runs.append(self._run(len(runs) + 1))
            # As in a comparison, neither waiting for others nor a run of before is charged.
            span_s = (runs[-1].end_utc - runs[-1].start_utc).total_seconds()
            spent_s += min(time.monotonic() - begun_s, span_s)

    def _judged(
        self, runs: Sequence[Run], question: Question, op: Operator, limit: float
    ) -> Verdict:
        verdict.check_limit(limit)
        for run in runs:
            self._check(run, question)
        found = self._estimate(runs, question)
        outcome = verdict.outcome_of(found, op, limit)
        return Verdict(question=question, estimate=found, op=op, limit=limit, outcome=outcome)

    def _estimate(self, runs: Sequence[Run], question: Question) -> Estimate:
        clock = self._clock()
        samples = [
            estimates.cost_value(sample, question, clock) for sample in self.baseline.samples
        ]
        design = _design(question, clock, len(runs))
        return estimates.stored_estimate(question, samples, runs, design, clock=clock)

    def _clock(self) -> Clock:
        if self.clock != schedule.AUTO:
            return "wall" if self.clock == "wall" else "CPU"
        return "CPU" if schedule.is_cpu_bound(self.first_run) else "wall"

    def _check(self, run: Run, question: Question) -> None:
        changed = work.changed_inputs("candidate", run, self.first_run)
        if changed:
            raise ComparisonError(*changed)
        different = work.different_engine(self.baseline.workload, run.workload)
        if different:
            raise ComparisonError(*different)
        different = work.different_amount(self.baseline.work, run.work)
        if different and not self.allow_different_work:
            raise ComparisonError(*different)
        different = self._different_source(run, question)
        if different:
            raise ComparisonError(*different)

    def _different_source(self, run: Run, question: Question) -> tuple[str, str] | None:
        if run.costs is None:
            return None
        if question.quantity is Quantity.PEAK_MEMORY:
            return work.different_sources(
                self.baseline.peak_memory_source, run.costs.peak_memory_source
            )
        return work.different_clock_sources(self.baseline.clock_sources, run.costs)

    def _run(self, number: int) -> Run:
        job = Job(
            workload=self.workload,
            session=self.session,
            machine="alone",
            round=number,
            side="stored-",
        )
        run = self.runner.run_together([job])[0]
        if run.status == "error":
            raise RunError(
                f"round {number} of the candidate failed: {run.reason}",
                f"read {self.runner.store.run_folder(run.id)}",
            )
        return run


def _inconclusive(found: Verdict, why: str) -> Verdict:
    return dataclasses.replace(found, outcome=Outcome.INCONCLUSIVE, why=why)


def _cannot_settle(limit: float) -> str:
    return (
        f"stored samples alone cannot settle the limit {limit:.2f}, not by {MORE_RUNS} more runs "
        "without any noise, so none were begun"
    )


def _too_short(expected: Expectation) -> str:
    return (
        f"the budget of {format_seconds(expected.budget_s)} is too short for {MORE_RUNS} runs "
        f"of about {format_seconds(expected.pair_s)} against stored samples; {RAISE_BUDGET}"
    )


def _design(question: Question, clock: Clock, runs: int) -> StoredDesign:
    by_clock = {"CPU": sampling.STORED, "wall": sampling.STORED_WALL}
    is_memory = question.quantity is Quantity.PEAK_MEMORY
    design = sampling.STORED_MEMORY if is_memory else by_clock[clock]
    return design.first_look() if runs == 1 else design
