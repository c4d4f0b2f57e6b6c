"""The rounds of two sides: pairs that are timed, and one profiled run of each; judges nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_zacperf import measure, process, store
from pytest_zacperf.digest import digest_of
from pytest_zacperf.errors import RunError
from pytest_zacperf.estimates import Pair
from pytest_zacperf.execution import Limits
from pytest_zacperf.functions import functions_of
from pytest_zacperf.job import Job
from pytest_zacperf.records import FunctionProfile, Run, SourceTree, StageMemory, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Schedule

SIDES = ("baseline", "candidate")
LETTERS = {"baseline": "a", "candidate": "b"}
PROFILED_SLOWDOWN = 10  # what a time limit allows a profiler, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSide:
    """A workload, and the revision it is run from; None for the working tree."""

    workload: Workload
    sources: SourceTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """The rounds of a session that compare two sides.

    Attributes:
        runner: Runs them, once for a session.
        session: Whose rounds they are.
        baseline: The accepted side.
        candidate: The side under test.

    """

    runner: Runner
    session: str
    baseline: ComparedSide
    candidate: ComparedSide

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Let no other process of the session time rounds: it would take turns in these."""
        claim = self.runner.claim(f"the rounds of {self.candidate.workload.window.id}")
        return self.runner.store.lock(f"{self.session}-rounds", claim)

    def pair(self, laid_out: Schedule, number: int, *, one_processor: bool = False) -> Pair:
        """Run a pair, or read it where the session has run it.

        Args:
            laid_out: The schedule.
            number: From 1.
            one_processor: Whether both keep to the same processor; those of a duet always do.

        Raises:
            RunError: A round failed; the reason is the run's.

        """
        # A goes first in the odd pairs and B in the even ones.
        names = ("baseline", "candidate") if number % 2 else ("candidate", "baseline")
        layout = self._layout(number)
        jobs = [self._job(name, laid_out, number, layout=layout) for name in names]
        is_pinned = one_processor or laid_out is Schedule.DUET
        if is_pinned and not self.runner.has(jobs):  # who only reads it need not look around
            cpu = self._least_busy()
            jobs = [replace(job, cpus=(cpu,)) for job in jobs]
        at_once = [jobs] if laid_out is Schedule.DUET else [[job] for job in jobs]
        found: dict[str, Run] = {}
        for name, run in zip(names, self._each(at_once), strict=True):
            found[name] = self._usable(run, name)
        return found["baseline"], found["candidate"]

    def profiles(self) -> tuple[Sequence[FunctionProfile], Sequence[FunctionProfile]]:
        """Run both sides once more, profiled; return their functions.

        Raises:
            RunError: A run failed.

        """
        folders = [
            self.runner.store.run_folder(self._explained(name, profile=True).id) for name in SIDES
        ]
        before, after = map(store.read_profile, folders)
        return functions_of(before), functions_of(after)

    def memory_by_stage(self) -> tuple[Sequence[StageMemory], Sequence[StageMemory]]:
        """Run both sides once more to see in which stage memory grows.

        Raises:
            RunError: A run failed.

        """
        runs = [self._explained(name, memory_by_stage=True) for name in SIDES]
        grown = [run.costs.memory_by_stage if run.costs else () for run in runs]
        return grown[0], grown[1]

    def _explained(self, name: str, *, profile: bool = False, memory_by_stage: bool = False) -> Run:
        kind = "profile" if profile else "memory"
        job = self._job(name, kind, 0, profile=profile, memory_by_stage=memory_by_stage)
        return self._usable(self.runner.run_together([job])[0], name)

    def _job(  # noqa: PLR0913 - what tells one round from another
        self,
        name: str,
        kind: str,
        number: int,
        *,
        layout: int | None = None,
        profile: bool = False,
        memory_by_stage: bool = False,
    ) -> Job:
        side = self.baseline if name == "baseline" else self.candidate
        # A round belongs to its opponent: against another one it was not timed in turn. Sides are
        # one letter each, for a longer argument shifts the stack, and with it the cost of each bar.
        return Job(
            workload=side.workload,
            session=self.session,
            machine="alone",
            round=number,
            side=f"{self.digest}-{kind}-{LETTERS[name]}-",
            sources=side.sources,
            layout=layout,
            limits=self._patient_limits() if profile or memory_by_stage else None,
            profile="wall" if profile else None,
            memory_by_stage=memory_by_stage,
        )

    def _each(self, at_once: Sequence[Sequence[Job]]) -> Iterator[Run]:
        for jobs in at_once:
            yield from self.runner.run_together(jobs)

    def _least_busy(self) -> int:
        return measure.least_busy(measure.pinnable_processors(self.runner.cpus))

    def _layout(self, number: int) -> int | None:
        # The same for both sides of a pair, and another one in each pair and session, so that what
        # a layout does to a program is averaged out.
        if not process.layout.can_be_shared():
            return None
        return int(digest_of([self.session, self.digest, number])[:8], 16)

    def _patient_limits(self) -> Limits:
        limits = self.runner.limits
        if limits.timeout_s is None:
            return limits
        return replace(limits, timeout_s=limits.timeout_s * PROFILED_SLOWDOWN)

    @property
    def digest(self) -> str:
        """What tells this comparison from others of the session."""
        return digest_of([
            (side.workload, side.sources.revision if side.sources else None)
            for side in (self.baseline, self.candidate)
        ])[:8]

    def _usable(self, run: Run, name: str) -> Run:
        if run.status == "error":
            number = run.id.rpartition("-")[2]
            raise RunError(
                f"round {number} of the {name} failed: {run.reason}",
                f"read {self.runner.store.run_folder(run.id) / store.STDERR_FILE}",
            )
        return run
