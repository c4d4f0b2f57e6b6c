"""Output folders of LEAN: small ones of our own, and where the real ones are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared"
LEAN_RESULTS = SHARED / "engines" / "lean-results"
ZACQC = Path(os.environ.get("ZACPERF_ZACQC_FOLDER", SHARED / "zacqc"))
RECORDED = [ZACQC / "recorded" / name for name in ("20251016T1514", "baseline-20251016T1523")]
needs_results = pytest.mark.skipif(
    not all(path.is_dir() for path in (LEAN_RESULTS, *RECORDED)),
    reason=f"no real results of LEAN in {SHARED}",
)


def order_event(order: int, number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return one row as LEAN writes it since 2024: the second event of an order is its fill."""
    sign = 1 if order == 1 else -1
    fill = {
        "orderFeeAmount": 1.0,
        "orderFeeCurrency": "USD",
        "fillPrice": 250.25,
        "fillPriceCurrency": "USD",
        "fillQuantity": sign * 10.0,
    }
    return {
        "id": f"17-{order}-{number}",
        "algorithmId": "17",
        "orderId": order,
        "orderEventId": number,
        "symbol": "GLD T3SKPOF94JFP",
        "symbolValue": "GLD",
        "symbolPermtick": "GLD",
        "time": 1759333969.0 + 3600 * order,
        "status": "filled" if number == 2 else "submitted",
        "fillPrice": 0.0,
        "fillPriceCurrency": "USD",
        "fillQuantity": 0.0,
        **(fill if number == 2 else {}),
        "direction": "buy" if sign == 1 else "sell",
        "isAssignment": False,
        "quantity": sign * 10.0,
        **changes,
    }


def rows() -> list[dict[str, Any]]:
    """Return the events of two market orders, a buy and the sell that closes it."""
    return [order_event(order, number) for order in (1, 2) for number in (1, 2)]


def main_content(
    *, order_type: int = 4, sharpe: str = "0.896", fees: str = "$2.00"
) -> dict[str, Any]:
    """Return a main file as LEAN writes it since 2025."""
    orders = {
        str(number): {
            "type": order_type,
            "id": number,
            "symbol": {"value": "GLD"},
            "tag": "breakout",
            "quantity": 10.0 if number == 1 else -10.0,
            "status": 3,
        }
        for number in (1, 2)
    }
    trade = {
        "id": "c78108e5",
        "symbols": [{"value": "GLD"}],
        "entryTime": "2025-10-01T16:52:49Z",
        "entryPrice": 250.25,
        "direction": 0,
        "quantity": 10.0,
        "exitTime": "2025-10-01T17:52:49.5Z",
        "exitPrice": 250.25,
        "profitLoss": 0.0,
        "totalFees": 2.0,
    }
    return {
        "charts": _charts([[1759276800, 1, 2, 0, 1e5], [1759363200, 1, 2, 0, 99_998.0]]),
        "orders": orders,
        "statistics": {"Total Orders": "2", "Total Fees": fees, "Sharpe Ratio": sharpe},
        "runtimeStatistics": {"Equity": "$99,998.00"},
        "state": {
            "StartTime": "2025-10-16T15:14:39Z",
            "EndTime": "2025-10-16T15:15:39Z",
            "Hostname": "box",
            "RuntimeError": "",
            "Status": "Completed",
        },
        "algorithmConfiguration": {
            "parameters": {"Lookback": "20"},
            "startDate": "2025-10-01T00:00:00Z",
            "endDate": "2025-10-10T23:59:59Z",
        },
        "totalPerformance": {
            "tradeStatistics": {"winRate": "0.5", "averageMAE": "0"},
            "closedTrades": [trade],
        },
        "analysis": [{"name": "Speed", "issue": "slow"}],
        "serverStatistics": {"Used RAM (MB)": "99"},
    }


def write_run(folder: Path, *, run_id: str = "17", **changes: Any) -> Path:  # noqa: ANN401 - JSON
    """Write a whole output folder; changes are those of ``main_content``."""
    content = main_content(**changes)
    summary = {name: value for name, value in content.items() if name not in {"orders", "analysis"}}
    summary["charts"] = _charts([[1759276800, 1, 2, 0, 1e5]])
    summary["totalPerformance"] = {**content["totalPerformance"], "closedTrades": []}
    content["state"]["StartTime"] = summary["state"]["StartTime"] = str(folder)
    files: Mapping[str, object] = {
        f"{run_id}.json": content,
        f"{run_id}-summary.json": summary,
        f"{run_id}-order-events.json": [
            row | {"algorithmId": run_id, "id": f"{run_id}-x"} for row in rows()
        ],
    }
    folder.mkdir(parents=True)
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value))
    return folder


def _charts(values: list[Any]) -> dict[str, Any]:
    return {"Strategy Equity": {"series": {"Equity": {"values": values}}}}
