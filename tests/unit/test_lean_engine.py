"""LeanEngine with Lean's real client, on a stand-in of Docker that runs real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.commands import PYTEST, ZACPERF
from support.docker_daemon import DIGEST, IMAGE, DockerDaemon, docker_daemon
from support.lean_client import CLIENT, LeanMachine, needs_client
from support.lean_project import ENVIRONMENT, PARAMETERS

from pytest_zacperf import store
from pytest_zacperf.records import NOT_MEASURED, Run

pytestmark = needs_client
BACKTEST = ("backtest", "--start", "2025-10-01", "--end", "2025-10-10", "--output", "out")
LONGEST_S = 30.0


@pytest.fixture
def daemon() -> Iterator[DockerDaemon]:
    with docker_daemon() as found:
        yield found


def backtest(machine: LeanMachine, **wish: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    machine.daemon.wish = wish
    return machine.shell.run(*ZACPERF, *BACKTEST, **machine.variables)


def run_in(machine: LeanMachine) -> Run:
    return store.read_json(machine.project.folder / "out" / store.RUN_FILE, Run)


def wait_until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_a_run_is_what_lean_did_and_used_and_leaves_the_workspace_as_it_was(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    before = machine.project.hashes()
    done = backtest(machine, burn_s=1.0, hold_bytes=100_000_000)
    assert done.returncode == 0, done.stdout + done.stderr
    run = run_in(machine)
    assert run.work is not None
    assert run.costs is not None
    assert (run.work.orders, run.work.order_events) == (2, 4)
    assert run.costs.clock_sources == ("container-rusage", "container-rusage")
    assert run.costs.peak_memory_source == "container-rusage"
    used = daemon.made[0].used
    assert run.costs.cpu_ns == pytest.approx(used["cpu_ns"], rel=0.02)
    assert run.costs.peak_memory_bytes == pytest.approx(used["peak_memory_bytes"], rel=0.02)
    after = machine.project.hashes()
    assert {name: after.get(name) for name in before} == before
    added = after.keys() - before.keys()
    assert {name.partition("/")[0] for name in added} <= {"out", "storage"}


def test_the_client_is_asked_as_it_must_be(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    done = backtest(machine)
    assert done.returncode == 0, done.stdout + done.stderr
    (container,) = daemon.made
    assert container.payload["Image"] == IMAGE
    assert container.name.startswith("zacperf_Gold_")
    assert container.mounts["/Results"].startswith(str(machine.project.folder / "out"))
    assert container.environment["BASH_ENV"] == "/perf/hook.sh"
    assert daemon.containers == {}
    run = run_in(machine)
    assert DIGEST[:19] in run.workload.engine_version
    assert "lean 1." in run.workload.engine_version
    assert run.workload.parameters == {"image": IMAGE}
    assert not [request for request in daemon.requests if "/images/create" in request]


@pytest.mark.parametrize(
    ("way", "algorithm"), [("parameters", PARAMETERS), ("environment", ENVIRONMENT)]
)
def test_the_window_goes_by_parameters_or_environment(
    tmp_path: Path, daemon: DockerDaemon, way: str, algorithm: str
) -> None:
    machine = LeanMachine.made(tmp_path, daemon, options=f", window={way!r}")
    machine.project.write("Gold/main.py", algorithm)
    done = backtest(machine)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wish", "cpu", "memory"),
    [
        ({"no_hook": 1}, "docker-stats", "docker-stats"),
        ({"no_hook": 1, "no_stats": 1}, "proc", "proc"),
        ({"no_hook": 1, "no_stats": 1, "no_proc": 1}, NOT_MEASURED, "engine-log"),
    ],
)
def test_without_the_count_inside_the_next_source_is_taken_and_named(
    tmp_path: Path, daemon: DockerDaemon, wish: dict[str, Any], cpu: str, memory: str
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    done = backtest(machine, burn_s=1.0, hold_bytes=100_000_000, **wish)
    assert done.returncode == 0, done.stdout + done.stderr
    costs = run_in(machine).costs
    assert costs is not None
    assert costs.clock_sources == ("engine-log", cpu)
    assert costs.peak_memory_source == memory
    if cpu != NOT_MEASURED:
        assert 600_000_000 < costs.cpu_ns < 2_000_000_000
        assert 100_000_000 < costs.peak_memory_bytes < 300_000_000
    assert "(engine-log)" in done.stdout


# The other ways to go wrong are looked at by the same code: see test_lean_dotnet.py.
def test_an_algorithm_that_failed_is_one_sentence(tmp_path: Path, daemon: DockerDaemon) -> None:
    done = backtest(LeanMachine.made(tmp_path, daemon), ending="runtime_error")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the algorithm failed at main.py:9: 'close'" in said
    assert "Traceback" not in said


def test_a_syntax_error_is_told_with_file_and_line(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    machine.project.write("Gold/helper.py", "def lookback(:\n    return 20\n")
    said = backtest(machine).stdout
    assert "LEAN did not start: helper.py:1: SyntaxError: invalid syntax" in said


def test_an_image_that_is_not_there_is_told_and_not_fetched(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    daemon.images.clear()
    done = backtest(LeanMachine.made(tmp_path, daemon))
    said = done.stdout + done.stderr
    assert f"image '{IMAGE}' is not on this machine" in said
    assert f"docker pull {IMAGE}" in said
    assert daemon.made == []


def test_a_docker_that_disappears_is_told(tmp_path: Path, daemon: DockerDaemon) -> None:
    done = backtest(LeanMachine.made(tmp_path, daemon), vanish=1, ending="hang")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Docker" in said
    assert "Traceback" not in said


def _left(machine: LeanMachine) -> dict[str, str]:
    found = machine.project.hashes()
    return {k: v for k, v in found.items() if not k.startswith(("out/", "storage/"))}


@pytest.mark.parametrize("number", ["SIGINT", "SIGKILL"])
def test_a_run_that_is_broken_off_leaves_no_container_and_no_file(
    tmp_path: Path, daemon: DockerDaemon, number: str
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    before = machine.project.hashes()
    daemon.wish = {"ending": "hang"}
    with subprocess.Popen(  # noqa: S603 - as somebody types it
        [*ZACPERF, *BACKTEST],
        cwd=machine.project.folder,
        env=machine.shell.variables | machine.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: daemon.running)
        assert list((machine.project.folder / "Gold").glob("zacperf_*.py"))
        os.kill(process.pid, getattr(signal, number))
    wait_until(lambda: not daemon.containers)
    wait_until(lambda: not list(machine.project.folder.glob("*zacperf_*")))
    wait_until(lambda: not list((machine.project.folder / "Gold").glob("*zacperf_*")))
    # There the client keeps all that lean.json holds.
    wait_until(lambda: not (machine.project.folder / "out" / "work" / "tmp").exists())
    wait_until(lambda: _left(machine) == before)


def test_a_client_that_is_killed_leaves_no_container_and_is_told(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    daemon.wish = {"ending": "hang"}
    with subprocess.Popen(  # noqa: S603 - as somebody types it
        [*ZACPERF, *BACKTEST],
        cwd=machine.project.folder,
        env=machine.shell.variables | machine.variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: daemon.running)
        for child in psutil.Process(process.pid).children(recursive=True):
            if "--extra-docker-config" in child.cmdline():
                child.kill()
        said, _ = process.communicate(timeout=60)
    assert daemon.containers == {}
    assert "LEAN left no results, exit status -9" in said


def test_two_runs_of_one_project_at_once_are_kept_apart(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    before = machine.project.hashes()
    machine.project.write(
        "plan.json",
        '{"runs": [{"id": "a", "start": "2025-10-01", "end": "2025-10-10", "label": "week"},'
        ' {"id": "b", "start": "2025-10-01", "end": "2025-10-09", "label": "week"}]}',
    )
    machine.project.write(
        "test_gold.py", "def test_it(backtest):\n    assert backtest.order_events\n"
    )
    done = machine.shell.run(*PYTEST, "-n", "2", **machine.variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len({container.name for container in daemon.made}) == 2
    assert len({container.mounts["/Results"] for container in daemon.made}) == 2
    assert machine.project.hashes()["Gold/config.json"] == before["Gold/config.json"]


def test_the_time_limit_ends_the_container_too(tmp_path: Path, daemon: DockerDaemon) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    machine.project.write(
        "pyproject.toml",
        '[tool.zacperf]\nengine = "lean_backtest:engine"\nplan = "plan.json"\ntimeout = "3s"\n',
    )
    done = backtest(machine, ending="hang")
    assert "time limit of 3 s reached" in done.stdout + done.stderr
    wait_until(lambda: daemon.made and not daemon.containers)


def test_output_elsewhere_goes_below_lean_json_and_comes_back(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    machine.daemon.wish = {}
    command = (*BACKTEST[:-1], str(tmp_path / "elsewhere"))
    done = machine.shell.run(*ZACPERF, *command, **machine.variables)
    assert done.returncode == 0, done.stdout + done.stderr
    (container,) = daemon.made
    assert container.mounts["/Results"].startswith(str(machine.project.folder / ".zacperf"))
    assert list((tmp_path / "elsewhere" / "work" / "lean").glob("1000000001.json"))


def test_a_client_that_hands_no_environment_on_leaves_the_count_to_docker(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    older = tmp_path / "lean"
    older.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo lean 1.0.217 && exit\nexec {CLIENT} "$@"\n'
    )
    older.chmod(0o755)
    machine = LeanMachine.made(tmp_path, daemon)
    machine.project.write(
        "lean_backtest.py",
        "from pytest_zacperf.engines.lean import LeanEngine\n\n"
        f'engine = LeanEngine("Gold", image={IMAGE!r}, lean={str(older)!r})\n',
    )
    done = backtest(machine, burn_s=0.5, no_hook=1)
    assert done.returncode == 0, done.stdout + done.stderr
    run = run_in(machine)
    assert run.costs is not None
    assert run.costs.cpu_source == "docker-stats"
    assert (
        "lean 1.0.217 cannot count inside the container, 1.0.218 can: CPU time and memory were "
        "seen from outside, stages were off, and files of the container are root's"
    ) in run.warnings


def test_processors_that_a_run_keeps_to_are_those_of_its_container(
    tmp_path: Path, daemon: DockerDaemon
) -> None:
    machine = LeanMachine.made(tmp_path, daemon)
    machine.project.write(
        "pyproject.toml",
        '[tool.zacperf]\nengine = "lean_backtest:engine"\nplan = "plan.json"\ncpus = [0]\n',
    )
    done = backtest(machine, burn_s=0.5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert daemon.made[0].updates == [{"CpusetCpus": "0"}]
