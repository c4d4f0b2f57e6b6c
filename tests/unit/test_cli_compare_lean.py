"""zacperf compare on what LEAN wrote: folders of all years, lone files, our runs of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.lean_results import LEAN_RESULTS, RECORDED, needs_results, write_run
from support.recorded import run

from pytest_zacperf import store
from pytest_zacperf.cli import main
from pytest_zacperf.engines.lean import read_results
from pytest_zacperf.parity import canonical

DAILY = LEAN_RESULTS / "equity-daily-2024-11"
FIRST, AGAIN = DAILY / "2024-11-21_21-01-00", DAILY / "2024-11-21_21-06-39"


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def lines(shown: Result) -> list[str]:
    return [line for line in shown.stdout.splitlines()[1:] if not line.startswith("note: ")]


def test_a_folder_is_the_same_as_its_file_of_order_events(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    shown = compare(folder, folder / "17-order-events.json")
    assert shown.exit_code == 0, shown.output
    assert lines(shown) == [
        "identical: the same order events",
        "not compared: order types and tags, which a file of order events alone does not have",
        "not compared, for only one side has it: trades",
        "not compared, for only one side has it: equity",
        "not compared, for only one side has it: statistics",
    ]


def test_two_folders_are_compared_by_the_types_of_their_orders(tmp_path: Path) -> None:
    sides = write_run(tmp_path / "a"), write_run(tmp_path / "b", order_type=5)
    shown = compare(*sides)
    assert shown.exit_code == 1
    assert "market_on_open" in shown.stdout
    assert "market_on_close" in shown.stdout


def test_a_summary_is_held_against_a_folder_by_its_statistics(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    shown = compare(folder, folder / "17-summary.json")
    assert shown.exit_code == 0, shown.output
    assert lines(shown)[0] == "identical: the same statistics"
    other = write_run(tmp_path / "b", sharpe="0.5")
    changed = compare(folder, other / "17-summary.json")
    assert changed.exit_code == 1
    assert "  Sharpe Ratio" in changed.stdout


def test_a_main_file_alone_can_be_compared(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    shown = compare(folder / "17.json", folder / "17-summary.json")
    assert (shown.exit_code, lines(shown)[0]) == (0, "identical: the same statistics")


def test_files_that_have_nothing_in_common_cannot_be_compared(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    shown = compare(folder / "17-order-events.json", folder / "17-summary.json")
    assert shown.exit_code == 3
    assert "have nothing in common: one alone has order events, statistics" in shown.stderr


def test_equity_of_a_summary_is_not_that_of_a_main_file(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    short = write_run(tmp_path / "b")
    (short / "17.json").unlink()
    shown = compare(folder, short)
    assert shown.exit_code == 0, shown.output
    assert "not compared: equity, of which a summary has one point in 7 days" in lines(shown)


def test_ids_and_times_of_the_run_are_no_difference(tmp_path: Path) -> None:
    sides = write_run(tmp_path / "a"), write_run(tmp_path / "b", run_id="MyAlgorithm")
    assert compare(*sides).exit_code == 0


def test_a_doubt_about_a_side_is_told_with_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", fees="$9.99")
    shown = compare(folder, folder)
    assert f"note: {folder}: the fees of all fills are 2.00, 'Total Fees' is $9.99" in shown.stdout


def test_a_run_of_our_engine_is_the_same_as_the_folder_that_it_read(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    found = read_results(folder)
    ours = tmp_path / "ours"
    ours.mkdir()
    record = run()
    workload = msgspec.structs.replace(record.workload, engine_name="lean Gold")
    record = msgspec.structs.replace(record, workload=workload, statistics=dict(found.statistics))
    store.write_output(
        ours,
        store.RunOutput(
            order_events=canonical(found.order_events, ()),
            trades=found.trades or (),
            equity=found.equity,
        ),
    )
    (ours / "run.json").write_bytes(msgspec.json.encode(record))
    shown = compare(ours, folder)
    assert shown.exit_code == 0, shown.output
    assert lines(shown)[0] == "identical: the same order events, trades, equity and statistics"


def test_what_another_engine_of_ours_puts_down_is_not_held_against_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    ours = tmp_path / "ours"
    ours.mkdir()
    events = canonical(read_results(folder).order_events, ())
    store.write_output(ours, store.RunOutput(order_events=events))
    (ours / "run.json").write_bytes(msgspec.json.encode(run(statistics={"Total Orders": 2})))
    shown = compare(ours, folder)
    assert shown.exit_code == 0, shown.output
    assert "not compared: statistics, which two programs do not put down alike" in lines(shown)


@needs_results
def test_two_recorded_runs_are_equal_without_a_tolerance() -> None:
    shown = compare(*RECORDED)
    assert shown.exit_code == 0
    assert lines(shown) == ["identical: the same order events, equity and statistics"]


@needs_results
def test_the_reruns_of_a_failed_run_differ_in_nothing_but_times() -> None:
    shown = compare(FIRST, AGAIN)
    assert shown.exit_code == 0, shown.output
    assert lines(shown) == ["identical: the same order events, trades, equity and statistics"]
    assert f"note: {FIRST}: its status is RuntimeError" in shown.stdout


@needs_results
def test_two_failed_starts_traded_nothing_and_differ_in_the_text_of_their_error() -> None:
    shown = compare(DAILY / "2024-11-21_20-56-17", DAILY / "2024-11-21_20-59-34")
    assert shown.exit_code == 1
    # That of the library which failed has the time of the day.
    assert lines(shown)[0] == "the order events are the same"
    assert [line.split()[0] for line in lines(shown)[3:]] == ["state.RuntimeError"]


@needs_results
def test_a_failed_start_and_a_run_that_traded_are_different() -> None:
    shown = compare(DAILY / "2024-11-21_21-05-20", FIRST)
    assert shown.exit_code == 1


@needs_results
def test_one_changed_digit_of_one_fill_price_is_found_and_named(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(FIRST, copy, copy_function=shutil.copyfile)
    (file,) = copy.glob("*-order-events.json")
    rows: list[dict[str, Any]] = json.loads(file.read_bytes())
    row = next(row for row in rows if row["orderId"] == 39 and row["fillPrice"])
    was = row["fillPrice"]
    row["fillPrice"] = round(was + 0.01, 10)
    file.chmod(0o600)
    file.write_text(json.dumps(rows))
    shown = compare(FIRST, copy)
    assert shown.exit_code == 1
    assert "fill_price" in shown.stdout
    assert str(was) in shown.stdout
    assert "order 39" in shown.stdout
    assert row["symbolValue"] in shown.stdout


@pytest.mark.parametrize("name", ["17-summary.json", "17.json", "17-order-events.json"])
def test_a_damaged_file_is_one_sentence_with_its_place(tmp_path: Path, name: str) -> None:
    folder = write_run(tmp_path / "a")
    (folder / name).write_text('{"a": [1, 2,')
    shown = compare(folder, folder)
    assert shown.exit_code == 2
    assert f"{name} is no whole JSON: it ends too early, at byte 12" in shown.stderr
