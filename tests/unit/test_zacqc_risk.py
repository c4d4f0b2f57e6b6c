"""Position size and the day's profit limit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_zacperf.zacqc.account import Account, Fill
from pytest_zacperf.zacqc.parameters import TradingParameters
from pytest_zacperf.zacqc.risk import RiskManager

CASH = 100_000


def _fill(account: Account, quantity: int, price: str, *, symbol: str = "V") -> None:
    account.apply(
        Fill(symbol=symbol, time=0, quantity=quantity, price=Decimal(price), fee=Decimal(0))
    )


def _risk(account: Account, price: float = 100.0, **limits: float) -> RiskManager:
    parameters = TradingParameters(initial_cash=CASH, **limits)  # type: ignore[arg-type]
    return RiskManager(account, parameters, lambda _: price)


def test_a_position_takes_six_tenths_of_the_value_in_whole_shares() -> None:
    assert _risk(Account(CASH)).size(7.0) == int(60_000 / 7.0)


def test_the_value_includes_open_profit() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    assert _risk(account, price=110.0).net_liquidation_value() == CASH + 1_000
    assert _risk(account, price=110.0).size(100.0) == 606


@pytest.mark.parametrize(
    ("held", "size"),
    [
        pytest.param(1_650, 600, id="1.65 values held, 0.6 more is the cap of 2.25"),
        pytest.param(1_651, 0, id="one share more is too much"),
        pytest.param(-1_651, 0, id="short positions count like long ones"),
    ],
)
def test_all_positions_together_stay_below_the_capital_cap(held: int, size: int) -> None:
    account = Account(CASH)
    _fill(account, held, "100")
    assert _risk(account).size(100.0) == size


@pytest.mark.parametrize(
    ("price", "is_reached"),
    [
        pytest.param(102.69, False, id="below"),
        pytest.param(102.70, True, id="0.27 % exactly"),
        pytest.param(103.0, True, id="above"),
        pytest.param(90.0, False, id="a loss is no profit"),
    ],
)
def test_the_limit_counts_open_profit(price: float, *, is_reached: bool) -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    assert _risk(account, price=price).is_limit_reached() is is_reached


def test_the_limit_is_inclusive() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    # 250 dollars of 100 000 are 0.25 % without any rounding.
    assert _risk(account, price=102.5, daily_profit_limit_percent=0.25).is_limit_reached()


def test_the_limit_counts_realized_profit_with_nothing_held() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    _fill(account, -100, "102.7")
    assert _risk(account).is_limit_reached()


def test_yesterdays_profit_does_not_count() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    _fill(account, -100, "110")
    risk = _risk(account)
    risk.start_day()
    assert not risk.is_limit_reached()


def test_once_stopped_the_limit_is_not_looked_at_until_the_next_day() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    risk = _risk(account, price=110.0)
    risk.is_stopped = True
    assert not risk.is_limit_reached()
    risk.end_day()
    assert not risk.is_stopped
    assert not risk.is_limit_reached()
    risk.start_day()
    assert risk.is_limit_reached()


def test_the_limit_may_be_reached_when_the_best_prices_would() -> None:
    account = Account(CASH)
    _fill(account, 100, "100")
    _fill(account, -100, "100", symbol="MCD")
    risk = _risk(account)
    assert risk.may_reach_limit(lambda _: 98.6, lambda _: 101.4)
    assert not risk.may_reach_limit(lambda _: 98.7, lambda _: 101.3)
