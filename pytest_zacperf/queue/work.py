"""Works the queue off: takes what is next, has it executed, writes down what came of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pytest_zacperf import store
from pytest_zacperf.call_growth import CallGrowth
from pytest_zacperf.errors import SettingsError, ZacperfError
from pytest_zacperf.functions import functions_of
from pytest_zacperf.plan import DecidedPolicy, Plan, PlannedRun, Policy, RunResult, Status
from pytest_zacperf.plan.probe import Pair, pair_of
from pytest_zacperf.plan.queue import Blocked, Unit, Waiting
from pytest_zacperf.plan.records import PHASE0
from pytest_zacperf.queue import results
from pytest_zacperf.queue.files import RunFiles
from pytest_zacperf.queue.passes import AS_IT_WAS, NOTES, CacheUse, Executed, Passes
from pytest_zacperf.queue.plan_queue import PlanQueue
from pytest_zacperf.queue.probing import Probe, probe
from pytest_zacperf.queue.watch import QueueWatch
from pytest_zacperf.records import Expectation
from pytest_zacperf.render.run_report import growth_report, run_report_lines
from pytest_zacperf.run_report import RunReport

POLL_S = 0.5
UNDECIDED = "the cache probe has no result: each run is run once, whatever the cache holds"


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
    while True:
        plan, unit = queue.take(wanted)
        if unit is None:
            break
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
            worker.work(plan, unit)
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
            try:
                self._queue.give_back(unit.ids)
            except ZacperfError as e:  # somebody has edited the plan meanwhile
                self._watch.says(f"{', '.join(unit.ids)} could not be given back: {e}")
            raise

    def work(self, plan: Plan, unit: Unit) -> None:
        """Execute one unit."""
        RunFiles(self._queue.file.path.parent, plan, unit.runs[0]).require_folder()
        pair = pair_of(plan)
        if pair is not None and pair.ids == unit.ids:
            self._work_probe(plan, pair)
        else:
            self._work_run(plan, unit.runs[0])

    def _work_run(self, plan: Plan, planned: PlannedRun) -> None:
        expected = self._expectation(plan, planned)
        policy = self._policy(plan)
        note = AS_IT_WAS if policy is None else NOTES[policy]
        cache = CacheUse(policy=policy or "single", note=note)
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
            self._note(pair.warm, "error", result, {})
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
        # The plan keeps earlier results, so their files stay what they were.
        moved = files.set_aside(results.stamp_of_last(plan, planned.id))
        status = results.status_of(executed)
        if status == "done":
            result = results.done(files, executed, self._passes.rules.time_limit_s)
        else:
            result = results.failed(files, executed, self._passes.runner)
        report = self._report(plan, planned, executed, result, expected, found)
        files.write_report(run_report_lines(report))
        self._note(planned, status, result, moved)
        if result.partial:
            for line in growth_report(report):
                self._watch.says(line)

    def _note(
        self, planned: PlannedRun, status: Status, result: RunResult, moved: Mapping[str, str]
    ) -> None:
        try:
            self._queue.finish(planned.id, status, result, moved)
        except SettingsError as e:
            ended = f"{planned.id} has ended, and its result cannot be written down: {e.problem}"
            raise SettingsError(ended, e.hint) from e
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
            growth = results.growth_since_shorter(plan, folder, planned, executed)
        return RunReport(
            planned=planned,
            status=results.status_of(executed),
            run=executed.run,
            unprofiled=executed.unprofiled,
            result=result,
            functions=functions,
            compared=() if executed.has_failed else results.compared_with(expected),
            log=str(self._log(executed)),
            decision=found.decision if found else None,
            other_side=found.other_side(executed) if found else None,
            shorter=growth[0],
            growths=growth[1],
        )

    def _log(self, executed: Executed) -> Path:
        runner = self._passes.runner
        folder = runner.store.run_folder(executed.run.id)
        return (folder / store.STDERR_FILE).relative_to(runner.root)

    def _expectation(self, plan: Plan, planned: PlannedRun) -> Expectation | None:
        allowed = self._passes.rules.allow_changed_environment
        return results.expectation(plan, planned, changed_allowed=allowed)

    def _policy(self, plan: Plan) -> Policy | None:
        """Return what the cache probe has decided; None where it has not, though there is one."""
        decided = msgspec.convert(plan.results.get(PHASE0, {}), DecidedPolicy)
        if decided.cache_policy is not None:
            return decided.cache_policy
        if not any(run.is_probe for run in plan.runs):
            return "single"
        if not self._has_warned:
            self._has_warned = True
            self._watch.says(UNDECIDED)
        return None
