"""Output folders of LEAN, of all years and endings, to one record."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.lean_folders import read_files
from support.lean_results import (
    LEAN_RESULTS,
    RECORDED,
    main_content,
    needs_results,
    rows,
    write_run,
)

from pytest_zacperf.engines.lean import read_results
from pytest_zacperf.engines.lean.reading.folder import files_in
from pytest_zacperf.engines.lean.reading.orders import events_of, read_event_rows
from pytest_zacperf.engines.lean.reading.records import DataRequests
from pytest_zacperf.errors import StoreError
from pytest_zacperf.foreign_events import bare
from pytest_zacperf.records import EquityPoint, OrderEvent, Trade

# Orders, order events, trades: as the files themselves have them.
REAL: Mapping[str, tuple[int, int, int]] = {
    "crypto-2025-11/supertrend-btc": (1, 2, 0),
    "equity-daily-2024-11/2024-11-21_20-56-17": (0, 0, 0),
    "equity-daily-2024-11/2024-11-21_20-59-34": (0, 0, 0),
    "equity-daily-2024-11/2024-11-21_21-01-00": (101, 243, 48),
    "equity-daily-2024-11/2024-11-21_21-05-20": (0, 0, 0),
    "equity-daily-2024-11/2024-11-21_21-06-39": (101, 243, 48),
    "equity-daily-2024-11/2024-12-14_16-56-23": (0, 0, 0),
    "equity-minute-2025-11/rsi-minutely": (52, 104, 26),
    "newest-2026-08/2026-08-12_07-32-59": (1, 2, 0),
    "options-2022-05/2022-05-19_09-55-45": (9, 18, 4),
}


def pascal(value: object, at: str = "") -> object:
    """Return a main file as it was before 2024-05: Pascal case, but for names of figures."""
    if isinstance(value, dict):
        named = at in {"statistics", "runtimeStatistics", "state", "parameters"}
        return {
            (name if named else name[:1].upper() + name[1:]): pascal(below, name)
            for name, below in value.items()
        }
    return [pascal(below, at) for below in value] if isinstance(value, list) else value


def kebab(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order event as it was before 2024-04."""
    return {
        "".join(f"-{c.lower()}" if c.isupper() else c for c in name): value
        for name, value in row.items()
    }


def alone(folder: Path) -> list[OrderEvent]:
    """Return the order events of a folder as their file alone has them."""
    path = files_in(folder).order_events
    return [] if path is None else list(events_of(read_event_rows(path), path))


@needs_results
@pytest.mark.parametrize("name", REAL)
def test_a_real_folder_has_as_many_orders_and_fees_as_its_files_say(name: str) -> None:
    found = read_results(LEAN_RESULTS / name)
    orders = {event.order_id for event in found.order_events}
    trades = found.trades or ()
    assert (len(orders), len(found.order_events), len(trades)) == REAL[name]
    (file,) = (path for path in (LEAN_RESULTS / name).glob(f"{found.id}.json"))
    content = json.loads(file.read_bytes())
    statistics = content.get("statistics") or content.get("Statistics") or {}
    assert {key: found.statistics[key] for key in statistics} == statistics
    assert [bare(event) for event in found.order_events] == alone(LEAN_RESULTS / name)
    fees = sum(event.fee or 0.0 for event in found.order_events)
    if statistics:
        assert f"${fees + 1e-9:.2f}" == statistics["Total Fees"]
    assert found.warnings == ()


@needs_results
def test_the_recorded_runs_have_no_ids_in_their_names_and_no_main_file() -> None:
    for folder in RECORDED:
        found = read_results(folder)
        assert (len(found.order_events), found.has_orders, found.trades) == (456, False, None)
        assert (found.start, found.end) == (dt.date(2025, 10, 1), dt.date(2025, 10, 10))
        assert found.equity_source == "summary"
        assert found.warnings == ()


@needs_results
def test_options_of_2022_are_read_without_a_status_and_a_window() -> None:
    options = read_results(LEAN_RESULTS / "options-2022-05" / "2022-05-19_09-55-45")
    assert {event.type for event in options.order_events} == {"limit", "market", "option_exercise"}
    assert (options.status, options.start) == (None, None)


