"""The adapter of backtrader: its events come from an analyzer, so that no strategy is changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, ZonedBacktest
from pytest_zacperf.engines.fills import Contract, closed_trades
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
UTC = ZoneInfo("UTC")
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
    _heard: _Heard | None = None
    _strategies: Sequence[Any] | None = None

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Add the analyzer that listens."""
        del window
        import backtrader  # noqa: PLC0415 - an extra

        if not isinstance(built, backtrader.Cerebro):
            raise self.refused(built)
        if getattr(built, "_dooptimize", False):
            raise EngineError(
                "the Cerebro optimizes: there is no single result",
                "use addstrategy() and not optstrategy(), and name parameters in the tests",
            )
        self._require_times_without_zone(built)
        self._heard = _Heard(self.zone, context)
        built.addanalyzer(_listener(), _name=OURS, heard=self._heard)
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
            EngineError: No strategy has run.

        """
        del context
        if self._strategies is None or self._heard is None:
            raise self.not_ready("collect()")
        if not self._strategies:
            raise EngineError(
                "the Cerebro has run no strategy", "give it data with bars, and a strategy"
            )
        heard = self._heard
        events = sorted(heard.events, key=lambda event: event.ts_event_ns)
        return BacktestOutput(
            order_events=events,
            trades=closed_trades(events, _contracts(self._strategies[0])),
            equity=[EquityPoint(ts_ns=ns, equity=value) for ns, value in heard.equity.items()],
            statistics=_statistics(self._strategies),
            data_points=sum(len(data) for data in self._cerebro.datas),
        )

    def _require_times_without_zone(self, cerebro: Any) -> None:  # noqa: ANN401 - of backtrader
        for data in cerebro.datas:
            index = getattr(getattr(data.p, "dataname", None), "index", None)
            zone = getattr(index, "tz", None)
            if zone is not None and self.zone != UTC:
                raise EngineError(
                    f"feed {_symbol(data)!r} has times of {zone}, which backtrader makes UTC, and "
                    f"timezone is {self.zone}",
                    "leave timezone out, or take the zone off the times: index.tz_localize(None)",
                )


def example() -> BacktraderEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return BacktraderEngine(EXAMPLE, timezone="America/New_York")


class _Heard:
    """What all strategies of a Cerebro have heard, in that order."""

    def __init__(self, zone: dt.tzinfo, context: Context) -> None:
        self.events: list[OrderEvent] = []
        self.equity: dict[int, float] = {}
        self._zone = zone
        self._context = context
        self._counts: Counter[int] = Counter()
        self._day: dt.date | None = None

    def note_order(self, order: Any, now: dt.datetime) -> None:  # noqa: ANN401 - of backtrader
        self._counts[order.ref] += 1
        self.events.append(_event(order, self._counts[order.ref], now, self._zone))

    def note_equity(self, value: float, now: dt.datetime) -> None:
        self.equity[time_ns(now, self._zone)] = value

    def note_day(self, day: dt.date) -> None:
        if day != self._day:
            self._day = day
            self._context.progress(day)


def _listener() -> type:
    """Return the class of the analyzer; it can only be made where backtrader is."""
    import backtrader as bt  # noqa: PLC0415 - an extra

    class Listener(bt.Analyzer):  # type: ignore[misc] # it has no types
        """Hears what happens to orders and to the account; changes nothing."""

        params = (("heard", None),)

        def notify_order(self, order: Any) -> None:  # noqa: ANN401 - of backtrader
            self.p.heard.note_order(order, self._now())

        def notify_cashvalue(self, cash: float, value: float) -> None:
            del cash
            if len(self.strategy):  # before the first bar there is no time
                self.p.heard.note_equity(value, self._now())

        def next(self) -> None:
            self.p.heard.note_day(self._now().date())

        def prenext(self) -> None:
            self.p.heard.note_day(self._now().date())

        def _now(self) -> dt.datetime:
            # As the feeds have it, whatever zone a Cerebro shows its times in.
            now: dt.datetime = bt.num2date(self.strategy.datetime[0])
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
    prices = _prices(order, name, status)
    return OrderEvent(
        ts_event_ns=time_ns(when, zone),
        symbol=_symbol(order.data),
        order_id=order.ref,
        event_id=event_id,
        status=status,
        type=TYPES.get(name, name.lower()),
        side="buy" if order.isbuy() else "sell",
        quantity=abs(order.created.size),
        message="margin" if order.getstatusname() == "Margin" else None,
        extra=dict(_trailing(order)) or None,
        **prices,
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


def _symbol(data: Any) -> str:  # noqa: ANN401 - of backtrader
    return data._name or f"data{data._id}"  # noqa: SLF001 - it has no other name


def _prices(order: Any, name: str, status: OrderStatus) -> dict[str, Any]:  # noqa: ANN401
    """Return limit and stop as they are known when the event happens."""
    is_trailing = name.startswith("StopTrail")
    has_stop = name.startswith("Stop")
    if is_trailing and status == "submitted":
        return {}  # the price is that of a bar later, when the news of it comes
    limit_price = order.created.pricelimit if has_stop else order.created.price
    return {
        "limit_price": limit_price if "Limit" in name else None,
        "stop_price": order.created.price if has_stop else None,
    }


def _trailing(order: Any) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - of backtrader
    for name in ("trailamount", "trailpercent"):
        value = getattr(order.p, name, None)
        if value:
            yield name, float(value)


def _contracts(strategy: Any) -> dict[str, Contract]:  # noqa: ANN401 - of backtrader
    return {
        _symbol(data): Contract(point_value=strategy.broker.getcommissioninfo(data).p.mult)
        for data in strategy.datas
    }


def _statistics(strategies: Sequence[Any]) -> dict[str, StatisticValue]:
    """Return the final value and what the user's analyzers say, of several strategies by number."""
    found: dict[str, StatisticValue] = {"End Equity": strategies[0].broker.getvalue()}
    for number, strategy in enumerate(strategies, start=1):
        prefix = f"{number}." if len(strategies) > 1 else ""
        for name in strategy.analyzers.getnames():
            if name != OURS:
                analysis = strategy.analyzers.getbyname(name).get_analysis()
                found.update(plain_statistics({f"{prefix}{name}": analysis}))
    return found
