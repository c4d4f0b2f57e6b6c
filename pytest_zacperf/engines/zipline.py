"""The adapter of zipline-reloaded: its events come from a blotter, and data are ingested before."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pytest_zacperf.digest import digest_of
from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, BuiltBacktest
from pytest_zacperf.engines.fills import closed_trades
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns
from pytest_zacperf.records import (
    EquityPoint,
    OrderEvent,
    OrderStatus,
    StatisticValue,
    Window,
)

EXAMPLE = "pytest_zacperf.examples.breakout.zipline:build"
ROOT = "ZIPLINE_ROOT"
TYPES: Mapping[tuple[bool, bool], str] = {  # has a stop, has a limit
    (False, False): "market",
    (False, True): "limit",
    (True, False): "stop_market",
    (True, True): "stop_limit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZiplineBacktest:
    """What ``zipline.run_algorithm`` is called with, and where its data come from.

    Attributes:
        initialize: ``(context)``, as zipline has it.
        bundle: Name of the bundle: one that is ingested, or the one that *ingest* makes.
        handle_data: ``(context, data)``, called every bar.
        before_trading_start: ``(context, data)``, called every day.
        capital_base: In account currency.
        data_frequency: Of the bars.
        calendar: Name of the trading calendar.
        ingest: Writes the data of the window, as a function for ``zipline.data.bundles.register``;
            None takes a bundle that is there. It is done once and kept for later runs.
        data_key: Change it when what *ingest* reads has changed.
        options: Any other argument of ``run_algorithm``, such as ``benchmark_returns``.

    """

    initialize: Callable[..., None]
    bundle: str
    handle_data: Callable[..., None] | None = None
    before_trading_start: Callable[..., None] | None = None
    capital_base: float = 100_000.0
    data_frequency: Literal["daily", "minute"] = "minute"
    calendar: str = "XNYS"
    ingest: Callable[..., None] | None = None
    data_key: str = ""
    options: Mapping[str, object] = field(default_factory=dict)


class ZiplineEngine(BuiltBacktest):
    """Runs the ``ZiplineBacktest`` that a function of the user's returns.

    Args:
        target: ``module:object`` of the function ``(start, end, **parameters)``.
        parameters: Keyword arguments of its call.

    """

    library = Library(module="zipline", distribution="zipline-reloaded", extra="zipline")
    returns = "a pytest_zacperf.engines.zipline.ZiplineBacktest"
    capabilities = Capabilities(order_events="full", equity=True, invariants=KEPT_BY_PARAMETERS)
    # Random identifiers in the library; the adapter numbers orders by first appearance itself.
    volatile = frozenset({"order_id"})
    _call: Callable[[], Any] | None = None
    _performance: Any = None
    _blotter: Any = None
    _bars: int = 0

    def set_up(self, built: object, window: Window, context: Context) -> None:
        """Ingest the data unless that has been done, and make ready the call."""
        if not isinstance(built, ZiplineBacktest):
            raise self.refused(built)
        import pandas as pd  # noqa: PLC0415 - comes with the library
        from zipline import run_algorithm  # noqa: PLC0415 - an extra
        from zipline.utils.calendar_utils import get_calendar  # noqa: PLC0415

        calendar = get_calendar(built.calendar)
        # Without a zone: zipline takes no other.
        start, end = pd.Timestamp(window.start), pd.Timestamp(window.end)
        sessions = calendar.sessions_in_range(start, end)
        per_session = calendar.sessions_minutes if built.data_frequency == "minute" else None
        self._bars = sum(len(per_session(day, day)) if per_session else 1 for day in sessions)
        environ = dict(os.environ)
        if built.ingest is not None:
            environ[ROOT] = str(self._ingested(built, window, context))
        self._blotter = _blotter_class()()
        self._call = lambda: run_algorithm(
            start=start,
            end=end,
            initialize=built.initialize,
            handle_data=built.handle_data,
            before_trading_start=_with_progress(built.before_trading_start, context),
            capital_base=built.capital_base,
            data_frequency=built.data_frequency,
            trading_calendar=calendar,
            bundle=built.bundle,
            environ=environ,
            blotter=self._blotter,
            **built.options,
        )

    def run(self, context: Context) -> None:
        """Run the algorithm."""
        del context
        if self._call is None:
            raise self.not_ready("run()")
        self._performance = self._call()

    def collect(self, context: Context) -> BacktestOutput:
        """Return what the blotter has seen, and the daily performance."""
        del context
        if self._performance is None:
            raise self.not_ready("collect()")
        events = self._blotter.seen.events
        daily = self._performance
        return BacktestOutput(
            order_events=events,
            trades=closed_trades(events, self._blotter.seen.point_values),
            equity=[
                EquityPoint(ts_ns=time_ns(row.period_close), equity=float(row.portfolio_value))
                for row in daily.itertuples()
            ],
            statistics=_statistics(daily),
            data_points=self._bars,
        )

    def _ingested(self, built: ZiplineBacktest, window: Window, context: Context) -> Path:
        from zipline.data import bundles  # noqa: PLC0415 - an extra

        bundles.register(built.bundle, built.ingest, calendar_name=built.calendar)
        folder = context.cache_folder / "zipline"
        root = folder / digest_of([
            *(self.version, built.bundle, built.calendar, window.start, window.end),
            *(dict(self.parameters), built.data_key, _source_of(built.ingest)),
        ])
        if not root.exists():
            folder.mkdir(exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=folder))
            try:
                bundles.ingest(built.bundle, {**os.environ, ROOT: str(made)}, show_progress=False)
                _keep(made, root)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        return root


def example() -> ZiplineEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return ZiplineEngine(EXAMPLE)


def _keep(made: Path, root: Path) -> None:
    try:
        made.rename(root)
    except OSError:
        if not root.exists():  # another process was faster, and its data are the same
            raise


def _source_of(function: Callable[..., None] | None) -> str:
    """Return the text of the module in which a function is: other code, other data."""
    module = getattr(function, "__code__", None)
    path = Path(getattr(module, "co_filename", ""))
    return path.read_text(encoding="utf-8") if path.is_file() else repr(function)


def _with_progress(
    function: Callable[..., None] | None, context: Context
) -> Callable[[Any, Any], None]:
    def before_trading_start(algorithm: Any, data: Any) -> None:  # noqa: ANN401 - of zipline
        day: dt.date = data.current_session.date()
        context.progress(day)
        if function is not None:
            function(algorithm, data)

    return before_trading_start


def _blotter_class() -> type:
    """Return the class of a blotter that notes what happens; needs zipline to be made."""
    from zipline.finance.blotter import SimulationBlotter  # noqa: PLC0415 - an extra

    class NotingBlotter(SimulationBlotter):  # type: ignore[misc] # it has no types
        """The usual blotter; notes what is done to orders and changes nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = _Seen()

        def order(self, asset: Any, amount: float, style: Any, order_id: Any = None) -> Any:  # noqa: ANN401
            made = super().order(asset, amount, style, order_id)
            if made is not None:
                self.seen.note(self.orders[made], "submitted", self.current_dt)
            return made

        def cancel(self, order_id: Any, relay_status: bool = True) -> None:  # noqa: ANN401, FBT002
            order = self.orders.get(order_id)
            was_open = order is not None and order.open
            super().cancel(order_id, relay_status)
            if was_open:
                self.seen.note(order, "canceled", self.current_dt)

        def reject(self, order_id: Any, reason: str = "") -> None:  # noqa: ANN401
            super().reject(order_id, reason)
            if order_id in self.orders:
                self.seen.note(self.orders[order_id], "rejected", self.current_dt, reason)

        def get_transactions(self, bar_data: Any) -> Any:  # noqa: ANN401
            found = super().get_transactions(bar_data)
            transactions, commissions, _ = found
            self.seen.note_fills(self.orders, transactions, commissions)
            return found

    return NotingBlotter


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an order was when it was made: zipline takes the stop away once it is reached."""

    type: str
    stop: float | None

    @classmethod
    def of(cls, order: Any) -> _Asked:  # noqa: ANN401 - of zipline
        kind = TYPES[order.stop is not None, order.limit is not None]
        return cls(kind, _number(order.stop))


class _Seen:
    """The events of the orders of a run."""

    def __init__(self) -> None:
        self.events: list[OrderEvent] = []
        self.point_values: dict[str, float] = {}
        self._numbers: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._asked: dict[str, _Asked] = {}

    def note(  # noqa: PLR0913 - a fill has three parts
        self,
        order: Any,  # noqa: ANN401 - of zipline
        status: OrderStatus,
        when: dt.datetime,
        message: str = "",
        *,
        filled: float | None = None,
        price: float | None = None,
        fee: float | None = None,
    ) -> None:
        """Keep one event, with the order as it is now."""
        self._counts[order.id] += 1
        asked = self._asked.setdefault(order.id, _Asked.of(order))
        symbol = str(order.asset.symbol)
        self.point_values[symbol] = float(getattr(order.asset, "price_multiplier", 1.0))
        self.events.append(
            OrderEvent(
                ts_event_ns=time_ns(when),
                symbol=symbol,
                order_id=self._numbers.setdefault(order.id, len(self._numbers) + 1),
                event_id=self._counts[order.id],
                status=status,
                type=asked.type,
                side="buy" if order.amount > 0 else "sell",
                quantity=abs(float(order.amount)),
                limit_price=_number(order.limit),
                stop_price=asked.stop if order.stop is None else _number(order.stop),
                fill_quantity=filled,
                fill_price=price,
                fee=fee,
                message=message or None,
            )
        )

    def note_fills(
        self, orders: Mapping[str, Any], transactions: list[Any], commissions: list[Any]
    ) -> None:
        """Keep the fills of one bar; a commission is of the order's fill in the same bar."""
        fees = Counter[str]()
        for commission in commissions:
            fees[commission["order"].id] += commission["cost"]
        for transaction in transactions:
            order = orders[transaction.order_id]
            self.note(
                order,
                "partially_filled" if order.open else "filled",
                transaction.dt,
                filled=abs(float(transaction.amount)),
                price=float(transaction.price),
                fee=float(fees.pop(order.id, 0.0)),
            )


def _number(value: Any) -> float | None:  # noqa: ANN401 - of zipline
    return None if value is None else float(value)


def _statistics(daily: Any) -> dict[str, StatisticValue]:  # noqa: ANN401 - of pandas
    """Return the last day's figures, which are those of the whole run."""
    last = daily.iloc[-1].to_dict()
    # The order of the columns depends on the hash seed.
    return plain_statistics(dict(sorted(last.items())))
