"""What explains a verdict: the runs that a FAIL asks for, the words, the rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from support import recorded
from support.timed_runs import KnownRounds, timed_pair, timed_run

from pytest_zacperf import sampling
from pytest_zacperf.assessment import Subject, assessed, assessed_by_samples
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.errors import RunError
from pytest_zacperf.estimates import Pair, Quantity, Question
from pytest_zacperf.perf_report import PerfReport
from pytest_zacperf.records import FunctionProfile, StageMemory
from pytest_zacperf.rounds import Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Choice, Schedule
from pytest_zacperf.store import RunStore
from pytest_zacperf.stored_comparison import StoredComparison
from pytest_zacperf.verdict import Operator, Outcome, Verdict

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
DUET = Choice(schedule=Schedule.DUET, clock="CPU")
IN_TURN = Choice(schedule=Schedule.ALTERNATE, clock="CPU", why_no_duet="a setting says so")
STAGES = (("total", 1000.0), ("orders", 500.0))
MORE_STAGES = (("total", 8000.0), ("orders", 7000.0))
SLOWER = timed_run(stages_ms=STAGES), timed_run(8000.0, stages_ms=MORE_STAGES)
HUNGRIER = timed_run(), timed_run(memory_bytes=160_000_000)
SUBJECT = Subject(
    test="test_it.py::test_runtime[wk-1]",
    candidate="wk-1",
    baseline="wk-1 at 0123456789ab",
    origin="--zacperf-against main",
    blames=True,
)
NO_BLAME = Subject(test="", candidate="wk-1", baseline="wk-1", origin="a flag", blames=False)
GREW = (StageMemory(name="data", growth_bytes=80_000_000),)


def function(own_ns: int) -> FunctionProfile:
    return FunctionProfile(
        module="gold.py", name="on_bar", line=7, calls=10, own_ns=own_ns, total_ns=own_ns
    )


@dataclass(slots=True, kw_only=True)
class ExplainedRounds(KnownRounds):
    """Known rounds whose further runs are known too, or fail."""

    problem: str | None = None
    further: list[str] = field(default_factory=list)

    def profiles(self) -> tuple[Sequence[FunctionProfile], Sequence[FunctionProfile]]:
        self._run("profile")
        return [function(1_000)], [function(9_000)]

    def memory_by_stage(self) -> tuple[Sequence[StageMemory], Sequence[StageMemory]]:
        self._run("memory")
        return (), GREW

    def _run(self, kind: str) -> None:
        self.further.append(kind)
        if self.problem is not None:
            raise RunError(self.problem, "read its log")


def rounds_of(known: Callable[[int], Pair], problem: str | None = None) -> ExplainedRounds:
    runner = Runner(store=RunStore(Path("nowhere")), root=Path("nowhere"))
    return ExplainedRounds(runner=runner, known=known, problem=problem)


def comparison(
    rounds: ExplainedRounds,
    *,
    warm_up: Pair | None = None,
    choice: Choice = DUET,
    budget_s: float | None = None,
) -> Comparison:
    rules = Rules(
        schedule="auto",
        clock="auto",
        budget_s=budget_s,
        duet_looks=sampling.DUET.looks,
        alternate_looks=sampling.ALTERNATE_CPU.looks,
    )
    return Comparison(
        rounds=cast("Rounds", rounds),
        warm_up=warm_up or rounds.known(0),
        rules=rules,
        _choice=choice,
    )


def report_of(  # noqa: PLR0913 - a test names what it is about
    rounds: ExplainedRounds,
    question: Question = RUNTIME,
    op: Operator = "<=",
    limit: float = 1.1,
    *,
    subject: Subject = SUBJECT,
    warm_up: Pair | None = None,
    choice: Choice = DUET,
) -> PerfReport:
    asked = comparison(rounds, warm_up=warm_up, choice=choice)
    return assessed(asked, asked.judge(question, op, limit), subject)


def test_a_slower_candidate_has_the_stages_and_the_functions_that_grew() -> None:
    rounds = rounds_of(lambda _: SLOWER)
    report = report_of(rounds)
    assert report.verdict.outcome is Outcome.FAIL
    (stage,) = report.stages
    assert stage.name == "orders"
    assert stage.share == pytest.approx(6500 / 7000)
    assert [(one.module, one.name, one.grown_ns) for one in report.functions] == [
        ("gold.py", "on_bar", 8_000)
    ]
    assert (rounds.further, report.unexplained) == (["profile"], None)


def test_the_stages_of_a_duet_are_those_of_the_warm_up() -> None:
    # Where one side of a duet ends first, the later stages of the other run at twice the speed.
    distorted = timed_run(stages_ms=STAGES), timed_run(8000.0, stages_ms=(("total", 8000.0),))
    rounds = rounds_of(lambda _: distorted)
    (stage,) = report_of(rounds, warm_up=SLOWER).stages
    assert stage.name == "orders"
    assert stage.share == pytest.approx(6500 / 7000)


def test_the_stages_of_rounds_in_turn_are_those_of_the_rounds() -> None:
    rounds = rounds_of(lambda _: SLOWER)
    (stage,) = report_of(rounds, choice=IN_TURN).stages
    assert stage.name == "orders"
    assert stage.share == pytest.approx(6500 / 7000)


def test_a_hungrier_candidate_has_the_stages_that_took_the_memory() -> None:
    rounds = rounds_of(lambda _: HUNGRIER)
    report = report_of(rounds, MEMORY)
    assert report.verdict.outcome is Outcome.FAIL
    assert (report.baseline_memory, report.candidate_memory) == ((), GREW)
    assert (report.stages, report.functions, rounds.further) == ((), (), ["memory"])


@pytest.mark.parametrize("question", [RUNTIME, MEMORY], ids=str)
def test_without_blame_a_fail_costs_no_further_run(question: Question) -> None:
    pair = (
        timed_run(stages_ms=STAGES),
        timed_run(8000.0, memory_bytes=160_000_000, stages_ms=MORE_STAGES),
    )
    rounds = rounds_of(lambda _: pair)
    report = report_of(rounds, question, subject=NO_BLAME)
    assert report.verdict.outcome is Outcome.FAIL
    assert (rounds.further, report.functions, report.candidate_memory) == ([], (), ())
    assert bool(report.stages) is (question is RUNTIME)  # the rounds themselves know them


@pytest.mark.parametrize(
    ("op", "limit", "outcome"),
    [
        pytest.param("<=", 20.0, Outcome.PASS, id="passes"),
        pytest.param(">=", 20.0, Outcome.FAIL, id="shall be slower and is not"),
        pytest.param("<=", 8.0, Outcome.INCONCLUSIVE, id="is not certain"),
    ],
)
def test_only_a_candidate_that_is_too_slow_is_blamed(
    op: Operator, limit: float, outcome: Outcome
) -> None:
    rounds = rounds_of(lambda _: SLOWER)
    report = report_of(rounds, RUNTIME, op, limit)
    assert (report.verdict.outcome, rounds.further, report.functions) == (outcome, [], ())


@pytest.mark.parametrize(
    ("question", "pair", "sentence"),
    [
        pytest.param(RUNTIME, SLOWER, "no profile: no yappi", id="runtime"),
        pytest.param(MEMORY, HUNGRIER, "no memory by stage: no yappi", id="memory"),
    ],
)
def test_a_further_run_that_fails_changes_no_verdict_and_is_told(
    question: Question, pair: Pair, sentence: str
) -> None:
    report = report_of(rounds_of(lambda _: pair, problem="no yappi"), question)
    assert (report.verdict.outcome, report.unexplained) == (Outcome.FAIL, sentence)
    assert bool(report.stages) is (question is RUNTIME)


def test_all_rounds_are_told_and_on_which_of_them_the_verdict_rests() -> None:
    rounds = rounds_of(lambda n: (timed_run(id=f"a-{n}"), timed_run(8000.0, id=f"b-{n}")))
    asked = comparison(rounds)
    early = asked.judge(RUNTIME, "<=", 1.1)
    asked.judge(RUNTIME, "<=", 8.0)
    assert len(rounds.asked) > 2
    report = assessed(asked, early, NO_BLAME)
    assert [(one.pair, one.side, one.run, one.schedule) for one in report.rounds[:4]] == [
        (1, "baseline", "a-1", "duet"),
        (1, "candidate", "b-1", "duet"),
        (2, "baseline", "a-2", "duet"),
        (2, "candidate", "b-2", "duet"),
    ]
    assert len(report.rounds) == 2 * len(rounds.asked)
    assert [one.counts for one in report.rounds[:6]] == [True] * 4 + [False] * 2


def test_a_verdict_without_a_round_has_nothing_to_explain_it() -> None:
    rounds = rounds_of(lambda _: SLOWER)
    asked = comparison(rounds, budget_s=0.001)
    report = assessed(asked, asked.judge(RUNTIME, "<=", 1.1), SUBJECT)
    assert report.verdict.estimate is None
    assert (report.rounds, report.stages, report.functions, rounds.further) == ((), (), (), [])


def test_a_report_has_the_words_of_its_subject_and_both_revisions() -> None:
    changed = recorded.environment(git_revision="f" * 40, git_dirty=True)
    pair = timed_run(), timed_run(environment=changed)
    report = report_of(rounds_of(lambda _: pair), limit=2.0)
    assert (report.test, report.candidate) == (SUBJECT.test, "wk-1")
    assert (report.baseline, report.origin) == ("wk-1 at 0123456789ab", "--zacperf-against main")
    assert report.revisions == ("0123456789ab", "ffffffffffff with changes")
    assert report.environment.endswith("2 processors; ffffffffffff with changes")
    assert report.difference is None  # a revision is no difference of environments


def test_environments_that_differ_are_told() -> None:
    other = recorded.environment(packages={"numpy": "2.1"})
    pair = timed_run(), timed_run(environment=other)
    report = report_of(rounds_of(lambda _: pair), limit=2.0)
    assert report.difference == "package numpy 2.0 / 2.1"


def test_an_environment_that_nobody_knows_is_no_difference() -> None:
    pair = timed_run(environment=None), timed_run()
    report = report_of(rounds_of(lambda _: pair), limit=2.0)
    assert (report.difference, report.revisions[0]) == (None, "no git revision")


def test_the_same_program_on_both_sides_is_told() -> None:
    report = report_of(rounds_of(lambda _: timed_pair(1.0)), limit=2.0)
    assert report.same_inputs == "A/A: same code, parameters and data on both sides"
    other = recorded.run().fingerprints
    assert other is not None
    pair = timed_run(fingerprints=None), timed_run(fingerprints=other)
    assert report_of(rounds_of(lambda _: pair), limit=2.0).same_inputs is None


def test_a_report_says_why_the_rounds_were_in_turn() -> None:
    asked = comparison(rounds_of(lambda _: timed_pair(1.0)), choice=IN_TURN)
    report = assessed(asked, asked.judge(RUNTIME, "<=", 100.0), SUBJECT)
    assert report.why_no_duet == "a setting says so"
    assert report_of(rounds_of(lambda _: timed_pair(1.0)), limit=2.0).why_no_duet is None


def test_stored_samples_have_their_own_environment_and_no_schedule() -> None:
    then = recorded.environment(git_revision="a" * 40)
    stored = StoredComparison(
        runner=Runner(store=RunStore(Path("nowhere")), root=Path("nowhere")),
        session="s",
        baseline=recorded.baseline(environment=then),
        workload=recorded.WORKLOAD,
        first_run=timed_run(),
    )
    found: Verdict = stored.first_look(RUNTIME, "<=", 2.0)
    report = assessed_by_samples(stored, found, SUBJECT)
    assert (report.verdict, report.why_no_duet) == (found, None)
    assert {one.schedule for one in report.rounds} == {"stored"}
    assert [one.run for one in report.rounds if one.side == "candidate"] == [timed_run().id]
    assert report.revisions == ("a" * 12, "0123456789ab")
    assert report.same_inputs == "A/A: same code, parameters and data on both sides"
