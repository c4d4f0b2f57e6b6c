"""The embedded reference backtest: an intraday stop-entry strategy on US equities.

Public names: ``engine``; the modules' own for those who test parts of it.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pytest_zacperf.errors import EngineError

if TYPE_CHECKING:
    from pytest_zacperf.engines.zacqc import ZacQCEngine

NEEDED = ("numpy", "polars", "exchange_calendars")  # the last one when a market is asked for


def engine() -> ZacQCEngine:
    """Return the engine that runs this backtest, with its default parameters.

    Raises:
        EngineError: The libraries of the extra ``zacqc`` are not installed.

    """
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            raise EngineError(
                f"the embedded backtest needs {name}, which is not installed",
                'pip install "pytest-zacperf[zacqc]"',
            )
    from pytest_zacperf.engines.zacqc import ZacQCEngine  # noqa: PLC0415 - loads numpy

    return ZacQCEngine()
