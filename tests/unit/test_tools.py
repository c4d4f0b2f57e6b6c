from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf import tools
from pytest_zacperf.tools import Tool, find_tools


def put(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but what a test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    return tmp_path


def found() -> dict[str, Tool]:
    return {tool.name: tool for tool in find_tools()}


def test_what_is_not_there_is_said(path: Path) -> None:
    assert path.exists()
    assert {tool.problem for tool in found().values()} == {"not installed"}
    assert list(found()) == ["git", "docker", "lean", "perf", "valgrind"]


def test_a_tool_says_its_version(path: Path) -> None:
    put(path, "valgrind", "echo valgrind-3.19.0")
    put(path, "docker", "echo 27.1.0")
    assert found()["valgrind"].version == "valgrind-3.19.0"
    assert found()["docker"].version == "27.1.0"
    assert found()["docker"].problem is None


def test_a_tool_beside_python_counts_though_its_environment_is_not_active(path: Path) -> None:
    (path / "bin").mkdir()
    put(path / "bin", "lean", "echo lean, version 1.0.230")
    assert found()["lean"].version == "lean, version 1.0.230"


def test_docker_without_its_engine_is_no_docker(path: Path) -> None:
    put(path, "docker", "echo Cannot connect >&2; exit 1")
    assert found()["docker"].problem == "its engine does not answer"


@pytest.mark.parametrize("answer", ["<not supported>,,instructions:u", "<not counted>,,x"])
def test_perf_that_cannot_count_is_no_perf(path: Path, answer: str) -> None:
    put(path, "perf", f"echo '{answer}' >&2")
    assert found()["perf"].problem == "it may not count here"


def test_perf_that_counts_is_there(path: Path) -> None:
    put(path, "perf", "echo '1234,,instructions:u' >&2")
    assert found()["perf"].version == "it counts"


def test_a_tool_that_hangs_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "ANSWER_S", 0.1)
    put(path, "git", "exec /bin/sleep 30")
    assert found()["git"].problem == "it does not answer"
