"""Results that LEAN wrote some time ago, as an engine: what they say is compared, and not timed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context, Figure, ReportedCosts
from pytest_zacperf.engines.lean import checks
from pytest_zacperf.engines.lean.base import stages_of
from pytest_zacperf.engines.lean.costs import costs_of
from pytest_zacperf.engines.lean.reading.records import LeanRun
from pytest_zacperf.engines.lean.reading.results import read_results
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import RECORDED, ParameterValue, Window

CAPABILITIES = Capabilities(order_events="full", equity=True, reports_costs=True)
VERSION = "unknown"
PLACEHOLDER = "{window}"
OTHER_FOLDER = f"name the results of that window; {PLACEHOLDER} in the folder is its id"


class LeanResults:
    """Gives tests what an output folder of LEAN holds, of any year; runs nothing.

    What it cost is what LEAN wrote about itself, labeled as recorded: no verdict rests on it.

    Args:
        folder: The output folder; ``{window}`` in it stands for the id of the window.

    """

    volatile: frozenset[str] = frozenset()
    capabilities = CAPABILITIES

    def __init__(self, folder: str | Path) -> None:
        self.name = "lean results"
        self.version = VERSION
        self.parameters: Mapping[str, ParameterValue] = {"folder": str(folder)}
        self._window: Window | None = None
        self._run: LeanRun | None = None

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> LeanResults:
        """Return an engine that reads another folder.

        Raises:
            EngineError: A parameter other than ``folder``.

        """
        for name in overrides:
            if name != "folder":
                raise EngineError(f"lean results have no parameter {name!r}", "set folder=...")
        return LeanResults(str(overrides.get("folder", self.parameters["folder"])))

    def prepare(self, window: Window, context: Context) -> None:
        """Look for the folder.

        Raises:
            EngineError: There is none.

        """
        del context
        folder = self._folder(window)
        if not folder.is_dir():
            raise EngineError(
                f"there are no results of LEAN at {folder}", "name an output folder of a backtest"
            )
        self._window = window

    def run(self, context: Context) -> None:
        """Read the folder.

        Raises:
            StoreError: A file of it is damaged, or none is LEAN's.

        """
        del context
        self._run = read_results(self._folder(self._require_window()))

    def collect(self, context: Context) -> BacktestOutput:
        """Return what the folder says.

        Raises:
            EngineError: The run failed, saw no data, or was of another window.

        """
        del context
        run, window = self._run, self._require_window()
        if run is None:
            raise EngineError("collect() was called before run()", "call run() first")
        checks.require_completed(run, ())
        windows = list(checks.require_window(run, window, OTHER_FOLDER))
        checks.require_data(run)
        self.version = run.log.engine_version or VERSION
        return BacktestOutput(
            order_events=run.order_events,
            trades=run.trades or (),
            equity=run.equity,
            statistics=run.statistics,
            data_points=run.data_points,
            warnings=[*windows, *run.warnings],
            stages=stages_of(run.log),
            costs=_recorded(costs_of(None, "", (), run.log)),
        )

    def _folder(self, window: Window) -> Path:
        return Path(str(self.parameters["folder"]).replace(PLACEHOLDER, window.id))

    def _require_window(self) -> Window:
        if self._window is None:
            raise EngineError("lean results are not prepared", "call prepare() first")
        return self._window


def _recorded(costs: ReportedCosts) -> ReportedCosts:
    # Whatever it says, reading it again would give the same figure: that is no measurement.
    wall = costs.wall.value if costs.wall else 0
    return ReportedCosts(
        wall=Figure(value=wall, source=RECORDED), cpu=costs.cpu, peak_memory=costs.peak_memory
    )
