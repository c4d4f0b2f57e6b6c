"""Sides of a comparison, from the files they are in; compares nothing."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf import store
from pytest_zacperf.errors import StoreError
from pytest_zacperf.parity import OrderEvents, are_canonical, order_events_of
from pytest_zacperf.records import Run
from pytest_zacperf.run_parity import Side
from pytest_zacperf.store import FileContent

FIRST_BYTES = 1 << 16


def open_run(folder: Path, name: str) -> Side:
    """Return a run folder as a side.

    Raises:
        ZacperfError: Its record cannot be read.

    """
    run = store.read_json(folder / store.RUN_FILE, Run)
    content = FileContent(folder / store.ORDER_EVENTS_FILE)
    return Side(name=name, order_events=OrderEvents(content), run=run)


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
        events = order_events_of(store.read_rows(path))
    except ValueError as e:
        raise StoreError(f"{path}: {e}", "see pytest_zacperf.records.OrderEvent") from e
    return Side(name=name, order_events=OrderEvents.of(events))
