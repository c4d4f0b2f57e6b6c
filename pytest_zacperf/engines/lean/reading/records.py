"""What one output folder of LEAN says, in our records; reads no file and runs nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from pytest_zacperf.records import EquityPoint, OrderEvent, StageTiming, StatisticValue, Trade

EquitySource: TypeAlias = Literal["main", "summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequests:
    """How many files the engine asked its data provider for, and how many it did not get."""

    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanLog:
    """What ``log.txt`` says; everything is None or empty where there is no such file.

    Attributes:
        engine_version: Such as ``2.5.0.0``.
        engine_mode: ``DEBUG`` or ``RELEASE``.
        engine_seconds: From the end of ``initialize`` to before the statistics.
        data_points: What the engine went through.
        process_bytes: Highest private memory of the process, seen once a minute.
        wall_ns: From the first line to the last one.
        stages: Lines of the stage timer.
        errors: Messages of ERROR lines, in their order.

    """

    engine_version: str | None = None
    engine_mode: str | None = None
    engine_seconds: float | None = None
    data_points: int | None = None
    process_bytes: int | None = None
    wall_ns: int | None = None
    stages: tuple[StageTiming, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanRun:
    """One run of LEAN, as its output folder has it.

    Attributes:
        folder: Where it lies.
        id: The algorithm id that binds its files.
        status: ``Completed``, ``RuntimeError``, ...; None in files before 2023.
        runtime_error: The engine's text, all lines; empty when there was none.
        start: First day that was really used; None in files before 2022-08.
        end: Last day that was really used.
        order_events: In the order of the file; with types, tags and limits of the orders where the
            main file is there.
        has_orders: Whether the main file said which type and tag an order had.
        trades: Closed trades; None without a main file.
        equity: Net liquidation value; None where no file has it.
        equity_source: The summary has at most one point in 7 days.
        statistics: All single figures, by name; no charts, orders, ids or times of the run itself.
        requests: None where no data monitor wrote a report.
        log: What ``log.txt`` says.
        data_points: What the engine went through; None where no log says it.
        warnings: Sentences about what a reader of the results must know.

    """

    folder: Path
    id: str
    status: str | None
    runtime_error: str
    start: dt.date | None
    end: dt.date | None
    order_events: tuple[OrderEvent, ...]
    has_orders: bool
    trades: tuple[Trade, ...] | None
    equity: tuple[EquityPoint, ...] | None
    equity_source: EquitySource | None
    statistics: Mapping[str, StatisticValue]
    requests: DataRequests | None
    log: LeanLog = field(default_factory=LeanLog)
    warnings: tuple[str, ...] = ()

    @property
    def data_points(self) -> int | None:
        """What the engine went through."""
        return self.log.data_points
