"""The records that are stored or sent; they refuse values that cannot be right, and no more."""

from pytest_zacperf.records.backtest import (
    Coverage,
    EquityPoint,
    OrderEvent,
    OrderSide,
    OrderStatus,
    Trade,
    Window,
)
from pytest_zacperf.records.base import ParameterValue, Record, StatisticValue
from pytest_zacperf.records.baseline import Baseline, BaselineSample
from pytest_zacperf.records.profile import FunctionProfile
from pytest_zacperf.records.recording import Accepted, Origin, Received
from pytest_zacperf.records.run import (
    INTERRUPTED,
    WHOLE_RUN,
    Costs,
    Environment,
    Fingerprints,
    MachineUse,
    MemoryPoint,
    Run,
    RunConditions,
    RunRequest,
    SourceTree,
    StageMemory,
    StageTiming,
    Work,
    WorkerResult,
    Workload,
)

__all__ = [
    "INTERRUPTED",
    "WHOLE_RUN",
    "Accepted",
    "Baseline",
    "BaselineSample",
    "Costs",
    "Coverage",
    "Environment",
    "EquityPoint",
    "Fingerprints",
    "FunctionProfile",
    "MachineUse",
    "MemoryPoint",
    "OrderEvent",
    "OrderSide",
    "OrderStatus",
    "Origin",
    "ParameterValue",
    "Received",
    "Record",
    "Run",
    "RunConditions",
    "RunRequest",
    "SourceTree",
    "StageMemory",
    "StageTiming",
    "StatisticValue",
    "Trade",
    "Window",
    "Work",
    "WorkerResult",
    "Workload",
]
