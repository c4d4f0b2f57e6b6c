"""Lean's client: where it is found, what its version can do, how a run is asked of it."""

from __future__ import annotations

import gc
import itertools
import json
import sys
from pathlib import Path

import pytest

from pytest_zacperf.engines.lean import LeanEngine, docker_client
from pytest_zacperf.engines.lean.cli import LeanCli, RunOrder, Version
from pytest_zacperf.errors import EngineError

NEWEST: Version = (1, 0, 230)
ORDER = RunOrder(
    algorithm=Path("Gold"),
    image="quantconnect/lean:17369",
    output=Path("out"),
    config=Path("lean.copy.json"),
    algorithm_id=1_000_000_001,
    container="zacperf_gold",
    parameters={"start-date": "2025-10-01"},
    environment={"BASH_ENV": "/perf/hook.sh"},
    volumes={Path("perf"): "/perf"},
    arguments=("--release",),
)


def client(version: Version = NEWEST) -> LeanCli:
    return LeanCli(path="lean", version=version)


def script(folder: Path, text: str) -> str:
    path = folder / "lean"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_it_says_its_version(tmp_path: Path) -> None:
    assert LeanCli.found(script(tmp_path, "print('lean 1.0.230')")).version == NEWEST


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("print('lean 1.0.100')", "lean 1.0.100 cannot pin a container's name; 1.0.150 can"),
        ("raise SystemExit('Modules json not found')", "did not say a version: Modules json not"),
        ("", "did not say a version: it said nothing"),
    ],
)
def test_a_client_that_cannot_be_used_is_told(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(EngineError) as raised:
        LeanCli.found(script(tmp_path, text))
    assert problem in raised.value.problem


def test_a_client_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lean"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    with pytest.raises(EngineError, match="lean cannot be run: "):
        LeanCli.found(str(path))


def test_no_client_is_told_with_how_to_get_one() -> None:
    with pytest.raises(EngineError) as raised:
        LeanCli.found("lean-that-is-not-there")
    assert raised.value.problem == "there is no 'lean-that-is-not-there' on PATH"
    assert 'pip install "pytest-zacperf[lean]"' in raised.value.hint


def test_the_command_pins_image_ids_names_and_output() -> None:
    command = client().command(ORDER)
    assert command[:3] == ["lean", "backtest", "Gold"]
    assert "--no-update" in command
    assert command[-1] == "--release"
    pairs = set(itertools.pairwise(command))
    assert {
        ("--image", "quantconnect/lean:17369"),
        ("--lean-config", "lean.copy.json"),
        ("--output", "out"),
        ("algorithm-id", "1000000001"),
        ("container-name", "zacperf_gold"),
        ("start-date", "2025-10-01"),
    } <= pairs
    docker = json.loads(command[command.index("--extra-docker-config") + 1])
    assert docker == {
        "environment": {"BASH_ENV": "/perf/hook.sh"},
        "volumes": {"perf": {"bind": "/perf", "mode": "ro"}},
    }


def test_a_client_without_container_environment_is_not_asked_for_one() -> None:
    assert "--extra-docker-config" not in client((1, 0, 217)).command(ORDER)


def test_options_that_the_engine_sets_itself_are_refused() -> None:
    with pytest.raises(EngineError, match="--detach cannot be given in arguments"):
        LeanEngine("Gold", image="x", arguments=["--detach"])
    with pytest.raises(EngineError, match="--output cannot be given in arguments"):
        LeanEngine("Gold", image="x", arguments=["--output=y"])


@pytest.mark.parametrize(
    ("image", "is_moving"),
    [
        ("quantconnect/lean", True),
        ("quantconnect/lean:latest", True),
        ("quantconnect/lean:17369", False),
        ("registry:5000/quantconnect/lean:17369", False),
        ("quantconnect/lean@sha256:ab", False),
    ],
)
def test_an_image_that_moves_is_told(image: str, is_moving: bool) -> None:
    expected = f"image {image!r} is another engine next week: name a tag or a digest of lean"
    assert list(docker_client.moving_image(image)) == ([expected] if is_moving else [])


def test_a_client_is_found_from_wherever_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "print('lean 1.0.230')")
    monkeypatch.chdir(tmp_path)
    assert LeanCli.found("./lean").path == str(tmp_path / "lean")


@pytest.mark.parametrize(
    ("version", "environment", "parameters", "problem"),
    [
        (
            (1, 0, 217),
            True,
            False,
            "lean 1.0.217 cannot give a container environment variables; 1.0.218 can",
        ),
        ((1, 0, 220), False, True, "lean 1.0.220 has no --parameter; 1.0.221 has"),
    ],
)
def test_what_a_version_cannot_do_is_refused(
    version: Version, environment: bool, parameters: bool, problem: str
) -> None:
    with pytest.raises(EngineError) as raised:
        client(version).require(environment=environment, parameters=parameters)
    assert raised.value.problem == problem
    assert raised.value.hint.startswith("run: pip install --upgrade lean, or ")


def test_what_is_not_asked_for_needs_no_version() -> None:
    client((1, 0, 150)).require(environment=False, parameters=False)


# docker-py leaves the socket open that could not be connected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_docker_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/gone.sock")
    with pytest.raises(EngineError) as raised:
        docker_client.connected()
    assert raised.value.problem.startswith(f"Docker does not answer at unix://{tmp_path}/gone.sock")
    assert raised.value.hint.startswith("start Docker, or use DotnetLean")
    del raised
    gc.collect()


def test_docker_py_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(EngineError) as raised:
        docker_client.connected()
    assert raised.value.problem == "docker-py is not installed"
    assert raised.value.hint == 'run: pip install "pytest-zacperf[lean]"'