def test_a_run_is_read_with_what_its_orders_know(tmp_path: Path) -> None:
    found = read_results(write_run(tmp_path / "a"))
    first = found.order_events[0]
    assert (first.type, first.tag, first.symbol) == ("market_on_open", "breakout", "GLD")
    assert (found.status, found.runtime_error) == ("Completed", "")
    assert (found.start, found.end) == (dt.date(2025, 10, 1), dt.date(2025, 10, 10))
    assert found.trades == (
        Trade(
            symbol="GLD",
            side="buy",
            quantity=10.0,
            entry_ts_ns=1_759_337_569_000_000_000,
            exit_ts_ns=1_759_341_169_500_000_000,
            entry_price=250.25,
            exit_price=250.25,
            profit_loss=0.0,
            fees=2.0,
        ),
    )
    assert found.equity == (
        EquityPoint(ts_ns=1_759_276_800_000_000_000, equity=1e5),
        EquityPoint(ts_ns=1_759_363_200_000_000_000, equity=99_998.0),
    )
    assert found.warnings == ()


def started(folder: Path, day: str, status: str) -> tuple[dt.date | None, dt.date | None]:
    content = main_content() | {"orders": {}}
    content["algorithmConfiguration"] = {"startDate": day, "endDate": "2024-11-21 23:59:59"}
    content["state"]["Status"] = status
    found = read_files(folder, {"17.json": content})
    return found.start, found.end


@pytest.mark.parametrize("day", ["1998-01-01 00:00:00", "0001-01-01T00:00:00Z"])
def test_a_start_that_failed_before_it_set_a_day_has_no_window(tmp_path: Path, day: str) -> None:
    assert started(tmp_path, day, "RuntimeError") == (None, None)


def test_a_whole_run_may_start_on_the_first_day_that_lean_knows(tmp_path: Path) -> None:
    window = started(tmp_path, "1998-01-01T00:00:00Z", "Completed")
    assert window == (dt.date(1998, 1, 1), dt.date(2024, 11, 21))


def test_statistics_are_all_single_figures_but_those_of_the_run_itself(tmp_path: Path) -> None:
    found = read_results(write_run(tmp_path / "a")).statistics
    assert found == {
        "Total Orders": "2",
        "Total Fees": "$2.00",
        "Sharpe Ratio": "0.896",
        "runtimeStatistics.Equity": "$99,998.00",
        "state.RuntimeError": "",
        "state.Status": "Completed",
        "algorithmConfiguration.parameters.Lookback": "20",
        "algorithmConfiguration.startDate": "2025-10-01T00:00:00Z",
        "algorithmConfiguration.endDate": "2025-10-10T23:59:59Z",
        "totalPerformance.tradeStatistics.winRate": "0.5",
        "totalPerformance.tradeStatistics.averageMAE": "0",
    }


def test_files_in_pascal_and_kebab_case_are_read_as_those_of_today(tmp_path: Path) -> None:
    now = read_results(write_run(tmp_path / "now"))
    before = read_files(
        tmp_path / "before",
        {
            "17.json": pascal(main_content()),
            "17-order-events.json": [kebab(row) for row in rows()],
        },
    )
    assert before.order_events == now.order_events
    assert before.trades == now.trades
    assert before.equity == now.equity
    assert before.statistics == now.statistics


@pytest.mark.parametrize(
    "values",
    [
        [{"x": 1759276800, "y": 1e5}, {"x": 1759363200, "y": None}],
        [[1759276800, 1e5], [1759363200, None]],
        [[1759276800, 1.0, 2.0, 0.0, 1e5], [1759363200, None, None, None, None]],
        [[1759276800, "100000"], ["NaN", 1.0], [1759363200, "NaN"], [], 7, None],
    ],
)
def test_points_of_charts_of_all_years_are_read(tmp_path: Path, values: list[Any]) -> None:
    content = main_content()
    content["charts"]["Strategy Equity"]["series"]["Equity"]["values"] = values
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert found.equity == (EquityPoint(ts_ns=1_759_276_800_000_000_000, equity=1e5),)


