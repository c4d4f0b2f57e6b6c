"""The adapter of backtrader: its events come from an analyzer, so that no strategy is changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, ZonedBacktest
from pytest_zacperf.engines.fills import closed_trades
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import (
    EquityPoint,
    OrderEvent,
    OrderStatus,
    StatisticValue,
    Window,
)

EXAMPLE = "pytest_zacperf.examples.breakout.backtrader:build"
STATUSES: Mapping[str, OrderStatus] = {
    "Submitted": "submitted",
    "Accepted": "accepted",
    "Partial": "partially_filled",
    "Completed": "filled",
    "Canceled": "canceled",
    "Expired": "expired",
    "Margin": "rejected",
    "Rejected": "rejected",
}
TYPES: Mapping[str, str] = {
    "Market": "market",
    "Close": "market_on_close",
    "Limit": "limit",
    "Stop": "stop_market",
    "StopLimit": "stop_limit",
    "StopTrail": "trailing_stop",
    "StopTrailLimit": "trailing_stop_limit",
    "Historical": "historical",
}
FILLS = ("filled", "partially_filled")
OURS = "pytest_zacperf"  # name of the analyzer, which no user takes by chance


class BacktraderEngine(ZonedBacktest):
    """Runs the ``Cerebro`` that a function of the user's returns.

    backtrader knows times without a zone alone: those of the data feeds.

    Args:
        target: ``module:object`` of the function ``(start, end, **parameters)``.
        parameters: Keyword arguments of its call.
        timezone: Of the times in the data feeds.

    """

    library = Library(module="backtrader", distribution="backtrader", extra="backtrader")
    returns = "a backtrader.Cerebro that was not run"
    capabilities = Capabilities(order_events="full", equity=True, invariants=KEPT_BY_PARAMETERS)
    # The numbers of its orders go on counting within a process.
    volatile = frozenset({"order_id"})
    _cerebro: Any = None
    _strategies: Sequence[Any] = ()

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Add the analyzer that listens."""
        del window
        import backtrader  # noqa: PLC0415 - an extra

        if not isinstance(built, backtrader.Cerebro):
            raise self.refused(built)
        built.addanalyzer(_listener(), _name=OURS, zone=self.zone, progress=context.progress)
        self._cerebro = built

    def run(self, context: Context) -> None:
        """Run the Cerebro, which loads its data feeds first."""
        del context
        if self._cerebro is None:
            raise self.not_ready("run()")
        self._strategies = self._cerebro.run()

    def collect(self, context: Context) -> BacktestOutput:
        """Return what the analyzer has heard, and what the user's own analyzers say.

        Raises:
            EngineError: The Cerebro optimizes, so that there is no single result.

        """
        del context
        if not self._strategies:
            raise self.not_ready("collect()")
        strategy = self._strategies[0]
        if not hasattr(strategy, "analyzers") or not hasattr(strategy, "broker"):
            raise EngineError(
                "the Cerebro optimizes: there is no single result",
                "use addstrategy() and not optstrategy()",
            )
        heard = strategy.analyzers.getbyname(OURS)
        return BacktestOutput(
            order_events=heard.events,
            trades=closed_trades(heard.events, _point_values(strategy)),
            equity=[EquityPoint(ts_ns=ns, equity=value) for ns, value in heard.equity.items()],
            statistics=_statistics(strategy),
            data_points=sum(len(data) for data in self._cerebro.datas),
        )


def example() -> BacktraderEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return BacktraderEngine(EXAMPLE, timezone="America/New_York")


def _listener() -> type:
    """Return the class of the analyzer; it can only be made where backtrader is."""
    import backtrader as bt  # noqa: PLC0415 - an extra

    class Listener(bt.Analyzer):  # type: ignore[misc] # it has no types
        """Keeps what happens to orders and to the account; changes nothing."""

        params = (("zone", dt.UTC), ("progress", None))

        def __init__(self) -> None:
            self.events: list[OrderEvent] = []
            self.equity: dict[int, float] = {}
            self._counts: Counter[int] = Counter()
            self._day: dt.date | None = None

        def notify_order(self, order: Any) -> None:  # noqa: ANN401 - of backtrader
            self._counts[order.ref] += 1
            self.events.append(_event(order, self._counts[order.ref], self._now(), self.p.zone))

        def notify_cashvalue(self, cash: float, value: float) -> None:
            del cash
            if len(self.strategy):  # before the first bar there is no time
                self.equity[time_ns(self._now(), self.p.zone)] = value

        def next(self) -> None:
            self._tell_day()

        def prenext(self) -> None:
            self._tell_day()

        def _tell_day(self) -> None:
            day = self._now().date()
            if day != self._day:
                self._day = day
                self.p.progress(day)

        def _now(self) -> dt.datetime:
            now: dt.datetime = self.strategy.datetime.datetime()
            return now

    return Listener


def _event(order: Any, event_id: int, now: dt.datetime, zone: dt.tzinfo) -> OrderEvent:  # noqa: ANN401
    """Return the event of one notification; its order is a copy that backtrader made for it."""
    import backtrader as bt  # noqa: PLC0415 - an extra

    status = STATUSES[order.getstatusname()]
    name = order.getordername()
    is_fill = status in FILLS
    # The notification comes when the broker looks at the order, which is a bar later.
    moments = {"submitted": order.created.dt, **dict.fromkeys(FILLS, order.executed.dt)}
    when = bt.num2date(moments[status]) if status in moments else now
    fills = list(order.executed.iterpending()) if is_fill else []
    has_stop = name in {"Stop", "StopLimit", "StopTrail", "StopTrailLimit"}
    limit_price = order.created.pricelimit if has_stop else order.created.price
    return OrderEvent(
        ts_event_ns=time_ns(when, zone),
        symbol=order.data._name or f"data{order.p.data._id}",  # noqa: SLF001 - it has no other name
        order_id=order.ref,
        event_id=event_id,
        status=status,
        type=TYPES.get(name, name.lower()),
        side="buy" if order.isbuy() else "sell",
        quantity=abs(order.created.size),
        limit_price=limit_price if "Limit" in name else None,
        stop_price=order.created.price if has_stop else None,
        message="margin" if order.getstatusname() == "Margin" else None,
        **_fill(fills),
    )


def _fill(fills: list[Any]) -> dict[str, Any]:
    quantity = sum(abs(fill.size) for fill in fills)
    if not quantity:
        return {}
    return {
        "fill_quantity": quantity,
        "fill_price": sum(abs(fill.size) * fill.price for fill in fills) / quantity
        if len(fills) > 1
        else fills[0].price,
        "fee": sum(fill.closedcomm + fill.openedcomm for fill in fills),
    }


def _point_values(strategy: Any) -> dict[str, float]:  # noqa: ANN401 - of backtrader
    return {
        data._name: strategy.broker.getcommissioninfo(data).p.mult  # noqa: SLF001
        for data in strategy.datas
    }


def _statistics(strategy: Any) -> dict[str, StatisticValue]:  # noqa: ANN401 - of backtrader
    found: dict[str, StatisticValue] = {"End Equity": strategy.broker.getvalue()}
    for name in strategy.analyzers.getnames():
        if name != OURS:
            analysis = strategy.analyzers.getbyname(name).get_analysis()
            found.update(plain_statistics({name: analysis}))
    return found
