"""Output folders of LEAN, of all years and endings, to one record."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.lean_results import (
    LEAN_RESULTS,
    RECORDED,
    main_content,
    needs_results,
    order_event,
    rows,
    write_run,
)

from pytest_zacperf.engines.lean import read_results
from pytest_zacperf.engines.lean.records import DataRequests, LeanRun
from pytest_zacperf.errors import StoreError
from pytest_zacperf.foreign_events import bare
from pytest_zacperf.records import EquityPoint, Trade

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


def files_of(folder: Path, files: Mapping[str, object]) -> LeanRun:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return read_results(folder)


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


@pytest.mark.parametrize("day", ["1998-01-01 00:00:00", "0001-01-01T00:00:00Z"])
def test_a_start_that_failed_before_it_set_a_day_has_no_window(tmp_path: Path, day: str) -> None:
    content = main_content()
    content["algorithmConfiguration"] = {"startDate": day, "endDate": "2024-11-21 23:59:59"}
    found = files_of(tmp_path, {"17.json": content | {"orders": {}}})
    assert (found.start, found.end) == (None, dt.date(2024, 11, 21))


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
    before = files_of(
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
    ],
)
def test_points_of_charts_of_all_years_are_read(tmp_path: Path, values: list[Any]) -> None:
    content = main_content()
    content["charts"]["Strategy Equity"]["series"]["Equity"]["values"] = values
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": rows()})
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


def test_a_run_without_order_events_traded_nothing(tmp_path: Path) -> None:
    content = main_content() | {"orders": {}, "statistics": {"Total Orders": "0"}}
    found = files_of(tmp_path, {"17.json": content})
    assert (found.order_events, found.warnings) == ((), ())


def test_orders_without_order_events_are_told(tmp_path: Path) -> None:
    found = files_of(tmp_path, {"17.json": main_content()})
    assert found.warnings == ("the main file has 2 orders, and there is no file of order events",)


def test_a_run_that_was_killed_half_way_is_told(tmp_path: Path) -> None:
    content = main_content()
    content["state"]["Status"] = "Running"
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    assert found.warnings == (
        "LEAN was ended while it ran: its main file has the last 100 orders alone",
    )


def test_what_nobody_knows_is_kept(tmp_path: Path) -> None:
    content = main_content() | {"brandNew": {"Depth": 3}, "long": list(range(101))}
    events = [row | {"venueCode": "X"} for row in rows()]
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": events})
    assert found.statistics["brandNew.depth"] == 3
    assert str(found.statistics["long"]).startswith("[0,1,2,")
    assert found.order_events[0].extra == {"isAssignment": 0, "venueCode": "X"}


def test_what_an_order_has_beyond_its_events_is_extra(tmp_path: Path) -> None:
    content = main_content(order_type=11)
    content["orders"]["1"] |= {"trailingAmount": 0.5, "trailingAsPercentage": True}
    content["orders"]["2"]["stopPrice"] = 249.0
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": rows()})
    first, *_, last = found.order_events
    assert first.type == "trailing_stop"
    assert first.extra == {"isAssignment": 0, "trailingAmount": 0.5, "trailingAsPercentage": 1}
    assert last.stop_price == 249.0
    assert bare(first).type == "market"


def test_how_many_requests_for_data_failed_is_read(tmp_path: Path) -> None:
    report = {"succeeded-data-requests-count": 3, "failed-data-requests-count": 4}
    files = {"17.json": main_content(), "17-order-events.json": rows()}
    found = files_of(tmp_path, {**files, "data-monitor-report-20251015193951882.json": report})
    assert found.requests == DataRequests(succeeded=3, failed=4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "17.json is no whole JSON: it ends too early, at byte 0"),
        ('{"orders": {"1": ', "17.json is no whole JSON: it ends too early, at byte 17"),
        ("<html>", "17.json is no whole JSON: JSON is malformed: invalid character, at byte 0"),
        ("[]", "17.json holds no JSON object but list"),
    ],
)
def test_a_damaged_main_file_is_told_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "17.json").write_text(text)
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
        files_of(tmp_path, {"17-order-events.json": content})


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no results of LEAN: no <id>\.json, \*-order"):
        read_results(tmp_path)
    with pytest.raises(StoreError, match="there is no folder "):
        read_results(tmp_path / "gone")


FEE = {"orderFeeAmount": 1.445}


@pytest.mark.parametrize(
    ("events", "changes", "warning"),
    [
        (
            [order_event(1, 1), order_event(1, 2, fillQuantity=-10.0)],
            {},
            "1 fills have the sign of the other side, the first of order 1: buy, quantity -10.0",
        ),
        (
            [order_event(1, 2, time=2e9), order_event(2, 2)],
            {},
            "order event 2 happened before the one above it",
        ),
        (
            [order_event(1, 2, fillQuantity=9.0), order_event(2, 2)],
            {},
            (
                "1 filled orders have other fills than their quantity, the first is order 1: "
                "fills 9.0, quantity 10.0"
            ),
        ),
        (
            [order_event(1, 2, **FEE), order_event(2, 2, **FEE)],
            {"fees": "$2.88"},
            "the fees of all fills are 2.89, 'Total Fees' is $2.88",
        ),
        ([order_event(1, 2)], {}, "order events tell of 1 orders, the main file of 2"),
        ([order_event(1, 2)], {}, "order events tell of 1 orders, 'Total Orders' is 2"),
    ],
)
def test_each_invariant_that_does_not_hold_is_a_warning(
    tmp_path: Path, events: list[dict[str, Any]], changes: dict[str, Any], warning: str
) -> None:
    found = files_of(tmp_path, {"17.json": main_content(**changes), "17-order-events.json": events})
    assert warning in found.warnings


def test_half_a_cent_is_rounded_away_from_zero_as_dotnet_does(tmp_path: Path) -> None:
    events = [order_event(1, 2, orderFeeAmount=1.445), order_event(2, 2, orderFeeAmount=2.0)]
    content = main_content(fees="$3.45")
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": events})
    assert found.warnings == ()


def test_fees_in_two_currencies_have_no_sum(tmp_path: Path) -> None:
    events = [order_event(1, 2, orderFeeCurrency="EUR"), order_event(2, 2)]
    content = main_content(fees="$99.00")
    found = files_of(tmp_path, {"17.json": content, "17-order-events.json": events})
    assert found.warnings == ()
