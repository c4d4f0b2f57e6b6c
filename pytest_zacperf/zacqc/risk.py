"""Position size and the day's profit limit, for all symbols together."""

from __future__ import annotations

from collections.abc import Callable

from pytest_zacperf.zacqc.account import Account
from pytest_zacperf.zacqc.parameters import TradingParameters

CachedPrice = Callable[[str], float]


class RiskManager:
    """Watches the account as a whole.

    Args:
        account: The account.
        parameters: Of the strategy.
        cached_price: Price of a symbol's last real bar.

    """

    def __init__(
        self, account: Account, parameters: TradingParameters, cached_price: CachedPrice
    ) -> None:
        self.is_stopped = False
        self._is_watching = True
        self._account = account
        self._parameters = parameters
        self._cached_price = cached_price
        self._first_value = float(parameters.initial_cash)

    def net_liquidation_value(self) -> float:
        """Return cash and positions at cached prices, all fees paid, in dollars."""
        held = self._account.held_symbols
        return self._account.net_liquidation_value({s: self._cached_price(s) for s in held})

    def start_day(self) -> None:
        """Take the value that the day's limit refers to, and watch the limit."""
        self._is_watching = True
        self._first_value = self.net_liquidation_value()
        self._account.realized_today = 0.0

    def end_day(self) -> None:
        """Lift the limit; it is not looked at again before the next day starts."""
        self.is_stopped = self._is_watching = False

    def size(self, price: float) -> int:
        """Return the shares of a new position; 0 when all positions would exceed the capital cap.

        Positions count, pending orders do not.
        """
        value = self.net_liquidation_value()
        amount = self._parameters.cash_ratio * value
        if self._parameters.capital_ratio * value < amount + self._account.capital_in_use():
            return 0
        return int(amount / price)

    def is_limit_reached(self) -> bool:
        """Return whether today's profit, realized and open and before fees, is at the limit."""
        open_profit = sum(
            self._account.open_profit(symbol, self._cached_price(symbol))
            for symbol in self._account.held_symbols
        )
        return self._is_at_limit(open_profit)

    def may_reach_limit(self, low: CachedPrice, high: CachedPrice) -> bool:
        """Return whether any prices between *low* and *high* of each symbol reach the limit."""
        best = sum(
            max(
                self._account.open_profit(symbol, low(symbol)),
                self._account.open_profit(symbol, high(symbol)),
            )
            for symbol in self._account.held_symbols
        )
        return self._is_at_limit(best)

    def _is_at_limit(self, open_profit: float) -> bool:
        if self.is_stopped or not self._is_watching:
            return False
        profit = self._account.realized_today + open_profit
        limit = self._parameters.daily_profit_limit_percent
        return profit * 100 / self._first_value >= limit
