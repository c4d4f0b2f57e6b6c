"""What a run did, as files of its folder: order events, trades, equity, statistics."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

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
    json_of,
    read_json,
    read_lines,
    write_atomically,
)
from pytest_zacperf.store.usable import require_mapping, require_records, shown

ORDER_EVENTS_FILE = "order_events.jsonl"
TRADES_FILE = "trades.jsonl"
EQUITY_FILE = "equity.parquet"
STATISTICS_FILE = "statistics.json"
STAGES_FILE = "stages.json"
COVERAGE_FILE = "coverage.json"
OUTPUT_FILES = (
    *(ORDER_EVENTS_FILE, TRADES_FILE, EQUITY_FILE),
    *(STATISTICS_FILE, STAGES_FILE, COVERAGE_FILE),
)


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
        ZacperfError: A value cannot be stored, or equity needs polars; nothing is written.
        OSError: What the disk says; nothing is left.

    """
    files = _files(output)  # all of them before the first is written
    try:
        for name, content in files.items():
            write_atomically(folder / name, content)
    except OSError:
        discard_output(folder)  # where the disk is full, the reason needs the room
        raise
    return digest_of_bytes(files[ORDER_EVENTS_FILE])


def write_stages(folder: Path, stages: Sequence[StageTiming]) -> None:
    """Write the stages alone, of a run that was stopped and has no result.

    Raises:
        OSError: What the disk says.

    """
    write_atomically(folder / STAGES_FILE, json_of(list(stages)))


def discard_output(folder: Path) -> None:
    """Delete what was written of a run that has failed: a part of a result is none."""
    for name in OUTPUT_FILES:
        (folder / name).unlink(missing_ok=True)


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
    try:
        return equity_of(path.read_bytes())
    except ValueError as e:
        raise ZacperfError(f"{path} is damaged: {e}", RUN_AGAIN) from e


def equity_of(parquet: bytes) -> list[EquityPoint]:
    """Return the equity that is stored as Parquet.

    Raises:
        ValueError: It is damaged.
        ZacperfError: polars is not installed.

    """
    polars = _import_polars()
    try:
        frame = polars.read_parquet(io.BytesIO(parquet), columns=["ts_ns", "equity"])
    except Exception as e:
        raise ValueError(first_line(e)) from e
    return [EquityPoint(ts_ns=ts_ns, equity=equity) for ts_ns, equity in frame.iter_rows()]


def equity_bytes(equity: Sequence[EquityPoint]) -> bytes:
    """Return equity as Parquet.

    Raises:
        ZacperfError: A value cannot be stored, or polars is not installed.

    """
    polars = _import_polars()
    buffer = io.BytesIO()
    try:
        frame = polars.DataFrame(
            {"ts_ns": [p.ts_ns for p in equity], "equity": [p.equity for p in equity]},
            schema={"ts_ns": polars.Int64, "equity": polars.Float64},
        )
        frame.write_parquet(buffer)
    except Exception as e:
        raise ZacperfError(
            f"equity cannot be stored as Parquet: {first_line(e)}",
            "let every ts_ns be ns since 1970 UTC, and every equity a number",
        ) from e
    return buffer.getvalue()


def _files(output: RunOutput) -> dict[str, bytes]:
    require_records("trade", output.trades, Trade)
    require_records("coverage row", output.coverage, Coverage)
    require_mapping("statistics", output.statistics)
    files = {
        ORDER_EVENTS_FILE: _order_events(output.order_events),
        TRADES_FILE: ENCODER.encode_lines(output.trades),
        STATISTICS_FILE: json_of(dict(output.statistics)),
        STAGES_FILE: json_of(list(output.stages)),
        COVERAGE_FILE: json_of(list(output.coverage)),
    }
    if output.equity is not None:
        require_records("equity point", output.equity, EquityPoint)
        files[EQUITY_FILE] = equity_bytes(output.equity)
    return files


def _order_events(events: Sequence[OrderEvent]) -> bytes:
    try:
        return ENCODER.encode_lines(events)
    except UnicodeEncodeError as e:
        raise ZacperfError(
            f"an order event holds text that is no Unicode: {shown(e.object)}",
            "decode the engine's text before it is put into an order event",
        ) from e


def _import_polars() -> ModuleType:
    try:
        return importlib.import_module("polars")
    except ImportError as e:
        raise ZacperfError(
            "equity is stored as Parquet, and polars is not installed",
            "pip install polars, or the extra of your engine, such as pytest-zacperf[zacqc]",
        ) from e
