"""A stand-in of LEAN's launcher: a program that reads its configuration and writes its results.

Runs as a script of its own, standard library alone, in place of ``dotnet ...Launcher.dll``. What it
shall do comes with ``STAND_IN`` (JSON) in the environment, where a container's paths are with
``STAND_IN_PATHS``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

IMPORTS = """
from datetime import datetime

class QCAlgorithm:
    start = end = None
    def set_start_date(self, *day): self.start = datetime(*day) if len(day) > 1 else day[0]
    def set_end_date(self, *day): self.end = datetime(*day) if len(day) > 1 else day[0]
    SetStartDate, SetEndDate = set_start_date, set_end_date
    def get_parameter(self, name): return PARAMETERS.get(name, "")
    GetParameter = get_parameter
"""
ERROR = """Runtime Error: 'close'
  at on_data
    self.price = bars["close"]
 in main.py: line 9
"""
AT = "2025-10-15T19:3{minute}:{second:02}.8820664Z"


def main() -> int:
    """Play one backtest; return the exit status of LEAN."""
    config = json.loads(_config_file().read_text())
    wish = json.loads(os.environ.get("STAND_IN", "{}"))
    results = _host(config["results-destination-folder"])
    sys.stdout.write(f"LEAN stand-in runs {config['algorithm-location']}\n")
    sys.stdout.flush()
    held = bytearray(wish.get("hold_bytes", 0))
    while time.process_time() < wish.get("burn_s", 0.0):
        held[:1] = b"x"
    if wish.get("ending") == "hang":
        time.sleep(600)
    start, end = wish.get("window") or _window(config)
    return _write(results, config["algorithm-id"], start, end, wish)


def _config_file() -> Path:
    if "--config" in sys.argv:
        return Path(sys.argv[sys.argv.index("--config") + 1])
    return _host("/Lean/Launcher/bin/Debug/config.json")


def _host(path: str) -> Path:
    for place, host in json.loads(os.environ.get("STAND_IN_PATHS", "{}")).items():
        if path == place or path.startswith(f"{place}/"):
            return Path(host + path[len(place) :])
    return Path(path)


def _window(config: dict[str, Any]) -> tuple[str, str]:
    """Return what the algorithm itself asks LEAN for: its module is really imported."""
    algorithm = _host(config["algorithm-location"])
    stubs = Path(tempfile.mkdtemp())
    parameters = repr(config["parameters"])
    (stubs / "AlgorithmImports.py").write_text(f"PARAMETERS = {parameters}\n{IMPORTS}")
    paths = [_host(path) for path in config.get("python-additional-paths", [])]
    sys.path[:0] = [str(path) for path in (stubs, algorithm.parent, *paths)]
    module = __import__(config["algorithm-type-name"])
    # As LEAN does: the first one by name.
    kind = next(
        found
        for _, found in sorted(vars(module).items())
        if isinstance(found, type) and found.__module__ == module.__name__
    )
    started: Any = kind()
    (started.initialize if hasattr(started, "initialize") else started.Initialize)()
    return f"{started.start:%Y-%m-%d}", f"{started.end:%Y-%m-%d}"


def _write(results: Path, name: str, start: str, end: str, wish: dict[str, Any]) -> int:
    ending = wish.get("ending", "complete")
    is_failed = ending == "runtime_error"
    has_data = ending != "no_data"
    if ending == "nothing":
        sys.stdout.write("Error: no space left on device\n")
        return 1
    main = {
        "charts": {
            "Strategy Equity": {
                "series": {"Equity": {"values": [[1759276800, 1e5], [1759363200, 100_010.5]]}}
            }
        },
        "orders": _orders() if has_data else {},
        "statistics": {"Total Orders": "2" if has_data else "0", "Total Fees": "$2.00"}
        if has_data
        else {"Total Orders": "0"},
        "state": {
            "Status": "RuntimeError" if is_failed else "Completed",
            "RuntimeError": ERROR if is_failed else "",
        },
        "algorithmConfiguration": {
            "parameters": {},
            "startDate": f"{start}T00:00:00Z",
            "endDate": f"{end}T23:59:59Z",
        },
        "totalPerformance": {"closedTrades": [_trade()] if has_data else []},
    }
    _json(results / f"{name}.json", main)
    if has_data:
        _json(results / f"{name}-order-events.json", _events(name, wish.get("price", 250.25)))
    counts = (2, 1) if has_data else (0, 7)
    _json(
        results / "data-monitor-report-20251015193951882.json",
        {"succeeded-data-requests-count": counts[0], "failed-data-requests-count": counts[1]},
    )
    listed = "equity/spy.zip\nequity/gld.zip\n" if has_data else ""
    (results / "succeeded-data-requests-20251015193951882.txt").write_text(listed)
    (results / "log.txt").write_text("\n".join(_log(has_data=has_data)) + "\n")
    return 1 if is_failed else wish.get("exit_status", 0)


def _log(*, has_data: bool) -> list[str]:
    points = "2,808,751" if has_data else "0"
    lines = [
        "Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0 Mode: DEBUG (64bit) Host: x",
        (
            "Isolator.ExecuteWithTimeLimit(): Used: 111, Sample: 173, App: 1190, "
            "CurrentTimeStepElapsed: 00:00.000. CPU: 111%"
        ),
        (
            f"Debug: Algorithm Id:(1) completed in 89.44 seconds at 31k data points per second. "
            f"Processing total of {points} data points."
        ),
    ]
    if os.environ.get("ZACPERF_STAGES") == "1":
        lines.append("Log: PERF_FINAL stage=metrics total_ns=7000 count=5 max_ns=2000")
    return [
        f"{AT.format(minute=number, second=number)} TRACE:: {line}"
        for number, line in enumerate(lines)
    ]


def _events(name: str, price: float) -> list[dict[str, Any]]:
    found = []
    for order, (side, sign) in enumerate((("buy", 1), ("sell", -1)), start=1):
        shared = {
            "algorithmId": name,
            "orderId": order,
            "symbol": "GLD T3SKPOF94JFP",
            "symbolValue": "GLD",
            "symbolPermtick": "GLD",
            "time": 1759333969.0 + 3600 * order,
            "direction": side,
            "isAssignment": False,
            "quantity": sign * 10.0,
        }
        fill = {
            "orderFeeAmount": 1.0,
            "orderFeeCurrency": "USD",
            "fillPrice": price,
            "fillPriceCurrency": "USD",
            "fillQuantity": sign * 10.0,
        }
        none = {"fillPrice": 0.0, "fillPriceCurrency": "USD", "fillQuantity": 0.0}
        for event, (status, more) in enumerate((("submitted", none), ("filled", fill)), start=1):
            key = f"{name}-{order}-{event}"
            found.append({"id": key, "orderEventId": event, "status": status, **shared, **more})
    return found


def _orders() -> dict[str, Any]:
    return {
        str(number): {"type": 4, "id": number, "tag": "x", "quantity": quantity, "status": 3}
        for number, quantity in ((1, 10.0), (2, -10.0))
    }


def _trade() -> dict[str, Any]:
    return {
        "symbol": {"value": "GLD"},
        "entryTime": "2025-10-01T16:52:49Z",
        "entryPrice": 250.25,
        "direction": 0,
        "quantity": 10.0,
        "exitTime": "2025-10-01T17:52:49Z",
        "exitPrice": 250.25,
        "profitLoss": 0.0,
        "totalFees": 2.0,
    }


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


if __name__ == "__main__":
    sys.exit(main())
