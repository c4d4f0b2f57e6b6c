"""Sides of a comparison, from the files they are in; compares nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.engines.lean.checks import COMPLETED
from pytest_zacperf.engines.lean.folder import NoResultsError
from pytest_zacperf.engines.lean.json_files import read_object
from pytest_zacperf.engines.lean.records import LeanRun
from pytest_zacperf.engines.lean.results import read_results
from pytest_zacperf.engines.lean.statistics import figures_of
from pytest_zacperf.errors import StoreError
from pytest_zacperf.foreign_events import order_events_of
from pytest_zacperf.parity import OrderEvents, are_canonical, canonical
from pytest_zacperf.parity_sides import Side
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


def open_run(folder: Path, name: str) -> Side:
    """Return a run folder as a side.

    Raises:
        ZacperfError: Its record cannot be read.

    """
    run = store.read_json(folder / store.RUN_FILE, Run)
    content = FileContent(folder / store.ORDER_EVENTS_FILE)
    of_lean = run.workload.engine_name.startswith(LEAN_ENGINES)
    return Side(
        name=name,
        kind="lean" if of_lean else "ours",
        order_events=OrderEvents(content),
        run=run,
        statistics=run.statistics,
        trades=store.read_trades(folder) if (folder / store.TRADES_FILE).exists() else None,
        equity=store.read_equity(folder),
    )


def open_foreign_run(folder: Path, name: str) -> Side:
    """Return the folder of another program's run as a side; one of Lean's with all it has.

    Raises:
        StoreError: It holds nothing of Lean and not one file of order events, or a damaged one.

    """
    try:
        return _of_lean(read_results(folder), name)
    except NoResultsError:
        found = sorted(path for path in folder.iterdir() if ORDER_EVENTS_NAME.fullmatch(path.name))
    if len(found) != 1:
        several = " and ".join(path.name for path in found)
        raise StoreError(
            f"{folder} holds {several or 'no run.json, no results of Lean and no order events'}",
            "name one file of order events" if found else "name the folder of a run",
        )
    return open_file(found[0], name)


def _of_lean(run: LeanRun, name: str) -> Side:
    has_summary = bool(run.statistics)
    has_main = run.trades is not None
    ended = [] if run.status in {None, COMPLETED} else [f"its status is {run.status}"]
    return Side(
        name=name,
        kind="lean" if has_main else "lean summary",
        order_events=OrderEvents.of(_canonical(run.order_events, run.folder)),
        knows_orders=run.has_orders,
        statistics=run.statistics if has_summary else None,
        trades=run.trades,
        equity=run.equity,
        notes=(*ended, *run.warnings),
    )


def _canonical(events: Iterable[OrderEvent], path: Path) -> list[OrderEvent]:
    try:
        return canonical(events, ())
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e


def open_file(path: Path, name: str) -> Side:
    """Return a file of order events, or a summary or main file of Lean, as a side.

    A file of ours is read only as far as it is needed.

    Raises:
        StoreError: It cannot be read, or holds something else; the sentence says where.

    """
    content = FileContent(path)
    try:
        if are_canonical(content.read(0, min(FIRST_BYTES, content.size_bytes))):
            return Side(name=name, kind="foreign", order_events=OrderEvents(content))
    except OSError as e:
        raise StoreError(f"{path} cannot be read: {e.strerror}", "name a run or a file") from e
    if RESULT_NAME.fullmatch(path.name):
        return _of_lean_file(path, name)
    try:
        events = canonical(order_events_of(store.read_rows(path)), ())
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e
    knows_orders = not LEAN_EVENTS_NAME.fullmatch(path.name)
    return Side(
        name=name, kind="foreign", order_events=OrderEvents.of(events), knows_orders=knows_orders
    )


def _of_lean_file(path: Path, name: str) -> Side:
    content = read_object(path)
    is_summary = path.stem.endswith("summary")
    return Side(
        name=name,
        kind="lean summary" if is_summary else "lean",
        order_events=None,
        statistics=figures_of(content),
    )
