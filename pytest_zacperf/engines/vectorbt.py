"""The adapter of vectorbt: fills from a portfolio that a call of the user's computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, ZonedBacktest
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns
from pytest_zacperf.records import (
    EquityPoint,
    OrderEvent,
    OrderSide,
    StatisticValue,
    Trade,
    Window,
)

EXAMPLE = "pytest_zacperf.examples.breakout.vectorbt:build"
SIDES: Mapping[str, OrderSide] = {"Buy": "buy", "Sell": "sell", "Long": "buy", "Short": "sell"}


class VectorbtEngine(ZonedBacktest):
    """Runs a call that computes a ``vectorbt.Portfolio``.

    The first call of a process compiles, which takes a hundred times as long as the call itself: it
    is made in ``prepare``, and its result is thrown away.

    Args:
        target: ``module:object`` of a function ``(start, end, **parameters)`` that reads the data
            and returns a function without arguments, which returns the portfolio.
        parameters: Keyword arguments of its call.
        timezone: Of times in the data that have none.

    """

    library = Library(module="vectorbt", distribution="vectorbt", extra="vectorbt")
    returns = "a function without arguments that returns a vectorbt.Portfolio"
    capabilities = Capabilities(order_events="fills", equity=True, invariants=KEPT_BY_PARAMETERS)
    _call: Callable[[], object] | None = None
    _portfolio: Any = None

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Warm up."""
        del window, context
        if not callable(built):
            raise self.refused(built)
        self._call = cast("Callable[[], object]", built)
        self._require_portfolio(self._call())

    def run(self, context: Context) -> None:
        """Compute the portfolio; what it computes when asked later is not part of that."""
        del context
        if self._call is None:
            raise self.not_ready("run()")
        self._portfolio = self._require_portfolio(self._call())

    def collect(self, context: Context) -> BacktestOutput:
        """Return fills, closed trades, the value of the portfolio and its statistics."""
        del context
        portfolio = self._portfolio
        if portfolio is None:
            raise self.not_ready("collect()")
        return BacktestOutput(
            order_events=list(self._events(portfolio.orders.records_readable)),
            trades=list(self._trades(portfolio.trades.records_readable)),
            equity=self._equity(portfolio.value()),
            statistics=_statistics(portfolio),
            data_points=int(portfolio.close.size),
        )

    def _require_portfolio(self, found: object) -> object:
        import vectorbt  # noqa: PLC0415 - an extra

        if not isinstance(found, vectorbt.Portfolio):
            raise self.refused(found)
        return found

    def _events(self, orders: Any) -> Iterable[OrderEvent]:  # noqa: ANN401 - of pandas
        # As they happened, and not symbol by symbol; within a bar as the library has them.
        by_time = orders.sort_values("Timestamp", kind="stable")
        for number, row in enumerate(by_time.to_dict("records"), start=1):
            quantity = float(row["Size"])
            yield OrderEvent(
                ts_event_ns=time_ns(row["Timestamp"], self.zone),
                symbol=_symbol(row["Column"]),
                order_id=number,
                event_id=1,
                status="filled",
                type="market",  # it has no resting orders
                side=SIDES[row["Side"]],
                quantity=quantity,
                fill_quantity=quantity,
                fill_price=float(row["Price"]),
                fee=float(row["Fees"]),
            )

    def _trades(self, trades: Any) -> Iterable[Trade]:  # noqa: ANN401 - of pandas
        closed = trades[trades["Status"] == "Closed"]
        for row in closed.sort_values("Exit Timestamp", kind="stable").to_dict("records"):
            fees = float(row["Entry Fees"]) + float(row["Exit Fees"])
            yield Trade(
                symbol=_symbol(row["Column"]),
                side=SIDES[row["Direction"]],
                quantity=float(row["Size"]),
                entry_ts_ns=time_ns(row["Entry Timestamp"], self.zone),
                exit_ts_ns=time_ns(row["Exit Timestamp"], self.zone),
                entry_price=float(row["Avg Entry Price"]),
                exit_price=float(row["Avg Exit Price"]),
                profit_loss=float(row["PnL"]) + fees,  # its own has them taken off
                fees=fees,
            )

    def _equity(self, value: Any) -> list[EquityPoint]:  # noqa: ANN401 - of pandas
        # A column for each symbol, or for each group of them.
        total = value.sum(axis=1) if value.ndim > 1 else value
        return [
            EquityPoint(ts_ns=time_ns(moment, self.zone), equity=float(equity))
            for moment, equity in total.items()
        ]


def example() -> VectorbtEngine:
    """Return an engine that runs our example, an opening-range breakout on closes."""
    return VectorbtEngine(EXAMPLE)


def _symbol(column: object) -> str:
    return " ".join(map(str, column)) if isinstance(column, tuple) else str(column)


def _statistics(portfolio: Any) -> dict[str, StatisticValue]:  # noqa: ANN401 - of vectorbt
    # Over several columns it is their mean.
    stats = portfolio.stats(silence_warnings=True)
    return {} if stats is None else plain_statistics(stats.to_dict())
