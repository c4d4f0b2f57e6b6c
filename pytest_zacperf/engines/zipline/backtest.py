"""What a user's function returns to be run by zipline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


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
        data_parameters: Names of the parameters that decide what *ingest* writes; None for all.
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
    data_parameters: frozenset[str] | None = None
    data_key: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
