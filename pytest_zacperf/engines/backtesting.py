"""The adapter of backtesting.py, which keeps trades and no events of orders: fills come from them.

Its events of orders could only be had by changing private methods of its classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, ZonedBacktest
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import (
    EquityPoint,
    OrderEvent,
    OrderSide,
    StatisticValue,
    Trade,
    Window,
)

EXAMPLE = "pytest_zacperf.examples.breakout.backtesting:build"
UNKNOWN_TYPE = "unknown"  # a trade does not say by which kind of order it came about
OPPOSITE: Mapping[OrderSide, OrderSide] = {"buy": "sell", "sell": "buy"}


class BacktestingEngine(ZonedBacktest):
    """Runs the ``Backtest`` that a function of the user's returns, or one for each symbol.

    Args:
        target: ``module:object`` of the function ``(start, end, **parameters)``. It returns
            ``Backtest`` objects by symbol, for each has a single instrument.
        parameters: Keyword arguments of its call.
        timezone: Of times in the data that have none.

    """

    library = Library(module="backtesting", distribution="backtesting", extra="backtesting")
    returns = "backtesting.Backtest objects by symbol, such as {'GLD': Backtest(...)}"
    capabilities = Capabilities(order_events="fills", equity=True, invariants=KEPT_BY_PARAMETERS)
    _backtests: Mapping[str, Any] = {}
    _stats: Mapping[str, Any] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those that have a backtest; known after ``prepare``."""
        return tuple(self._backtests)

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Look at what the function has built."""
        del window, context
        import backtesting  # noqa: PLC0415 - an extra

        if not isinstance(built, Mapping) or not built:
            raise self.refused(built)
        for backtest in built.values():
            if not isinstance(backtest, backtesting.Backtest):
                raise self.refused(backtest)
        self._backtests = {str(symbol): backtest for symbol, backtest in built.items()}

    def run(self, context: Context) -> None:
        """Run each backtest, one after the other."""
        if not self._backtests:
            raise self.not_ready("run()")
        self._stats = {symbol: backtest.run() for symbol, backtest in self._backtests.items()}
        context.count("backtests", len(self._stats))

    def collect(self, context: Context) -> BacktestOutput:
        """Return fills, trades, the sum of all equity, and each backtest's own statistics."""
        del context
        if not self._stats:
            raise self.not_ready("collect()")
        trades = [
            trade for symbol, stats in self._stats.items() for trade in self._trades(symbol, stats)
        ]
        return BacktestOutput(
            order_events=_events(trades),
            trades=sorted(trades, key=lambda trade: trade.exit_ts_ns),
            equity=self._equity(),
            statistics=_statistics(self._stats),
            data_points=sum(len(stats["_equity_curve"]) for stats in self._stats.values()),
        )

    def _trades(self, symbol: str, stats: Any) -> Iterable[Trade]:  # noqa: ANN401 - of pandas
        for row in stats["_trades"].itertuples():
            side: OrderSide = "buy" if row.Size > 0 else "sell"
            yield Trade(
                symbol=symbol,
                side=side,
                quantity=abs(float(row.Size)),
                entry_ts_ns=time_ns(row.EntryTime, self.zone),
                exit_ts_ns=time_ns(row.ExitTime, self.zone),
                entry_price=float(row.EntryPrice),
                exit_price=float(row.ExitPrice),
                # Its own profit has the commission taken off, and ours is before fees.
                profit_loss=float(row.PnL) + float(row.Commission),
                fees=float(row.Commission),
            )

    def _equity(self) -> list[EquityPoint]:
        import pandas as pd  # noqa: PLC0415 - comes with the library

        curves = [stats["_equity_curve"]["Equity"] for stats in self._stats.values()]
        try:
            total = pd.concat(curves, axis=1).ffill().bfill().sum(axis=1)
        except TypeError as e:  # times with and without a zone
            raise EngineError(
                f"the equity of {', '.join(self._stats)} cannot be added up: {e}",
                "give all backtests times in the same zone",
            ) from e
        return [
            EquityPoint(ts_ns=time_ns(moment, self.zone), equity=float(value))
            for moment, value in total.items()
        ]


def example() -> BacktestingEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return BacktestingEngine(EXAMPLE)


def _events(trades: Iterable[Trade]) -> list[OrderEvent]:
    """Return two fills for each trade, in the order in which they happened."""
    moments = [
        moment
        for number, trade in enumerate(trades)
        for moment in (
            (trade.entry_ts_ns, 2 * number, trade),
            (trade.exit_ts_ns, 2 * number + 1, trade),
        )
    ]
    events = []
    for order_id, (ts_ns, number, trade) in enumerate(sorted(moments, key=_time_and_number), 1):
        is_exit = bool(number % 2)
        events.append(
            OrderEvent(
                ts_event_ns=ts_ns,
                symbol=trade.symbol,
                order_id=order_id,
                event_id=1,
                status="filled",
                type=UNKNOWN_TYPE,
                side=OPPOSITE[trade.side] if is_exit else trade.side,
                quantity=trade.quantity,
                fill_quantity=trade.quantity,
                fill_price=trade.exit_price if is_exit else trade.entry_price,
                fee=trade.fees if is_exit else 0.0,  # the library keeps the sum of both
            )
        )
    return events


def _time_and_number(moment: tuple[int, int, Trade]) -> tuple[int, int]:
    return moment[:2]


def _statistics(all_stats: Mapping[str, Any]) -> dict[str, StatisticValue]:
    found: dict[str, StatisticValue] = {}
    for symbol, stats in all_stats.items():
        found.update(plain_statistics({symbol: dict(stats)}))
    return found
