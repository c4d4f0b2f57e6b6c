"""LEAN in a plain container, through the real docker-py on a stand-in of Docker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import ZACPERF
from support.docker_daemon import IMAGE, DockerDaemon, docker_daemon
from support.lean_client import LeanMachine
from support.lean_project import PARAMETERS

from pytest_zacperf import store
from pytest_zacperf.records import Run

BACKTEST = ("backtest", "--start", "2025-10-01", "--end", "2025-10-10", "--output", "out")


@pytest.fixture
def daemon() -> Iterator[DockerDaemon]:
    with docker_daemon() as found:
        yield found


def backtest(machine: LeanMachine, **wish: Any) -> Any:  # noqa: ANN401 - CompletedProcess
    machine.daemon.wish = wish
    return machine.shell.run(*ZACPERF, *BACKTEST, **machine.variables)


def run_in(machine: LeanMachine) -> Run:
    return store.read_json(machine.project.folder / "out" / store.RUN_FILE, Run)


def test_a_run_is_counted_inside_and_leaves_nothing(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(
        tmp_path, daemon, "DockerLean", ", cpus=1.5, memory_bytes=4_000_000_000"
    )
    before = machine.project.hashes()
    done = backtest(machine, burn_s=1.0, hold_bytes=100_000_000)
    assert done.returncode == 0, done.stdout + done.stderr
    run = run_in(machine)
    assert run.work is not None
    assert run.costs is not None
    assert (run.work.orders, run.work.order_events) == (2, 4)
    assert run.costs.clock_sources == ("container-rusage", "container-rusage")
    (container,) = daemon.made
    assert run.costs.cpu_ns == pytest.approx(container.used["cpu_ns"], rel=0.02)
    host = container.payload["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (1_500_000_000, 4_000_000_000)
    assert container.payload["Labels"] == {"tool": "pytest-zacperf"}
    modes = {bind.split(":")[1]: bind.split(":")[2] for bind in host["Binds"]}
    assert (modes["/LeanCLI"], modes["/Lean/Data"], modes["/Results"]) == ("ro", "ro", "rw")
    assert daemon.containers == {}
    assert {name: machine.project.hashes().get(name) for name in before} == before
    assert "1.5 processors" in run.workload.engine_version


def test_parameters_reach_the_algorithm(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(tmp_path, daemon, "DockerLean", ', window="parameters"')
    machine.project.write("Gold/main.py", PARAMETERS)
    done = backtest(machine)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_count_inside_docker_says_it(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(tmp_path, daemon, "DockerLean")
    done = backtest(machine, burn_s=0.5, lose_count=1)
    assert done.returncode == 0, done.stdout + done.stderr
    costs = run_in(machine).costs
    assert costs is not None
    assert costs.clock_sources == ("engine-log", "docker-stats")


def test_a_container_that_leaves_no_results_is_one_sentence(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    done = backtest(LeanMachine.made(tmp_path, daemon, "DockerLean"), ending="nothing")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "LEAN left no results, exit status 1: Error: no space left on" in said
    assert "Traceback" not in said


def test_a_container_that_docker_refuses_is_told(tmp_path: Path, daemon: DockerDaemon) -> None:
    done = backtest(LeanMachine.made(tmp_path, daemon, "DockerLean"), refuse=1)
    said = done.stdout + done.stderr
    assert "cannot be started: " in said
    assert "no more memory" in said


def test_an_image_that_is_not_there_is_told(tmp_path: Path, daemon: DockerDaemon) -> None:
    daemon.images.clear()
    done = backtest(LeanMachine.made(tmp_path, daemon, "DockerLean"))
    assert f"image '{IMAGE}' is not on this machine" in done.stdout + done.stderr
    assert daemon.made == []
