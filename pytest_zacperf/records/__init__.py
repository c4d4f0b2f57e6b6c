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
from pytest_zacperf.records.run import (
    INTERRUPTED,
    Costs,
    Environment,
    Fingerprints,
    MachineUse,
    Run,
    RunRequest,
    StageTiming,
    Work,
    WorkerResult,
    Workload,
)

__all__ = [
    "INTERRUPTED",
    "Costs",
    "Coverage",
    "Environment",
    "EquityPoint",
    "Fingerprints",
    "MachineUse",
    "OrderEvent",
    "OrderSide",
    "OrderStatus",
    "ParameterValue",
    "Record",
    "Run",
    "RunRequest",
    "StageTiming",
    "StatisticValue",
    "Trade",
    "Window",
    "Work",
    "WorkerResult",
    "Workload",
]
