"""A stored baseline as a side of a ratio: its samples, and the revision they were taken of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from pytest_zacperf import worktree
from pytest_zacperf.baselines import revision_problem
from pytest_zacperf.comparability import environment_fingerprint, one_line_difference
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.perf_report import SHORT_REVISION
from pytest_zacperf.ratios import HasCosts
from pytest_zacperf.records import Baseline, Environment, Run
from pytest_zacperf.sides import Live
from pytest_zacperf.worktree import Revision

MakeLive: TypeAlias = Callable[[Revision, str], Live]  # of a revision, and why it is the baseline


class StoredSide(HasCosts):
    """The stored baselines of a workload, one for each environment.

    Args:
        entries: At least one, the newest first.
        root: The project.
        make_live: Makes a side that runs a revision.

    """

    def __init__(self, entries: Sequence[Baseline], *, root: Path, make_live: MakeLive) -> None:
        self._entries = entries
        self._root = root
        self._make_live = make_live
        self._used = entries[0]
        self._difference: str | None = None

    @property
    def name(self) -> str:
        """The window, and that it is stored."""
        return f"{self._used.workload.window.id} as recorded"

    @property
    def origin(self) -> str:
        """Which baseline is used, and why."""
        recorded = self._used
        revision = (recorded.environment.git_revision or "")[:SHORT_REVISION]
        of_revision = f" of revision {revision}" if revision else ""
        return f"stored baseline{of_revision}, {recorded.recorded_utc:%Y-%m-%d}"

    @property
    def has_run(self) -> bool:
        """Whether it has a run of its own in this session: never."""
        return False

    @property
    def run(self) -> Run:
        """It has none."""
        raise NotImplementedError

    def in_environment(self, environment: Environment) -> Baseline | None:
        """Return the samples of this environment, or None; ``live`` then says what differs."""
        wanted = environment_fingerprint(environment)
        for entry in self._entries:
            if environment_fingerprint(entry.environment) == wanted:
                self._used = entry
                return entry
        self._difference = one_line_difference(self._entries[0].environment, environment)
        return None

    def live(self) -> tuple[Live | None, str]:
        """Return the baseline's revision as a side that can be run, or None and why not."""
        recorded = self._used.environment
        problem = revision_problem(recorded)
        if problem is None and recorded.git_revision is not None:
            try:
                revision = worktree.resolve(self._root, recorded.git_revision)
            except ZacperfError as e:
                problem = e.problem
            else:
                return self._make_live(revision, self.origin), ""
        place = self._difference and f"it was recorded in another environment ({self._difference})"
        problems = " and ".join(filter(None, (place, problem)))
        return None, f"{problems}; record a new baseline: {self._remedy}"

    @property
    def _remedy(self) -> str:
        window = self._used.workload.window.id
        return (
            f"zacperf baseline record --window {window} --reason ... with everything committed, so "
            "that its revision can be measured, or name a revision with --zacperf-against"
        )

    def __repr__(self) -> str:
        return f"<{self.origin}: {self.name}>"
