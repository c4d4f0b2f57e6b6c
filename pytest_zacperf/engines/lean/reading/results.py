"""An output folder of LEAN, of any year, to one record; runs nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.engines.lean.reading.folder import LeanFiles, files_in
from pytest_zacperf.engines.lean.reading.invariants import TOTAL_ORDERS, violations
from pytest_zacperf.engines.lean.reading.json_files import (
    Object,
    camel,
    list_at,
    number,
    object_at,
    read_object,
    with_camel_keys,
)
from pytest_zacperf.engines.lean.reading.log import read_log
from pytest_zacperf.engines.lean.reading.orders import events_of, joined, read_event_rows
from pytest_zacperf.engines.lean.reading.records import DataRequests, EquitySource, LeanRun
from pytest_zacperf.engines.lean.reading.statistics import figures_of
from pytest_zacperf.engines.lean.reading.times import day_of
from pytest_zacperf.engines.lean.reading.trades import equity_of, trades_of
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import EquityPoint, StatisticValue, Trade

REQUESTS = "data-monitor-report-*.json"
RUNNING, COMPLETED = "Running", "Completed"
# LEAN's own first day: of a run that set none and ended well, or of one that failed before it did.
FIRST_DAY = dt.date(1998, 1, 1)


def read_results(folder: Path) -> LeanRun:
    """Read an output folder of LEAN, of any year, with or without a main file, failed or not.

    Args:
        folder: With ``<id>.json``, ``<id>-order-events.json``, ``<id>-summary.json``, ``log.txt``;
            whatever is there.

    Raises:
        StoreError: There is none of them, or one is damaged; with file and place.

    """
    files = files_in(folder)
    main = None if files.main is None else _Content.of(files.main)
    summary = None if files.summary is None else _Content.of(files.summary)
    content = main or summary or _Content({})
    rows = [] if files.order_events is None else read_event_rows(files.order_events)
    events = events_of(rows, files.order_events or folder)
    orders = None if main is None else main.orders
    statistics = figures_of(content.given)
    trades = None if main is None else tuple(trades_of(main.performance))
    equity, source = _equity(main, summary)
    start, end = _window(content)
    log, log_warnings = read_log(folder / "log.txt", folder / f"{files.id}-log.txt")
    return LeanRun(
        folder=folder,
        id=files.id,
        status=content.state.get("Status"),
        runtime_error=content.state.get("RuntimeError", ""),
        start=start,
        end=end,
        order_events=events if orders is None else tuple(joined(events, orders)),
        has_orders=orders is not None,
        trades=trades,
        equity=equity,
        equity_source=source,
        statistics=statistics,
        requests=_requests(folder),
        log=log,
        warnings=(
            *files.warnings,
            *_missing_events(rows, orders, statistics),
            *_doubts(files, content, trades),
            *log_warnings,
            *(violations(rows, orders, statistics) if rows else ()),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Content:
    """A main file or a summary, with the keys that it has."""

    given: Object

    @classmethod
    def of(cls, path: Path) -> _Content:
        return cls(read_object(path))

    def section(self, name: str) -> Object:
        """Return a part of it by the name that it has today."""
        return object_at({name: self._found(name)}, name)

    @property
    def state(self) -> dict[str, str]:
        return {
            name: str(value) for name, value in self.section("state").items() if value is not None
        }

    @property
    def configuration(self) -> Object:
        return {camel(k): v for k, v in self.section("algorithmConfiguration").items()}

    @property
    def performance(self) -> Object:
        return object_at({"p": with_camel_keys(self.section("totalPerformance"))}, "p")

    @property
    def orders(self) -> Mapping[int, Object] | None:
        """Orders by number; None where the file does not tell of orders."""
        found = with_camel_keys(self._found("orders"))
        if not isinstance(found, dict):
            return None
        names = sorted((name for name in found if name.isdecimal()), key=int)
        return {int(name): found[name] for name in names if isinstance(found[name], dict)}

    def _found(self, name: str) -> object:
        return next((below for key, below in self.given.items() if camel(key) == name), None)


def _equity(
    main: _Content | None, summary: _Content | None
) -> tuple[tuple[EquityPoint, ...] | None, EquitySource | None]:
    found = None if main is None else equity_of(main.section("charts"))
    if found is not None:
        return found, "main"
    found = None if summary is None else equity_of(summary.section("charts"))
    return found, None if found is None else "summary"


def _window(content: _Content) -> tuple[dt.date | None, dt.date | None]:
    given = content.configuration.get("startDate")
    start, end = day_of(given), day_of(content.configuration.get("endDate"))
    if str(given).startswith(str(FIRST_DAY)) and content.state.get("Status") == COMPLETED:
        start = FIRST_DAY
    # One that failed before it set its days has only those of LEAN.
    return (None, None) if start is None else (start, end)


def _missing_events(
    rows: list[Object],
    orders: Mapping[int, Object] | None,
    statistics: Mapping[str, StatisticValue],
) -> Iterator[str]:
    told = number(str(statistics.get(TOTAL_ORDERS, "")).replace(",", ""))
    if rows:
        return
    if orders:
        yield f"the main file has {len(orders)} orders, and there are no order events"
    elif told:
        yield f"{TOTAL_ORDERS!r} is {statistics[TOTAL_ORDERS]}, and there are no order events"


def _doubts(files: LeanFiles, content: _Content, trades: tuple[Trade, ...] | None) -> Iterator[str]:
    left_out = len(list_at(content.performance, "closedTrades")) - len(trades or ())
    if trades is not None and left_out:
        yield f"closed trades without a time, a price or a quantity, left out: {left_out}"
    if content.state.get("Status") == RUNNING:
        yield "LEAN was ended while it ran: its main file has the last 100 orders alone"
    if files.main is None and files.summary is None:
        yield "there is neither a main file nor a summary: nothing says how the run ended"


def _requests(folder: Path) -> DataRequests | None:
    reports = sorted(folder.glob(REQUESTS))
    if not reports:
        return None
    try:
        found = {camel(name): value for name, value in read_object(reports[-1]).items()}
    except StoreError:
        return None
    succeeded, failed = (found.get(f"{word}DataRequestsCount") for word in ("succeeded", "failed"))
    if not isinstance(succeeded, int) or not isinstance(failed, int):
        return None
    return DataRequests(succeeded=succeeded, failed=failed)
