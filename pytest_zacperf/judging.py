"""A question of a test about two sides, answered: measured, explained, reported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from pytest_zacperf.assessment import Subject, assessed, assessed_by_samples
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.estimates import Question
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.reporting import deliver
from pytest_zacperf.rounds import ComparedSide, Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.session import PERF_MARKER, Session
from pytest_zacperf.sides import Judged, Live, Stored
from pytest_zacperf.stored_comparison import StoredComparison
from pytest_zacperf.verdict import Operator, Outcome, Verdict

ALLOW_DIFFERENT_WORK = "allow_different_work"


class Judge:
    """Judges the costs of a test's backtests.

    Args:
        session: Keeps the comparisons, whose rounds serve all tests.
        runner: Runs the rounds.
        item: The test.

    """

    def __init__(self, session: Session, runner: Runner, item: pytest.Item) -> None:
        self._session = session
        self._runner = runner
        self._item = item

    def live(
        self, candidate: Live, baseline: Live, question: Question, op: Operator, limit: float
    ) -> Judged:
        """Hold a backtest against another one that can be run."""
        report = self._report(candidate, baseline, question, op, limit)
        return self._judged(report)

    def stored(
        self, candidate: Live, baseline: Stored, question: Question, op: Operator, limit: float
    ) -> Judged:
        """Hold a backtest against stored samples first, then against their revision."""
        samples = self._samples(candidate, baseline)
        with failing(candidate.name):
            if samples is not None:
                found = samples.first_look(question, op, limit)
                if found.outcome is Outcome.PASS:
                    return self._judged_by_samples(samples, found, candidate, baseline)
        revision, why_not = baseline.live()
        if revision is not None:
            return self.live(candidate, revision, question, op, limit)
        if samples is None:
            pytest.skip(f"{candidate.name} is not compared with the {baseline.origin}: {why_not}")
        with failing(candidate.name):
            found = samples.judge(question, op, limit, why=why_not)
        return self._judged_by_samples(samples, found, candidate, baseline)

    def _report(
        self, candidate: Live, baseline: Live, question: Question, op: Operator, limit: float
    ) -> PerfReport:
        comparison = self._comparison(candidate, baseline)
        with failing(candidate.name):
            found = comparison.judge(question, op, limit)
            return assessed(comparison, found, self._subject(candidate, baseline))

    def _comparison(self, candidate: Live, baseline: Live) -> Comparison:
        # The single runs of the session come first: they are the warm-up, and they show in a
        # fraction of the time that the two sides cannot be compared.
        warm_up = (baseline.run, candidate.run)
        rounds = Rounds(
            runner=self._runner,
            session=self._session.id,
            baseline=ComparedSide(workload=baseline.workload, sources=baseline.sources),
            candidate=ComparedSide(workload=candidate.workload, sources=candidate.sources),
        )
        key = f"{rounds.digest} {self._allows_different_work}"
        comparisons = self._session.comparisons
        if key not in comparisons:
            comparisons[key] = Comparison(
                rounds=rounds, warm_up=warm_up, rules=self._rules(), tell=self._session.say
            )
        return comparisons[key]

    def _samples(self, candidate: Live, baseline: Stored) -> StoredComparison | None:
        run = candidate.run
        samples = baseline.in_environment(run.environment) if run.environment else None
        if samples is None:
            return None
        return StoredComparison(
            runner=self._runner,
            session=self._session.id,
            baseline=samples,
            workload=candidate.workload,
            first_run=run,
            clock=self._session.settings.clock,
            allow_different_work=self._allows_different_work,
            budget_s=self._session.settings.budget_s,
            tell=self._session.say,
        )

    def _rules(self) -> Rules:
        settings = self._session.settings
        return Rules(
            schedule=settings.schedule,
            clock=settings.clock,
            budget_s=settings.budget_s,
            duet_looks=settings.duet_looks,
            alternate_looks=settings.alternate_looks,
            allow_different_work=self._allows_different_work,
        )

    @property
    def _allows_different_work(self) -> bool:
        marks = self._item.iter_markers(PERF_MARKER)
        return any(mark.kwargs.get(ALLOW_DIFFERENT_WORK, False) for mark in marks)

    def _subject(self, candidate: Live, baseline: Live | Stored) -> Subject:
        return Subject(
            test=self._item.nodeid,
            candidate=candidate.name,
            baseline=baseline.name,
            origin=baseline.origin,
            blames=self._session.settings.blame,
        )

    def _judged_by_samples(
        self, samples: StoredComparison, found: Verdict, candidate: Live, baseline: Stored
    ) -> Judged:
        subject = self._subject(candidate, baseline)
        return self._judged(assessed_by_samples(samples, found, subject))

    def _judged(self, report: PerfReport) -> Judged:
        lines = deliver(report, self._item, self._session.root)
        return Judged(verdict=report.verdict, lines=lines)


@contextlib.contextmanager
def failing(name: str) -> Iterator[None]:
    """Fail the test with the sentence of an error; our own frames would tell nothing."""
    try:
        yield
    except ZacperfError as e:
        raise pytest.fail.Exception(f"{name}: {e}", pytrace=False) from None
    except ValueError as e:
        problem, _, hint = str(e).partition("; ")
        text = f"{name}: {problem}" + (f"\n  hint: {hint}" if hint else "")
        raise pytest.fail.Exception(text, pytrace=False) from None
