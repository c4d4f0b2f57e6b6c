"""LEAN without Docker: the launcher under dotnet, a stand-in of it, in real processes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import stand_in_lean
from support.commands import ZACPERF, Shell
from support.lean_project import ENVIRONMENT, PARAMETERS, LeanProjectFolder

from pytest_zacperf import store
from pytest_zacperf.records import Run, StageTiming

RUN = ("backtest", "--start", "2025-10-01", "--end", "2025-10-10", "--output", "out")


class Machine:
    """A machine with dotnet and LEAN's launcher."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        binary = folder / "bin"
        binary.mkdir()
        dotnet = binary / "dotnet"
        dotnet.write_text(
            f'#!/bin/sh\nshift\nexec {sys.executable} -I {stand_in_lean.__file__} "$@"\n'
        )
        dotnet.chmod(0o755)
        launcher = folder / "Release" / "QuantConnect.Lean.Launcher.dll"
        launcher.parent.mkdir()
        launcher.touch()
        given = "".join(f", {name}={value!r}" for name, value in options.items())
        engine = f'DotnetLean("Gold", launcher="Release", dotnet={str(dotnet)!r}{given})'
        self.project = LeanProjectFolder.made(folder, engine)
        (folder / "tmp").mkdir()
        self.shell = Shell(folder, folder / "tmp")

    def backtest(self, **wish: Any) -> Any:  # noqa: ANN401 - subprocess.CompletedProcess
        return self.shell.run(*ZACPERF, *RUN, STAND_IN=json.dumps(wish))

    def run(self) -> Run:
        return store.read_json(self.folder / "out" / store.RUN_FILE, Run)


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Machine]:
    return lambda **options: Machine(tmp_path, **options)


def test_a_run_has_what_lean_wrote_and_what_its_process_used(
    machine: Callable[..., Machine],
) -> None:
    made = machine()
    before = made.project.hashes()
    done = made.backtest(burn_s=0.3, hold_bytes=100_000_000)
    assert done.returncode == 0, done.stdout + done.stderr
    run = made.run()
    assert run.work is not None
    assert run.costs is not None
    assert (run.work.orders, run.work.order_events, run.work.data_points) == (2, 4, 2_808_751)
    assert run.work.final_equity == 100_010.5
    assert run.costs.clock_sources == ("process-rusage", "process-rusage")
    assert run.costs.peak_memory_source == "process-rusage"
    assert run.costs.cpu_ns >= 300_000_000
    assert 100_000_000 < run.costs.peak_memory_bytes < 250_000_000
    assert run.workload.engine_name == "lean Gold"
    assert run.workload.engine_version.startswith("2.5.0.0 DEBUG (")
    assert run.counts["data_requests_failed"] == 1
    assert run.fingerprints is not None
    assert run.fingerprints.data is not None
    assert {stage.name: stage for stage in run.costs.stages}["metrics"] == StageTiming(
        name="metrics", total_ns=7_000, count=5, max_ns=2_000
    )
    assert made.project.hashes().items() >= before.items()
    assert "process-rusage" in done.stdout


@pytest.mark.parametrize(
    ("way", "algorithm"), [("parameters", PARAMETERS), ("environment", ENVIRONMENT)]
)
def test_the_window_can_be_told_in_other_ways(
    machine: Callable[..., Machine], way: str, algorithm: str
) -> None:
    made = machine(window=way)
    made.project.write("Gold/main.py", algorithm)
    done = made.backtest()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"ending": "runtime_error"}, "the algorithm failed at main.py:9: 'close'"),
        (
            {"window": ["2025-01-01", "2025-09-01"]},
            "LEAN ran 2025-01-01 to 2025-09-01, not 2025-10-01 to 2025-10-10",
        ),
        ({"ending": "no_data"}, "LEAN saw no data: 7 requests for data failed"),
        ({"ending": "nothing"}, "LEAN left no results, exit status 1: Error: no space left on"),
    ],
)
def test_a_run_that_went_wrong_is_one_sentence(
    machine: Callable[..., Machine], wish: dict[str, Any], sentence: str
) -> None:
    done = machine().backtest(**wish)
    assert done.returncode != 0
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_exit_status_that_says_otherwise_is_a_warning(
    machine: Callable[..., Machine],
) -> None:
    made = machine()
    done = made.backtest(exit_status=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "LEAN completed, but what ran it ended with exit status 1" in made.run().warnings


def test_a_change_of_the_project_changes_the_fingerprint_of_the_code(
    machine: Callable[..., Machine],
) -> None:
    made = machine()
    made.backtest()
    before = made.run().fingerprints
    made.project.write("Gold/helper.py", "def lookback():\n    return 21\n")
    (made.folder / "out").rename(made.folder / "first")
    made.backtest()
    after = made.run().fingerprints
    assert before is not None
    assert after is not None
    assert before.code != after.code
    assert before.data == after.data
