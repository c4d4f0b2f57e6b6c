"""What a ratio and its judge need of the two sides; holds no logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_zacperf.estimates import Question
from pytest_zacperf.records import Baseline, Environment, Run, SourceTree, Workload
from pytest_zacperf.verdict import Operator, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, and what the failed assertion says: at most 8 lines and 640 characters."""

    verdict: Verdict
    lines: Sequence[str]


class Side(Protocol):
    """A side of a ratio."""

    @property
    def name(self) -> str:
        """The window and what was asked for beyond the engine's own parameters."""
        ...

    @property
    def has_run(self) -> bool:
        """Whether ``run`` is known without running anything."""
        ...

    @property
    def run(self) -> Run:
        """The single run of this session; fails the test when it has no result."""
        ...


class Candidate(Side, Protocol):
    """A side that can be held against another one."""

    def judge(self, baseline: Side, question: Question, op: Operator, limit: float) -> Judged:
        """Hold this side against a baseline."""
        ...

    @property
    def inconclusive(self) -> str:
        """What INCONCLUSIVE does to the test: ``skip``, ``fail`` or ``warn``."""
        ...


class Live(Side, Protocol):
    """A side that can be run."""

    @property
    def workload(self) -> Workload:
        """What is run."""
        ...

    @property
    def origin(self) -> str:
        """Why it is the baseline."""
        ...

    @property
    def sources(self) -> SourceTree | None:
        """The revision it is run from; None for the working tree."""
        ...


class Stored(Side, Protocol):
    """A side of which there are stored samples."""

    @property
    def origin(self) -> str:
        """Why it is the baseline."""
        ...

    def in_environment(self, environment: Environment) -> Baseline | None:
        """Return the samples of this environment, or None."""
        ...

    def live(self) -> tuple[Live | None, str]:
        """Return the baseline's revision as a side that can be run, or None and why not."""
        ...
