"""The procedures of ``sampling`` on simulated noise: how often they err, and levels for that."""

from __future__ import annotations

from pytest_zacperf.calibration.noise import FAMILIES, SCALES, SEED, Family, Rates, noise, scales_of
from pytest_zacperf.calibration.paired import (
    calibrated_levels,
    simulate,
    spending,
    with_looks,
    worst_error,
)
from pytest_zacperf.calibration.stored import (
    StoredCase,
    calibrated_stored_level,
    simulate_stored,
    stored_cases,
    worst_stored_error,
)

__all__ = [
    "FAMILIES",
    "SCALES",
    "SEED",
    "Family",
    "Rates",
    "StoredCase",
    "calibrated_levels",
    "calibrated_stored_level",
    "noise",
    "scales_of",
    "simulate",
    "simulate_stored",
    "spending",
    "stored_cases",
    "with_looks",
    "worst_error",
    "worst_stored_error",
]
