"""Engines that break one promise each, for the tests of the conformance tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
import uuid
from pathlib import Path

import msgspec
from support.trading_function import run

from pytest_zacperf.engines import BacktestOutput, Capabilities
from pytest_zacperf.engines.function import FunctionEngine

FULL = Capabilities(order_events="full", equity=True)
SECONDS = 0.4
STUBBORN_S = 5.0


def _engine(name: str, capabilities: Capabilities = FULL) -> FunctionEngine:
    return FunctionEngine(f"{__name__}:{name}", capabilities=capabilities)


def ignores_its_window(start: dt.date, end: dt.date) -> BacktestOutput:
    """Trade on a day that nobody asked for."""
    return run(start - dt.timedelta(days=7), end)


def draws_lots(start: dt.date, end: dt.date) -> BacktestOutput:
    """Do something else in each process."""
    return run(start, end, quantity=1 + uuid.uuid4().int % 1_000_000)


def names_orders(start: dt.date, end: dt.date) -> BacktestOutput:
    """Leave a random identifier in an event."""
    output = run(start, end)
    events = [msgspec.structs.replace(one, tag=uuid.uuid4().hex) for one in output.order_events]
    return BacktestOutput(order_events=events, equity=output.equity, data_points=1)


def connects(start: dt.date, end: dt.date) -> BacktestOutput:
    """Use the network, and say that it does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    return run(start, end)


def computes_elsewhere(start: dt.date, end: dt.date) -> BacktestOutput:
    """Compute in another thread, and say that it does not."""

    def compute() -> None:
        end_s = time.monotonic() + SECONDS
        while time.monotonic() < end_s:
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    return run(start, end)


def leaves_a_file(start: dt.date, end: dt.date) -> BacktestOutput:
    """Write where it stands."""
    Path("results.csv").write_text("1")
    return run(start, end)


def rewrites_a_file(start: dt.date, end: dt.date) -> BacktestOutput:
    """Write as much into a file as was there before."""
    Path("plan.txt").write_text("2")
    return run(start, end)


def cannot_be_stopped(start: dt.date, end: dt.date) -> BacktestOutput:
    """Catch whatever comes for some seconds, as some strategies do for ever."""
    end_s = time.monotonic() + STUBBORN_S
    while time.monotonic() < end_s:
        with contextlib.suppress(BaseException):
            time.sleep(SECONDS)
    return run(start, end)


window = _engine("ignores_its_window")
lots = _engine("draws_lots")
names = _engine("names_orders")
network = _engine("connects")
threads = _engine("computes_elsewhere")
no_equity = _engine("ignores_its_window", Capabilities(order_events="full"))
file = _engine("leaves_a_file")
rewritten = _engine("rewrites_a_file")
unstoppable = _engine("cannot_be_stopped")
not_broken = FunctionEngine("support.trading_function:run", capabilities=FULL)
