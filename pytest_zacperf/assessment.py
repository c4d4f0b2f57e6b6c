"""A verdict with everything that explains it: stages, functions, memory, rounds; prints nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zacperf import blame, perf_report, stage_growth, work
from pytest_zacperf.comparability import one_line_difference
from pytest_zacperf.comparison import Comparison
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.estimates import Quantity
from pytest_zacperf.perf_report import PerfReport, Round
from pytest_zacperf.records import WHOLE_RUN, Environment, Fingerprints, StageMemory
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.stored_comparison import StoredComparison
from pytest_zacperf.verdict import Outcome, Verdict

# What is asked for is that the candidate is no slower; only then a slower function explains a FAIL.
WANTS_LESS = ("<", "<=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a verdict is about, in words.

    Attributes:
        test: Node id; empty on the command line.
        candidate: Name of the side under test.
        baseline: Name of the accepted side.
        origin: Why that is the baseline.
        blames: Whether a FAIL is explained by further runs.

    """

    test: str
    candidate: str
    baseline: str
    origin: str
    blames: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Causes:
    stages: tuple[StageGrowth, ...] = ()
    functions: tuple[blame.Growth, ...] = ()
    baseline_memory: tuple[StageMemory, ...] = ()
    candidate_memory: tuple[StageMemory, ...] = ()
    unexplained: str | None = None


def assessed(comparison: Comparison, found: Verdict, subject: Subject) -> PerfReport:
    """Return the report of a comparison; on FAIL both sides run once more to be explained."""
    baseline, candidate = comparison.warm_up
    choice = comparison.choice_for(found.question)
    rounds = perf_report.rounds_of(
        comparison.pairs.get(choice.schedule, ()),
        choice.schedule,
        runs_per_side=choice.runs_per_side,
        counted=found.estimate.pairs if found.estimate else 0,
    )
    causes = _causes(comparison, found, blames=subject.blames)
    return _report(
        found,
        subject,
        causes,
        environments=(baseline.environment, candidate.environment),
        fingerprints=(baseline.fingerprints, candidate.fingerprints),
        why_no_duet=choice.why_no_duet,
        rounds=rounds,
    )


def assessed_by_samples(stored: StoredComparison, found: Verdict, subject: Subject) -> PerfReport:
    """Return the report of a comparison with stored samples."""
    run = stored.first_run
    return _report(
        found,
        subject,
        _Causes(),
        environments=(stored.baseline.environment, run.environment),
        fingerprints=(stored.baseline.fingerprints, run.fingerprints),
        why_no_duet=None,
        rounds=perf_report.stored_rounds(
            stored.baseline,
            stored.first_run,
            stored.more_runs,
            counted=found.estimate.pairs if found.estimate else 0,
        ),
    )


def _report(  # noqa: PLR0913 - a report has many parts
    found: Verdict,
    subject: Subject,
    causes: _Causes,
    *,
    environments: tuple[Environment | None, Environment | None],
    fingerprints: tuple[Fingerprints | None, Fingerprints | None],
    why_no_duet: str | None,
    rounds: tuple[Round, ...],
) -> PerfReport:
    before, after = environments
    return PerfReport(
        test=subject.test,
        verdict=found,
        candidate=subject.candidate,
        baseline=subject.baseline,
        origin=subject.origin,
        revisions=(perf_report.revision_text(before), perf_report.revision_text(after)),
        same_inputs=work.same_inputs(*fingerprints),
        why_no_duet=why_no_duet,
        environment=perf_report.environment_text(after),
        difference=one_line_difference(before, after) if before and after else None,
        stages=causes.stages,
        functions=causes.functions,
        baseline_memory=causes.baseline_memory,
        candidate_memory=causes.candidate_memory,
        unexplained=causes.unexplained,
        rounds=rounds,
    )


def _causes(comparison: Comparison, found: Verdict, *, blames: bool) -> _Causes:
    estimate = found.estimate
    if estimate is None:
        return _Causes()
    if found.question.quantity is Quantity.PEAK_MEMORY:
        return _memory_causes(comparison) if _is_blamed(found) and blames else _Causes()
    # In a duet the later stages of the longer side run alone, at twice the speed.
    is_duet = estimate.schedule is Schedule.DUET
    pairs = [comparison.warm_up] if is_duet else comparison.measured_for(found)
    stages = stage_growth.grown_stages(pairs, estimate.clock or "wall", whole=WHOLE_RUN)
    if not (_is_blamed(found) and blames):
        return _Causes(stages=stages)
    try:
        functions = blame.grown(*comparison.rounds.profiles())
    except ZacperfError as e:
        return _Causes(stages=stages, unexplained=f"no profile: {e.problem}")
    return _Causes(stages=stages, functions=functions)


def _memory_causes(comparison: Comparison) -> _Causes:
    try:
        before, after = comparison.rounds.memory_by_stage()
    except ZacperfError as e:
        return _Causes(unexplained=f"no memory by stage: {e.problem}")
    return _Causes(baseline_memory=tuple(before), candidate_memory=tuple(after))


def _is_blamed(found: Verdict) -> bool:
    return found.outcome is Outcome.FAIL and found.op in WANTS_LESS
