"""One run of the queue: its passes, each in a process of its own, and which of them counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.errors import InvariantError
from pytest_zacperf.execution import Limits
from pytest_zacperf.job import Job
from pytest_zacperf.plan import Plan, PlannedRun, Policy
from pytest_zacperf.queue.watch import QueueWatch
from pytest_zacperf.records import Expectation, Profile, Run, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.sentences import without_hint
from pytest_zacperf.work import different_amount
from pytest_zacperf.worker import EXIT_NOT_KEPT

WARM_PASS, COLD_PASS = "cache-warm pass", "cache-cold pass"
AS_IT_WAS = "cache as it was"
NOTES: Mapping[Policy, str] = {"single": "", "preload": "preloaded", "two_pass": WARM_PASS}
PROFILED_SLOWDOWN = 15  # of a pure Python engine by yappi's CPU clock, which is the worst case
TIME_TO_STOP_S = 60.0  # for a worker that reached its time limit: it writes a profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How this process works the queue off.

    Attributes:
        time_limit_s: Seconds after which a pass is stopped and what it has come to is kept.
        allow_changed_environment: Whether symbols, data provider and environment may differ from
            those of the first run.

    """

    time_limit_s: float | None = None
    allow_changed_environment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What the passes of one run gave.

    Attributes:
        run: The profiled run that counts, or the pass that failed.
        unprofiled: The round without profiler; None where none was asked for.
        profile: Of that run; None when it failed.
        note: What the passes before it did for it.
        problem: Why it is an error though each pass has a result, and what to do; None otherwise.

    """

    run: Run
    unprofiled: Run | None = None
    profile: Profile | None = None
    note: str = ""
    problem: tuple[str, str] | None = None

    @property
    def has_failed(self) -> bool:
        """Whether there is no result to be used."""
        return self.run.status == "error" or self.problem is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheUse:
    """How the passes of a run use the cache.

    Attributes:
        policy: What is done before the pass that counts.
        unprofiled: Cache of the round without profiler; None for the project's.
        profiled: Cache of the profiled pass; None for the project's. A cold probe has two, so that
            each of its passes begins with an empty one.
        note: What the result says of it.

    """

    policy: Policy = "single"
    unprofiled: Path | None = None
    profiled: Path | None = None
    note: str = ""


class Passes:
    """Executes the runs of a plan.

    Args:
        runner: Runs backtests.
        session: The session of its runs.
        engine: Reference of the engine.
        rules: How.
        watch: Is told of each pass.

    """

    def __init__(
        self, runner: Runner, *, session: str, engine: str, rules: Rules, watch: QueueWatch
    ) -> None:
        self.runner = runner
        self.rules = rules
        self._session = session
        self._engine = engine
        self._watch = watch
        self._count = 0

    def execute(
        self,
        plan: Plan,
        planned: PlannedRun,
        expected: Expectation | None,
        cache: CacheUse,
    ) -> Executed:
        """Run all passes of one run, each after the other.

        Args:
            plan: Says what is asked of every run.
            planned: The run.
            expected: What must be as in the first run of the queue.
            cache: What is done about the cache.

        Raises:
            InvariantError: The engine cannot keep an invariant, or the run is not like the first.
            RunError: Nothing can be stored.

        """
        base = self._job(plan, planned, expected)
        filling = self._filling_passes(base, planned, cache.policy)
        if filling and filling[-1].status == "error":
            return Executed(run=filling[-1])
        unprofiled = self._unprofiled(plan, planned, base, cache)
        if unprofiled is not None and unprofiled.status == "error":
            return Executed(run=unprofiled)
        run = self._pass(base, planned, "profiled", cache_folder=cache.profiled)
        if run.status == "error":
            return Executed(run=run, unprofiled=unprofiled)
        before = [*filling, *([unprofiled] if unprofiled else [])]
        return Executed(
            run=run,
            unprofiled=unprofiled,
            profile=store.read_profile(self.runner.store.run_folder(run.id)),
            note=cache.note,
            problem=_different_passes(before, run),
        )

    def _filling_passes(self, base: Job, planned: PlannedRun, policy: Policy) -> list[Run]:
        if policy == "preload":
            return [self._pass(base, planned, "fills the cache", profile=False)]
        if policy == "two_pass":
            return [self._pass(base, planned, "first pass")]
        return []

    def _unprofiled(
        self, plan: Plan, planned: PlannedRun, base: Job, cache: CacheUse
    ) -> Run | None:
        is_timed = plan.meta.timed if planned.timed is None else planned.timed
        # What a profiled run took decides nothing, and the cache probe decides.
        if not is_timed and not planned.is_probe:
            return None
        folder = cache.unprofiled
        return self._pass(base, planned, "without profiler", profile=False, cache_folder=folder)

    def _job(self, plan: Plan, planned: PlannedRun, expected: Expectation | None) -> Job:
        return Job(
            workload=Workload(engine=self._engine, window=planned.window),
            session=self._session,
            machine="alone",
            limits=self._limits(),
            profile=plan.meta.clock,
            time_limit_s=self.rules.time_limit_s,
            invariants=plan.invariants,
            expected=expected,
            on_day=self._watch.comes_to,
        )

    def _pass(
        self,
        base: Job,
        planned: PlannedRun,
        what: str,
        *,
        profile: bool = True,
        cache_folder: Path | None = None,
    ) -> Run:
        # A number that no other pass of this process has: the same run may be asked for again.
        self._count += 1
        self._watch.begins(planned, what)
        job = replace(
            base,
            side=f"queue-{'profiled' if profile else 'plain'}-",
            round=self._count,
            profile=base.profile if profile else None,
            cache_folder=cache_folder,
        )
        (run,) = self.runner.run_together([job])
        if run.exit_status == EXIT_NOT_KEPT:
            raise InvariantError(*without_hint(run.reason or ""))
        return run

    def _limits(self) -> Limits:
        limits = self.runner.limits
        patient_s = None if limits.timeout_s is None else limits.timeout_s * PROFILED_SLOWDOWN
        if self.rules.time_limit_s is not None:
            stop_s = self.rules.time_limit_s + TIME_TO_STOP_S
            patient_s = stop_s if patient_s is None else min(stop_s, patient_s)
        return replace(limits, timeout_s=patient_s)


def _different_passes(before: Sequence[Run], run: Run) -> tuple[str, str] | None:
    for other in before:
        if other.partial or run.partial:
            continue
        if different_amount(other.work, run.work) or (
            other.order_events_hash != run.order_events_hash
        ):
            return (
                f"its passes did different work: compare {other.id} and {run.id}",
                "look for a download that broke off, or run `zacperf backtest --twice`",
            )
    return None