@pytest.mark.parametrize(
    "name",
    ["1234567890", "b2f7c9ae-7f0c-4a55-9a4f-d7f1b6a1a001", "MyAlgo.v2", "main"],
)
def test_a_run_may_have_any_id(tmp_path: Path, name: str) -> None:
    found = read_results(write_run(tmp_path / "a", run_id=name))
    assert (found.id, len(found.order_events)) == (name, 4)


def test_reports_and_other_files_are_no_result(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    (folder / "config").write_text('{"id": 17, "container": "x"}')
    (folder / "report-live-portfolio.json").write_text("[]")
    (folder / "notes.json").write_text('{"a": 1}')
    found = read_results(folder)
    assert (found.id, found.warnings) == ("17", ())


def test_files_of_an_earlier_run_are_left_out_and_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    older = write_run(tmp_path / "b", run_id="16", sharpe="9")
    for path in older.iterdir():
        os.utime(path, (1, 1))
        path.rename(folder / path.name)
    found = read_results(folder)
    assert found.statistics["Sharpe Ratio"] == "0.896"
    assert found.warnings == (
        (
            "16-order-events.json, 16-summary.json, 16.json beside the run '17' "
            "belong to other runs: left out"
        ),
    )


def test_the_id_that_the_client_keeps_says_which_run_it_is(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", sharpe="9")
    newer = write_run(tmp_path / "b", run_id="18")
    for path in newer.iterdir():
        path.rename(folder / path.name)
    (folder / "config").write_text('{"id": 17}')
    assert read_results(folder).statistics["Sharpe Ratio"] == "9"


def test_an_id_of_which_no_file_is_there_is_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    (folder / "config").write_text('{"id": 18}')
    assert read_results(folder).warnings == (
        "Lean's client ran '18' last and no file is of that run: '17' was read",
    )


def test_a_damaged_file_of_another_program_is_no_result(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    (folder / "notes.json").write_text("{")
    assert read_results(folder).id == "17"


def test_a_damaged_main_file_is_not_replaced_by_an_older_whole_one(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    (folder / "18.json").write_text("{")
    os.utime(folder / "17.json", (1, 1))
    with pytest.raises(StoreError, match=r"18\.json is no whole JSON"):
        read_results(folder)


def test_a_run_without_order_events_traded_nothing(tmp_path: Path) -> None:
    content = main_content() | {"orders": {}, "statistics": {"Total Orders": "0"}}
    found = read_files(tmp_path, {"17.json": content})
    assert (found.order_events, found.warnings) == ((), ())


def test_orders_without_order_events_are_told(tmp_path: Path) -> None:
    found = read_files(tmp_path, {"17.json": main_content()})
    assert found.warnings == ("the main file has 2 orders, and there are no order events",)
    content = main_content()
    del content["orders"]
    summary = read_files(tmp_path / "b", {"summary.json": content})
    assert summary.warnings == ("'Total Orders' is 2, and there are no order events",)


def test_a_run_that_was_killed_half_way_is_told(tmp_path: Path) -> None:
    content = main_content()
    content["state"]["Status"] = "Running"
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert found.warnings == (
        "LEAN was ended while it ran: its main file has the last 100 orders alone",
    )


def test_what_nobody_knows_is_kept(tmp_path: Path) -> None:
    content = main_content() | {"brandNew": {"Depth": 3}, "long": list(range(101))}
    events = [row | {"venueCode": "X"} for row in rows()]
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": events})
    assert found.statistics["brandNew.depth"] == 3
    assert str(found.statistics["long"]).startswith("[0,1,2,")
    assert found.order_events[0].extra == {"isAssignment": 0, "venueCode": "X"}


def test_what_an_order_has_beyond_its_events_is_extra(tmp_path: Path) -> None:
    content = main_content(order_type=11)
    content["orders"]["1"] |= {"trailingAmount": 0.5, "trailingAsPercentage": True}
    content["orders"]["2"]["stopPrice"] = 249.0
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    first, *_, last = found.order_events
    assert first.type == "trailing_stop"
    assert first.extra == {
        "isAssignment": 0,
        "trailingAmount": 0.5,
        "trailingAsPercentage": 1,
        "fromOrder": "trailingAmount trailingAsPercentage",
    }
    assert last.stop_price == 249.0


def test_what_an_order_gave_to_its_events_is_taken_off_again(tmp_path: Path) -> None:
    content = main_content(order_type=11)
    content["orders"]["1"] |= {"trailingAmount": 0.5, "stopPrice": 1.0, "limitPrice": 2.0}
    content["orders"]["2"] |= {"trailingAmount": 0.5, "stopPrice": 1.0, "limitPrice": 2.0}
    own = {"trailingAmount": 0.25, "stopPrice": 3.0}
    events = [row if row["orderId"] == 1 else row | own for row in rows()]
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": events})
    assert {(event.stop_price, event.limit_price) for event in found.order_events} == {
        (1.0, 2.0),
        (3.0, 2.0),
    }
    assert [bare(event) for event in found.order_events] == alone(tmp_path)


@pytest.mark.parametrize(
    "status",
    [
        *("new", "submitted", "partiallyFilled", "filled", "canceled", "none", "invalid"),
        *("cancelPending", "updateSubmitted"),
    ],
)
def test_an_order_may_have_any_status_of_lean(tmp_path: Path, status: str) -> None:
    events = [row | {"status": status} for row in rows()]
    found = read_files(tmp_path, {"17.json": main_content(), "17-order-events.json": events})
    assert len(found.order_events) == 4


def test_a_main_file_that_tells_of_no_orders_adds_nothing_to_events(tmp_path: Path) -> None:
    content = main_content() | {"orders": None}
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert (found.has_orders, found.order_events[0].type, found.warnings) == (False, "market", ())


def test_a_state_without_a_value_is_no_error(tmp_path: Path) -> None:
    content = main_content()
    content["state"] = {"RuntimeError": None, "Status": None}
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert (found.status, found.runtime_error) == (None, "")


def test_a_trade_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    content = main_content()
    content["totalPerformance"]["closedTrades"].append({"entryPrice": "NaN"})
    found = read_files(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert len(found.trades or ()) == 1
    assert found.warnings == ("closed trades without a time, a price or a quantity, left out: 1",)


def test_how_many_requests_for_data_failed_is_read(tmp_path: Path) -> None:
    report = {"succeeded-data-requests-count": 3, "failed-data-requests-count": 4}
    files = {"17.json": main_content(), "17-order-events.json": rows()}
    found = read_files(tmp_path, {**files, "data-monitor-report-20251015193951882.json": report})
    assert found.requests == DataRequests(succeeded=3, failed=4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "17.json is no whole JSON: it ends too early, at byte 0"),
        ('{"orders": {"1": ', "17.json is no whole JSON: it ends too early, at byte 17"),
        ("<html>", "17.json is no whole JSON: JSON is malformed: invalid character, at byte 0"),
        ('{"orders": "\xff"}', "17.json is no whole JSON: it is no UTF-8, at byte 12"),
        ('{"a":' * 100_000, "17.json is no whole JSON: it is nested too deep"),
        ("[]", "17.json holds no JSON object but list"),
    ],
)
def test_a_damaged_main_file_is_told_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "17.json").write_text(text, encoding="latin-1")
    with pytest.raises(StoreError) as raised:
        read_results(tmp_path)
    assert raised.value.problem == f"{tmp_path}/{problem}"
    assert raised.value.hint == "copy the output folder again, or run the backtest again"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"a": 1}, "holds no JSON list of objects"),
        ([{"orderId": 1}], "order event 1: it has no ts_event_ns; it has orderId"),
    ],
)
def test_order_events_that_are_none_are_told(tmp_path: Path, content: object, problem: str) -> None:
    with pytest.raises(StoreError, match=problem):
        read_files(tmp_path, {"17-order-events.json": content})


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no results of LEAN: no <id>\.json, \*-order"):
        read_results(tmp_path)
    with pytest.raises(StoreError, match="there is no folder "):
        read_results(tmp_path / "gone")
