"""The protocol every engine adapter keeps, and what goes in and out of an engine.

No adapter is imported here: each has a file of its own and loads its engine at first use. How an
engine is found is in ``lookup.py``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from pytest_zacperf.records import (
    Coverage,
    EquityPoint,
    OrderEvent,
    ParameterValue,
    StageTiming,
    StatisticValue,
    Trade,
    Window,
)
from pytest_zacperf.stages import StageContext, StageTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can give.

    Attributes:
        order_events: Every event, fills alone, or none.
        equity: Whether it returns equity over time.
        threads: Whether it computes in other threads than the main one.
        network: Whether it may download.
        can_repeat: Whether a second run with the same data gives the same result.
        invariants: Names of the plan's invariants it understands.
        reports_costs: Whether the backtest runs where the worker's clocks do not reach, such as in
            a container; then ``BacktestOutput.costs`` alone counts.

    """

    order_events: Literal["full", "fills", "none"] = "full"
    equity: bool = False
    threads: bool = False
    network: bool = False
    can_repeat: bool = True
    invariants: frozenset[str] = frozenset()
    reports_costs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A cost that the worker did not measure, and where it comes from.

    Attributes:
        value: In ns or bytes.
        source: Such as ``container-rusage``; ``records.RECORDED`` for a run that is not this one.

    """

    value: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCosts:
    """What a run cost, as an engine knows it; None for what nothing measured.

    Attributes:
        wall: Elapsed time in ns.
        cpu: CPU time in ns.
        peak_memory: Highest resident memory in bytes.

    """

    wall: Figure | None = None
    cpu: Figure | None = None
    peak_memory: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOutput:
    """What a run did; every field is optional.

    Attributes:
        order_events: In the order in which they happened.
        trades: Closed trades in order of their exit.
        equity: Net liquidation value over time.
        statistics: Name to value.
        data_points: Bars or ticks the engine went through.
        coverage: Real bars by symbol and trading day.
        data_fingerprint: Hash of the data that were read.
        warnings: Sentences about the data that a reader of the results must know.
        stages: Timings of stages that ran where the worker's timer does not reach.
        costs: Of the run, where the worker's clocks do not reach.

    """

    order_events: Sequence[OrderEvent] = ()
    trades: Sequence[Trade] = ()
    equity: Sequence[EquityPoint] | None = None
    statistics: Mapping[str, StatisticValue] = field(default_factory=dict)
    data_points: int | None = None
    coverage: Sequence[Coverage] = ()
    data_fingerprint: str | None = None
    warnings: Sequence[str] = ()
    stages: Sequence[StageTiming] = ()
    costs: ReportedCosts | None = None


class Context(Protocol):
    """What an engine gets from the worker."""

    @property
    def working_folder(self) -> Path:
        """Folder of this run alone."""
        ...

    @property
    def cache_folder(self) -> Path:
        """Folder that outlives runs; losing it may cost time and nothing else."""
        ...

    @property
    def stages(self) -> StageTimer:
        """The run's stage timer, for code that enters stages often."""
        ...

    def code_path(self, path: Path) -> Path:
        """Return where a path of the project's code is in the revision that is run."""
        ...

    def stage(self, name: str) -> StageContext:
        """Return the stage *name* to enter with ``with``."""
        ...

    def progress(self, day: dt.date) -> None:
        """Report the simulated day that begins."""
        ...

    def count(self, name: str, n: int) -> None:
        """Add *n* to the counter *name*."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Runs a backtest in three steps, of which only ``run`` is timed.

    An engine may also have ``code_modules``: names of modules outside the project whose packages
    are part of the backtest's code, for its fingerprint; ``code_files``: paths of code that this
    process does not import, asked for after ``prepare``; ``symbols`` and ``data_provider``, which
    must not change within a queue and are asked for after ``prepare``; and ``keep_invariants``, a
    method that is called before ``prepare`` with the plan's invariants (name to value), sets the
    engine's switches so, and returns the values that are in effect. ``lookbacks_unchanged`` is not
    among them: the queue sees to it, by the parameters.

    What it downloads it does in the stage ``download``, and counts ``download_requests`` and
    ``download_bytes``.

    Attributes:
        name: Of the engine.
        version: Of the engine, not of the strategy.
        capabilities: What it can give.
        volatile: Fields of an order event that differ between equal runs and are canonicalized.
        parameters: The effective parameters; canonical JSON of them is the fingerprint.

    """

    # Properties here, so that an engine may have either.
    @property
    def name(self) -> str: ...  # noqa: D102 - see above
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def capabilities(self) -> Capabilities: ...  # noqa: D102
    @property
    def volatile(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def parameters(self) -> Mapping[str, ParameterValue]: ...  # noqa: D102

    def with_parameters(self, overrides: Mapping[str, ParameterValue]) -> Engine:
        """Return an engine with some parameters changed.

        Raises:
            EngineError: A name or a value that this engine does not know.

        """
        ...

    def prepare(self, window: Window, context: Context) -> None:
        """Do what is not part of the cost: data, ingest, warm-up."""
        ...

    def run(self, context: Context) -> None:
        """Run the backtest; this alone is timed."""
        ...

    def collect(self, context: Context) -> BacktestOutput:
        """Return what the run did."""
        ...
