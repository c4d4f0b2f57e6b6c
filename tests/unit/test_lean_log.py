"""What LEAN's log says of a run, and the lines in which an algorithm says what its stages took."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf.engines.lean.reading.log import read_log
from pytest_zacperf.engines.lean.reading.records import LeanLog
from pytest_zacperf.engines.lean.reading.stage_lines import stages_in
from pytest_zacperf.engines.lean.stage_report import line_of
from pytest_zacperf.records import StageTiming
from pytest_zacperf.stages import Timing

START = "2025-10-15T19:39:51.8820664Z TRACE:: "
LINES = f"""\
{START}Engine.Main(): LEAN ALGORITHMIC TRADING ENGINE v2.5.0.0 Mode: DEBUG (64bit) Host: Mac
2025-10-15T19:40:55.2705101Z TRACE:: Isolator.ExecuteWithTimeLimit(): Used: 111, Sample: 173, \
App: 1190, CurrentTimeStepElapsed: 00:00.000. CPU: 111%
2025-10-15T19:41:55.2705101Z TRACE:: Isolator.ExecuteWithTimeLimit(): Used: 99, Sample: 70, \
App: 1100, CurrentTimeStepElapsed: 00:00.000. CPU: 90%
2025-10-15T19:41:24.5818017Z TRACE:: Debug: COMPLETED
STATISTICS:: OrderListHash 84e79bd641b57df60c29386afb1ecca5
2025-10-15T19:41:25.0000000Z ERROR:: Extensions.SetRuntimeError(): RuntimeError in user code
2025-10-15T19:41:26.8820664Z TRACE:: Engine.Main(): Analysis Complete.
"""
OLD = (
    "Algorithm Id:(1134364430) completed in 89.44 seconds at 31k data points per second. "
    "Processing total of 2,808,751 data points."
)
NEW = f"2013-10-11 16:00:00 {OLD}"


def log_of(tmp_path: Path, text: str) -> tuple[LeanLog, tuple[str, ...]]:
    (tmp_path / "log.txt").write_text(text)
    return read_log(tmp_path / "log.txt")


@pytest.mark.parametrize("completed", [OLD, NEW])
def test_a_log_says_version_time_data_points_and_memory(tmp_path: Path, completed: str) -> None:
    found, warnings = log_of(tmp_path, LINES.replace("COMPLETED", completed))
    assert found == LeanLog(
        engine_version="2.5.0.0",
        engine_mode="DEBUG",
        engine_seconds=89.44,
        data_points=2_808_751,
        process_bytes=1190 * 1_048_576,
        wall_ns=95_000_000_000,
        errors=("Extensions.SetRuntimeError(): RuntimeError in user code",),
    )
    assert warnings == ()


def test_where_there_is_no_log_nothing_is_known(tmp_path: Path) -> None:
    assert read_log(tmp_path / "log.txt") == (LeanLog(), ())


def test_a_log_that_breaks_off_says_what_it_can(tmp_path: Path) -> None:
    found, _ = log_of(tmp_path, LINES[:130])
    assert (found.engine_version, found.data_points, found.wall_ns) == ("2.5.0.0", None, 0)


STAGE = StageTiming(name="metrics", total_ns=7_000_000, count=5, max_ns=2_000_000)


@pytest.mark.parametrize(
    "line",
    [
        "stage=metrics total_ns=7000000 count=5 max_ns=2000000",
        'stage="metrics" total_us=7000 calls=5 max_us=2000',
        '{"stage": "metrics", "total_ms": 7.0, "count": 5, "max_ms": 2.0}',
        '{"metrics": {"total_s": 0.007, "n": 5, "max_s": 0.002}}',
        "name=metrics seconds=0.007 count=5 max_ms=2",
    ],
)
def test_stage_times_are_read_in_the_words_of_other_timers(line: str) -> None:
    assert stages_in([line]) == ((STAGE,), ())


@pytest.mark.parametrize("name", ["metrics", "my stage", 'a "b" = c', "", "größe"])
def test_a_line_of_our_own_timer_is_read_back(tmp_path: Path, name: str) -> None:
    timing = Timing(name=name, total_ns=7_000_000, count=5, max_ns=2_000_000)
    found, warnings = log_of(tmp_path, f"{START}Log: {line_of(timing)}\n")
    assert (found.stages[0].name, found.stages[0].max_ns, warnings) == (name, 2_000_000, ())


@pytest.mark.parametrize("word", ["PERF_FINAL", "PERF_FINAL_AGG"])
def test_either_word_begins_such_a_line(tmp_path: Path, word: str) -> None:
    found, _ = log_of(tmp_path, f"{START}Debug: {word} stage=metrics total_ms=7 count=5 max_ms=2\n")
    assert found.stages == (STAGE,)


def test_the_last_line_of_a_stage_counts_and_a_repeated_one_counts_once(tmp_path: Path) -> None:
    early = "PERF_FINAL stage=metrics total_ns=1 count=1 max_ns=1\n"
    late = "PERF_FINAL stage=metrics total_ms=7 count=5 max_ms=2\n"
    (tmp_path / "log.txt").write_text(f"{START}Log: {early}{START}Log: {late}")
    (tmp_path / "17-log.txt").write_text(f"2025-10-10 16:00:00 {early}2025-10-10 16:00:00 {late}")
    found, _ = read_log(tmp_path / "log.txt", tmp_path / "17-log.txt")
    assert found.stages == (STAGE,)


@pytest.mark.parametrize(
    "line",
    ["stage=metrics", "total_ns=7", "{", "[]", '{"metrics": 7}', "stage=a total_ns=x", "nonsense"],
)
def test_a_line_that_cannot_be_understood_is_a_warning(line: str) -> None:
    assert stages_in([line]) == ((), (f"a line of stage times cannot be understood: {line}",))


def test_a_log_that_begins_with_a_byte_order_mark_counts_its_first_line(tmp_path: Path) -> None:
    found, _ = log_of(tmp_path, f"\ufeff{LINES}")
    assert found.wall_ns == 95_000_000_000
