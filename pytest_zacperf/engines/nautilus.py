"""The adapter of nautilus_trader: its events come from its message bus.

The bus and ``order.events`` do not hold the same events: ``cancel_all_orders`` publishes no
OrderPendingCancel. The bus is the source here, always.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, ZonedBacktest
from pytest_zacperf.engines.fills import Contract, closed_trades
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns, window_bounds
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import (
    OrderEvent,
    OrderStatus,
    StatisticValue,
    Window,
)

EXAMPLE = "pytest_zacperf.examples.breakout.nautilus:build"
STATUSES: Mapping[str, OrderStatus] = {
    "OrderDenied": "rejected",
    "OrderEmulated": "updated",
    "OrderReleased": "updated",
    "OrderSubmitted": "submitted",
    "OrderAccepted": "accepted",
    "OrderRejected": "rejected",
    "OrderTriggered": "triggered",
    "OrderPendingUpdate": "updated",
    "OrderPendingCancel": "cancel_pending",
    "OrderModifyRejected": "updated",
    "OrderCancelRejected": "updated",
    "OrderUpdated": "updated",
    "OrderCanceled": "canceled",
    "OrderExpired": "expired",
    "OrderFilled": "filled",
}
# Their names say what our status says; the others' stand under ``extra``.
SAID_BY_STATUS = frozenset({
    *("OrderSubmitted", "OrderAccepted", "OrderRejected", "OrderTriggered", "OrderPendingCancel"),
    *("OrderUpdated", "OrderCanceled", "OrderExpired", "OrderFilled"),
})
# Comes before the order is in the cache, and is followed by OrderSubmitted or OrderDenied.
BEFORE_ALL = "OrderInitialized"
TYPES: Mapping[str, str] = {
    "LIMIT_IF_TOUCHED": "limit_if_touched",
    "MARKET_IF_TOUCHED": "market_if_touched",
    "STOP_MARKET": "stop_market",
    "TRAILING_STOP_MARKET": "trailing_stop",
}


class NautilusEngine(ZonedBacktest):
    """Runs the ``BacktestEngine`` that a function of the user's returns.

    Args:
        target: ``module:object`` of the function ``(start, end, **parameters)``.
        parameters: Keyword arguments of its call.
        timezone: In which the days of a window begin and end.

    """

    library = Library(module="nautilus_trader", distribution="nautilus_trader", extra="nautilus")
    returns = "a nautilus_trader.backtest.engine.BacktestEngine that was not run"
    # No equity: it keeps account states, which leave out what open positions are worth. And no
    # threads: those that it has write its log.
    capabilities = Capabilities(order_events="full", invariants=KEPT_BY_PARAMETERS)
    _engine: Any = None
    _bounds: tuple[dt.datetime, dt.datetime] | None = None
    _heard: _Heard | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """All instruments of the engine; known after ``prepare``."""
        if self._engine is None:
            return ()
        return tuple(sorted(str(one) for one in self._engine.cache.instrument_ids()))

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Listen on the message bus."""
        del context
        from nautilus_trader.backtest.engine import BacktestEngine  # noqa: PLC0415 - an extra

        if not isinstance(built, BacktestEngine):
            raise self.refused(built)
        self._engine = built
        self._bounds = window_bounds(window.start, window.end, self.zone)
        self._require_data(window)
        self._heard = _Heard(built.cache)
        built.trader.subscribe("events.order.*", self._heard.on_event)

    def run(self, context: Context) -> None:
        """Run the engine on the data within the window."""
        del context
        if self._bounds is None:
            raise self.not_ready("run()")
        start, end = self._bounds
        self._engine.run(start=start.astimezone(dt.UTC), end=end.astimezone(dt.UTC))

    def collect(self, context: Context) -> BacktestOutput:
        """Return what was heard, and the statistics of the portfolio."""
        del context
        if self._heard is None or self._engine.run_finished is None:
            raise self.not_ready("collect()")
        events = self._heard.events
        return BacktestOutput(
            order_events=events,
            trades=closed_trades(events, self._contracts(), positions=self._heard.positions),
            statistics=self._statistics(),
            data_points=self._engine.iteration,
        )

    def _require_data(self, window: Window) -> None:
        """Refuse a window without data: the engine would end its process with an error of Rust."""
        data = self._engine.data
        start_ns, end_ns = (time_ns(moment) for moment in self._bounds or ())
        if not any(start_ns <= one.ts_init <= end_ns for one in data):
            raise EngineError(
                f"the engine has no data from {window.start} to {window.end}, but {len(data):,} of "
                "other days",
                "add the data of the window, and see timezone",
            )

    def _contracts(self) -> dict[str, Contract]:
        return {
            str(one.id): Contract(
                point_value=float(one.multiplier.as_decimal()), is_inverse=one.is_inverse
            )
            for one in self._engine.cache.instruments()
        }

    def _statistics(self) -> dict[str, StatisticValue]:
        result = self._engine.get_result()
        balances = {
            f"End Balance {currency}": _number(money)
            for account in self._engine.cache.accounts()
            for currency, money in account.balances_total().items()
        }
        return plain_statistics({
            "Total Orders": result.total_orders,
            "Total Events": result.total_events,
            **balances,
            "P&L": result.stats_pnls,
            "Returns": result.stats_returns,
        })


def example() -> NautilusEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return NautilusEngine(EXAMPLE, timezone="America/New_York")


class _Heard:
    """Keeps what the message bus says of orders; times and prices as they are at that moment."""

    def __init__(self, cache: Any) -> None:  # noqa: ANN401 - of nautilus_trader
        self.events: list[OrderEvent] = []
        self.positions: list[str] = []  # of each event; a symbol may have several at once
        self._cache = cache
        self._numbers: dict[str, int] = {}
        self._counts: Counter[str] = Counter()

    def on_event(self, event: Any) -> None:  # noqa: ANN401 - of nautilus_trader
        kind = type(event).__name__
        if kind == BEFORE_ALL:
            return
        name = str(event.client_order_id)
        order = self._cache.order(event.client_order_id)
        self._counts[name] += 1
        status = STATUSES[kind]
        if kind == "OrderFilled" and order.leaves_qty > 0:
            status = "partially_filled"
        self.positions.append(str(getattr(event, "position_id", "")))
        self.events.append(
            OrderEvent(
                ts_event_ns=event.ts_event,
                symbol=str(event.instrument_id),
                order_id=self._numbers.setdefault(name, len(self._numbers) + 1),
                event_id=self._counts[name],
                status=status,
                type=_type(order.type_string()),
                side="buy" if order.is_buy else "sell",
                quantity=float(order.quantity.as_decimal()),
                limit_price=_number(getattr(order, "price", None)),
                stop_price=_number(getattr(order, "trigger_price", None)),
                message=getattr(event, "reason", None) or None,
                extra=None if kind in SAID_BY_STATUS else {"event": kind},
                **(_fill(event) if kind == "OrderFilled" else {}),
            )
        )


def _type(name: str) -> str:
    return TYPES.get(name, name.lower())


def _fill(event: Any) -> dict[str, Any]:  # noqa: ANN401 - of nautilus_trader
    return {
        "fill_quantity": _number(event.last_qty),
        "fill_price": _number(event.last_px),
        "fee": _number(event.commission),
        "fee_currency": str(event.commission.currency),
    }


def _number(value: Any) -> float | None:  # noqa: ANN401 - of nautilus_trader
    # By decimals: its own floats are off in the last digit, 1550.0000000000002 shares.
    return None if value is None else float(value.as_decimal())
