"""The records that are stored or sent; no behavior beyond refusing values that cannot be right."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

import msgspec

OrderStatus: TypeAlias = Literal[
    "submitted",
    "accepted",
    "updated",
    "triggered",
    "cancel_pending",
    "canceled",
    "partially_filled",
    "filled",
    "rejected",
    "expired",
]
OrderSide: TypeAlias = Literal["buy", "sell"]
ParameterValue: TypeAlias = str | int | float | bool | None
StatisticValue: TypeAlias = str | int | float | None


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every stored type; a field that nobody knows is an error, not a surprise."""


class Window(Record, frozen=True, kw_only=True):
    """A span of simulated days, as the plan file names it.

    Attributes:
        id: Name of the window, unique within a plan.
        start: First day, inclusive.
        end: Last day, inclusive.
        label: Group of the window, such as ``week``.

    """

    id: str
    start: dt.date
    end: dt.date
    label: str = ""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"window {self.id!r} ends on {self.end}, before it starts, {self.start}"
            )


class OrderEvent(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one order, in the engine-neutral form that parity compares.

    The order of the fields is the order of the keys in ``order_events.jsonl``.

    Attributes:
        ts_event_ns: When it happened in the backtest, in ns since 1970-01-01 UTC.
        symbol: Ticker or instrument as the engine names it.
        order_id: Number of the order; from 1 by first appearance once it is canonical.
        event_id: Number of the event within its order, from 1.
        status: What the order became.
        type: Kind of order: market, limit, stop_market, stop_limit, trailing_stop, ...
        side: Direction.
        quantity: Ordered quantity, unsigned.
        limit_price: Limit in account currency, if the order has one.
        stop_price: Stop in account currency, if the order has one.
        fill_quantity: Quantity filled by this event alone, unsigned; None unless it is a fill.
        fill_price: Price of that fill in account currency; None unless it is a fill.
        fee: Fee of that fill in ``fee_currency``.
        fee_currency: Currency of the fee, such as USD.
        tag: The strategy's own text.
        message: The engine's own text.
        extra: What the engine adds beyond these fields; compared too.

    """

    ts_event_ns: int
    symbol: str
    order_id: int
    event_id: int
    status: OrderStatus
    type: str
    side: OrderSide
    quantity: float
    limit_price: float | None = None
    stop_price: float | None = None
    fill_quantity: float | None = None
    fill_price: float | None = None
    fee: float | None = None
    fee_currency: str | None = None
    tag: str | None = None
    message: str | None = None
    extra: dict[str, StatisticValue] | None = None


class Trade(Record, frozen=True, kw_only=True):
    """One closed position, from its entry fill to the fill that closed it.

    Attributes:
        symbol: Ticker or instrument.
        side: Direction of the entry.
        quantity: Unsigned.
        entry_ts_ns: Time of the entry fill, ns since 1970 UTC.
        exit_ts_ns: Time of the exit fill, ns since 1970 UTC.
        entry_price: In account currency.
        exit_price: In account currency.
        profit_loss: Before fees, in account currency.
        fees: Of both fills, in account currency.

    """

    symbol: str
    side: OrderSide
    quantity: float
    entry_ts_ns: int
    exit_ts_ns: int
    entry_price: float
    exit_price: float
    profit_loss: float
    fees: float


class EquityPoint(Record, frozen=True, kw_only=True):
    """Net liquidation value in account currency at a time in ns since 1970 UTC."""

    ts_ns: int
    equity: float


class StageTiming(Record, frozen=True, kw_only=True):
    """How long a named part of a run took: all entries together, their count, the longest one."""

    name: str
    total_ns: int
    count: int
    max_ns: int


class Coverage(Record, frozen=True, kw_only=True):
    """How many real bars the run saw of one symbol on one trading day; 0 is worth a look."""

    symbol: str
    day: dt.date
    real_bars: int


class Costs(Record, frozen=True, kw_only=True):
    """What ``run()`` cost.

    Attributes:
        wall_ns: Elapsed time.
        cpu_ns: User and system time of the process and its children.
        peak_memory_bytes: Highest resident memory of the process tree.
        peak_memory_source: Where that figure comes from; only equal sources are compared.
        stages: Timings by stage, in order of first entry.

    """

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    peak_memory_source: str
    stages: tuple[StageTiming, ...] = ()


class Work(Record, frozen=True, kw_only=True):
    """What a run did; costs of runs that did different work are not compared.

    Attributes:
        data_points: Bars or ticks the engine went through; None where it cannot count.
        orders: Number of distinct orders.
        order_events: Number of order events.
        final_equity: Last equity in account currency; None where the engine has none.

    """

    data_points: int | None
    orders: int
    order_events: int
    final_equity: float | None


class Fingerprints(Record, frozen=True, kw_only=True):
    """Hashes of everything that decides a result: BLAKE2b, 32 hexadecimal digits each.

    Attributes:
        code: The project's own modules that the run imported: path below the root and content.
        parameters: Canonical JSON of the engine's parameters.
        data: The bytes read; None where the engine cannot say.

    """

    code: str
    parameters: str
    data: str | None


class Environment(Record, frozen=True, kw_only=True):
    """Where a run was measured: an allow-list, so that no secret is ever stored.

    Attributes:
        python: Implementation and version.
        platform: Operating system and its release.
        machine: Processor architecture and model.
        cpu_count: Processors this process may use.
        packages: Installed distributions that can influence a run, name to version.
        git_revision: Commit of the project; None outside a repository.
        git_dirty: Whether tracked files differ from that commit.

    """

    python: str
    platform: str
    machine: str
    cpu_count: int
    packages: dict[str, str]
    git_revision: str | None
    git_dirty: bool | None


class Workload(Record, frozen=True, kw_only=True):
    """What is run: the engine by reference, its parameters, the window.

    Attributes:
        engine: ``module:object`` or the name of an entry point.
        engine_name: The engine's own name; empty until a run has loaded it.
        engine_version: The engine's own version; empty until a run has loaded it.
        parameters: The overrides of a request; the effective values in a run.
        window: The simulated days.

    """

    engine: str
    window: Window
    engine_name: str = ""
    engine_version: str = ""
    parameters: dict[str, ParameterValue] = {}


class RunRequest(Record, frozen=True, kw_only=True):
    """What a worker is told.

    Attributes:
        run_folder: Absolute path of the folder to write to.
        cache_folder: Absolute path of the folder that outlives runs.
        root: Absolute path of the project; the worker's working directory.
        python_path: Absolute paths put before ``sys.path``, as pytest's ``pythonpath`` has them.
        workload: What to run.
        stages: Whether stages are timed.

    """

    run_folder: str
    cache_folder: str
    root: str
    workload: Workload
    python_path: tuple[str, ...] = ()
    stages: bool = True


class WorkerResult(Record, frozen=True, kw_only=True):
    """What a worker found out itself; the parent completes it to a ``Run``.

    Attributes:
        workload: With the engine's name, version and effective parameters.
        costs: Of ``run()``, children's memory not included.
        work: What the run did.
        fingerprints: Of code, parameters and data.
        environment: Of the worker.
        statistics: The engine's summary statistics.
        counts: What the engine counted with ``context.count``.
        warnings: Sentences about the data that a reader of the results must know.
        run_start_monotonic_ns: Monotonic clock when ``run()`` began.
        run_end_monotonic_ns: Monotonic clock when ``run()`` returned.

    """

    workload: Workload
    costs: Costs
    work: Work
    fingerprints: Fingerprints
    environment: Environment
    statistics: dict[str, StatisticValue]
    counts: dict[str, int]
    warnings: tuple[str, ...]
    run_start_monotonic_ns: int
    run_end_monotonic_ns: int


class Run(Record, frozen=True, kw_only=True):
    """One execution of a workload: what it did, what it cost, or why it failed.

    ``run.json`` holds it and is written last: a run exists only when that file does.

    Attributes:
        id: Name of the run, also of its folder.
        status: ``done``, or ``error`` with a reason.
        reason: One sentence; None when done.
        exit_status: Of the worker process; negative for a signal, None if it never started.
        start_utc: When the worker was started.
        end_utc: When it had ended.
        workload: What was run.
        costs: None when it failed.
        work: None when it failed.
        fingerprints: None when it failed.
        environment: None when it failed.
        statistics: The engine's summary statistics.
        counts: What the engine counted.
        warnings: Sentences about the data that a reader of the results must know.

    """

    id: str
    status: Literal["done", "error"]
    reason: str | None
    exit_status: int | None
    start_utc: dt.datetime
    end_utc: dt.datetime
    workload: Workload
    costs: Costs | None = None
    work: Work | None = None
    fingerprints: Fingerprints | None = None
    environment: Environment | None = None
    statistics: dict[str, StatisticValue] = {}
    counts: dict[str, int] = {}
    warnings: tuple[str, ...] = ()
