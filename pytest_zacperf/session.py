"""One pytest session of ours: settings, plan, runner, and the results that came in on reports."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_zacperf import options, render
from pytest_zacperf.ci import is_under_ci
from pytest_zacperf.errors import PlanError, SettingsError
from pytest_zacperf.naming import new_session_id
from pytest_zacperf.plan import Plan, parse_plan
from pytest_zacperf.render import RunRow, VerdictRow
from pytest_zacperf.settings import RUNS_FOLDER, STORE_FOLDER, WORKTREES_FOLDER, Settings
from pytest_zacperf.verdict import Outcome

if TYPE_CHECKING:  # it loads psutil and the file locks, and at start-up nobody needs them
    from pytest_zacperf.comparison import Comparison
    from pytest_zacperf.records import SourceTree
    from pytest_zacperf.runner import Runner
    from pytest_zacperf.worktree import Revision

RESULTS = "zacperf"  # the attribute of a test report that holds our rows
PERF_MARKER = "perf"
NO_XDIST = "main"
SESSION_ID = "zacperf_session_id"


@dataclass(kw_only=True)
class Session:
    """What all hooks and fixtures of one pytest process share.

    Attributes:
        settings: The values in force.
        root: The project: pytest's rootdir.
        python_path: Absolute paths of pytest's ``pythonpath``.
        id: The same in every xdist worker of a session.
        process: Name of the xdist worker, or ``main``.
        say: Shows a line at once, past pytest's capture.
        runner: What executes backtests; None until the first one does.
        resources: What is given back when the session ends.
        is_using_runs: Whether this process keeps the runs of its xdist workers from being pruned.
        usage_error: Why the xdist workers could not go on.
        runs: Id of a run to its row in the summary.
        verdicts: Test and question to their row in the summary.
        wants_verdict: Whether a test with the marker ``perf`` compared costs, or was skipped.
        comparisons: What was compared in this process, so that its rounds serve again.
        lost_worker: Name of an xdist worker that died, if one did.
        was_interrupted: Whether somebody stopped pytest.
        recorded: What became of recordings, for the summary.
        checkouts: Commit to where it is checked out, as long as the session lasts.

    """

    settings: Settings
    root: Path
    python_path: tuple[str, ...]
    id: str
    process: str
    say: Callable[[str], None]
    runner: Runner | None = None
    resources: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    is_using_runs: bool = False
    usage_error: str | None = None
    runs: dict[str, RunRow] = field(default_factory=dict)
    verdicts: dict[tuple[object, ...], VerdictRow] = field(default_factory=dict)
    wants_verdict: bool = False
    lost_worker: str | None = None
    was_interrupted: bool = False
    recorded: tuple[str, ...] = ()
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    checkouts: dict[str, SourceTree] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """The plan file.

        Raises:
            PlanError: It cannot be read or used.

        """
        name = str(self.settings.plan)
        try:
            return parse_plan((self.root / self.settings.plan).read_bytes(), name)
        except SettingsError as e:
            raise PlanError(e.problem, e.hint) from e
        except OSError as e:
            raise PlanError(
                f"the plan file {name} cannot be read below {self.root}: {e.strerror}",
                "write the date windows into that file, or set plan under [tool.zacperf]",
            ) from e

    def require_engine(self) -> str:
        """Return the engine.

        Raises:
            SettingsError: None is set.

        """
        if self.settings.engine is None:
            raise SettingsError(
                "no engine is set, so there is no backtest to run",
                'set engine = "module:object" under [tool.zacperf] in pyproject.toml; '
                'engine = "zacqc" is the embedded backtest to try it with '
                "(zacperf demo writes such a project)",
            )
        return self.settings.engine

    def add_report(self, report: pytest.TestReport) -> None:
        """Take what a test reported; each run counts once, however many tests used it."""
        for result in getattr(report, RESULTS, ()):
            if "wants_verdict" in result:
                self.wants_verdict = True
            elif "run" in result:
                self._use_runs()
                row = msgspec.convert(result["run"], RunRow)
                if row.id not in self.runs or row.run_by:
                    self.runs[row.id] = row
            else:
                verdict = msgspec.convert(result["verdict"], VerdictRow)
                found = verdict.verdict
                sides = (verdict.candidate, verdict.baseline)
                key = (verdict.test, *sides, str(found.question), found.op, found.limit)
                self.verdicts[key] = verdict

    @property
    def is_undecided(self) -> bool:
        """Whether perf tests compared costs or were skipped, and none of them reached a verdict."""
        decided = (
            row.verdict.outcome is not Outcome.INCONCLUSIVE for row in self.verdicts.values()
        )
        return self.wants_verdict and not any(decided)

    def sources_of(self, revision: Revision) -> SourceTree:
        """Return where a revision is checked out; it stays there until the session ends.

        Raises:
            RunError: Git cannot check it out.

        """
        from pytest_zacperf import worktree  # noqa: PLC0415 - at start-up nobody needs it

        if revision.commit not in self.checkouts:
            folder = self.root / STORE_FOLDER / WORKTREES_FOLDER
            checkout = worktree.checked_out(revision, folder)
            self.checkouts[revision.commit] = self.resources.enter_context(checkout)
        return self.checkouts[revision.commit]

    def prune_runs(self) -> None:
        """Delete the runs that are too old or too many; the store loads only when there are any."""
        if self.process != NO_XDIST or not (self.root / STORE_FOLDER / RUNS_FOLDER).is_dir():
            return
        from pytest_zacperf import housekeeping  # noqa: PLC0415 - loads the run store
        from pytest_zacperf.store import RunStore  # noqa: PLC0415

        problem = housekeeping.prune(RunStore(self.root / STORE_FOLDER), self.settings)
        if problem is not None:
            self.say(problem)

    def _use_runs(self) -> None:
        # The controller of xdist runs nothing itself, but its workers come and go, and with them
        # their locks: without one of its own, a run could be pruned that a later worker asks for.
        if self.runner is not None or self.is_using_runs:
            return
        from pytest_zacperf.store import RunStore  # noqa: PLC0415 - at start-up nobody needs it

        self.is_using_runs = True
        with contextlib.suppress(OSError):  # each worker says so itself
            self.resources.enter_context(RunStore(self.root / STORE_FOLDER).use(self.id))

    def summary_lines(self) -> list[str]:
        """Return the terminal summary; empty when no test had a backtest."""
        lines = render.summary_lines(self.runs.values(), self.verdicts.values())
        return [*lines, *self.recorded]


class ReportCollector:
    """Receives what is told to nobody in particular: these hooks are not given the config."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand what a test reported to the session."""
        self._session.add_report(report)

    def pytest_keyboard_interrupt(self) -> None:
        """Note Ctrl-C and ``pytest.exit``, which may end a session with any exit status."""
        self._session.was_interrupted = True


