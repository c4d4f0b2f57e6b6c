"""The account: decimals, fees, positions, closed trades."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_zacperf.zacqc.account import Account, Fill, fee_of, to_decimal, to_double


def _fill(quantity: int, price: str, *, time: int = 0, fee: str = "0") -> Fill:
    return Fill(symbol="V", time=time, quantity=quantity, price=Decimal(price), fee=Decimal(fee))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        pytest.param(232.43599999999998, 232.436, id="two roundings change the last bit"),
        pytest.param(299.40763840313247, 299.40763840313247, id="most values come back"),
        pytest.param(-1.5, -1.5, id="negative"),
        pytest.param(100.0, 100.0, id="whole"),
        pytest.param(0.0, 0.0, id="zero"),
    ],
)
def test_a_decimal_comes_back_as_mantissa_over_power_of_ten(price: float, expected: float) -> None:
    assert to_double(to_decimal(price)) == expected


@pytest.mark.parametrize(
    ("quantity", "price", "fee"),
    [
        pytest.param(862, "347", "4.310", id="half a cent a share, in decimals"),
        pytest.param(-862, "347", "4.310", id="short"),
        pytest.param(10, "347", "1", id="at least a dollar"),
        pytest.param(10, "5", "1", id="the minimum, also where it is more than the maximum"),
        pytest.param(10, "0.5", "1", id="the minimum, even where the fee is above the maximum"),
        pytest.param(1000, "0.5", "2.500", id="at most half a percent of the value"),
    ],
)
def test_fees(quantity: int, price: str, fee: str) -> None:
    assert fee_of(quantity, Decimal(price)) == Decimal(fee)


def test_a_round_trip_is_a_trade_with_profit_in_cents() -> None:
    account = Account(1000)
    account.apply(_fill(3, "10.001", time=5, fee="1"))
    account.apply(_fill(-3, "11", time=9, fee="1"))
    (trade,) = account.trades
    assert (trade.side, trade.quantity, trade.profit_loss, trade.fees) == ("buy", 3.0, 3.0, 2.0)
    assert (trade.entry_ts_ns, trade.exit_ts_ns) == (5_000_000_000, 9_000_000_000)
    assert account.cash == Decimal("1000.997")
    assert account.held_symbols == ()


def test_a_short_position_gains_when_the_price_falls() -> None:
    account = Account(1000)
    account.apply(_fill(-10, "20"))
    assert account.open_profit("V", 19.0) == 10.0
    assert account.net_liquidation_value({"V": 19.0}) == 1010.0
    assert account.capital_in_use() == 200.0


def test_a_fill_beyond_the_position_turns_it_around() -> None:
    account = Account(1000)
    account.apply(_fill(5, "10"))
    account.apply(_fill(-8, "12"))
    assert account.quantity("V") == -3
    assert account.average_price("V") == 12.0
    assert [trade.quantity for trade in account.trades] == [5.0]


def test_adding_to_a_position_averages_the_price() -> None:
    account = Account(1000)
    account.apply(_fill(1, "10"))
    account.apply(_fill(3, "14"))
    assert account.average_price("V") == 13.0


def test_a_partly_closed_position_keeps_its_average_price() -> None:
    account = Account(1000)
    account.apply(_fill(4, "10"))
    account.apply(_fill(-1, "12"))
    assert (account.quantity("V"), account.average_price("V")) == (3, 10.0)
    assert account.realized_today == 2.0


def test_without_position_there_is_no_profit() -> None:
    account = Account(1000)
    assert (account.quantity("V"), account.average_price("V")) == (0, 0.0)
    assert account.open_profit("V", 5.0) == 0.0
