"""zipline-reloaded as an engine: one call of ``run_algorithm``, prepared and timed."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from typing import Any

from pytest_zacperf.engines import BacktestOutput, Capabilities, Context
from pytest_zacperf.engines.building import KEPT_BY_PARAMETERS, BuiltBacktest
from pytest_zacperf.engines.fills import closed_trades
from pytest_zacperf.engines.installed import Library
from pytest_zacperf.engines.plain import plain_statistics, time_ns
from pytest_zacperf.engines.zipline.backtest import ZiplineBacktest
from pytest_zacperf.engines.zipline.blotter import blotter_class
from pytest_zacperf.engines.zipline.ingesting import ROOT, ingested
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import EquityPoint, StatisticValue, Window

EXAMPLE = "pytest_zacperf.examples.breakout.zipline:build"
# Arguments of run_algorithm that come from the backtest or the window.
OWN = frozenset({
    *("start", "end", "initialize", "handle_data", "before_trading_start", "capital_base"),
    *("data_frequency", "trading_calendar", "bundle", "environ", "blotter"),
})


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
        _require_free(built.options)
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
            root = ingested(built, window, self.parameters, self.version, context.cache_folder)
            environ[ROOT] = str(root)
        self._blotter = blotter_class()()
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
        seen = self._blotter.seen
        daily = self._performance
        return BacktestOutput(
            order_events=seen.events,
            trades=closed_trades(seen.events, seen.contracts, splits=seen.splits),
            equity=[
                EquityPoint(ts_ns=time_ns(row.period_close), equity=float(row.portfolio_value))
                for row in daily.itertuples()
            ],
            statistics=_statistics(daily),
            data_points=self._bars,
        )


def example() -> ZiplineEngine:
    """Return an engine that runs our example, the opening-range breakout on synthetic bars."""
    return ZiplineEngine(EXAMPLE)


def _require_free(options: Mapping[str, object]) -> None:
    """Refuse options that the adapter sets itself."""
    for name in options:
        if name in OWN:
            raise EngineError(
                f"options has {name!r}, which the adapter sets itself",
                "see the attributes of ZiplineBacktest; start and end are those of the window",
            )


def _with_progress(
    function: Callable[..., None] | None, context: Context
) -> Callable[[Any, Any], None]:
    def before_trading_start(algorithm: Any, data: Any) -> None:  # noqa: ANN401 - of zipline
        day: dt.date = data.current_session.date()
        context.progress(day)
        if function is not None:
            function(algorithm, data)

    return before_trading_start


def _statistics(daily: Any) -> dict[str, StatisticValue]:  # noqa: ANN401 - of pandas
    """Return the last day's figures, which are those of the whole run."""
    last = daily.iloc[-1].to_dict()
    # The order of the columns depends on the hash seed.
    return plain_statistics(dict(sorted(last.items())))