SESSION = pytest.StashKey[Session]()
ROWS = pytest.StashKey[list[dict[str, Any]]]()


def open_session(config: pytest.Config) -> Session:
    """Return a new session, or stop pytest on a setting that cannot be used."""
    worker = getattr(config, "workerinput", {})
    process = worker.get("workerid", NO_XDIST)
    return Session(
        settings=options.read(config),
        root=config.rootpath,
        python_path=tuple(str(path) for path in config.getini("pythonpath")),
        id=worker.get(SESSION_ID) or new_session_id(),
        process=process,
        say=functools.partial(_say, config, process),
    )


def _say(config: pytest.Config, process: str, text: str) -> None:
    capture = config.pluginmanager.get_plugin("capturemanager")
    disabled = capture.global_and_fixture_disabled() if capture else contextlib.nullcontext()
    # A stderr that nobody reads any more is no reason to fail a backtest.
    with disabled, contextlib.suppress(OSError, ValueError):
        # An xdist worker has no terminal of its own, but the stderr of the controller.
        print(f"\nzacperf: {process}: {text}", file=sys.__stderr__, flush=True)


def is_undecided_under_ci(config: pytest.Config) -> bool:
    """Return whether a session under ``CI`` wanted a verdict and has none."""
    is_worker = hasattr(config, "workerinput")  # the controller of xdist decides
    return is_under_ci() and not is_worker and config.stash[SESSION].is_undecided


def hand_over(session: Session, worker_input: dict[str, object]) -> None:
    """Give an xdist worker the id of the session that it belongs to."""
    # Not xdist's own testrunuid: whoever sets it would be given the runs of an earlier session.
    worker_input[SESSION_ID] = session.id


def attach(item: pytest.Item, kind: str, row: RunRow | VerdictRow) -> None:
    """Let a result travel with a test's next report, which also leaves an xdist worker."""
    # Builtins only: xdist ends the whole session with INTERNALERROR on anything else.
    item.stash.setdefault(ROWS, []).append({kind: msgspec.to_builtins(row)})


def hand_on(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the results of a test on its report."""
    rows = item.stash.setdefault(ROWS, [])
    is_perf_test = item.get_closest_marker(PERF_MARKER) is not None
    # A test that went through without a comparison, as of how memory grows, needs no verdict.
    wants_verdict = is_perf_test and (report.skipped or any("verdict" in row for row in rows))
    setattr(report, RESULTS, [*rows, *([{"wants_verdict": True}] if wants_verdict else [])])
    rows.clear()
