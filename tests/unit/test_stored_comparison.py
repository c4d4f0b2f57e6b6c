"""The candidate against stored samples: PASS or INCONCLUSIVE, whatever it cost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from support import recorded
from support.timed_runs import timed_run

from pytest_zacperf.errors import ComparisonError, RunError
from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.job import Job
from pytest_zacperf.records import Baseline, Run, Work
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore
from pytest_zacperf.stored_comparison import MORE_RUNS, StoredComparison
from pytest_zacperf.verdict import Operator, Outcome

RUNTIME = Question(quantity=Quantity.RUNTIME)
MEMORY = Question(quantity=Quantity.PEAK_MEMORY)
STORED = recorded.baseline(wall_ns=1_000_000_000)
OTHER_WORK = Work(data_points=999, orders=2, order_events=4, final_equity=100.5)
NO_REVISION = "its revision is gone"
CLOCK = "pytest_zacperf.stored_comparison.time.monotonic"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRunner(Runner):
    """Gives runs that are known already, by the number of the round, and notes the jobs."""

    known: Callable[[int], Run]
    asked: list[Job] = field(default_factory=list)

    def run_together(self, jobs: Sequence[Job]) -> tuple[Run, ...]:
        self.asked.extend(jobs)
        return tuple(self.known(job.round) for job in jobs)


def runner_of(known: Callable[[int], Run]) -> KnownRunner:
    return KnownRunner(store=RunStore(Path("nowhere")), root=Path("nowhere"), known=known)


def stored(  # noqa: PLR0913 - a test names what it is about
    run: Run,
    *,
    runner: Runner | None = None,
    baseline: Baseline = STORED,
    clock: str = "auto",
    allow_different_work: bool = False,
    budget_s: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> StoredComparison:
    return StoredComparison(
        runner=runner or runner_of(lambda _: run),
        session="s",
        baseline=baseline,
        workload=recorded.WORKLOAD,
        first_run=run,
        clock=clock,
        allow_different_work=allow_different_work,
        budget_s=budget_s,
        tell=tell,
    )


def test_a_run_that_is_clearly_below_the_limit_passes_at_the_first_look() -> None:
    runner = runner_of(lambda _: timed_run())
    found = stored(timed_run(), runner=runner).first_look(RUNTIME, "<=", 2.0)
    assert (found.outcome, found.why) == (Outcome.PASS, None)
    assert found.estimate is not None
    assert (found.estimate.schedule, found.estimate.pairs) == (None, 1)
    assert runner.asked == []


def test_a_first_look_that_is_not_certain_says_so() -> None:
    assert stored(timed_run()).first_look(RUNTIME, "<=", 1.05).outcome is Outcome.INCONCLUSIVE


def test_a_single_run_needs_more_room_than_the_level_of_eight_would_give_it() -> None:
    found = stored(timed_run()).first_look(RUNTIME, "<=", 1.6)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_more_runs_pass_when_they_are_certain() -> None:
    runner = runner_of(lambda _: timed_run())
    found = stored(timed_run(), runner=runner).judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert (found.outcome, found.why) == (Outcome.PASS, None)
    assert [job.round for job in runner.asked] == list(range(1, MORE_RUNS + 1))
    assert {(job.machine, job.side, job.session) for job in runner.asked} == {
        ("alone", "stored-", "s")
    }


@pytest.mark.parametrize("cpu_ms", [1290.0, 20_000.0], ids=["unsure", "20 times as slow"])
def test_stored_samples_alone_never_fail_a_test(cpu_ms: float) -> None:
    found = stored(timed_run(cpu_ms)).judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.why == "stored samples alone never fail a test: its revision is gone"
    assert found.estimate is not None
    assert found.estimate.ratio == pytest.approx(cpu_ms / 1000)


def test_the_first_run_is_not_counted_again() -> None:
    first, later = timed_run(20_000.0), timed_run()
    asked = stored(first, runner=runner_of(lambda _: later))
    found = asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert found.estimate is not None
    assert (found.outcome, found.estimate.pairs) == (Outcome.PASS, MORE_RUNS)


def test_the_runs_that_were_made_are_kept() -> None:
    asked = stored(timed_run(), runner=runner_of(lambda number: timed_run(id=f"later-{number}")))
    asked.first_look(RUNTIME, "<=", 1.3)
    assert asked.more_runs == []
    asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert [run.id for run in asked.more_runs] == [f"later-{n}" for n in range(1, MORE_RUNS + 1)]


def test_a_candidate_whose_code_changes_meanwhile_is_not_compared() -> None:
    fingerprints = recorded.run().fingerprints
    assert fingerprints is not None
    changed = msgspec.structs.replace(fingerprints, code="c1c1")
    asked = stored(timed_run(), runner=runner_of(lambda _: timed_run(fingerprints=changed)))
    with pytest.raises(ComparisonError, match="the code or the data of the candidate changed"):
        asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)


@pytest.mark.parametrize("op", [">", ">="])
def test_a_single_run_that_others_may_have_slowed_down_never_passes_as_slower(op: Operator) -> None:
    slow = stored(timed_run(20_000.0))
    found = slow.first_look(RUNTIME, op, 2.0)
    assert (found.outcome, found.estimate and found.estimate.pairs) == (Outcome.INCONCLUSIVE, 1)
    assert slow.judge(RUNTIME, op, 2.0, why=NO_REVISION).outcome is Outcome.PASS


@pytest.mark.parametrize("op", ["<", "<="])
def test_a_single_run_passes_as_faster(op: Operator) -> None:
    assert stored(timed_run()).first_look(RUNTIME, op, 3.0).outcome is Outcome.PASS


@pytest.mark.parametrize(("op", "limit"), [("<=", 1.10), ("<", 1.10), (">=", 0.91), (">", 0.91)])
def test_no_run_is_begun_where_not_even_runs_without_noise_could_pass(
    op: Operator, limit: float
) -> None:
    told: list[str] = []
    runner = runner_of(lambda _: timed_run())
    asked = stored(timed_run(), runner=runner, tell=told.append)
    found = asked.judge(RUNTIME, op, limit, why=NO_REVISION)
    assert (found.outcome, runner.asked, told) == (Outcome.INCONCLUSIVE, [], [])
    assert found.estimate is not None
    assert found.estimate.pairs == 1
    assert found.why == (
        f"stored samples alone cannot settle the limit {limit:.2f}, not by 8 more runs without any "
        "noise, so none were begun: its revision is gone"
    )


@pytest.mark.parametrize(("cpu_ms", "limit"), [(500.0, 0.8), (20_000.0, 1.3)], ids=["fast", "slow"])
def test_runs_are_begun_where_the_first_ratio_or_an_unchanged_one_could_pass(
    cpu_ms: float, limit: float
) -> None:
    runner = runner_of(lambda _: timed_run())
    stored(timed_run(cpu_ms), runner=runner).judge(RUNTIME, "<=", limit, why=NO_REVISION)
    assert len(runner.asked) == MORE_RUNS


def test_the_duration_of_more_runs_is_told_before_the_first() -> None:
    told: list[tuple[str, int]] = []
    runner = runner_of(lambda _: timed_run())
    first = timed_run(elapsed_s=1200.0)
    asked = stored(first, runner=runner, tell=lambda text: told.append((text, len(runner.asked))))
    asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert told == [("timing wk-1 against stored samples: 8 runs, about 2 h 40 min", 0)]


def test_no_run_is_begun_that_the_budget_does_not_allow() -> None:
    told: list[str] = []
    runner = runner_of(lambda _: timed_run())
    first = timed_run(elapsed_s=1200.0)
    asked = stored(first, runner=runner, budget_s=600.0, tell=told.append)
    found = asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert (found.outcome, runner.asked, told) == (Outcome.INCONCLUSIVE, [], [])
    assert found.why == (
        "the budget of 10 min 00 s is too short for 8 runs of about 20 min 00 s against stored "
        "samples; set a larger budget under [tool.zacperf], or --zacperf-budget"
    )


def test_runs_that_take_longer_than_the_first_end_with_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each run is seen to take 4 s where 1 s was expected; 1.5 budgets are 12 s.
    clock = itertools.count(step=4)
    monkeypatch.setattr(CLOCK, lambda: float(next(clock)))
    runner = runner_of(lambda _: timed_run(elapsed_s=4.0))
    asked = stored(timed_run(elapsed_s=1.0), runner=runner, budget_s=8.0)
    found = asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION)
    assert (found.outcome, len(runner.asked)) == (Outcome.INCONCLUSIVE, 3)
    assert found.why == (
        "the budget of 8.00 s is spent; set a larger budget under [tool.zacperf], or "
        "--zacperf-budget"
    )


def test_waiting_for_others_is_not_charged_to_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(step=100)
    monkeypatch.setattr(CLOCK, lambda: float(next(clock)))
    asked = stored(timed_run(elapsed_s=1.0), budget_s=8.0)
    assert asked.judge(RUNTIME, "<=", 1.3, why=NO_REVISION).outcome is Outcome.PASS


def test_samples_of_another_version_of_the_engine_are_no_baseline() -> None:
    run = timed_run()
    newer = msgspec.structs.replace(run.workload, engine_version="2")
    with pytest.raises(ComparisonError) as raised:
        stored(msgspec.structs.replace(run, workload=newer)).first_look(RUNTIME, "<=", 2.0)
    assert raised.value.problem == (
        "costs are not compared: the baseline is one of gold 1, and this run is of gold 2"
    )
    assert raised.value.hint == "record a baseline of this engine: `zacperf baseline record`"


def test_a_runtime_by_other_clocks_is_not_held_against_stored_samples() -> None:
    run = timed_run()
    assert run.costs is not None
    costs = msgspec.structs.replace(run.costs, cpu_source="docker-stats")
    with pytest.raises(ComparisonError, match="runtime is not compared: the baseline's wall"):
        stored(msgspec.structs.replace(run, costs=costs)).first_look(RUNTIME, "<=", 2.0)


def test_a_run_that_did_different_work_is_not_compared() -> None:
    with pytest.raises(ComparisonError, match="different work"):
        stored(timed_run(work=OTHER_WORK)).first_look(RUNTIME, "<=", 2.0)


def test_a_later_run_that_did_different_work_is_not_compared() -> None:
    runner = runner_of(lambda n: timed_run(work=OTHER_WORK) if n == MORE_RUNS else timed_run())
    with pytest.raises(ComparisonError, match="different work"):
        stored(timed_run(), runner=runner).judge(RUNTIME, "<=", 2.0, why=NO_REVISION)


def test_different_work_is_compared_where_a_test_allows_it() -> None:
    run = timed_run(work=OTHER_WORK)
    found = stored(run, allow_different_work=True).first_look(RUNTIME, "<=", 2.0)
    assert found.outcome is Outcome.PASS


def test_memory_of_another_source_is_not_compared() -> None:
    with pytest.raises(ComparisonError, match="the candidate's from 'sampled'"):
        stored(timed_run(source="sampled")).first_look(MEMORY, "<=", 2.0)


def test_memory_is_compared_without_a_clock() -> None:
    found = stored(timed_run(), baseline=recorded.baseline(samples=10)).first_look(
        MEMORY, "<=", 1.1
    )
    assert found.outcome is Outcome.PASS
    assert found.estimate is not None
    assert (found.estimate.clock, found.estimate.baseline_median) == (None, 80_000_000)


@pytest.mark.parametrize(
    ("asked", "wall_ms", "expected"),
    [
        pytest.param("auto", 1000.0, "CPU", id="computes"),
        pytest.param("auto", 4000.0, "wall", id="waits"),
        pytest.param("wall", 1000.0, "wall", id="wall asked for"),
        pytest.param("CPU", 4000.0, "CPU", id="CPU asked for"),
    ],
)
def test_the_clock_is_the_one_asked_for_or_the_one_that_suits(
    asked: str, wall_ms: float, expected: str
) -> None:
    run = timed_run(1000.0, wall_ms=wall_ms)
    found = stored(run, clock=asked).first_look(RUNTIME, "<=", 9.0)
    assert found.estimate is not None
    assert found.estimate.clock == expected


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a limit is a positive number such as 1\.10, got 0"):
        stored(timed_run()).first_look(RUNTIME, "<=", 0)


def test_a_run_that_failed_is_an_error_with_its_reason_and_its_folder() -> None:
    failed = msgspec.structs.replace(timed_run(), id="r-3", status="error", reason="it ended")
    with pytest.raises(RunError) as e:
        stored(timed_run(), runner=runner_of(lambda _: failed)).judge(
            RUNTIME, "<=", 2.0, why=NO_REVISION
        )
    assert e.value.problem == "round 1 of the candidate failed: it ended"
    assert e.value.hint.startswith("read ")
    assert "r-3" in e.value.hint


def test_fewer_than_five_samples_are_refused() -> None:
    few = recorded.baseline(samples=4)
    with pytest.raises(ValueError, match="needs 5 samples, has 4; record it again"):
        stored(timed_run(), baseline=few).first_look(RUNTIME, "<=", 2.0)
