"""What all engines that run LEAN have in common: a project, a window, and results to look at."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self, Unpack

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.lean import checks
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions, Finished, Prepared
from pytest_zacperf.engines.lean.costs import costs_of, read_rusage
from pytest_zacperf.engines.lean.data import data_fingerprint
from pytest_zacperf.engines.lean.project import LeanProject
from pytest_zacperf.engines.lean.reading.folder import NoResultsError
from pytest_zacperf.engines.lean.reading.records import LeanLog, LeanRun
from pytest_zacperf.engines.lean.reading.results import read_results
from pytest_zacperf.engines.lean.stage_report import SWITCH
from pytest_zacperf.engines.lean.window import WindowRule
from pytest_zacperf.engines.lean.workspace import LeanWorkspace, now_token, remove_left_over
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import ParameterValue, StageTiming, Window
from pytest_zacperf.units import NS_PER_S

CAPABILITIES = Capabilities(
    order_events="full",
    equity=True,
    threads=True,
    invariants=frozenset({"lookbacks_unchanged"}),
    reports_costs=True,
)
# It is in the names of the result files and in LEAN's hash of all orders: the same for every run.
ALGORITHM_ID = 1_000_000_001
NOT_BELOW = "is not in the subpath of"
# From the end of `initialize` to before the statistics, as LEAN itself times it.
ENGINE_STAGE = "engine"


class LeanBacktest:
    """Runs a Lean project on a window; a subclass knows how LEAN is started.

    Args:
        project: Folder of the project.
        options: See ``AlgorithmOptions``.

    """

    name: str
    version: str = "unknown"
    capabilities: Capabilities = CAPABILITIES
    volatile: frozenset[str] = frozenset()
    # Of ours, and not of the algorithm.
    own_parameters: frozenset[str] = frozenset()
    parameters: Mapping[str, ParameterValue]

    def __init__(self, project: str | Path, **options: Unpack[AlgorithmOptions]) -> None:
        self.name = f"lean {Path(project).resolve().name}"
        self.parameters = dict(options.get("parameters", {}))
        self.window_rule = WindowRule(
            way=options.get("window", "wrapper"),
            names=options.get("window_names"),
            date_format=options.get("date_format", "%Y-%m-%d"),
        )
        self.environment = dict(options.get("environment", {}))
        self._project = Path(project)
        self._lean_json = options.get("lean_json")
        self._prepared: Prepared | None = None
        self._finished: Finished | None = None

    @property
    def code_files(self) -> Iterable[Path]:
        """The project's sources, which no Python process of ours imports."""
        return [] if self._prepared is None else list(self._prepared.project.sources())

    @property
    def data_provider(self) -> str | None:
        """Where the data come from; None before ``prepare``."""
        if self._prepared is None:
            return None
        provider = self._prepared.workspace.content.get("data-provider", "DefaultDataProvider")
        return f"{str(provider).rpartition('.')[2]}, {self._prepared.workspace.data}"

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> Self:
        """Return an engine with some Lean parameters changed; LEAN takes any name."""
        changed = copy.copy(self)
        changed.parameters = {**self.parameters, **overrides}
        return changed

    def prepare(self, window: Window, context: Context) -> None:
        """Look for all that a run needs, so that its lack is told at once.

        Raises:
            EngineError: Something is missing; it says what and how to get it.

        """
        original = self._project.resolve()
        project = LeanProject.at(context.code_path(original))
        workspace = LeanWorkspace.of(original, self._lean_json)
        for folder in {project.folder, workspace.root}:
            remove_left_over(folder)
        self._prepared = Prepared(
            project=project,
            workspace=workspace,
            window=window,
            setting=self.window_rule.setting(window, project),
            snapshot=project.snapshot(),
            token=now_token(),
        )
        self.look_around(self._prepared)

    def run(self, context: Context) -> None:
        """Run LEAN to its end; what it wrote is looked at by ``collect``."""
        self._finished = self.execute(self._require_prepared(), context)

    def collect(self, context: Context) -> BacktestOutput:
        """Return what LEAN wrote.

        Raises:
            EngineError: The run is not what was asked for, or did not come to its end.

        """
        prepared, finished = self._require_prepared(), self._finished
        if finished is None:
            raise EngineError("collect() was called before run()", "call run() first")
        run = self._read(prepared, finished)
        sources = checks.sources_of(prepared.project)
        checks.require_completed(run, sources)
        windows = list(checks.require_window(run, prepared.window, self.window_rule.advice))
        checks.require_data(run)
        checks.require_same_code(finished.ending.folder / "code", prepared.snapshot, finished.added)
        self._note_version(run)
        _count(run, context)
        rusage = read_rusage(finished.ending.folder)
        return BacktestOutput(
            order_events=run.order_events,
            trades=run.trades or (),
            equity=run.equity,
            statistics=run.statistics,
            data_points=run.data_points,
            data_fingerprint=data_fingerprint(finished.ending.folder, prepared.workspace.data),
            warnings=[*finished.warnings, *windows, *_endings(finished), *run.warnings],
            stages=stages_of(run.log),
            costs=costs_of(rusage, finished.source, finished.seen, run.log),
        )

    def look_around(self, prepared: Prepared) -> None:
        """Refuse at once what would make the run fail later."""
        raise NotImplementedError

    def execute(self, prepared: Prepared, context: Context) -> Finished:
        """Run LEAN once."""
        raise NotImplementedError

    def version_parts(self) -> Iterable[str]:
        """Return what else than LEAN's own version decides a result or its cost."""
        return ()

    def lean_parameters(self, prepared: Prepared) -> dict[str, str]:
        """Return all Lean parameters; empty where the project's own file says it all."""
        own = {
            name: text_of(value)
            for name, value in self.parameters.items()
            if name not in self.own_parameters
        }
        given = {**own, **prepared.setting.parameters}
        return {**prepared.project.parameters, **given} if given else {}

    def lean_environment(self, prepared: Prepared, context: Context) -> dict[str, str]:
        """Return the environment variables of the algorithm."""
        switch = {SWITCH: "1"} if context.stages.enabled else {}
        return {**switch, **self.environment, **prepared.setting.environment}

    def _read(self, prepared: Prepared, finished: Finished) -> LeanRun:
        try:
            return read_results(finished.ending.folder)
        except NoResultsError as e:
            raise checks.no_results(finished.ending, checks.sources_of(prepared.project)) from e

    def _note_version(self, run: LeanRun) -> None:
        engine = run.log.engine_version or "unknown"
        mode = f" {run.log.engine_mode}" if run.log.engine_mode else ""
        parts = ", ".join(self.version_parts())
        self.version = f"{engine}{mode} ({parts})" if parts else f"{engine}{mode}"

    def _require_prepared(self) -> Prepared:
        if self._prepared is None:
            raise EngineError(f"{self.name} is not prepared", "call prepare() before run()")
        return self._prepared


def stages_of(log: LeanLog) -> list[StageTiming]:
    """Return the stages of a run: LEAN's own time without start and end, and the algorithm's."""
    if log.engine_seconds is None:
        return list(log.stages)
    own_ns = round(log.engine_seconds * NS_PER_S)
    own = StageTiming(name=ENGINE_STAGE, total_ns=own_ns, count=1, max_ns=own_ns)
    return [own, *log.stages]


def text_of(value: ParameterValue) -> str:
    """Return a parameter as LEAN reads it."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _count(run: LeanRun, context: Context) -> None:
    if run.requests is not None:
        context.count("data_requests", run.requests.succeeded + run.requests.failed)
        context.count("data_requests_failed", run.requests.failed)


def _endings(finished: Finished) -> Iterable[str]:
    # The client fails when all is done and the project, as in a checkout, is not below lean.json.
    is_elsewhere = NOT_BELOW in finished.ending.said
    if finished.ending.exit_status != 0 and not is_elsewhere:
        status = finished.ending.exit_status
        yield f"LEAN completed, but what ran it ended with exit status {status}"
