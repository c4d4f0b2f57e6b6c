"""LumiBot with DataBento: the real client and real DBN, against a stand-in of the gateway."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.commands import ZACPERF
from support.databento_project import Gateway, gateway, write_project
from support.engine_tests import require

from pytest_zacperf.records import Downloads, Run

require("lumibot", "lumibot")

SHARED_PLAN = Path(__file__).parents[3] / "shared" / "profiling_plan.json"
DAYS = ("--start", "2025-01-20", "--end", "2025-01-21")
KNOWN = {"file_logging": True, "lookbacks_unchanged": True}
DELAY_S = 0.3
PROBE = [
    {"id": "cold", "start": "2025-01-20", "end": "2025-01-21", "label": "cache_probe_cold"},
    {"id": "warm", "start": "2025-01-20", "end": "2025-01-21", "label": "cache_probe_warm"},
]


@dataclass(frozen=True, slots=True)
class Machine:
    """A project, the stand-in, and commands in that project."""

    root: Path
    gateway: Gateway

    def zacperf(
        self, *arguments: str, without: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody does who has a key and that gateway."""
        given = {**os.environ, **self.gateway.variables, "TMPDIR": str(self.root), **variables}
        given.pop(without, None)
        return subprocess.run(  # noqa: S603 - our own command
            [*ZACPERF, *arguments],
            cwd=self.root,
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def backtest(self) -> Run:
        """Return a run of two days."""
        self.zacperf("backtest", *DAYS)
        newest = max((self.root / ".zacperf" / "runs").iterdir(), key=lambda path: path.name)
        return msgspec.json.decode((newest / "run.json").read_bytes(), type=Run)

    def write_plan(self, runs: list[dict[str, Any]], **parts: object) -> None:
        """Write the plan of the project."""
        (self.root / "plan.json").write_text(json.dumps({"runs": runs, **parts}))

    def result(self, run_id: str) -> dict[str, Any]:
        """Return what the plan says of a run."""
        found: dict[str, Any] = json.loads((self.root / "plan.json").read_text())
        return {**found["results"][run_id], "status": self._status(found, run_id)}

    def _status(self, plan: dict[str, Any], run_id: str) -> str:
        return next(str(run["status"]) for run in plan["runs"] if run["id"] == run_id)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    root = tmp_path / "project"
    root.mkdir()
    write_project(root)
    with gateway(tmp_path / "gateway") as running:
        yield Machine(root, running)


def downloads_of(run: Run) -> Downloads:
    assert run.downloads is not None, run.reason
    return run.downloads


def test_downloads_are_counted_and_timed_and_a_warm_run_has_fewer(machine: Machine) -> None:
    machine.gateway.wish(delay_s=DELAY_S)
    cold, warm = machine.backtest(), machine.backtest()
    assert (cold.status, warm.status) == ("done", "done")
    assert cold.work == warm.work
    assert cold.order_events_hash == warm.order_events_hash
    # The definition, the range of the dataset and the bars; then the definition alone.
    assert (downloads_of(cold).requests, downloads_of(warm).requests) == (3, 1)
    assert len(machine.gateway.requests()) == 4
    assert (downloads_of(cold).bytes or 0) > 10_000 > (downloads_of(warm).bytes or 0) > 0
    assert downloads_of(cold).wall_ns > 3 * DELAY_S * 1e9
    assert downloads_of(warm).wall_ns > DELAY_S * 1e9
    assert cold.costs is not None
    assert downloads_of(cold).wall_ns < cold.costs.wall_ns


def test_bars_and_iterations_are_counted(machine: Machine) -> None:
    run = machine.backtest()
    assert run.work is not None
    assert run.counts["bars"] == run.work.data_points
    assert run.counts["iterations"] > 50
    # 23 hours a day, but for the first of Monday, which in Chicago is Sunday's last.
    assert run.work.data_points == 2 * 23 * 60 - 60


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param({"status": 500}, "BentoServerError: 500 the stand-in says 500", id="5xx"),
        pytest.param({"status": 404}, "BentoClientError: 404 the stand-in says 404", id="4xx"),
        pytest.param(
            {"truncate": True, "schema": "ohlcv-1m"}, "MESH5 ohlcv-1m: ", id="cut by a proxy"
        ),
        pytest.param(
            {"cut": True, "schema": "ohlcv-1m"}, "MESH5 ohlcv-1m: BentoError: ", id="cut off"
        ),
        pytest.param(
            {"vanish": True, "schema": "ohlcv-1m"}, "MESH5 ohlcv-1m: BentoError: ", id="gone"
        ),
    ],
)
def test_a_run_whose_download_failed_is_an_error_and_asks_no_more(
    machine: Machine, wish: dict[str, object], reason: str
) -> None:
    machine.gateway.wish(**wish)
    run = machine.backtest()
    assert run.status == "error"
    assert run.reason is not None
    assert run.reason.startswith("a download failed: timeseries.get_range MESH5 ")
    assert reason in run.reason
    assert "this is no result; run it again when the gateway answers" in run.reason
    # Lumibot would ask in each iteration.
    assert len(machine.gateway.requests()) <= 3


