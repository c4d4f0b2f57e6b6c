"""The stand-in of Docker is to docker-py what Docker is, as far as Lean's client goes."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import docker
import psutil
import pytest
from docker.errors import APIError, ImageNotFound, NotFound
from support.docker_containers import signal_number
from support.docker_daemon import IMAGE, DockerDaemon, docker_daemon
from support.lean_project import LeanProjectFolder

from pytest_zacperf.engines.lean.launcher_config import LauncherConfig

# docker-py has no types.
Client: TypeAlias = Any
LAUNCHER_CONFIG = "/Lean/Launcher/bin/Debug/config.json"
WRAPPER = """\
from AlgorithmImports import *
import main


class Windowed(main.Gold):
    def SetStartDate(self, *day):
        super().SetStartDate(2025, 10, 1)
"""


@pytest.fixture
def daemon() -> Iterator[DockerDaemon]:
    with docker_daemon() as found:
        yield found


@pytest.fixture
def client(daemon: DockerDaemon) -> Iterator[Client]:
    with contextlib.closing(docker.DockerClient(base_url=daemon.host, timeout=10)) as found:
        yield found


def run(client: Client, script: str, **options: Any) -> Any:  # noqa: ANN401 - docker-py's own
    """Start a container whose first process is a bash."""
    return client.containers.run(
        IMAGE, ["-c", script], **{"name": "one", "entrypoint": ["bash"], "detach": True, **options}
    )


def wait_for(container: Any, text: bytes) -> None:  # noqa: ANN401 - docker-py's own
    deadline_s = time.monotonic() + 10
    while text not in container.logs():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def lean(client: Client, folder: Path, algorithm: str) -> Any:  # noqa: ANN401 - docker-py's own
    """Start a container of LEAN as the image has it; its results are in a folder of that name."""
    project = LeanProjectFolder.made(folder, "None")
    project.write("Gold/wrapper.py", WRAPPER)
    results = folder / "Results"
    results.mkdir()
    LauncherConfig(
        algorithm=f"/LeanCLI/{algorithm}.py",
        type_name=algorithm,
        language="Python",
        data="/Lean/Data",
        results="/Results",
        storage="/Storage",
        algorithm_id=1000000001,
        parameters={},
        python_paths=(),
    ).write(folder / "config.json")
    places = {"Gold": "/LeanCLI", "Results": "/Results", "config.json": LAUNCHER_CONFIG}
    volumes = {str(folder / name): {"bind": place} for name, place in places.items()}
    return client.containers.run(IMAGE, name="lean", volumes=volumes, detach=True)


def test_a_container_prints_what_a_process_of_the_host_printed(client: Client) -> None:
    container = run(client, "echo $A; echo two >&2", environment={"A": "one"})
    assert b"".join(container.logs(stream=True, follow=True)) == b"one\ntwo\n"


def test_a_container_with_a_terminal_prints_the_same(client: Client) -> None:
    container = run(client, "echo one", tty=True)
    assert b"".join(container.logs(stream=True, follow=True)) == b"one\n"


def test_what_was_printed_before_is_left_out_of_an_empty_tail(client: Client) -> None:
    container = run(client, "echo one")
    container.wait()
    assert container.logs(tail=0) == b""


def test_an_exit_status_is_in_the_answer_to_waiting_and_in_the_state(client: Client) -> None:
    container = run(client, "exit 3")
    assert container.wait() == {"StatusCode": 3}
    container.reload()
    assert (container.status, container.attrs["State"]["ExitCode"]) == ("exited", 3)


def test_waiting_for_what_never_started_is_answered_at_once(client: Client) -> None:
    assert client.containers.create(IMAGE, name="one").wait(timeout=10) == {"StatusCode": 0}


def test_a_mounted_file_is_run_by_its_place_in_the_container(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "start.sh").write_text("set -e\necho done > /Results/end.txt\necho /Results\n")
    (tmp_path / "out").mkdir()
    container = client.containers.run(
        IMAGE,
        entrypoint=["bash", "/lean-cli-start.sh"],
        mounts=[docker.types.Mount("/lean-cli-start.sh", str(tmp_path / "start.sh"), "bind")],
        volumes={str(tmp_path / "out"): {"bind": "/Results", "mode": "rw"}},
        detach=True,
    )
    assert container.wait() == {"StatusCode": 0}
    assert (tmp_path / "out" / "end.txt").read_text() == "done\n"
    assert container.logs() == b"/Results\n"


@pytest.mark.parametrize(("wish", "said"), [({}, b"hooked\n"), ({"no_hook": 1}, b"")])
def test_the_hook_is_sourced_unless_that_is_switched_off(
    client: Client, daemon: DockerDaemon, tmp_path: Path, wish: dict[str, Any], said: bytes
) -> None:
    (tmp_path / "hook.sh").write_text("exec() { echo hooked; }\n")
    daemon.wish = wish
    container = run(
        client,
        "exec true",
        environment={"BASH_ENV": "/perf/hook.sh"},
        volumes={str(tmp_path): {"bind": "/perf", "mode": "ro"}},
    )
    container.wait()
    assert container.logs() == said


def test_what_a_container_was_created_with_is_kept(client: Client, daemon: DockerDaemon) -> None:
    limits = {"mem_limit": "1g", "nano_cpus": 10**9, "cpuset_cpus": "0"}
    container = client.containers.create(IMAGE, name="one", labels={"tool": "x"}, **limits)
    host = daemon.made[0].payload["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["CpusetCpus"]) == (2**30, 10**9, "0")
    container.reload()
    assert container.labels == {"tool": "x"}


def test_a_killed_container_stays_until_it_is_removed(client: Client, daemon: DockerDaemon) -> None:
    container = run(client, "sleep 60")
    assert daemon.running == ["one"]
    container.kill()
    assert daemon.running == []
    assert container.wait() == {"StatusCode": 137}
    with pytest.raises(APIError, match="is not running"):
        container.kill()
    container.remove()
    with pytest.raises(NotFound):
        client.containers.get("one")


def test_a_running_container_is_removed_by_force_alone(
    client: Client, daemon: DockerDaemon
) -> None:
    container = run(client, "sleep 60")
    with pytest.raises(APIError, match="is running"):
        container.remove()
    container.remove(force=True)
    assert daemon.containers == {}


def test_stopping_sends_the_signal_the_container_asked_for(client: Client) -> None:
    script = "trap 'echo stopped; exit 7' INT; echo up; while :; do sleep 0.01; done"
    container = run(client, script, stop_signal="SIGINT")
    wait_for(container, b"up")
    container.stop(timeout=10)
    assert container.logs() == b"up\nstopped\n"
    assert container.wait() == {"StatusCode": 7}


def test_who_does_not_stop_in_time_is_killed(client: Client) -> None:
    container = run(client, "trap '' TERM; echo up; while :; do sleep 0.01; done")
    wait_for(container, b"up")
    container.stop(timeout=0)
    assert container.wait() == {"StatusCode": 137}


def test_a_signal_of_its_own_goes_to_the_first_process(client: Client) -> None:
    script = "trap 'exit 5' USR1; echo up; while :; do sleep 0.01; done"
    container = run(client, script)
    wait_for(container, b"up")
    container.kill(signal="SIGUSR1")
    assert container.wait() == {"StatusCode": 5}


@pytest.mark.parametrize("name", ["SIGINT", "INT", "2"])
def test_signals_have_their_names_and_numbers(name: str) -> None:
    assert signal_number(name) == 2


def test_what_a_container_left_running_ends_with_it(client: Client) -> None:
    container = run(client, "sleep 600 & echo $!")
    container.wait(timeout=10)
    pid = int(container.logs())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_cpu_time_of_children_that_ended_still_counts(client: Client) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    container = run(client, f"python -c '{burn}'; echo up; sleep 600")
    wait_for(container, b"up")
    used = container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"]
    assert used >= 180_000_000


def test_one_sample_is_answered_alone(client: Client) -> None:
    assert run(client, "sleep 60").stats(stream=False)["memory_stats"]["usage"] > 0


@pytest.mark.parametrize("wish", [{}, {"no_proc": 1}])
def test_the_process_of_a_container_is_one_of_the_host_unless_that_is_hidden(
    client: Client, daemon: DockerDaemon, wish: dict[str, Any]
) -> None:
    daemon.wish = wish
    container = run(client, "echo $$; sleep 60")
    wait_for(container, b"\n")
    container.reload()
    assert container.attrs["State"]["Pid"] == (0 if wish else int(container.logs()))


def test_statistics_can_be_refused(client: Client, daemon: DockerDaemon) -> None:
    daemon.wish = {"no_stats": 1}
    with pytest.raises(APIError, match="no statistics here"):
        next(run(client, "sleep 60").stats(stream=True))


def test_a_missing_image_is_neither_found_nor_pulled_nor_run(
    client: Client, daemon: DockerDaemon
) -> None:
    daemon.images.clear()
    assert client.images.list() == []
    for call in (client.images.get, client.images.pull, client.containers.create):
        with pytest.raises((ImageNotFound, NotFound)):
            call(IMAGE)
    assert daemon.made == []
    assert "POST /images/create" in daemon.requests


def test_networks_and_volumes_are_there_once_they_were_created(client: Client) -> None:
    client.networks.create("lean_cli", driver="bridge")
    client.volumes.create("lean_cli_pip")
    assert [found.name for found in client.networks.list()] == ["lean_cli"]
    assert [found.name for found in client.volumes.list()] == ["lean_cli_pip"]


def test_a_volume_keeps_its_files_from_one_container_to_the_next(client: Client) -> None:
    volumes = {"lean_cli_pip": {"bind": "/cache", "mode": "rw"}}
    run(client, "touch /cache/kept", volumes=volumes).wait()
    second = run(client, "ls /cache/", name="two", volumes=volumes)
    second.wait()
    assert second.logs() == b"kept\n"


def test_nothing_is_installed_on_the_host(client: Client) -> None:
    container = run(client, "pip install --user nothing-of-that-name")
    assert container.wait() == {"StatusCode": 0}
    assert container.logs() == b"pip install --user nothing-of-that-name\n"


def test_a_name_is_given_once(client: Client) -> None:
    client.containers.create(IMAGE, name="one")
    with pytest.raises(APIError, match="the name one is in use"):
        client.containers.create(IMAGE, name="one")


def test_a_program_that_is_not_there_is_told(client: Client) -> None:
    with pytest.raises(APIError, match="no-such-program"):
        client.containers.run(IMAGE, entrypoint=["no-such-program"])


def test_a_container_can_be_refused(client: Client, daemon: DockerDaemon) -> None:
    daemon.wish = {"refuse": 1}
    with pytest.raises(APIError, match="no more memory"):
        run(client, "true")


def test_a_daemon_that_vanishes_answers_nothing_more(client: Client, daemon: DockerDaemon) -> None:
    container = client.containers.create(IMAGE, ["60"], name="one", entrypoint=["sleep"])
    daemon.wish = {"vanish": 1}
    container.start()
    with pytest.raises(Exception, match="Connection aborted"):
        client.ping()


def test_containers_end_with_the_daemon() -> None:
    with docker_daemon() as daemon:
        with contextlib.closing(docker.DockerClient(base_url=daemon.host)) as client:
            run(client, "sleep 60")
        process = daemon.made[0].process
    assert process is not None
    assert process.returncode == -9
    assert not daemon.folder.exists()


@pytest.mark.parametrize(
    ("algorithm", "start"), [("main", "2020-01-01"), ("wrapper", "2025-10-01")]
)
def test_lean_plays_what_the_algorithm_asks_for(
    client: Client, tmp_path: Path, algorithm: str, start: str
) -> None:
    container = lean(client, tmp_path, algorithm)
    assert container.wait() == {"StatusCode": 0}, container.logs()
    assert container.logs() == f"LEAN stand-in runs /LeanCLI/{algorithm}.py\n".encode()
    result = json.loads((tmp_path / "Results" / "1000000001.json").read_text())
    window = result["algorithmConfiguration"]
    assert (window["startDate"][:10], window["endDate"][:10]) == (start, "2020-12-31")
