"""The backtest that a test sees: it runs at the first use; measures and compares nothing."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from pytest_zacperf import memory, render, store
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.estimates import Question
from pytest_zacperf.execution import Limits
from pytest_zacperf.job import Job
from pytest_zacperf.judging import Judge
from pytest_zacperf.memory import MemorySlope
from pytest_zacperf.parity import OrderEvents
from pytest_zacperf.parity_report import origin_of
from pytest_zacperf.perf_report import SHORT_REVISION
from pytest_zacperf.ratios import HasCosts
from pytest_zacperf.records import (
    EquityPoint,
    Origin,
    Run,
    RunRequest,
    SourceTree,
    StageTiming,
    StatisticValue,
    Trade,
    Workload,
)
from pytest_zacperf.runner import Runner
from pytest_zacperf.session import Session, attach
from pytest_zacperf.sides import Judged, Side
from pytest_zacperf.store import DECISIONS_FILE, STORE_FOLDER, RunStore
from pytest_zacperf.stored_side import StoredSide
from pytest_zacperf.verdict import Operator
from pytest_zacperf.worktree import Revision


@dataclass(frozen=True, slots=True)
class NotingStore(RunStore):
    """The run store; it also notes which runs this process had executed."""

    executed: set[str] = field(default_factory=set)

    def create_run_folder(self, run_id: str, request: RunRequest) -> Path:
        """Return the folder of a run that this process is about to execute."""
        self.executed.add(run_id)
        return RunStore.create_run_folder(self, run_id, request)


class NondeterministicBacktestWarning(pytest.PytestWarning):
    """Two runs with the same fingerprints gave different order events."""


class Backtest(HasCosts):
    """One workload of a session: what it did and what it cost.

    Args:
        workload: What is run.
        session: Runs it, once however many tests and processes ask.
        item: The test on whose report the results travel.
        origin: Why it is a baseline, if it is one.
        revision: The git revision it is run from; None for the working tree.

    """

    def __init__(
        self,
        workload: Workload,
        *,
        session: Session,
        item: pytest.Item,
        origin: str = "",
        revision: Revision | None = None,
    ) -> None:
        self.workload = workload
        self.origin = origin
        self._session = session
        self._item = item
        self._revision = revision

    @property
    def name(self) -> str:
        """The window, and what was asked for beyond it: engine, parameters, revision."""
        window = self.workload.window.id
        return " ".join(filter(None, (window, self._other_engine, self._overrides, self._at)))

    @cached_property
    def sources(self) -> SourceTree | None:
        """The revision it is run from, checked out; None for the working tree."""
        if self._revision is None:
            return None
        with _failing_tests():
            return self._session.sources_of(self._revision)

    @property
    def has_run(self) -> bool:
        """Whether ``run`` is known already."""
        return "run" in self.__dict__

    @cached_property
    def run(self) -> Run:
        """The record of the run; fails the test when the run failed."""
        job = Job(workload=self.workload, session=self._session.id, sources=self.sources)
        with _failing_tests():
            (run,) = self._runner.run_together([job])
        run_by = self._session.process if run.id in self._executed else ""
        row = render.run_row(run, overrides=f"{self._overrides} {self._at}".strip(), run_by=run_by)
        attach(self._item, "run", row)
        if run.status == "error":
            pytest.fail(
                f"the backtest of {self.name} has no result: {run.reason}\n"
                f"  hint: its traceback, if it left one, is in {self._stderr(run)}",
                pytrace=False,
            )
        contradiction = render.determinism_line(run)
        if contradiction is not None:
            _warn(contradiction)
        return run

    @property
    def folder(self) -> Path:
        """The folder with everything the run wrote."""
        return self._runner.store.run_folder(self.run.id)

    @property
    def came_from(self) -> Origin | None:
        """Where what it did came from; None before it has run."""
        return origin_of(self.run) if self.has_run else None

    @cached_property
    def order_events(self) -> OrderEvents:
        """Every change of every order, in canonical form."""
        content = store.FileContent(self.folder / store.ORDER_EVENTS_FILE)
        return OrderEvents(content, origin=origin_of(self.run))

    @cached_property
    def trades(self) -> list[Trade]:
        """Closed trades in order of their exit."""
        with _failing_tests():
            return store.read_trades(self.folder)

    @cached_property
    def equity(self) -> list[EquityPoint] | None:
        """Net liquidation value over time; None where the engine has none."""
        with _failing_tests():
            return store.read_equity(self.folder)

    @property
    def statistics(self) -> dict[str, StatisticValue]:
        """The engine's summary statistics."""
        return self.run.statistics

    @property
    def stages(self) -> dict[str, StageTiming]:
        """Timings by the name of the stage."""
        costs = self.run.costs
        return {stage.name: stage for stage in costs.stages} if costs else {}

    @property
    def memory_slope_bytes_per_day(self) -> MemorySlope | None:
        """Growth of resident memory a simulated day, with ``low`` and ``high``; see ``memory``.

        None where the engine reports fewer than 4 days with ``context.progress``.
        """
        costs = self.run.costs
        return memory.slope(costs.memory_by_day) if costs else None

    @property
    def inconclusive(self) -> str:
        """What INCONCLUSIVE does to the test: ``skip``, ``fail`` or ``warn``."""
        return self._session.settings.inconclusive

    def judge(self, baseline: Side, question: Question, op: Operator, limit: float) -> Judged:
        """Hold this backtest against a baseline; see ``Judge``."""
        judge = Judge(self._session, self._runner, self._item)
        if isinstance(baseline, Backtest):
            return judge.live(self, baseline, question, op, limit)
        if isinstance(baseline, StoredSide):
            return judge.stored(self, baseline, question, op, limit)
        raise TypeError(f"{baseline!r} is no backtest; divide by the costs of another backtest")

    @property
    def _runner(self) -> Runner:
        session = self._session
        if session.runner is None:
            session.runner = _new_runner(session)
        return session.runner

    def _stderr(self, run: Run) -> Path:
        return self._runner.store.run_folder(run.id) / store.STDERR_FILE

    @property
    def _executed(self) -> Collection[str]:
        run_store = self._runner.store
        return run_store.executed if isinstance(run_store, NotingStore) else ()

    @property
    def _at(self) -> str:
        return f"at {self._revision.commit[:SHORT_REVISION]}" if self._revision else ""

    @property
    def _other_engine(self) -> str:
        engine = self.workload.engine
        return "" if engine == self._session.settings.engine else engine

    @property
    def _overrides(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.workload.parameters.items())

    def __repr__(self) -> str:
        return f"<backtest of {self.name}{'' if self.has_run else ', not run yet'}>"


def _warn(contradiction: str) -> None:
    try:
        # The test's own line: this function, the property and what caches it are between.
        warnings.warn(contradiction, NondeterministicBacktestWarning, stacklevel=4)
    except NondeterministicBacktestWarning:
        # The project makes warnings errors; our frames would tell nothing.
        raise pytest.fail.Exception(contradiction, pytrace=False) from None


@contextlib.contextmanager
def _failing_tests() -> Iterator[None]:
    try:
        yield
    except ZacperfError as e:
        # Our own frames would tell the reader nothing, and neither would what caused it.
        raise pytest.fail.Exception(str(e), pytrace=False) from None


def _new_runner(session: Session) -> Runner:
    settings = session.settings
    run_store = NotingStore(session.root / STORE_FOLDER)
    with _failing_tests(), store.storing(run_store.folder):
        session.resources.enter_context(run_store.use(session.id))
    return Runner(
        store=run_store,
        root=session.root,
        python_path=session.python_path,
        cpus=settings.cpus,
        limits=Limits(timeout_s=settings.timeout_s, threads=settings.threads),
        not_sources=(*session.plan.not_sources(str(settings.plan)), DECISIONS_FILE),
        name=session.process,
        on_wait=session.say,
    )
