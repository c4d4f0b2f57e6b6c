"""The rounds of two sides: pairs that are timed, and one profiled run of each; judges nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_zacperf import measure, process, store
from pytest_zacperf.digest import digest_of
from pytest_zacperf.errors import RunError
from pytest_zacperf.estimates import Pair
from pytest_zacperf.execution import Limits
from pytest_zacperf.records import FunctionProfile, Run, SourceTree, StageMemory, Workload
from pytest_zacperf.runner import Job, Runner
from pytest_zacperf.schedule import Schedule

SIDES = ("baseline", "candidate")
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

    def pair(self, laid_out: Schedule, number: int) -> Pair:
        """Run a pair, or read it where the session has run it.

        Args:
            laid_out: The schedule.
            number: From 1.

        Raises:
            RunError: A round failed; the reason is the run's.

        """
        # A goes first in the odd pairs and B in the even ones.
        names = ("baseline", "candidate") if number % 2 else ("candidate", "baseline")
        if laid_out is Schedule.ALTERNATE:
            runs = {name: self._one(name, number=number) for name in names}
        else:
            cpus = (measure.least_busy(measure.pinnable_processors(self.runner.cpus)),)
            shared = self._layout(number)
            jobs = [
                self._job(name, Schedule.DUET, number, cpus=cpus, layout=shared) for name in names
            ]
            together = self.runner.run_together(jobs)
            runs = {
                name: self._usable(run, name) for name, run in zip(names, together, strict=True)
            }
        return runs["baseline"], runs["candidate"]

    def profiles(self) -> tuple[Sequence[FunctionProfile], Sequence[FunctionProfile]]:
        """Run both sides once more, profiled; return their functions.

        Raises:
            RunError: A run failed.

        """
        folders = [
            self.runner.store.run_folder(self._one(name, number=0, profile=True).id)
            for name in SIDES
        ]
        return store.read_profile(folders[0]), store.read_profile(folders[1])

    def memory_by_stage(self) -> tuple[Sequence[StageMemory], Sequence[StageMemory]]:
        """Run both sides once more to see in which stage memory grows.

        Raises:
            RunError: A run failed.

        """
        runs = [self._one(name, number=0, memory_by_stage=True) for name in SIDES]
        grown = [run.costs.memory_by_stage if run.costs else () for run in runs]
        return grown[0], grown[1]

    def _one(
        self, name: str, *, number: int, profile: bool = False, memory_by_stage: bool = False
    ) -> Run:
        kind = "profile" if profile else "memory" if memory_by_stage else Schedule.ALTERNATE
        job = self._job(name, kind, number, profile=profile, memory_by_stage=memory_by_stage)
        return self._usable(self.runner.run_together([job])[0], name)

    def _job(  # noqa: PLR0913 - what tells one round from another
        self,
        name: str,
        kind: str,
        number: int,
        *,
        cpus: tuple[int, ...] = (),
        layout: int | None = None,
        profile: bool = False,
        memory_by_stage: bool = False,
    ) -> Job:
        side = self.baseline if name == "baseline" else self.candidate
        # A round belongs to its opponent: against another one it was not timed in turn.
        return Job(
            workload=side.workload,
            session=self.session,
            machine="alone",
            round=number,
            side=f"{self.digest}-{kind}-{name}-",
            sources=side.sources,
            cpus=cpus,
            layout=layout,
            limits=self._patient_limits() if profile or memory_by_stage else None,
            profile=profile,
            memory_by_stage=memory_by_stage,
        )

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
