"""The candidate against stored samples of a baseline: a cheap first look, never a FAIL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_zacperf import estimates, sampling, schedule, verdict, work
from pytest_zacperf.errors import ComparisonError, RunError
from pytest_zacperf.estimates import Estimate, Quantity, Question
from pytest_zacperf.records import Baseline, Run, Workload
from pytest_zacperf.runner import Job, Runner
from pytest_zacperf.sampling import StoredDesign
from pytest_zacperf.schedule import Clock
from pytest_zacperf.verdict import Operator, Outcome, Verdict

MORE_RUNS = 8
LOOKS = 2  # the run that exists anyway, then that many more


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

    """

    runner: Runner
    session: str
    baseline: Baseline
    workload: Workload
    first_run: Run
    clock: str = schedule.AUTO
    allow_different_work: bool = False

    def first_look(self, question: Question, op: Operator, limit: float) -> Verdict:
        """Judge by the run that exists anyway.

        Raises:
            ComparisonError: The run did other work than the samples.
            ValueError: The limit is none, or a side has no such stage.

        """
        return self._judged([self.first_run], question, op, limit)

    def judge(self, question: Question, op: Operator, limit: float, *, why: str) -> Verdict:
        """Judge by more runs of the candidate; PASS or INCONCLUSIVE.

        Args:
            question: What is compared.
            op: How the ratio shall be to the limit.
            limit: The ratio that is allowed.
            why: Why the baseline's revision cannot be measured.

        Raises:
            ComparisonError: A run did other work than the samples.
            RunError: A run failed.

        """
        runs = [self._run(number) for number in range(1, MORE_RUNS + 1)]
        found = self._judged(runs, question, op, limit)
        if found.outcome is Outcome.PASS:
            return found
        return dataclasses.replace(
            found,
            outcome=Outcome.INCONCLUSIVE,
            why=f"stored samples alone never fail a test: {why}",
        )

    def runs(self) -> Sequence[Run]:
        """Return the runs that ``judge`` has had executed."""
        return [self._run(number) for number in range(1, MORE_RUNS + 1)]

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
        design = _design(question, clock)
        return estimates.stored_estimate(question, samples, runs, design, clock=clock)

    def _clock(self) -> Clock:
        if self.clock != schedule.AUTO:
            return "wall" if self.clock == "wall" else "CPU"
        return "CPU" if schedule.is_cpu_bound(self.first_run) else "wall"

    def _check(self, run: Run, question: Question) -> None:
        different = work.different_amount(self.baseline.work, run.work)
        if different and not self.allow_different_work:
            raise ComparisonError(*different)
        if question.quantity is Quantity.PEAK_MEMORY and run.costs:
            sources = (self.baseline.peak_memory_source, run.costs.peak_memory_source)
            different = work.different_sources(*sources)
            if different:
                raise ComparisonError(*different)

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


def _design(question: Question, clock: Clock) -> StoredDesign:
    by_clock = {"CPU": sampling.STORED, "wall": sampling.STORED_WALL}
    is_memory = question.quantity is Quantity.PEAK_MEMORY
    design = sampling.STORED_MEMORY if is_memory else by_clock[clock]
    # Two looks share what the procedure may err by.
    return dataclasses.replace(design, level=design.level / LOOKS)
