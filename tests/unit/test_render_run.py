from __future__ import annotations

import datetime as dt

from pytest_zacperf.records import Costs, Run, StageTiming, Window, Work, Workload
from pytest_zacperf.render import run_lines

NOW = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
WINDOW = Window(id="w", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 10))


def test_a_run_is_shown_with_its_work_costs_stages_and_warnings() -> None:
    run = Run(
        session="s",
        machine="shared",
        id="r",
        status="done",
        reason=None,
        exit_status=0,
        start_utc=NOW,
        end_utc=NOW,
        workload=Workload(
            engine="zacqc",
            engine_name="zacqc",
            engine_version="1",
            parameters={"data": "synthetic", "guard": "on"},
            window=WINDOW,
        ),
        costs=Costs(
            wall_ns=2_000_000_000,
            cpu_ns=1_900_000_000,
            peak_memory_bytes=120_400_000,
            peak_memory_source="VmHWM",
            stages=(
                StageTiming(name="total", total_ns=2_000_000_000, count=1, max_ns=2_000_000_000),
                StageTiming(name="orders", total_ns=150_000_000, count=12_345, max_ns=90_000),
            ),
        ),
        work=Work(data_points=1_234_567, orders=157, order_events=456, final_equity=501239.1741),
        statistics={"Sharpe": 1.5, "drawdown": None, "note": "flat"},
        warnings=("no real bar of V on 2025-10-10",),
    )
    assert "\n".join(run_lines(run)) == (
        "status        done\n"
        "window        2025-10-01 to 2025-10-10\n"
        "engine        zacqc 1, data=synthetic, guard=on\n"
        "orders        157\n"
        "order events  456\n"
        "data points   1,234,567 (649,772 per CPU second)\n"
        "final equity  501,239.1741\n"
        "wall          2.00 s\n"
        "CPU           1.90 s\n"
        "peak memory   120 MB (VmHWM)\n"
        "\n"
        "stage    total   share   count     mean      max\n"
        "total   2.00 s  100.0%       1   2.00 s   2.00 s\n"
        "orders  150 ms    7.5%  12,345  12.2 us  90.0 us\n"
        "(a stage includes the stages entered within it)\n"
        "\n"
        "statistic  value\n"
        "Sharpe       1.5\n"
        "drawdown       -\n"
        "note        flat\n"
        "\n"
        "warning: no real bar of V on 2025-10-10"
    )


def test_a_run_that_failed_is_shown_with_its_reason_and_without_costs() -> None:
    run = Run(
        session="s",
        machine="shared",
        id="r",
        status="error",
        reason="KeyError: 'GC'",
        exit_status=1,
        start_utc=NOW,
        end_utc=NOW,
        workload=Workload(engine="gold:engine", window=WINDOW),
    )
    assert run_lines(run) == [
        "status  error: KeyError: 'GC'",
        "window  2025-10-01 to 2025-10-10",
        "engine  gold:engine",
    ]


def test_an_engine_that_counts_nothing_shows_neither_data_points_nor_equity() -> None:
    run = Run(
        session="s",
        machine="shared",
        id="r",
        status="done",
        reason=None,
        exit_status=0,
        start_utc=NOW,
        end_utc=NOW,
        workload=Workload(engine="gold:engine", window=WINDOW),
        costs=Costs(wall_ns=0, cpu_ns=0, peak_memory_bytes=1, peak_memory_source="VmHWM"),
        work=Work(data_points=None, orders=0, order_events=0, final_equity=None),
    )
    names = [line.split("  ")[0] for line in run_lines(run)]
    assert names == [
        "status", "window", "engine", "orders", "order events", "wall", "CPU", "peak memory",
    ]  # fmt: skip
