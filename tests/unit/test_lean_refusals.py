"""What Lean's engines refuse beyond a run that went wrong: missing parts, steps out of order."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.docker_daemon import IMAGE, docker_daemon
from support.lean_project import LeanProjectFolder

from pytest_zacperf.engines.lean import DotnetLean, LeanResults, docker_client
from pytest_zacperf.engines.lean.run_files import moved
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import Window

WINDOW = Window(id="wk", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))
# Nothing of it is used before a run begins, but where the project is.
CONTEXT: Any = SimpleNamespace(code_path=lambda path: path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    LeanProjectFolder.made(tmp_path, "None")
    return tmp_path / "Gold"


def test_a_launcher_that_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    engine = DotnetLean(project, launcher=tmp_path, dotnet=sys.executable)
    with pytest.raises(EngineError) as raised:
        engine.prepare(WINDOW, CONTEXT)
    missing = tmp_path / "QuantConnect.Lean.Launcher.dll"
    assert raised.value.problem == f"there is no launcher at {missing}"
    assert raised.value.hint.startswith("build LEAN and name QuantConnect.Lean.Launcher.dll")


def test_a_dotnet_that_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    engine = DotnetLean(project, launcher=tmp_path, dotnet="dotnet-that-is-not-there")
    with pytest.raises(EngineError, match="there is no 'dotnet-that-is-not-there' on PATH"):
        engine.prepare(WINDOW, CONTEXT)


def test_steps_out_of_order_are_told(project: Path, tmp_path: Path) -> None:
    launcher = tmp_path / "Lean.dll"
    launcher.touch()
    engine = DotnetLean(project, launcher=launcher, dotnet=sys.executable)
    with pytest.raises(EngineError, match="lean Gold is not prepared"):
        engine.run(CONTEXT)
    engine.prepare(WINDOW, CONTEXT)
    with pytest.raises(EngineError, match=r"collect\(\) was called before run\(\)"):
        engine.collect(CONTEXT)


def test_results_are_read_in_order_too(tmp_path: Path) -> None:
    engine = LeanResults(tmp_path)
    with pytest.raises(EngineError, match="lean results are not prepared"):
        engine.run(CONTEXT)
    engine.prepare(WINDOW, CONTEXT)
    with pytest.raises(EngineError, match=r"collect\(\) was called before run\(\)"):
        engine.collect(CONTEXT)


def test_results_that_cannot_be_moved_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(shutil, "move", refuse)
    with pytest.raises(EngineError) as raised:
        moved(tmp_path, tmp_path / "own")
    assert raised.value.problem == (
        f"the results in {tmp_path} cannot be moved to {tmp_path / 'own'}: Operation not permitted"
    )


def test_a_docker_that_is_gone_when_it_is_asked_for_the_image_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with docker_daemon() as daemon:
        monkeypatch.setenv("DOCKER_HOST", daemon.host)
        with docker_client.closing(docker_client.connected()) as client:
            daemon.is_gone = True
            with pytest.raises(EngineError, match=f"image '{IMAGE}' cannot be found: "):
                docker_client.image_digest(client, IMAGE)
