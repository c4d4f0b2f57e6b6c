"""Sides of a comparison, from the files they are in; compares nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.errors import StoreError, ZacperfError
from pytest_zacperf.foreign_events import order_events_of
from pytest_zacperf.parity import OrderEvents, are_canonical, canonical, figures_of
from pytest_zacperf.records import Run, StatisticValue
from pytest_zacperf.run_parity import Side
from pytest_zacperf.store import FileContent

FIRST_BYTES = 1 << 16
# Lean writes them as <algorithm>-order-events.json and <algorithm>-summary.json.
ORDER_EVENTS_NAME = re.compile(r"(.*-)?order[-_]events\.(json|jsonl|csv)")
SUMMARY_NAME = re.compile(r"(.*-)?summary\.json")


def open_run(folder: Path, name: str) -> Side:
    """Return a run folder as a side.

    Raises:
        ZacperfError: Its record cannot be read.

    """
    run = store.read_json(folder / store.RUN_FILE, Run)
    content = FileContent(folder / store.ORDER_EVENTS_FILE)
    return Side(
        name=name,
        order_events=OrderEvents(content),
        run=run,
        statistics=run.statistics,
        trades=store.read_trades(folder) if (folder / store.TRADES_FILE).exists() else None,
        equity=store.read_equity(folder),
    )


def open_foreign_run(folder: Path, name: str) -> Side:
    """Return the folder of another program's run, such as one of Lean's, as a side.

    Raises:
        StoreError: It does not hold one file of order events, or one that cannot be read.

    """
    found = _named(folder, ORDER_EVENTS_NAME)
    if len(found) != 1:
        several = " and ".join(path.name for path in found)
        raise StoreError(
            f"{folder} holds {several or 'no run.json and no *order-events.json'}",
            "name one file of order events" if found else "name the folder of a run",
        )
    side = open_file(found[0], name)
    return replace(side, statistics=_summary_in(folder))


def _summary_in(folder: Path) -> Mapping[str, StatisticValue] | None:
    found = _named(folder, SUMMARY_NAME)
    if not found:
        return None
    if len(found) > 1:
        raise StoreError(
            f"{folder} holds {' and '.join(path.name for path in found)}",
            "leave the summary of one run there",
        )
    try:
        return figures_of(store.read_json(found[0], object))
    except ZacperfError as e:
        raise StoreError(e.problem, "name the file of order events itself, to do without it") from e


def _named(folder: Path, name: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if name.fullmatch(path.name))


def open_file(path: Path, name: str) -> Side:
    """Return a file of order events as a side; one of ours is read only as far as it is needed.

    Raises:
        StoreError: It cannot be read, or holds something else; the sentence says where.

    """
    content = FileContent(path)
    try:
        if are_canonical(content.read(0, min(FIRST_BYTES, content.size_bytes))):
            return Side(name=name, order_events=OrderEvents(content))
    except OSError as e:
        raise StoreError(f"{path} cannot be read: {e.strerror}", "name a run or a file") from e
    try:
        events = canonical(order_events_of(store.read_rows(path)), ())
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e
    return Side(name=name, order_events=OrderEvents.of(events))
