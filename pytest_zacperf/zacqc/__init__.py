"""The embedded reference backtest: an intraday stop-entry strategy on US equities.

Public names: ``engine``; the modules' own for those who test parts of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_zacperf.engines.zacqc import ZacQCEngine


def engine() -> ZacQCEngine:
    """Return the engine that runs this backtest, with its default parameters."""
    from pytest_zacperf.engines.zacqc import ZacQCEngine  # noqa: PLC0415 - loads numpy

    return ZacQCEngine()
