from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.stored import RUN

from pytest_zacperf.cli import main
from pytest_zacperf.determinism import contradict
from pytest_zacperf.records import Fingerprints

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

HEADER = """
import os, random, time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import EquityPoint, OrderEvent

def event(symbol, price, order_id=1):
    return OrderEvent(ts_event_ns=1_737_478_800_000_000_000, symbol=symbol, order_id=order_id,
                      event_id=1, status="filled", type="market", side="buy", quantity=1,
                      fill_quantity=1, fill_price=price, fee=1)

engine = FunctionEngine("gold:run")
"""
SAME = """
def run(start, end): return BacktestOutput(order_events=[event("GLD", 250.25)])
"""
BY_HASH = """
def run(start, end):
    symbols = {"GLD", "SLV", "CPER", "PALL", "PPLT", "URA", "LIT", "REMX"}
    return BacktestOutput(order_events=[
        event(symbol, 10.0, number) for number, symbol in enumerate(symbols, start=1)
    ])
"""
BY_CHANCE = """
def run(start, end):
    return BacktestOutput(order_events=[event("GLD", int.from_bytes(os.urandom(6)) / 100)])
"""
BY_COUNTER = """
def run(start, end, context):
    counter = context.cache_folder / "counter"
    with counter.open("a") as file: file.write("x")
    n = counter.stat().st_size
    return BacktestOutput(order_events=[event("GLD", 250.25 + PRICE)], data_points=n,
                          data_fingerprint=str(n))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def twice(folder: Path, source: str, *arguments: str) -> Result:
    (folder / "gold.py").write_text(HEADER + source)
    window = ("--start", "2025-01-20", "--end", "2025-01-24")
    command = ["backtest", "--engine", "gold:engine", *window, "--twice", *arguments]
    return CliRunner().invoke(main, command)


def test_a_deterministic_backtest_passes_after_two_runs(folder: Path) -> None:
    shown = twice(folder, SAME)
    assert shown.exit_code == 0
    first, second = shown.stdout.splitlines()
    assert first == (
        "deterministic: two processes with different hash seeds gave the same "
        "1 order, 1 order event"
    )
    assert second.startswith("runs: ")
    assert second.count("twice") == 2


def test_an_order_that_a_set_decides_is_told_from_chance(folder: Path) -> None:
    shown = twice(folder, BY_HASH)
    assert shown.exit_code == 1
    assert shown.stdout.startswith(
        "NOT DETERMINISTIC: the same backtest gave other order events the second time\norder event"
    )
    assert re.search(r"  orders \(events\): \d \(\d\) equal, ", shown.stdout)
    assert (
        "  with the first run's PYTHONHASHSEED its order events come back: the order of a set, "
        "or hash(), decides; sort before you iterate\n"
    ) in shown.stdout


def test_chance_is_named_when_the_hash_seed_is_not_the_cause(folder: Path) -> None:
    shown = twice(folder, BY_CHANCE)
    assert shown.exit_code == 1
    assert re.search(r"  fill_price: first [\d.e+]+, then [\d.e+]+\n", shown.stdout)
    assert (
        "  with the first run's PYTHONHASHSEED they differ as well: "
        "time, threads, random numbers or the network decide\n"
    ) in shown.stdout


def test_other_work_with_the_same_order_events_is_not_deterministic_either(folder: Path) -> None:
    shown = twice(folder, BY_COUNTER.replace("PRICE", "0"))
    assert shown.exit_code == 1
    assert shown.stdout.startswith(
        "NOT DETERMINISTIC: the same 1 order, 1 order event, and something else besides\n"
        "  data points and final equity: 1 and None, then 2 and None\n"
    )


def test_data_that_changed_between_the_runs_are_the_cause(folder: Path) -> None:
    shown = twice(folder, BY_COUNTER.replace("PRICE", "n"))
    assert shown.exit_code == 1
    assert "  the data were not the same: something changed them between the runs\n" in shown.stdout


def test_a_run_without_a_result_says_why(folder: Path) -> None:
    shown = twice(folder, "def run(start, end): raise KeyError('GC')\n")
    assert shown.exit_code == 1
    assert shown.stdout.startswith("run 1 has no result: KeyError: 'GC', at gold.py:")


def test_bad_input_is_bad_input_here_too(folder: Path) -> None:
    shown = twice(folder, SAME, "--set", "lookback=2")
    assert shown.exit_code == 2
    assert "'gold:run' has no parameter 'lookback'" in shown.stderr


def test_an_output_folder_cannot_take_two_runs(folder: Path) -> None:
    shown = twice(folder, SAME, "--output", "out")
    assert shown.exit_code == 2
    assert "--twice leaves its runs in .zacperf/runs; leave --output out" in shown.stderr


NONDETERMINISTIC = """
import os
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import OrderEvent

