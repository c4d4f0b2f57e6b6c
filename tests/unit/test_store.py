from __future__ import annotations

import datetime as dt
import math
import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pytest_zacperf import parity, store
from pytest_zacperf.errors import ZacperfError
from pytest_zacperf.records import (
    Coverage,
    EquityPoint,
    Fingerprints,
    OrderEvent,
    Run,
    RunRequest,
    StageTiming,
    Trade,
    Window,
    Workload,
)
from pytest_zacperf.store import RunOutput, RunStore

DAY = dt.date(2025, 10, 1)
NOW = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
RUN = Run(
    session="s",
    machine="shared",
    id="r",
    status="done",
    reason=None,
    exit_status=0,
    start_utc=NOW,
    end_utc=NOW,
    workload=Workload(engine="zacqc", window=Window(id="w", start=DAY, end=DAY)),
)
REQUEST = RunRequest(
    run_folder="/runs/r", cache_folder="/cache", root="/", session="s", workload=RUN.workload
)
TRADE = Trade(
    symbol="V",
    side="buy",
    quantity=10.0,
    entry_ts_ns=1,
    exit_ts_ns=2,
    entry_price=100.0,
    exit_price=101.0,
    profit_loss=10.0,
    fees=2.0,
)


def event(order_id: int) -> OrderEvent:
    return OrderEvent(
        ts_event_ns=order_id,
        symbol="V",
        order_id=order_id,
        event_id=1,
        status="submitted",
        type="market",
        side="buy",
        quantity=1.0,
    )


def test_an_atomic_write_replaces_the_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    store.write_atomically(path, b"old")
    store.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_atomic_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    store.write_atomically(path, b"old")

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        store.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_atomic_write_keeps_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    store.write_atomically(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_store_keeps_itself_out_of_git(tmp_path: Path) -> None:
    RunStore(tmp_path / ".zacperf").create_run_folder("r", REQUEST)
    assert (tmp_path / ".zacperf" / ".gitignore").read_text() == "*\n"


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    runs = RunStore(tmp_path)
    store.write_run(runs.create_run_folder("r", REQUEST), RUN)
    assert runs.read_run("r") == RUN


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"", id="empty"),
        pytest.param(msgspec.json.encode(RUN)[:-20], id="cut off"),
        pytest.param(b'{"id": "r"}', id="without fields"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_a_run_that_is_not_complete_does_not_exist(tmp_path: Path, content: bytes | None) -> None:
    runs = RunStore(tmp_path)
    folder = runs.create_run_folder("r", REQUEST)
    if content is not None:
        (folder / "run.json").write_bytes(content)
    assert runs.read_run("r") is None


def test_a_new_run_folder_holds_its_request_alone_whatever_an_interrupted_run_left(
    tmp_path: Path,
) -> None:
    runs = RunStore(tmp_path)
    (runs.create_run_folder("r", REQUEST) / "worker.json").write_text("{}")
    folder = runs.create_run_folder("r", REQUEST)
    assert [file.name for file in folder.iterdir()] == ["request.json"]


def test_an_id_never_leaves_the_folder_of_runs(tmp_path: Path) -> None:
    assert RunStore(tmp_path).run_folder("../a b/c").parent == tmp_path / "runs"


def test_the_output_of_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    equity = [EquityPoint(ts_ns=1, equity=0.1 + 0.2), EquityPoint(ts_ns=2, equity=5.0)]
    output = RunOutput(
        order_events=[event(1), event(2)],
        trades=[TRADE],
        equity=equity,
        statistics={"Sharpe": 1.5, "name": "gold", "none": None},
    )
    store.write_output(tmp_path, output)
    assert store.read_order_events(tmp_path) == [event(1), event(2)]
    assert store.read_trades(tmp_path) == [TRADE]
    assert store.read_equity(tmp_path) == equity
    assert store.read_statistics(tmp_path) == {"Sharpe": 1.5, "name": "gold", "none": None}


def test_order_events_are_written_as_parity_compares_them(tmp_path: Path) -> None:
    events = [event(1), event(2)]
    store.write_output(tmp_path, RunOutput(order_events=events))
    assert (tmp_path / "order_events.jsonl").read_bytes() == parity.encode_events(events)


def test_stages_and_coverage_are_files_that_people_can_read(tmp_path: Path) -> None:
    stage = StageTiming(name="data", total_ns=5, count=1, max_ns=5)
    coverage = Coverage(symbol="V", day=DAY, real_bars=0)
    store.write_output(tmp_path, RunOutput(stages=[stage], coverage=[coverage]))
    lines = (tmp_path / "stages.json").read_text().splitlines()
    assert lines[:4] == ["[", "  {", '    "name": "data",', '    "total_ns": 5,']
    rows = msgspec.json.decode((tmp_path / "coverage.json").read_bytes(), type=list[Coverage])
    assert rows == [coverage]


def test_a_run_without_equity_has_no_equity_file(tmp_path: Path) -> None:
    store.write_output(tmp_path, RunOutput())
    assert not (tmp_path / "equity.parquet").exists()
    assert store.read_equity(tmp_path) is None


def test_numbers_of_numpy_are_stored_as_numbers(tmp_path: Path) -> None:
    statistics = {"trades": np.int64(3), "Sharpe": np.float64(1.5)}
    store.write_output(tmp_path, RunOutput(statistics=statistics))  # type: ignore[arg-type]
    assert store.read_statistics(tmp_path) == {"trades": 3, "Sharpe": 1.5}


def test_an_object_that_is_no_number_is_refused(tmp_path: Path) -> None:
    output = RunOutput(statistics={"engine": object()})  # type: ignore[dict-item]
    with pytest.raises(ZacperfError, match="a object cannot be stored"):
        store.write_output(tmp_path, output)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_trade_with_a_number_that_json_has_not_is_refused(tmp_path: Path, value: float) -> None:
    trade = msgspec.structs.replace(TRADE, profit_loss=value)
    with pytest.raises(ZacperfError) as caught:
        store.write_output(tmp_path, RunOutput(trades=[TRADE, trade]))
    assert caught.value.problem == f"trade 2 (V) has profit_loss={value}"


def test_a_trade_that_could_not_be_read_again_is_refused(tmp_path: Path) -> None:
    trade = msgspec.structs.replace(TRADE, side="long")
    with pytest.raises(ZacperfError) as caught:
        store.write_output(tmp_path, RunOutput(trades=[trade]))
    assert caught.value.problem == "trade 1 (V) has side='long': invalid enum value 'long'"
    assert caught.value.hint == "build it as pytest_zacperf.records.Trade says"


def test_a_damaged_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    store.write_output(tmp_path, RunOutput(order_events=[event(1), event(2), event(3)]))
    path = tmp_path / "order_events.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace('"buy"', '"bye"'), lines[2]]))
    with pytest.raises(ZacperfError) as caught:
        store.read_order_events(tmp_path)
    assert caught.value.problem == (
        f"{path} line 2 is damaged: Invalid enum value 'bye' - at `$.side`"
    )
    assert caught.value.hint == "delete the run folder and run the backtest again"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZacperfError, match=r"trades\.jsonl is missing"):
        store.read_trades(tmp_path)


