"""Where the figures of a run of LEAN come from, and which source goes before which."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf.engines import Figure, ReportedCosts
from pytest_zacperf.engines.lean.costs import Rusage, costs_of
from pytest_zacperf.engines.lean.data import data_fingerprint
from pytest_zacperf.engines.lean.launcher_config import LauncherConfig
from pytest_zacperf.engines.lean.reading.records import LeanLog
from pytest_zacperf.engines.lean.watching import DOCKER_STATS, PROC, Seen, note_proc, note_stats

RUSAGE = Rusage(wall_ns=1, cpu_ns=2, peak_memory_bytes=3, exit_status=0)
LOG = LeanLog(wall_ns=10, process_bytes=30)


def seen(source: str, cpu_ns: int | None = None, memory_bytes: int | None = None) -> Seen:
    return Seen(source, cpu_ns, memory_bytes)


def figures(costs: ReportedCosts) -> list[Figure | None]:
    return [costs.wall, costs.cpu, costs.peak_memory]


def test_what_was_counted_inside_goes_before_everything() -> None:
    found = costs_of(RUSAGE, "container-rusage", [seen(DOCKER_STATS, 20, 200)], LOG)
    assert figures(found) == [Figure(value=n, source="container-rusage") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("sources", "cpu", "memory"),
    [
        (
            [seen(DOCKER_STATS, 20, 200), seen(PROC, 21, 210)],
            Figure(value=20, source="docker-stats"),
            Figure(value=200, source="docker-stats"),
        ),
        (
            [seen(DOCKER_STATS, 20), seen(PROC, 21, 210)],
            Figure(value=20, source="docker-stats"),
            Figure(value=210, source="proc"),
        ),
        (
            [seen(DOCKER_STATS), seen(PROC, 21, 210)],
            Figure(value=21, source="proc"),
            Figure(value=210, source="proc"),
        ),
        (
            [seen(DOCKER_STATS), seen(PROC)],
            None,
            Figure(value=30, source="engine-log"),
        ),
    ],
)
def test_without_it_each_figure_comes_from_the_first_source_that_has_it(
    sources: list[Seen], cpu: Figure | None, memory: Figure
) -> None:
    found = costs_of(None, "container-rusage", sources, LOG)
    assert figures(found) == [Figure(value=10, source="engine-log"), cpu, memory]


def test_without_any_source_nothing_is_reported() -> None:
    assert figures(costs_of(None, "", [], LeanLog())) == [None, None, None]


def test_a_sample_of_docker_counts_no_cached_files() -> None:
    found = seen(DOCKER_STATS)
    cpu = {"cpu_usage": {"total_usage": 7}}
    note_stats(
        found,
        {"cpu_stats": cpu, "memory_stats": {"usage": 100, "stats": {"inactive_file": 30}}},
    )
    note_stats(found, {"memory_stats": {"usage": 90, "stats": {"total_inactive_file": 10}}})
    assert (found.cpu_ns, found.peak_memory_bytes) == (7, 80)


def test_the_last_sample_of_a_container_that_is_gone_takes_nothing_back() -> None:
    found = seen(DOCKER_STATS, 7, 80)
    note_stats(found, {"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}})
    assert (found.cpu_ns, found.peak_memory_bytes) == (7, 80)


def test_the_kernel_says_what_a_process_uses() -> None:
    burn = "import sys,time\nheld=bytearray(50_000_000)\nwhile time.process_time()<0.1: pass\n"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-I", "-c", f"{burn}print(flush=True)\nsys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = seen(PROC)
        assert note_proc(found, process.pid)
        process.kill()
    assert found.cpu_ns is not None
    assert found.peak_memory_bytes is not None
    assert found.cpu_ns >= 90_000_000
    assert 50_000_000 < found.peak_memory_bytes < 150_000_000


def test_a_process_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert not note_proc(seen(PROC), os.getpid(), tmp_path)


def test_the_data_of_a_run_are_the_files_that_it_got(tmp_path: Path) -> None:
    output, data = tmp_path / "out", tmp_path / "data"
    output.mkdir()
    (data / "equity").mkdir(parents=True)
    (data / "equity" / "spy.zip").write_bytes(b"1")
    (data / "equity" / "other.zip").write_bytes(b"1")
    listed = output / "succeeded-data-requests-20251001.txt"
    listed.write_text("/Lean/Data/equity/spy.zip#spy.csv\nequity/spy.zip\n\n")
    first = data_fingerprint(output, data)
    (data / "equity" / "other.zip").write_bytes(b"2")
    assert data_fingerprint(output, data) == first
    (data / "equity" / "spy.zip").write_bytes(b"2")
    assert data_fingerprint(output, data) != first


def test_data_that_no_list_names_have_no_fingerprint(tmp_path: Path) -> None:
    assert data_fingerprint(tmp_path, tmp_path) is None


def test_the_launcher_is_told_what_to_run_and_to_end(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    LauncherConfig(
        algorithm="/LeanCLI/main.py",
        type_name="main",
        language="Python",
        data="/Lean/Data",
        results="/Results",
        storage="/Storage",
        algorithm_id=1_000_000_001,
        parameters={"lookback": "20"},
        python_paths=("/LeanCLI",),
    ).write(file)
    found = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    assert found["close-automatically"] is True
    assert found["algorithm-id"] == "1000000001"
    assert found["parameters"] == {"lookback": "20"}
    assert found["python-additional-paths"] == ["/LeanCLI"]
