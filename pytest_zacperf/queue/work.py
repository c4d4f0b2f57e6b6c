"""Works the queue off: takes what is next, has it executed, writes down what came of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from pytest_zacperf.call_growth import CallGrowth
from pytest_zacperf.functions import functions_of
from pytest_zacperf.plan import Plan, PlannedRun, RunResult, Status
from pytest_zacperf.plan.probe import Pair
from pytest_zacperf.plan.queue import Blocked, Unit, Waiting
from pytest_zacperf.plan.records import PHASE0
from pytest_zacperf.queue import results
from pytest_zacperf.queue.files import RunFiles
from pytest_zacperf.queue.passes import NOTES, CacheUse, Executed, Passes, Policy
from pytest_zacperf.queue.plan_queue import PlanQueue
from pytest_zacperf.queue.probing import Probe, probe
from pytest_zacperf.queue.watch import QueueWatch
from pytest_zacperf.records import Expectation
from pytest_zacperf.render.run_report import growth_report, run_report_lines
from pytest_zacperf.run_report import RunReport

POLL_S = 0.5
UNDECIDED = "the cache probe has not been run: each run is run once, whatever the cache holds"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one process has done for the queue.

    Attributes:
        done: Ids of the runs with a result.
        failed: Ids of the runs that ended in an error.
        blocked: The cache probe that keeps the others from being run; None when none does.

    """

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    blocked: Pair | None = None


def work_off(queue: PlanQueue, passes: Passes, wanted: Collection[str], watch: QueueWatch) -> Tally:
    """Execute the wanted runs that are pending, until none is left for this process.

    Raises:
        SettingsError: The plan cannot be used, or is wrong by now.
        InvariantError: A run cannot keep what the plan asks for; it is pending again.
        RunError: Nothing can be stored; the run is pending again.
        KeyboardInterrupt: Ctrl-C; the run is pending again.

    """
    worker = _Worker(queue, passes, watch)
    is_waiting = False
    while (unit := queue.take(wanted)) is not None:
        if isinstance(unit, Blocked):
            worker.tally.blocked = unit.pair
            break
        if isinstance(unit, Waiting):
            if not is_waiting:
                watch.says(f"waiting for the cache probe, {unit.run.id}, of another process")
            is_waiting = True
            time.sleep(POLL_S)
            continue
        is_waiting = False
        with worker.giving_back(unit):
            worker.work(unit, is_probe_wanted=any(run.is_probe for run in unit.runs))
    return worker.tally


class _Worker:
    """Executes what was taken, and writes the results."""

    def __init__(self, queue: PlanQueue, passes: Passes, watch: QueueWatch) -> None:
        self.tally = Tally()
        self._queue = queue
        self._passes = passes
        self._watch = watch
        self._has_warned = False

    @contextlib.contextmanager
    def giving_back(self, unit: Unit) -> Iterator[None]:
        """Make what was taken and not finished pending again, whatever ends the block."""
        try:
            yield
        except BaseException:
            self._queue.give_back(unit.ids)
            raise

    def work(self, unit: Unit, *, is_probe_wanted: bool) -> None:
        """Execute one unit."""
        plan = self._queue.read()
        if is_probe_wanted:
            self._work_probe(plan, Pair(cold=unit.runs[0], warm=unit.runs[1]))
        else:
            self._work_run(plan, unit.runs[0])

    def _work_run(self, plan: Plan, planned: PlannedRun) -> None:
        expected = self._expectation(plan, planned)
        policy = self._policy(plan)
        cache = CacheUse(policy=policy, note=NOTES[policy])
        executed = self._passes.execute(plan, planned, expected, cache)
        self._finish(plan, planned, executed, expected)

    def _work_probe(self, plan: Plan, pair: Pair) -> None:
        expected = self._expectation(plan, pair.cold)
        found = probe(self._passes, plan, pair, expected)
        if found.decision is not None:
            self._queue.decide(found.decision)
            self._watch.says(found.decision.reason)
        self._finish(plan, pair.cold, found.cold, expected, found)
        if found.warm is None:
            reason = f"not run, because {pair.cold.id} has failed"
            result = results.not_run(reason, self._passes.runner, dt.datetime.now(dt.UTC))
            self._note(pair.warm, "error", result)
        else:
            self._finish(plan, pair.warm, found.warm, expected, found)

    def _finish(
        self,
        plan: Plan,
        planned: PlannedRun,
        executed: Executed,
        expected: Expectation | None,
        found: Probe | None = None,
    ) -> None:
        files = RunFiles(self._queue.file.path.parent, plan, planned)
        status = results.status_of(executed)
        if status == "done":
            result = results.done(files, executed)
        else:
            result = results.failed(files, executed, self._passes.runner)
        report = self._report(plan, planned, executed, result, expected, found)
        files.write_report(run_report_lines(report))
        self._note(planned, status, result)
        if result.partial:
            for line in growth_report(report):
                self._watch.says(line)

    def _note(self, planned: PlannedRun, status: Status, result: RunResult) -> None:
        self._queue.finish(planned.id, status, result)
        (self.tally.done if status == "done" else self.tally.failed).append(planned.id)
        self._watch.ends(planned, status, result)

    def _report(  # noqa: PLR0913, PLR0917 - all that is known of a run
        self,
        plan: Plan,
        planned: PlannedRun,
        executed: Executed,
        result: RunResult,
        expected: Expectation | None,
        found: Probe | None,
    ) -> RunReport:
        functions = functions_of(executed.profile) if executed.profile else ()
        growth: tuple[str, tuple[CallGrowth, ...]] = "", ()
        if executed.run.partial and not executed.has_failed:
            folder = self._queue.file.path.parent
            growth = results.growth_since_shorter(plan, folder, planned, functions)
        return RunReport(
            planned=planned,
            status=results.status_of(executed),
            run=executed.run,
            unprofiled=executed.unprofiled,
            result=result,
            clock=plan.meta.clock,
            functions=functions,
            compared=results.compared_with(expected),
            decision=found.decision if found else None,
            other_side=found.other_side(executed) if found else None,
            shorter=growth[0],
            growths=growth[1],
        )

    def _expectation(self, plan: Plan, planned: PlannedRun) -> Expectation | None:
        allowed = self._passes.rules.allow_changed_environment
        return results.expectation(plan, planned, changed_allowed=allowed)

    def _policy(self, plan: Plan) -> Policy:
        policy: Policy | None = plan.results.get(PHASE0, {}).get("cache_policy")
        if policy is not None:
            return policy
        if not self._has_warned and any(run.is_probe for run in plan.runs):
            self._has_warned = True
            self._watch.says(UNDECIDED)
        return "single"