def run(start, end):
    with open("counter", "a") as file: file.write("x")
    price = 100.0 + os.path.getsize("counter")
    event = OrderEvent(ts_event_ns=1, symbol="GLD", order_id=1, event_id=1, status="filled",
                       type="market", side="buy", quantity=1, fill_quantity=1, fill_price=price)
    return BacktestOutput(order_events=[event], data_fingerprint=DATA)

engine = FunctionEngine("strategy:run")
"""
TESTS = """
def test_it(backtest): assert backtest.run.status == "done"
def test_again(backtest): assert len(backtest.order_events) == 1
"""


def warned(project: Project, data: str, *arguments: str) -> list[str]:
    """Return what the second of two sessions warns of."""
    project.configure('engine = "strategy:engine"')
    settings = (
        (project.root / "pyproject.toml").read_text().replace('filterwarnings = ["error"]', "")
    )
    project.write("pyproject.toml", settings)
    project.write("strategy.py", NONDETERMINISTIC.replace("DATA", data))
    project.write("test_it.py", TESTS)
    arguments = ("--zacperf-window", "wk-1", *arguments)
    project.run(*arguments).assert_outcomes(passed=2)
    result = project.run(*arguments)
    result.assert_outcomes(passed=2, warnings=2)
    return result.outlines


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_two_sessions_with_other_order_events_warn_loudly(
    project: Project, workers: tuple[str, ...]
) -> None:
    lines = warned(project, "'0f'", *workers)
    first, second = sorted(folder.name for folder in (project.root / ".zacperf" / "runs").iterdir())
    sentence = (
        f"NOT DETERMINISTIC: run {first} had the same code, parameters and data, and other order "
        "events; "
    )
    assert [line for line in lines if sentence in line and "Nondeterministic" in line]
    assert [line for line in lines if line.startswith(f"warning: wk-1: {sentence}")]
    shown = CliRunner().invoke(main, ["show", second, "--root", str(project.root)])
    assert shown.exit_code == 0
    assert sentence in shown.stdout.replace("\n", " ")


def test_unknown_data_are_named_as_the_other_possible_reason(project: Project) -> None:
    lines = warned(project, "None")
    assert [line for line in lines if "the engine does not say which data" in line]


def test_a_change_of_the_code_is_no_contradiction(project: Project) -> None:
    project.write("test_it.py", TESTS)
    for comment in ("# one", "# two"):
        project.write("strategy.py", NONDETERMINISTIC.replace("DATA", "'0f'") + comment)
        project.run("--zacperf-window", "wk-1").assert_outcomes(passed=2)


def test_a_project_that_makes_warnings_errors_fails_on_it(project: Project) -> None:
    project.write("strategy.py", NONDETERMINISTIC.replace("DATA", "'0f'"))
    project.write("test_it.py", TESTS)
    project.run("--zacperf-window", "wk-1").assert_outcomes(passed=2)
    result = project.run("--zacperf-window", "wk-1")
    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*pytest_zacperf/*")


def test_the_command_line_says_it_too(folder: Path) -> None:
    (folder / "strategy.py").write_text(NONDETERMINISTIC.replace("DATA", "'0f'"))
    window = ("--start", "2025-01-20", "--end", "2025-01-24")
    command = ["backtest", "--engine", "strategy:engine", *window]
    first, second = (CliRunner().invoke(main, command) for _ in range(2))
    assert first.stderr == ""
    assert second.exit_code == 0
    assert second.stderr.startswith("NOT DETERMINISTIC: run ")


def test_a_run_that_was_stopped_contradicts_none() -> None:
    prints = Fingerprints(code="c", parameters="p", data=None, workload="w")
    whole = msgspec.structs.replace(RUN, fingerprints=prints, order_events_hash="one")
    other = msgspec.structs.replace(whole, order_events_hash="other")
    stopped = msgspec.structs.replace(whole, order_events_hash=None, partial=True)
    assert contradict(whole, other)
    assert not contradict(whole, stopped)
    assert not contradict(stopped, whole)
