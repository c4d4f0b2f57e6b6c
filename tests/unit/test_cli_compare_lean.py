"""zacperf compare on what LEAN wrote: folders of all years, lone files, our runs of it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from support.lean_results import LEAN_RESULTS, RECORDED, needs_results, rows, write_run
from support.recorded import run

from pytest_zacperf import store
from pytest_zacperf.cli import main
from pytest_zacperf.engines.lean import LeanRun, read_results
from pytest_zacperf.parity import canonical

DAILY = LEAN_RESULTS / "equity-daily-2024-11"
FIRST, AGAIN = DAILY / "2024-11-21_21-01-00", DAILY / "2024-11-21_21-06-39"


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def lines(shown: Result) -> list[str]:
    return [line for line in shown.stdout.splitlines()[1:] if not line.startswith("note: ")]


def our_run(path: Path, found: LeanRun, *, engine: str = "zacqc", **changes: Any) -> Path:  # noqa: ANN401 - fields of a run
    """Write the folder of a run of ours that did what a folder of LEAN says."""
    path.mkdir()
    record = run(**{"statistics": dict(found.statistics), "warnings": found.warnings} | changes)
    workload = msgspec.structs.replace(record.workload, engine_name=engine)
    output = store.RunOutput(
        order_events=canonical(found.order_events, ()),
        trades=found.trades or (),
        equity=found.equity,
    )
    store.write_output(path, output)
    record = msgspec.structs.replace(record, workload=workload)
    (path / "run.json").write_bytes(msgspec.json.encode(record))
    return path


def as_embedded(found: LeanRun) -> LeanRun:
    """Return a run whose order events have no extra, and their order's tag with the first one."""
    events = [
        msgspec.structs.replace(one, extra=None, tag=one.tag if one.event_id == 1 else None)
        for one in found.order_events
    ]
    assert events != list(found.order_events)
    return replace(found, order_events=tuple(events))


