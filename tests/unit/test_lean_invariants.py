"""What must hold in every output folder of LEAN, each broken once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.lean_folders import read_files
from support.lean_results import main_content, order_event, rows

FEE = {"orderFeeAmount": 1.445}


def warnings_of(
    folder: Path, events: list[dict[str, Any]], content: dict[str, Any]
) -> tuple[str, ...]:
    return read_files(folder, {"17.json": content, "17-order-events.json": events}).warnings


@pytest.mark.parametrize(
    ("events", "changes", "warnings"),
    [
        (
            [order_event(1, 2), order_event(2, 2), order_event(1, 3, fillQuantity=-1e-12)],
            {},
            (
                (
                    "fills with the sign of the other side: 1, the first of order 1: buy, quantity "
                    "-1e-12"
                ),
                "order event 3 happened before the one above it",
            ),
        ),
        (
            [order_event(1, 2, time=2e9), order_event(2, 2)],
            {},
            ("order event 2 happened before the one above it",),
        ),
        (
            [order_event(1, 2, fillQuantity=9.0), order_event(2, 2)],
            {},
            (
                (
                    "filled orders whose fills are not their quantity: 1, the first is order 1: "
                    "fills 9.0, quantity 10.0"
                ),
            ),
        ),
        (
            [order_event(1, 2, **FEE), order_event(2, 2, **FEE)],
            {"fees": "$2.88"},
            ("the fees of all fills are 2.89, 'Total Fees' is $2.88",),
        ),
        (
            [order_event(1, 2, orderFeeAmount=2.0)],
            {},
            (
                (
                    "filled orders whose fills are not their quantity: 1, the first is order 2: "
                    "fills 0, quantity -10.0"
                ),
                "order events tell of 1 orders, the main file of 2",
                "order events tell of 1 orders, 'Total Orders' is 2",
            ),
        ),
    ],
)
def test_each_invariant_that_does_not_hold_is_a_warning(
    tmp_path: Path,
    events: list[dict[str, Any]],
    changes: dict[str, Any],
    warnings: tuple[str, ...],
) -> None:
    assert warnings_of(tmp_path, events, main_content(**changes)) == warnings


def test_half_a_cent_is_rounded_away_from_zero_as_dotnet_does(tmp_path: Path) -> None:
    events = [order_event(1, 2, orderFeeAmount=1.445), order_event(2, 2, orderFeeAmount=2.0)]
    assert warnings_of(tmp_path, events, main_content(fees="$3.45")) == ()


@pytest.mark.parametrize(
    ("fees", "fee"),
    [
        ("$1,002.00", 501.0),
        ("kr.2.00", 1.0),
        ("Fr 2.00", 1.0),
        ("2.00 z\u0142", 1.0),
        ("-$2.00", -1.0),
        ("$-2.00", -1.0),
        ("", 7.0),
        ("$NaN", 7.0),
    ],
)
def test_fees_are_compared_whatever_their_currency_looks_like(
    tmp_path: Path, fees: str, fee: float
) -> None:
    events = [order_event(order, 2, orderFeeAmount=fee) for order in (1, 2)]
    assert warnings_of(tmp_path, events, main_content(fees=fees)) == ()
    wrong = [row | {"orderFeeAmount": fee + 1.0} for row in events]
    told = warnings_of(tmp_path, wrong, main_content(fees=fees))
    assert bool(told) == any(character.isdigit() for character in fees)


@pytest.mark.parametrize("currencies", [("EUR", "USD"), ("BTC", "BTC")])
def test_fees_in_another_currency_than_the_account_have_no_sum(
    tmp_path: Path, currencies: tuple[str, str]
) -> None:
    content = main_content(fees="$99.00")
    content["algorithmConfiguration"]["accountCurrency"] = "USD"
    events = [
        order_event(order, 2, orderFeeCurrency=currency)
        for order, currency in enumerate(currencies, start=1)
    ]
    assert warnings_of(tmp_path, events, content) == ()


def test_fills_without_a_fee_have_a_sum_of_zero(tmp_path: Path) -> None:
    events = [
        {name: value for name, value in row.items() if not name.startswith("orderFee")}
        for row in rows()
    ]
    assert warnings_of(tmp_path, events, main_content(fees="$0.00")) == ()
    assert warnings_of(tmp_path, events, main_content(fees="$0.01")) == (
        "the fees of all fills are 0.00, 'Total Fees' is $0.01",
    )


def test_parts_of_a_fill_make_its_quantity_as_floats_do(tmp_path: Path) -> None:
    third = 10.0 / 3
    parts = [order_event(1, 2, fillQuantity=third) | {"orderFeeAmount": 0.0} for _ in range(3)]
    events = [*parts, order_event(2, 2, orderFeeAmount=2.0)]
    assert warnings_of(tmp_path, events, main_content()) == ()


def test_total_trades_of_2022_counts_something_else(tmp_path: Path) -> None:
    content = main_content()
    content["statistics"] = {"Total Trades": "1", "Total Fees": "$2.00"}
    assert warnings_of(tmp_path, rows(), content) == ()
