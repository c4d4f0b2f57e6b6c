"""What is noted while a LumiBot backtest runs: days, iterations, orders as they were then."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_zacperf.engines import Context

LONGEST_STOP_S = 5.0
SHORT_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order when something happened to it; LumiBot's own log has no prices and no quantity.

    Attributes:
        event: What happened, in LumiBot's word.
        quantity: Ordered.
        limit_price: Of a limit or a stop limit.
        stop_price: Of a stop.
        trail_price: Distance of a trailing stop.
        trail_percent: The same as a part of the price.

    """

    event: str
    quantity: float
    limit_price: float | None
    stop_price: float | None
    trail_price: float | None
    trail_percent: float | None

    @classmethod
    def of(cls, order: Any, event: object = "") -> OrderState:  # noqa: ANN401 - of LumiBot
        """Return the state of an order now."""
        limit_price = getattr(order, "limit_price", None)
        return cls(
            event=str(event),
            quantity=abs(float(order.quantity)),
            limit_price=_number(limit_price or getattr(order, "stop_limit_price", None)),
            stop_price=_number(getattr(order, "stop_price", None)),
            trail_price=_number(getattr(order, "trail_price", None)),
            trail_percent=_number(getattr(order, "trail_percent", None)),
        )


@dataclass(slots=True, kw_only=True)
class Watch:
    """The notes of one run.

    Attributes:
        context: Is told the days.
        iterations: Calls of ``on_trading_iteration``; None where nothing counted them.
        states: Orders, by the number of the row of the broker's log that they belong to.

    """

    context: Context
    iterations: int | None = None
    states: dict[int, OrderState] = field(default_factory=dict)
    _executors: list[Any] = field(default_factory=list)

    def trader_class(self, base: object) -> type:
        """Return a trader that shows this its strategy before it runs.

        Args:
            base: The trader that is asked for; None for LumiBot's own.

        """
        from lumibot.traders import Trader  # noqa: PLC0415 - an extra

        asked: Any = Trader if base is None else base
        watch = self

        class WatchedTrader(asked):  # type: ignore[misc] # known when LumiBot is there
            def add_strategy(self, strategy: Any) -> None:  # noqa: ANN401 - of LumiBot
                super().add_strategy(strategy)
                watch.look_at(strategy)

        return WatchedTrader

    def look_at(self, strategy: Any) -> None:  # noqa: ANN401 - of LumiBot
        """Put this between a strategy, its broker and its clock; all of them are LumiBot's own."""
        executor = strategy._executor  # noqa: SLF001 - there is no other way
        self._executors.append(executor)
        _wrap(strategy.broker.data_source, "_update_datetime", self._moving)
        _wrap(strategy.broker, "_process_trade_event", self._noting(strategy.broker))
        if _wrap(executor, "_on_trading_iteration_callable", self._counting):
            self.iterations = 0

    def stop(self) -> None:
        """Have strategies end that run in threads of their own."""
        for executor in self._executors:
            executor.stop_event.set()
            deadline_s = time.monotonic() + LONGEST_STOP_S
            # The signal of a time limit comes again each second.
            while _runs(executor) and time.monotonic() < deadline_s:
                with contextlib.suppress(BaseException):
                    time.sleep(SHORT_S)

    def _moving(self, move: Callable[..., Any]) -> Callable[..., Any]:
        day: dt.date | None = None

        def moving(new_datetime: dt.datetime, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
            nonlocal day
            if new_datetime.date() != day:
                day = new_datetime.date()
                self.context.progress(day)
            return move(new_datetime, *arguments, **keywords)

        return moving

    def _counting(self, iterate: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - of LumiBot
            self.iterations = (self.iterations or 0) + 1
            return iterate(*arguments, **keywords)

        return counting

    def _noting(self, broker: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401
        def wrap(process: Callable[..., Any]) -> Callable[..., Any]:
            def noting(order: Any, event: object, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
                found = process(order, event, *arguments, **keywords)
                # One event may bring about others, which have noted their own rows by then.
                last = len(getattr(broker, "_trade_event_log_rows", ())) - 1
                if last >= 0:
                    self.states.setdefault(last, OrderState.of(order, event))
                return found

            return noting

        return wrap


def _runs(thread: Any) -> bool:  # noqa: ANN401 - of LumiBot
    # Not by is_alive(): Python 3.11 takes a thread for stopped once a join() of it was interrupted.
    return thread.ident in sys._current_frames()  # noqa: SLF001 - the only list that has it


def _wrap(
    owner: Any,  # noqa: ANN401 - of LumiBot
    name: str,
    wrapper: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> bool:
    """Replace a method of one object; return whether this version of LumiBot has it."""
    original = getattr(owner, name, None)
    if original is None:
        return False
    setattr(owner, name, wrapper(original))
    return True


def _number(value: Any) -> float | None:  # noqa: ANN401 - of LumiBot
    return None if value is None else float(value)