def test_a_long_stream_that_ends_in_the_middle_is_noticed(machine: Machine) -> None:
    # The client decodes what came, and says so in a warning alone.
    machine.gateway.wish(truncate=True, schema="ohlcv-1m")
    machine.zacperf("backtest", "--start", "2025-01-13", "--end", "2025-01-31")
    (file,) = machine.root.glob(".zacperf/runs/*/run.json")
    run = msgspec.json.decode(file.read_bytes(), type=Run)
    assert run.reason is not None
    assert "the data end after" in run.reason
    assert "in the middle" in run.reason


def test_a_warm_run_without_a_gateway_is_an_error(machine: Machine) -> None:
    assert machine.backtest().status == "done"
    machine.gateway.wish(vanish=True)
    machine.backtest()  # it is gone after that
    run = machine.backtest()
    assert run.status == "error"
    assert run.reason is not None
    assert "a download failed: timeseries.get_range MESH5 definition" in run.reason


def test_a_run_without_a_key_is_an_error(machine: Machine) -> None:
    done = machine.zacperf("backtest", *DAYS, without="DATABENTO_API_KEY")
    assert done.returncode == 1
    assert "a download failed: no client: ValueError: invalid API key" in done.stdout


def test_no_key_is_written_down(machine: Machine) -> None:
    machine.backtest()
    key = machine.gateway.variables["DATABENTO_API_KEY"].encode()
    files = [path for path in machine.root.rglob("*") if path.is_file()]
    assert [path for path in files if key in path.read_bytes()] == []


def test_a_cold_and_a_warm_run_that_differ_are_an_error(machine: Machine) -> None:
    # Two passes each; the multiplier of the contract is fetched by every one of them.
    machine.gateway.wish(multipliers=[5, 5, 1, 1])
    machine.write_plan(PROBE, invariants=KNOWN)
    done = machine.zacperf("run")
    assert done.returncode == 1, done.stdout
    for name in ("cold", "warm"):
        result = machine.result(name)
        assert result["status"] == "error"
        assert "cold and warm did different work" in result["notes"]
        assert "final equity" in result["notes"]


def shared_plan() -> dict[str, Any]:
    if not SHARED_PLAN.exists():
        pytest.skip("the plan of ../shared is not there")
    plan: dict[str, Any] = json.loads(SHARED_PLAN.read_text())
    return plan


def test_the_real_plan_is_refused_by_the_name_of_a_switch_that_is_gone(machine: Machine) -> None:
    (machine.root / "plan.json").write_text(json.dumps(shared_plan()))
    done = machine.zacperf("run")
    assert done.returncode == 2
    assert "'plot_price' is unknown to this engine, lumibot swing:Swing 4.6." in done.stderr
    assert machine.gateway.requests() == []


def test_phase_0_and_a_week_of_the_real_plan_run(machine: Machine) -> None:
    machine.gateway.wish(delay_s=DELAY_S)
    plan = shared_plan()
    wanted = ("phase0-cold-2024-09", "phase0-warm-2024-09", "wk-2025-01-20_01-26")
    runs = [run for run in plan["runs"] if run["id"] in wanted]
    machine.write_plan(runs, meta=plan["meta"], invariants=KNOWN, results=plan["results"])
    # LumiBot's own profiler would end ours.
    done = machine.zacperf("run", BACKTESTING_PROFILE="yappi")
    assert done.returncode == 0, done.stdout + done.stderr
    cold, warm, week = (machine.result(name) for name in wanted)
    for result in (cold, warm, week):
        assert result["status"] == "done"
        assert result["invariants"] == KNOWN
        functions = (machine.root / result["top_functions_csv"]).read_text()
        assert "swing.py" in functions
        download_s = result["run"]["downloads"]["wall_ns"] / 1e9
        requests = result["run"]["downloads"]["requests"]
        assert download_s > DELAY_S * requests
        assert result["wall_seconds_no_download"] == pytest.approx(
            result["wall_seconds_total"] - download_s
        )
    # Two contracts in September, each with its bars and the dataset's range, and one definition.
    assert cold["run"]["downloads"]["requests"] == 5
    assert warm["run"]["downloads"]["requests"] == 1
    assert cold["run"]["order_events_hash"] == warm["run"]["order_events_hash"]
    # file_logging is save_logfile of LumiBot.
    logs = list(machine.root.glob(".zacperf/runs/*/work/logs/Swing_*_logs.csv"))
    assert len(logs) >= len(wanted)
