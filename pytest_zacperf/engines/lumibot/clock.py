"""Which simulated day a LumiBot backtest has come to, told by its own clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pytest_zacperf.engines import Context


def watching_trader(trader: object, context: Context) -> type:
    """Return a trader that says which day it has come to, derived from the one that is asked for.

    It is handed the strategy before it runs, with the data source whose clock is looked at.
    """
    from lumibot.traders import Trader  # noqa: PLC0415 - an extra

    base: Any = Trader if trader is None else trader

    class WatchingTrader(base):  # type: ignore[misc] # known when LumiBot is there
        def add_strategy(self, strategy: Any) -> None:  # noqa: ANN401 - of LumiBot
            super().add_strategy(strategy)
            _watch_clock(strategy.broker.data_source, context)

    return WatchingTrader


def _watch_clock(data_source: Any, context: Context) -> None:  # noqa: ANN401 - of LumiBot
    move = getattr(data_source, "_update_datetime", None)
    if move is None:
        return
    day: dt.date | None = None

    def move_and_tell(new_datetime: dt.datetime, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        nonlocal day
        if new_datetime.date() != day:
            day = new_datetime.date()
            context.progress(day)
        return move(new_datetime, *arguments, **keywords)

    data_source._update_datetime = move_and_tell  # noqa: SLF001 - it has no other clock
