"""The report of a run of a plan, the table of a plan, and the stages of two runs, as text."""

from __future__ import annotations

import msgspec
import pytest
from support.plans import plan_of, run_of
from support.stored import RUN

from pytest_zacperf.plan import RunResult, Status
from pytest_zacperf.records import Costs, Run, StageTiming, Work
from pytest_zacperf.render.plan_status import stacked_status, status_table, tally_line
from pytest_zacperf.render.run_report import growth_report, run_report_lines
from pytest_zacperf.render.stages import stage_sides_table
from pytest_zacperf.render.text import Table, markdown_table
from pytest_zacperf.run_report import RunReport
from pytest_zacperf.stage_comparison import stage_sides

RUNNING = {"host": "box", "pid": 7, "process_started_s": 1.0, "started_utc": "t"}
RESULT = {
    "wall_seconds_total": 12.5,
    "cpu_seconds": 12.0,
    "peak_memory_bytes": 150_000_000,
    "top_function": "gold.py:7 on_bar",
    "timestamp_utc": "2025-11-01T00:00:00Z",
    "git_rev": "0123456789abcdef-dirty",
    "notes": "preloaded",
}


def stage(name: str, total_ns: int, count: int) -> StageTiming:
    return StageTiming(name=name, total_ns=total_ns, count=count, max_ns=total_ns)


def run_with(*stages: StageTiming) -> Run:
    costs = Costs(
        wall_ns=2_000_000_000,
        cpu_ns=1_000_000_000,
        peak_memory_bytes=1_000_000,
        peak_memory_source="VmHWM",
        stages=stages,
    )
    work = Work(data_points=None, orders=1, order_events=2, final_equity=None)
    return msgspec.structs.replace(RUN, costs=costs, work=work)


def report(result: RunResult, run: Run = RUN, status: Status = "done") -> RunReport:
    plan = plan_of(run_of("wk|1"))
    return RunReport(
        planned=plan.runs[0],
        status=status,
        run=run,
        unprofiled=None,
        result=result,
        functions=(),
        compared=(),
        log=".zacperf/runs/r/stderr.log",
    )


def cells(table: Table, column: int) -> list[str]:
    return [row[column] for row in table.rows]


def test_a_status_has_a_row_with_costs_function_time_and_revision() -> None:
    plan = plan_of(run_of("a", status="done"), results={"a": RESULT})
    (row,) = status_table(plan).rows
    assert row == (
        *("a", "2025-01-06 to 2025-01-06", "days", "done", "12.5 s", "12.0 s", "150 MB"),
        *("gold.py:7 on_bar", "2025-11-01T00:00:00Z", "01234567-dirty", "preloaded"),
    )


def test_a_run_without_a_result_has_dashes_and_a_running_one_says_where() -> None:
    plan = plan_of(run_of("a"), run_of("b", status="running", running=RUNNING))
    first, second = status_table(plan).rows
    assert first[3:] == ("pending", *("-",) * 7)
    assert second[3] == "running (7 on box)"


def test_a_run_that_was_stopped_early_is_partial() -> None:
    plan = plan_of(run_of("a", status="done"), results={"a": {**RESULT, "partial": True}})
    assert cells(status_table(plan), 3) == ["done, partial"]


def test_what_a_result_says_cannot_reach_the_terminal_as_it_is() -> None:
    evil = {**RESULT, "top_function": "a\x1b[31m", "git_rev": "no git revision"}
    (row,) = status_table(plan_of(run_of("a"), results={"a": evil})).rows
    assert row[7] == "a\\x1b[31m"
    assert row[9] == "no git revision"


def test_a_narrow_terminal_gets_several_values_in_a_cell() -> None:
    plan = plan_of(run_of("a", status="done"), results={"a": RESULT})
    narrow = stacked_status(status_table(plan))
    assert narrow.rows[0][0] == "a\n2025-01-06 to 2025-01-06\ndays"
    assert narrow.rows[0][2] == "12.5 s\n12.0 s\n150 MB"


def test_a_plan_is_counted_by_state() -> None:
    plan = plan_of(run_of("a", status="done"), run_of("b"), run_of("c", status="done"))
    assert tally_line(plan) == "3 runs: 2 done, 1 pending"


def test_a_report_of_a_run_that_could_not_begin_has_what_there_is() -> None:
    result = RunResult(notes="not run, because cold has failed", timestamp_utc="t")
    lines = run_report_lines(report(result, status="error"))
    assert lines[0] == "# wk|1: error"
    assert "| notes | not run, because cold has failed |" in lines
    assert "Not known." in lines


@pytest.mark.parametrize(
    ("without", "text"),
    [
        (1.5, "| wall | 2.00 s, 1.50 s without download |"),
        (None, "| wall | 2.00 s; what of it was download is not known |"),
    ],
)
def test_wall_time_says_what_of_it_was_download(without: float | None, text: str) -> None:
    result = RunResult(wall_seconds_total=2.0, wall_seconds_no_download=without, trading_days=1)
    assert text in run_report_lines(report(result, run_with()))


def test_data_points_that_nobody_counted_are_said_to_be_not_counted() -> None:
    result = RunResult(wall_seconds_total=2.0, trading_days=1)
    assert "| data points | not counted |" in run_report_lines(report(result, run_with()))


def test_a_stopped_run_without_a_shorter_one_is_compared_with_nothing() -> None:
    found = growth_report(report(RunResult(partial=True)))
    assert found == ["no shorter window of this plan has finished, so nothing was compared"]


def test_stages_of_two_runs_stand_beside_each_other_with_their_means() -> None:
    sides = stage_sides(run_with(stage("orders", 4_000, 2)), run_with(stage("orders", 8_000, 2)))
    table = stage_sides_table(sides, ("cold", "warm"))
    assert table.header == (
        *("stage", "cold", "warm", "ratio"),
        *("count cold", "count warm", "mean cold", "mean warm"),
    )
    assert table.rows == (("orders", "4.00 us", "8.00 us", "2.00", "2", "2", "2.00 us", "4.00 us"),)


def test_means_of_stages_with_other_counts_are_not_compared() -> None:
    sides = stage_sides(run_with(stage("orders", 4_000, 2)), run_with(stage("orders", 8_000, 4)))
    (row,) = stage_sides_table(sides, ("cold", "warm")).rows
    assert row[4:] == ("2", "4", "counts differ", "counts differ")


def test_a_stage_that_one_run_does_not_have_is_left_out() -> None:
    assert stage_sides(run_with(stage("orders", 1, 1)), run_with(stage("data", 1, 1))) == ()
    assert stage_sides(None, run_with(stage("data", 1, 1))) == ()


def test_a_bar_in_a_cell_does_not_end_the_column_of_a_markdown_table() -> None:
    lines = markdown_table(Table(header=("a", "b"), rows=(("x|y", "1"),), numbers=frozenset({1})))
    assert lines == ["| a | b |", "| --- | ---: |", "| x\\|y | 1 |"]


def test_a_note_stands_below_a_markdown_table() -> None:
    assert markdown_table(Table(rows=(("x",),), note="of all"))[-2:] == ["", "of all"]