def test_damaged_statistics_are_named(tmp_path: Path) -> None:
    (tmp_path / "statistics.json").write_text('{"a": [1]}')
    with pytest.raises(ZacperfError, match=r"statistics\.json is damaged: Expected"):
        store.read_statistics(tmp_path)


def test_damaged_equity_is_named(tmp_path: Path) -> None:
    (tmp_path / "equity.parquet").write_bytes(b"PAR1")
    with pytest.raises(ZacperfError, match=r"equity\.parquet is damaged"):
        store.read_equity(tmp_path)


def test_equity_without_polars_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    output = RunOutput(equity=[EquityPoint(ts_ns=1, equity=1.0)])
    with pytest.raises(ZacperfError) as caught:
        store.write_output(tmp_path, output)
    assert caught.value.problem == "equity is stored as Parquet, and polars is not installed"
    assert caught.value.hint == (
        "pip install polars, or the extra of your engine, such as pytest-zacperf[zacqc]"
    )


def test_equity_that_parquet_cannot_hold_is_refused(tmp_path: Path) -> None:
    output = RunOutput(equity=[EquityPoint(ts_ns=2**70, equity=1.0)])
    with pytest.raises(ZacperfError) as caught:
        store.write_output(tmp_path, output)
    assert caught.value.problem.startswith("equity cannot be stored as Parquet: ")
    assert caught.value.hint == "let every ts_ns be ns since 1970 UTC, and every equity a number"
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    trade = msgspec.structs.replace(TRADE, symbol="\udcff")
    with pytest.raises(ZacperfError) as caught:
        store.write_output(tmp_path, RunOutput(trades=[trade]))
    assert "UnicodeEncodeError: 'utf-8' codec can't encode" in caught.value.problem


def test_an_error_of_the_disk_names_the_file_itself(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        store.write_atomically(tmp_path / "gone" / "run.json", b"")
    assert caught.value.filename == str(tmp_path / "gone" / "run.json")


def test_the_frames_of_a_crash_are_no_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_text('Fatal Python error: Aborted\n\nThread 0x1:\n  File "a.py", line 1 in run\n')
    assert store.last_lines(log, 3) == "Fatal Python error: Aborted"
    assert store.last_lines(tmp_path / "gone.log", 3) == ""


def test_the_last_lines_of_a_log_leave_empty_ones_out(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_bytes(b"x" * 10_000 + b"\none\n\n  two\nthree\n\n")
    assert store.last_lines(log, 3) == "one / two / three"
    log.write_bytes(b"")
    assert store.last_lines(log, 3) == ""


def test_runs_are_found_by_the_fingerprint_of_their_workload(tmp_path: Path) -> None:
    runs = RunStore(tmp_path)
    prints = Fingerprints(code="c", parameters="p", data=None, workload="0123456789abcdef")
    for name, fingerprints in (("a", prints), ("b", None), ("c", prints)):
        run = msgspec.structs.replace(RUN, id=name, fingerprints=fingerprints)
        store.write_run(runs.create_run_folder(name, REQUEST), run)
    (runs.create_run_folder("d", REQUEST) / "run.json").write_text('{"workload": "0123456789abcdef')
    assert [run.id for run in runs.runs_of("0123456789abcdef")] == ["a", "c"]
