"""What a run did, as files of its folder: order events, trades, equity, statistics."""

from __future__ import annotations

import importlib
import io
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import msgspec

from pytest_zacperf.digest import digest_of_bytes
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import (
    Coverage,
    EquityPoint,
    OrderEvent,
    StageTiming,
    StatisticValue,
    Trade,
)
from pytest_zacperf.store.files import (
    ENCODER,
    RUN_AGAIN,
    first_line,
    read_json,
    read_lines,
    write_atomically,
    write_json,
)

ORDER_EVENTS_FILE = "order_events.jsonl"
TRADES_FILE = "trades.jsonl"
EQUITY_FILE = "equity.parquet"
STATISTICS_FILE = "statistics.json"
STAGES_FILE = "stages.json"
COVERAGE_FILE = "coverage.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutput:
    """What a run leaves in its folder beside ``run.json``.

    Attributes:
        order_events: Canonical, in the order in which they happened.
        trades: Closed trades in order of their exit.
        equity: Net liquidation value over time; None writes no file.
        statistics: Name to value.
        stages: Timings by stage, in order of first entry.
        coverage: Real bars by symbol and trading day.

    """

    order_events: Sequence[OrderEvent] = ()
    trades: Sequence[Trade] = ()
    equity: Sequence[EquityPoint] | None = None
    statistics: Mapping[str, StatisticValue] = field(default_factory=dict)
    stages: Sequence[StageTiming] = ()
    coverage: Sequence[Coverage] = ()


def write_output(folder: Path, output: RunOutput) -> str:
    """Write everything of a run but its ``run.json``; return the hash of the order events.

    Raises:
        ZacperfError: A trade holds a number that JSON cannot, or equity needs polars.

    """
    for number, trade in enumerate(output.trades, start=1):
        _refuse_unusable(number, trade)
    order_events = ENCODER.encode_lines(output.order_events)
    write_atomically(folder / ORDER_EVENTS_FILE, order_events)
    write_atomically(folder / TRADES_FILE, ENCODER.encode_lines(output.trades))
    write_json(folder / STATISTICS_FILE, dict(output.statistics))
    write_json(folder / STAGES_FILE, list(output.stages))
    write_json(folder / COVERAGE_FILE, list(output.coverage))
    if output.equity is not None:
        write_atomically(folder / EQUITY_FILE, _parquet(output.equity))
    return digest_of_bytes(order_events)


def read_order_events(folder: Path) -> list[OrderEvent]:
    """Return the order events of a run folder.

    Raises:
        ZacperfError: The file is missing, or a line of it is damaged.

    """
    return read_lines(folder / ORDER_EVENTS_FILE, OrderEvent)


def read_trades(folder: Path) -> list[Trade]:
    """Return the closed trades of a run folder.

    Raises:
        ZacperfError: The file is missing, or a line of it is damaged.

    """
    return read_lines(folder / TRADES_FILE, Trade)


def read_statistics(folder: Path) -> dict[str, StatisticValue]:
    """Return the engine's summary statistics of a run folder.

    Raises:
        ZacperfError: The file is missing or damaged.

    """
    return read_json(folder / STATISTICS_FILE, dict[str, StatisticValue])


def read_equity(folder: Path) -> list[EquityPoint] | None:
    """Return the equity of a run folder, or None where the run wrote none.

    Raises:
        ZacperfError: The file is damaged, or polars is not installed.

    """
    path = folder / EQUITY_FILE
    if not path.exists():
        return None
    polars = _import_polars()
    try:
        frame = polars.read_parquet(path, columns=["ts_ns", "equity"])
    except Exception as e:
        raise ZacperfError(f"{path} is damaged: {first_line(e)}", RUN_AGAIN) from e
    return [EquityPoint(ts_ns=ts_ns, equity=equity) for ts_ns, equity in frame.iter_rows()]


def _refuse_unusable(number: int, trade: Trade) -> None:
    for name in trade.__struct_fields__:
        value = getattr(trade, name)
        if isinstance(value, numbers.Real) and not math.isfinite(value):
            raise ZacperfError(
                f"trade {number} ({trade.symbol}) has {name}={value}",
                "let the engine return finite numbers; JSON has no others",
            )
    try:
        # A struct checks the types of its fields only when it is decoded.
        msgspec.json.decode(ENCODER.encode(trade), type=Trade)
    except msgspec.ValidationError as e:
        raise ZacperfError(
            f"trade {number} ({trade.symbol}) cannot be stored: {first_line(e)}",
            "build it as pytest_zacperf.records.Trade says",
        ) from e


def _parquet(equity: Sequence[EquityPoint]) -> bytes:
    polars = _import_polars()
    frame = polars.DataFrame(
        {"ts_ns": [p.ts_ns for p in equity], "equity": [p.equity for p in equity]},
        schema={"ts_ns": polars.Int64, "equity": polars.Float64},
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _import_polars() -> ModuleType:
    try:
        return importlib.import_module("polars")
    except ImportError as e:
        raise ZacperfError(
            "equity is stored as Parquet, and polars is not installed",
            "pip install pytest-zacperf[zacqc]",
        ) from e
