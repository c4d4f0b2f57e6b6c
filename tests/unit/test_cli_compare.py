"""zacperf compare: two runs or two files; exit status, formats, bad input."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.order_events import event
from support.recorded import run

from pytest_zacperf import store
from pytest_zacperf.cli import main
from pytest_zacperf.parity import encode_events
from pytest_zacperf.records import EquityPoint, OrderEvent, Run, Trade, Work

SHARED = Path(
    os.environ.get("ZACPERF_ZACQC_FOLDER", Path(__file__).parents[3] / "shared" / "zacqc")
)
RECORDED = [
    SHARED / "recorded" / name / "order-events.json"
    for name in ("20251016T1514", "baseline-20251016T1523")
]
recorded_lean = pytest.mark.skipif(
    not all(path.is_file() for path in RECORDED),
    reason=f"no recorded Lean runs in {SHARED}; ZACPERF_ZACQC_FOLDER names another folder",
)
EVENTS = [
    event(order_id=at, symbol=symbol, fill_quantity=1.0, fill_price=2.0, fee=0.5)
    for at, symbol in enumerate(("MCD", "V", "KO"), start=1)
]


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def written(path: Path, events: list[OrderEvent]) -> Path:
    path.write_bytes(encode_events(events))
    return path


def run_folder(path: Path, events: list[OrderEvent], record: Run) -> Path:
    path.mkdir(parents=True)
    written(path / "order_events.jsonl", events)
    (path / "run.json").write_bytes(msgspec.json.encode(record))
    return path


@pytest.fixture
def changed() -> list[OrderEvent]:
    return [EVENTS[0], msgspec.structs.replace(EVENTS[1], fill_price=2.5), EVENTS[2]]


def test_the_same_order_events_are_identical(tmp_path: Path) -> None:
    sides = written(tmp_path / "a", EVENTS), written(tmp_path / "b", EVENTS)
    shown = compare(*sides)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        f"{sides[1]} against {sides[0]}",
        "identical: the same order events",
    ]


def test_a_changed_fill_is_named_and_exits_with_1(
    tmp_path: Path, changed: list[OrderEvent]
) -> None:
    shown = compare(written(tmp_path / "a", EVENTS), written(tmp_path / "b", changed))
    assert shown.exit_code == 1
    assert "order events diverge at event 2" in shown.stdout.splitlines()
    assert "  fill_price: baseline 2.0, candidate 2.5" in shown.stdout.splitlines()


def test_a_tolerance_makes_it_the_same(tmp_path: Path, changed: list[OrderEvent]) -> None:
    sides = written(tmp_path / "a", EVENTS), written(tmp_path / "b", changed)
    assert compare(*sides, "--tolerance", "fill_price=0.5").exit_code == 0
    assert compare(*sides, "--tolerance", "fill_price=25%").exit_code == 0
    assert compare(*sides, "--tolerance", "fill_price=1%").exit_code == 1


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [
        ("fill_price", "'fill_price' is not FIELD=VALUE, such as fill_price=0.005"),
        ("fill_price=x", "'fill_price=x': 'x' is no number from 0"),
        ("symbol=1", "'symbol' has no tolerance; these have: quantity, limit_price"),
        ("fee=-1", "the tolerance of 'fee' = -1.0 is no number from 0"),
    ],
)
def test_a_tolerance_that_is_none_is_told(tmp_path: Path, tolerance: str, error: str) -> None:
    path = written(tmp_path / "a", EVENTS)
    shown = compare(path, path, "--tolerance", tolerance)
    assert shown.exit_code == 2
    assert error in shown.stderr


def test_files_of_another_form_are_held_against_ours(tmp_path: Path) -> None:
    names = (
        "time",
        "Symbol",
        "orderId",
        "status",
        "side",
        "Qty",
        "fillQuantity",
        "fillPrice",
        "fee",
    )
    rows = [
        (one.ts_event_ns, one.symbol, one.order_id, "Filled", "BUY", 10, 1, 2, 0.5)
        for one in EVENTS
    ]
    as_csv = tmp_path / "orders.csv"
    as_csv.write_text("\n".join(",".join(map(str, row)) for row in (names, *rows)))
    as_json = tmp_path / "orders.json"
    as_json.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    ours = written(tmp_path / "ours.jsonl", EVENTS)
    assert compare(ours, as_csv).exit_code == 0
    assert compare(as_csv, as_json).exit_code == 0


def test_what_differs_is_json_for_programs(tmp_path: Path, changed: list[OrderEvent]) -> None:
    sides = written(tmp_path / "a", EVENTS), written(tmp_path / "b", changed)
    shown = compare(*sides, "--format", "json")
    content = json.loads(shown.stdout)
    assert content["identical"] is False
    assert content["order_events"]["divergence"]["index"] == 2
    assert content["order_events"]["orders"] == {
        "equal": 2,
        "changed": 1,
        "added": 0,
        "removed": 0,
    }
    (order,) = content["order_events"]["changed_orders"]
    assert (order["symbol"], order["fields"]) == ("V", ["fill_price"])


def test_markdown_goes_to_a_file(tmp_path: Path, changed: list[OrderEvent]) -> None:
    sides = written(tmp_path / "a", EVENTS), written(tmp_path / "b", changed)
    output = tmp_path / "report.md"
    shown = compare(*sides, "--format", "markdown", "--output", output)
    assert (shown.exit_code, shown.stdout) == (1, f"written to {output}\n")
    text = output.read_text(encoding="utf-8")
    assert text.startswith(f"# {sides[1]} against {sides[0]}\n")
    assert "## Orders that are not the same" in text


def test_two_runs_are_held_against_each_other_in_all_they_did(tmp_path: Path) -> None:
    statistics = {"Sharpe Ratio": 1.25, "Trades": 3}
    records = [
        run(statistics=statistics),
        run(statistics=statistics | {"Sharpe Ratio": 1.5}),
    ]
    sides = [
        run_folder(tmp_path / name, EVENTS, record)
        for name, record in zip("ab", records, strict=True)
    ]
    shown = compare(*sides)
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[1:] == [
        "same code, parameters and data on both sides: this compares a run with itself",
        "the order events are the same",
        "statistics that differ:",
        "  figure        baseline  candidate",
        "  Sharpe Ratio      1.25        1.5",
        "stage times, which are no part of parity:",
        (
            "  stage   baseline  candidate  ratio  count baseline  count candidate  "
            "mean baseline  mean candidate"
        ),
        (
            "  orders      5 ns       5 ns   1.00               1                1  "
            "         5 ns            5 ns"
        ),
    ]
    assert compare(*sides, "--tolerance", "statistics.Sharpe Ratio=0.25").exit_code == 0


TRADE = Trade(
    symbol="MCD",
    side="buy",
    quantity=10.0,
    entry_ts_ns=1_737_470_703_000_000_000,
    exit_ts_ns=1_737_470_704_000_000_000,
    entry_price=297.0,
    exit_price=298.0,
    profit_loss=10.0,
    fees=2.0,
)


def test_trades_and_equity_of_two_runs_are_compared_too(tmp_path: Path) -> None:
    sides = [run_folder(tmp_path / name, EVENTS, run()) for name in "ab"]
    for side, price in zip(sides, (298.0, 298.5), strict=True):
        trade = msgspec.structs.replace(TRADE, exit_price=price)
        (side / "trades.jsonl").write_bytes(msgspec.json.encode(trade) + b"\n")
        points = [EquityPoint(ts_ns=1_737_470_703_000_000_000, equity=price)]
        (side / "equity.parquet").write_bytes(store.equity_bytes(points))
    shown = compare(*sides)
    assert shown.exit_code == 1
    lines = shown.stdout.splitlines()
    assert "trade 1 is not the same" in lines
    assert "  exit_price: baseline 298.0, candidate 298.5" in lines
    assert "  equity: baseline 298.0, candidate 298.5" in lines
    within = compare(*sides, "--tolerance", "exit_price=0.5", "--tolerance", "equity=0.5")
    assert within.exit_code == 0
    assert within.stdout.splitlines()[2] == (
        "identical within the tolerances: the same order events, trades, equity and statistics"
    )
    (sides[0] / "trades.jsonl").unlink()
    only_one = compare(*sides, "--tolerance", "equity=0.5")
    assert "not compared, for only one side has it: trades" in only_one.stdout.splitlines()


def test_a_tolerance_of_equity_is_one_of_the_final_equity(tmp_path: Path) -> None:
    works = [
        Work(data_points=1, orders=3, order_events=3, final_equity=equity)
        for equity in (100.0, 100.25)
    ]
    sides = [
        run_folder(tmp_path / name, EVENTS, run(work=work))
        for name, work in zip("ab", works, strict=True)
    ]
    assert compare(*sides).exit_code == 1
    assert compare(*sides, "--tolerance", "equity=0.25").exit_code == 0


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    shown = compare(written(tmp_path / "a", EVENTS), tmp_path / "nosuch.json")
    assert (shown.exit_code, shown.stderr) == (
        2,
        (
            f"Error: {tmp_path / 'nosuch.json'} does not exist\n"
            "  hint: name a run, the folder of one, or a file\n"
        ),
    )


def test_the_same_events_in_other_bytes_are_identical(tmp_path: Path) -> None:
    other = tmp_path / "b"
    other.write_bytes(encode_events(EVENTS).replace(b"\n", b"\r\n"))
    assert compare(written(tmp_path / "a", EVENTS), other).exit_code == 0


def test_a_byte_order_mark_hides_no_difference(tmp_path: Path, changed: list[OrderEvent]) -> None:
    sides = tmp_path / "a.json", tmp_path / "b.json"
    for side, events in zip(sides, (EVENTS, changed), strict=True):
        side.write_bytes(codecs.BOM_UTF8 + msgspec.json.encode(events))
    assert compare(*sides).exit_code == 1
    assert compare(sides[0], written(tmp_path / "a", EVENTS)).exit_code == 0


def lean_folder(path: Path, *, trades: int = 3, fee: float = 0.5) -> Path:
    path.mkdir()
    rows = [msgspec.to_builtins(msgspec.structs.replace(one, fee=fee)) for one in EVENTS]
    (path / "1234-order-events.json").write_text(json.dumps(rows))
    summary = {
        "statistics": {"Total Orders": "3", "Sharpe Ratio": "0.896", "Drawdown": "0.600%"},
        "totalPerformance": {"tradeStatistics": {"totalNumberOfTrades": trades}},
        "state": {"StartTime": str(path), "Status": "Completed"},
    }
    (path / "1234-summary.json").write_text(json.dumps(summary))
    return path


def test_folders_of_lean_are_compared_with_their_summaries(tmp_path: Path) -> None:
    sides = lean_folder(tmp_path / "a"), lean_folder(tmp_path / "b")
    shown = compare(*sides)
    assert (shown.exit_code, shown.stdout.splitlines()[1]) == (
        0,
        "identical: the same order events and statistics",
    )


def test_a_figure_of_a_summary_that_differs_is_named(tmp_path: Path) -> None:
    shown = compare(lean_folder(tmp_path / "a"), lean_folder(tmp_path / "b", trades=4))
    assert shown.exit_code == 1
    figure = "totalPerformance.tradeStatistics.totalNumberOfTrades         3          4"
    assert f"  {figure}" in shown.stdout.splitlines()


def test_a_folder_that_holds_no_run_is_told(tmp_path: Path) -> None:
    shown = compare(tmp_path, written(tmp_path / "a", EVENTS))
    assert (shown.exit_code, shown.stderr) == (
        2,
        (
            f"Error: {tmp_path} holds no run.json, no results of Lean and no order events\n"
            "  hint: name the folder of a run\n"
        ),
    )


def test_a_damaged_summary_is_told(tmp_path: Path) -> None:
    folder = lean_folder(tmp_path / "a")
    (folder / "1234-summary.json").write_text('{"statistics": {')
    damaged = compare(folder, folder)
    assert damaged.exit_code == 2
    assert damaged.stderr == (
        f"Error: {folder}/1234-summary.json is no whole JSON: it ends too early, at byte 16\n"
        "  hint: copy the output folder again, or run the backtest again\n"
    )


def test_where_one_side_has_no_summary_that_is_told(tmp_path: Path) -> None:
    sides = lean_folder(tmp_path / "a"), lean_folder(tmp_path / "b")
    (sides[1] / "1234-summary.json").unlink()
    shown = compare(*sides)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1:] == [
        "identical: the same order events",
        "not compared, for only one side has it: statistics",
        (
            f"note: {sides[1]}: there is neither a main file nor a summary: nothing says how the "
            "run ended"
        ),
    ]


def test_a_folder_with_two_files_of_order_events_is_told(tmp_path: Path) -> None:
    for name in ("order_events.csv", "order_events.jsonl"):
        (tmp_path / name).touch()
    shown = compare(tmp_path, tmp_path)
    assert (shown.exit_code, shown.stderr) == (
        2,
        (
            f"Error: {tmp_path} holds order_events.csv and order_events.jsonl\n"
            "  hint: name one file of order events\n"
        ),
    )


def test_a_tolerance_of_a_statistic_that_nobody_has_is_told(tmp_path: Path) -> None:
    folder = lean_folder(tmp_path / "a")
    shown = compare(folder, folder, "--tolerance", "statistics.Sharpe=0.1")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("Error: neither side has a statistic 'Sharpe'\n")
    assert "Sharpe Ratio" in shown.stderr


def test_runs_of_other_windows_cannot_be_compared(tmp_path: Path) -> None:
    first = run()
    later = msgspec.structs.replace(
        first.workload,
        window=msgspec.structs.replace(first.workload.window, id="wk-2", end=first.end_utc.date()),
    )
    sides = [
        run_folder(tmp_path / "a", EVENTS, first),
        run_folder(tmp_path / "b", EVENTS, msgspec.structs.replace(first, workload=later)),
    ]
    shown = compare(*sides)
    assert shown.exit_code == 3
    assert shown.stderr.startswith("not comparable: one ran 2025-01-20 to ")


def test_a_run_without_a_result_cannot_be_compared(tmp_path: Path) -> None:
    failed = run(status="error", reason="ValueError: no data")
    sides = [run_folder(tmp_path / name, EVENTS, failed) for name in "ab"]
    shown = compare(*sides)
    assert (shown.exit_code, shown.stderr) == (
        3,
        "not comparable: run r has no result: ValueError: no data\n",
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b'[{"a"', "is damaged: Input data was truncated", id="truncated"),
        pytest.param(
            encode_events(EVENTS)[:-9], "line 3 holds no order event", id="truncated line"
        ),
        pytest.param(
            encode_events(EVENTS[:1]) + b'{"symbol": "' + b"x" * 10_000_000 + b'"}\n',
            "line 2 holds no order event",
            id="10 MB",
        ),
        pytest.param(b"a,b\n", "holds a line and no order events", id="header alone"),
        pytest.param(
            encode_events(EVENTS).replace(b'"order_id":2', b'"order_id":' + b"9" * 40),
            "bad: line 2 holds no order event",
            id="huge number in a line",
        ),
        pytest.param(
            msgspec.json.encode(EVENTS).replace(b'"order_id":1', b'"order_id":' + b"9" * 400),
            "order event 1: Expected `int` <= 9223372036854775807",
            id="huge number in an array",
        ),
        pytest.param(
            encode_events(EVENTS[:1]) + b'{"symbol":"\xff"}\n', "line 2", id="a byte of no UTF-8"
        ),
        pytest.param(b"[" * 5000, "is damaged: ", id="nested"),
        pytest.param(
            encode_events(EVENTS[:1])
            + encode_events(EVENTS[1:]).replace(b"filled", b"\\u001b[31m"),
            r"line 2 holds no order event: Invalid enum value '\x1b[31m'",
            id="escape sequence",
        ),
        pytest.param(b"\xff\xfe", "line 1 is no UTF-8", id="not UTF-8"),
        pytest.param(
            encode_events(EVENTS) + b"=======\n", "line 4 holds no order event", id="merge conflict"
        ),
        pytest.param(
            encode_events(EVENTS[:1]) + b'{"ts_event_ns": ' + b"9" * 40 + b"}\n",
            "line 2 holds no order event",
            id="huge number",
        ),
        pytest.param(
            encode_events(EVENTS[:1]) + encode_events(EVENTS[1:]).replace(b"0.5", b"NaN", 1),
            "line 2 holds no order event",
            id="NaN",
        ),
        pytest.param(
            b'[{"symbol": "\\u001b[31m"}]', "order event 1: it has no ts_event_ns", id="fields"
        ),
    ],
)
def test_bad_input_exits_with_2_and_one_sentence(
    tmp_path: Path, content: bytes, error: str
) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(content)
    shown = compare(written(tmp_path / "a", EVENTS), bad)
    assert shown.exit_code == 2
    assert error in shown.stderr
    assert len(shown.stderr) < 1000
    assert "Traceback" not in shown.output
    assert "\x1b" not in shown.output


def test_a_symbol_with_an_escape_sequence_is_printed_as_text(tmp_path: Path) -> None:
    hostile = [event(symbol="\x1b[31mMCD")]
    shown = compare(written(tmp_path / "a", hostile), written(tmp_path / "b", [event()]))
    assert shown.exit_code == 1
    assert "\x1b" not in shown.output


def test_an_unknown_run_is_told(tmp_path: Path) -> None:
    shown = compare(written(tmp_path / "a", EVENTS), "nothing", "--root", tmp_path)
    assert shown.exit_code == 2
    assert shown.stderr.startswith("Error: no runs are kept in ")


@recorded_lean
def test_two_recorded_runs_of_lean_are_identical_but_for_the_ids_of_the_run() -> None:
    assert compare(*RECORDED).exit_code == 0


@recorded_lean
def test_the_folders_of_two_recorded_runs_of_lean_have_the_same_statistics() -> None:
    shown = compare(*(path.parent for path in RECORDED))
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1] == "identical: the same order events, equity and statistics"


@recorded_lean
def test_one_extra_order_in_a_run_of_lean_is_three_added_events(tmp_path: Path) -> None:
    rows = json.loads(RECORDED[0].read_text())
    at = next(place for place, row in enumerate(rows) if row["orderId"] == 83)
    extra = [
        rows[at] | {"orderId": 83, "orderEventId": number, "quantity": 7.0, "direction": "buy"}
        for number in (1, 2, 3)
    ]
    later = [row | {"orderId": row["orderId"] + 1} if row["orderId"] >= 83 else row for row in rows]
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps([*later[:at], *extra, *later[at:]]))
    shown = compare(RECORDED[0], changed, "--format", "json")
    assert shown.exit_code == 1
    content = json.loads(shown.stdout)["order_events"]
    assert content["events"] == {"equal": 456, "changed": 0, "added": 3, "removed": 0}
    assert content["orders"] == {"equal": 157, "changed": 0, "added": 1, "removed": 0}
    assert content["divergence"]["kind"] == "extra order"
