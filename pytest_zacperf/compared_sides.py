"""Sides of a comparison, from the files they are in; compares nothing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.engines.lean.checks import COMPLETED, FRAMES
from pytest_zacperf.engines.lean.reading.folder import NoResultsError
from pytest_zacperf.engines.lean.reading.json_files import camel, number
from pytest_zacperf.engines.lean.reading.orders import events_of
from pytest_zacperf.engines.lean.reading.records import LeanRun
from pytest_zacperf.engines.lean.reading.results import read_results
from pytest_zacperf.engines.lean.reading.summary import is_summary, read_summary
from pytest_zacperf.errors import StoreError
from pytest_zacperf.foreign_events import order_events_of
from pytest_zacperf.parity import OrderEvents, are_canonical, canonical
from pytest_zacperf.parity_sides import Kind, Side
from pytest_zacperf.records import OrderEvent, Run
from pytest_zacperf.store import FileContent

FIRST_BYTES = 1 << 16
# What Lean's engines are called, see ``engines.lean``.
LEAN_ENGINES = "lean "
# Lean writes them as <algorithm>-order-events.json and <algorithm>-summary.json.
ORDER_EVENTS_NAME = re.compile(r"(.*-)?order[-_]events\.(json|jsonl|csv)")
LEAN_EVENTS_NAME = re.compile(r"(.*-)?order-events\.json")
# A main file is named after its id, which is digits where Lean's client made it.
RESULT_NAME = re.compile(r"(.*-)?summary\.json|\d+\.json")
# Nobody but Lean has it in an order event.
OF_LEAN = "algorithmId"
CLOSED_TRADES = "totalPerformance.tradeStatistics.totalNumberOfTrades"
# How many orders there were, by the year.
ORDER_COUNTS = ("Total Orders", "Total Trades", "state.OrderCount")
MOST_FRAMES = 4


def open_run(folder: Path, name: str) -> Side:
    """Return a run folder as a side.

    Raises:
        ZacperfError: Its record cannot be read.

    """
    run = store.read_json(folder / store.RUN_FILE, Run)
    of_lean = run.workload.engine_name.startswith(LEAN_ENGINES)
    trades = store.read_trades(folder) if (folder / store.TRADES_FILE).exists() else None
    # Lean closed trades and none are there: it was a folder without a main file that was read.
    without_main = of_lean and not trades and _count(run.statistics.get(CLOSED_TRADES)) > 0
    return Side(
        name=name,
        kind=_kind(has_main=not without_main) if of_lean else "ours",
        order_events=OrderEvents(FileContent(folder / store.ORDER_EVENTS_FILE)),
        knows_orders=not without_main,
        run=run,
        statistics=run.statistics,
        trades=None if without_main else trades,
        equity=store.read_equity(folder),
        notes=tuple(run.warnings) if of_lean else (),
    )


def open_foreign_run(folder: Path, name: str) -> Side:
    """Return the folder of another program's run as a side; one of Lean's with all it has.

    Raises:
        StoreError: It holds nothing of Lean and not one file of order events, or a damaged one.

    """
    try:
        run = read_results(folder)
        return _of_lean(run, name, _events_in_folder(run))
    except NoResultsError:
        found = sorted(path for path in folder.iterdir() if ORDER_EVENTS_NAME.fullmatch(path.name))
    if len(found) != 1:
        several = " and ".join(path.name for path in found)
        raise StoreError(
            f"{folder} holds {several or 'no run.json, no results of Lean and no order events'}",
            "name one file of order events" if found else "name the folder of a run",
        )
    return open_file(found[0], name)


def open_file(path: Path, name: str) -> Side:
    """Return a file of order events, or a summary or main file of Lean, as a side.

    A file of ours is read only as far as it is needed.

    Raises:
        StoreError: It cannot be read, or holds something else; the sentence says where.

    """
    content = FileContent(path)
    try:
        first = content.read(0, min(FIRST_BYTES, content.size_bytes))
    except OSError as e:
        raise StoreError(f"{path} cannot be read: {e.strerror}", "name a run or a file") from e
    if are_canonical(first):
        return Side(name=name, kind="foreign", order_events=OrderEvents(content))
    is_object = first.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")
    if RESULT_NAME.fullmatch(path.name) or (is_object and is_summary(path)):
        return _of_lean(read_summary(path), name, None)
    return _of_events(path, name)


def _of_events(path: Path, name: str) -> Side:
    rows = store.read_rows(path)
    of_lean = bool(rows) and any(camel(key) == OF_LEAN for key in rows[0])
    if of_lean:
        rows = [{camel(key): value for key, value in row.items()} for row in rows]
    try:
        events = events_of(rows, path) if of_lean else order_events_of(rows)
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e
    return Side(
        name=name,
        kind="foreign",
        order_events=OrderEvents.of(_canonical(events, path)),
        knows_orders=not (of_lean or LEAN_EVENTS_NAME.fullmatch(path.name)),
    )


def _of_lean(run: LeanRun, name: str, order_events: OrderEvents | None) -> Side:
    has_main = run.trades is not None
    return Side(
        name=name,
        kind=_kind(has_main=has_main),
        order_events=order_events,
        knows_orders=run.has_orders or order_events is None,
        statistics=run.statistics if has_main or run.statistics else None,
        trades=run.trades,
        equity=run.equity if has_main == (run.equity_source == "main") else None,
        notes=(*_ended_early(run), *run.warnings),
    )


def _kind(*, has_main: bool) -> Kind:
    return "lean" if has_main else "lean summary"


def _events_in_folder(run: LeanRun) -> OrderEvents | None:
    # Lean writes no file where nothing was traded; else one that is not there says nothing.
    traded = any(_count(run.statistics.get(name)) > 0 for name in ORDER_COUNTS)
    if traded and not run.order_events:
        return None
    return OrderEvents.of(_canonical(run.order_events, run.folder))


def _count(value: object) -> float:
    return number(value) or 0.0


def _ended_early(run: LeanRun) -> Iterator[str]:
    if run.status in {None, COMPLETED}:
        return
    # Equal errors on other lines are of other code. The outermost frames, which LEAN names last,
    # are of the algorithm, the others may be of a library.
    frames = [f"{found['file']}:{found['line']}" for found in FRAMES[0].finditer(run.runtime_error)]
    at = f", at {', '.join(frames[-MOST_FRAMES:])}" if frames else ""
    yield f"its status is {run.status}{at}"


def _canonical(events: Iterable[OrderEvent], path: Path) -> list[OrderEvent]:
    try:
        return canonical(events, ())
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e
