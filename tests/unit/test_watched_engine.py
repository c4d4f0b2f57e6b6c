from __future__ import annotations

import datetime as dt
import socket
from pathlib import Path

import pytest
from support.in_process import context_in

from pytest_zacperf.engines import Engine
from pytest_zacperf.engines.lookup import load_engine
from pytest_zacperf.engines.watched import (
    BEGAN_FILE,
    CLAIMS_NETWORK,
    CONNECTIONS,
    REFERENCE,
    WatchedEngine,
)
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import ParameterValue, Window
from pytest_zacperf.worker.context import WorkerContext

WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 2))
STRATEGY = """
import socket
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

def run(start, end, port=0):
    if port:
        socket.create_connection(("127.0.0.1", port)).close()
    return BacktestOutput(data_points=7)

engine = FunctionEngine("watched_gold:run")
"""


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerContext:
    (tmp_path / "watched_gold.py").write_text(STRATEGY)
    monkeypatch.syspath_prepend(tmp_path)
    return context_in(tmp_path)


def run_of(engine: Engine, context: WorkerContext) -> None:
    engine.prepare(WINDOW, context)
    engine.run(context)


def test_it_runs_the_engine_that_its_parameter_names(context: WorkerContext) -> None:
    engine = load_engine(REFERENCE).with_parameters({"engine": "watched_gold:engine"})
    run_of(engine, context)
    assert engine.collect(context).data_points == 7
    assert engine.name == "function watched_gold:run"
    assert (context.working_folder / BEGAN_FILE).exists()
    assert context.counts[CONNECTIONS] == 0


def test_other_parameters_are_those_of_the_engine(context: WorkerContext) -> None:
    given: dict[str, ParameterValue] = {"engine": "watched_gold:engine", "port": 1, "linger_s": 0.5}
    engine = WatchedEngine().with_parameters(given)
    assert engine.inner.parameters == {"port": 1}
    assert engine.parameters == given
    assert context.run_folder.exists()


def test_connections_are_counted_and_only_those_of_the_run(context: WorkerContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        given = {"engine": "watched_gold:engine", "port": port}
        run_of(load_engine(REFERENCE).with_parameters(given), context)
        socket.create_connection(("127.0.0.1", port)).close()
    assert context.counts[CONNECTIONS] == 1
    assert context.counts[CLAIMS_NETWORK] == 0


def test_it_says_what_to_set_when_no_engine_is_watched(context: WorkerContext) -> None:
    with pytest.raises(EngineError) as caught:
        WatchedEngine().prepare(WINDOW, context)
    assert str(caught.value) == "no engine is watched\n  hint: set engine=module:object"