def changed(path: Path, section: str, value: dict[str, str]) -> None:
    """Put another section into a main file or a summary."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {section: value}))


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
    assert "have nothing in common: one alone has order events, equity, statistics" in shown.stderr


def test_equity_of_a_summary_is_not_that_of_a_main_file(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    short = write_run(tmp_path / "b")
    (short / "17.json").unlink()
    shown = compare(folder, short)
    assert shown.exit_code == 0, shown.output
    assert "not compared: equity, of which a summary has one point in 7 days" in lines(shown)


def test_a_main_file_without_equity_is_not_helped_out_by_its_summary(tmp_path: Path) -> None:
    folder, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    changed(other / "17.json", "charts", {})
    shown = compare(folder, other)
    assert shown.exit_code == 0, shown.output
    assert "not compared, for only one side has it: equity" in lines(shown)


def test_a_main_file_without_a_single_figure_is_different(tmp_path: Path) -> None:
    folder, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    orders = json.loads((other / "17.json").read_bytes())["orders"]
    (other / "17.json").write_text(json.dumps({"orders": orders}))
    shown = compare(folder, other)
    assert shown.exit_code == 1
    assert "statistics that differ:" in lines(shown)


def test_ids_and_times_of_the_run_are_no_difference(tmp_path: Path) -> None:
    sides = write_run(tmp_path / "a"), write_run(tmp_path / "b", run_id="MyAlgorithm")
    assert compare(*sides).exit_code == 0


def test_a_doubt_about_a_side_is_told_with_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", fees="$9.99")
    shown = compare(folder, folder)
    assert f"note: {folder}: the fees of all fills are 2.00, 'Total Fees' is $9.99" in shown.stdout


def test_a_run_of_our_engine_is_the_same_as_the_folder_that_it_read(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    shown = compare(our_run(tmp_path / "ours", read_results(folder), engine="lean Gold"), folder)
    assert shown.exit_code == 0, shown.output
    assert lines(shown)[0] == "identical: the same order events, trades, equity and statistics"


def test_a_doubt_about_a_run_of_ours_is_told_with_it(tmp_path: Path) -> None:
    found = read_results(write_run(tmp_path / "a", fees="$9.99"))
    ours = our_run(tmp_path / "ours", found, engine="lean Gold")
    assert f"note: {ours}: the fees of all fills are 2.00, 'Total Fees' is $9.99" in (
        compare(ours, ours).stdout
    )


def test_a_run_of_ours_that_read_no_main_file_knows_no_types(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    short = write_run(tmp_path / "b")
    (short / "17.json").unlink()
    found = read_results(short)
    closed = {"totalPerformance.tradeStatistics.totalNumberOfTrades": 1}
    ours = our_run(tmp_path / "ours", found, engine="lean results", statistics=closed)
    shown = compare(ours, folder, "--format", "json")
    content = json.loads(shown.stdout)
    assert (content["order_events"], content["trades"]) == (None, None)
    assert content["only_one_has"] == ["trades"]
    assert content["not_compared"][:2] == [
        "order types and tags, which a file of order events alone does not have",
        "equity, of which a summary has one point in 7 days",
    ]


def test_an_embedded_run_is_the_same_as_a_folder_with_the_same_orders(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    ours = our_run(tmp_path / "ours", as_embedded(read_results(folder)))
    shown = compare(ours, folder)
    assert shown.exit_code == 0, shown.output
    assert lines(shown) == [
        "identical: the same order events",
        "not compared: trades, which two programs do not put down alike",
        "not compared: equity, which two programs do not put down alike",
        "not compared: statistics, which two programs do not put down alike",
        "not compared: isAssignment of order events, which one of two programs does not put down",
    ]
    assert compare(folder / "17-order-events.json", ours).exit_code == 0


@pytest.mark.parametrize("change", [{"tag": "other"}, {"type": "limit"}, {"quantity": 11.0}])
def test_an_embedded_run_with_another_order_is_different(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = write_run(tmp_path / "a")
    found = as_embedded(read_results(folder))
    first, *rest = found.order_events
    events = (msgspec.structs.replace(first, **change), *rest)
    ours = our_run(tmp_path / "ours", replace(found, order_events=events))
    shown = compare(ours, folder)
    assert shown.exit_code == 1
    assert f"  {next(iter(change))}: baseline " in shown.stdout


def test_a_summary_and_an_embedded_run_have_nothing_in_common(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    ours = our_run(tmp_path / "ours", as_embedded(read_results(folder)))
    shown = compare(ours, folder / "17-summary.json")
    assert shown.exit_code == 3
    assert shown.stderr.endswith(
        "have nothing in common: one alone has order events, trades; equity, which two programs do "
        "not put down alike; statistics, which two programs do not put down alike\n"
    )


def test_files_of_order_events_have_the_keys_of_any_year(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    kebab = tmp_path / "of-2022.json"  # told by what it holds
    names = re.compile(r"(?<=[a-z])(?=[A-Z])")
    was = [{names.sub("-", key).lower(): value for key, value in row.items()} for row in rows()]
    assert "is-assignment" in was[0]
    kebab.write_text(json.dumps(was))
    for other in (folder, folder / "17-order-events.json"):
        shown = compare(other, kebab)
        assert shown.exit_code == 0, shown.output


def test_a_main_file_may_have_any_name(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", run_id="GoldAlgorithm")
    shown = compare(folder, folder / "GoldAlgorithm.json")
    assert shown.exit_code == 0, shown.output
    assert lines(shown) == [
        "identical: the same trades, equity and statistics",
        "not compared, for only one side has it: order events",
    ]


def test_a_file_that_only_has_the_name_of_a_summary_is_told(tmp_path: Path) -> None:
    other = tmp_path / "summary.json"
    other.write_text('{"answer": 42}')
    shown = compare(other, other)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"Error: {other} is no summary and no main file of Lean\n")


@pytest.mark.parametrize("lost", ["17.json", "17-summary.json"])
def test_a_folder_that_lost_its_order_events_says_nothing_about_them(
    tmp_path: Path, lost: str
) -> None:
    folder, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    (other / "17-order-events.json").unlink()
    (other / lost).unlink()
    shown = compare(folder, other)
    assert shown.exit_code == 0, shown.output
    assert "not compared, for only one side has it: order events" in lines(shown)


def test_a_run_that_traded_nothing_is_not_the_same_as_one_that_did(tmp_path: Path) -> None:
    folder, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    (other / "17-order-events.json").unlink()
    for name in ("17.json", "17-summary.json"):
        changed(other / name, "statistics", {"Total Orders": "0"})
    shown = compare(folder, other)
    assert shown.exit_code == 1
    assert lines(shown)[0].startswith("order event 1 is missing")


def test_a_figure_that_one_of_two_folders_lacks_is_a_difference(tmp_path: Path) -> None:
    folder, other = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    changed(other / "17.json", "statistics", {"Total Orders": "2", "Total Fees": "$2.00"})
    shown = compare(folder, other)
    assert shown.exit_code == 1
    assert [line.split() for line in lines(shown)[3:]] == [["Sharpe", "Ratio", "'0.896'", "none"]]


def test_a_run_that_did_not_end_well_is_told_with_the_lines_of_its_error(tmp_path: Path) -> None:
    error = "Runtime Error: no key\n at prepare\n in main.py: line {}\n in main.py: line 47\n"
    sides = [write_run(tmp_path / name) for name in "ab"]
    for side, line in zip(sides, (163, 164), strict=True):
        state = {"Status": "RuntimeError", "RuntimeError": error.format(line)}
        changed(side / "17.json", "state", state)
    shown = compare(*sides)
    assert shown.exit_code == 0, shown.output
    note = "its status is RuntimeError, at main.py"
    assert [line for line in shown.stdout.splitlines() if line.startswith("note: ")] == [
        f"note: {sides[0]}: {note}:163, main.py:47",
        f"note: {sides[1]}: {note}:164, main.py:47",
    ]
    assert f"{note}:164" in compare(sides[0] / "17.json", sides[1] / "17.json").stdout


def test_two_long_texts_are_shown_from_where_they_differ(tmp_path: Path) -> None:
    sides = [write_run(tmp_path / name) for name in "ab"]
    for side, word in zip(sides, ("left", "right"), strict=True):
        changed(side / "17.json", "state", {"RuntimeError": f"{'long ' * 30}{word} of it"})
    shown = compare(*sides)
    assert [line.split("  ")[-2:] for line in lines(shown) if "state." in line] == [
        ["'...ng long left of it'", "'...ng long right of it'"]
    ]


def test_programs_are_told_what_was_compared(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", fees="$9.99")
    content = json.loads(compare(folder, folder / "17.json", "--format", "json").stdout)
    assert content["compared"] == ["trades", "equity", "statistics"]
    assert content["only_one_has"] == ["order events"]
    assert content["not_compared"] == []
    assert content["notes"] == [f"{folder}: the fees of all fills are 2.00, 'Total Fees' is $9.99"]


@needs_results
def test_every_real_folder_is_the_same_as_each_file_of_it() -> None:
    files = [
        path
        for folder in (LEAN_RESULTS, *RECORDED)
        for path in folder.rglob("*.json")
        if not path.name.startswith(("data-monitor-report", "report-"))
    ]
    assert len(files) > 10
    for path in files:
        shown = compare(path.parent, path)
        assert shown.exit_code == 0, shown.output


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
    assert ":56:23] /workspace" in lines(shown)[3]
    assert ", main.py:" in shown.stdout.splitlines()[-1]


@needs_results
def test_a_failed_start_and_a_run_that_traded_are_different() -> None:
    shown = compare(DAILY / "2024-11-21_21-05-20", FIRST)
    assert shown.exit_code == 1


@needs_results
def test_one_changed_digit_of_one_fill_price_is_found_and_named(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(FIRST, copy, copy_function=shutil.copyfile)
    (file,) = copy.glob("*-order-events.json")
    written: list[dict[str, Any]] = json.loads(file.read_bytes())
    row = next(row for row in written if row["orderId"] == 39 and row["fillPrice"])
    was = row["fillPrice"]
    row["fillPrice"] = round(was + 0.01, 10)
    file.chmod(0o600)
    file.write_text(json.dumps(written))
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
