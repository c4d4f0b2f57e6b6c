"""An output folder of LEAN, of any year, to one record; runs nothing."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf.engines.lean.records import LeanRun


def read_results(folder: Path) -> LeanRun:
    """Read an output folder of LEAN."""
    raise NotImplementedError(folder)
