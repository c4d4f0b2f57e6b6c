"""Record baselines, accept and drop them; prints nothing."""

from pytest_zacperf.recording_baselines.keeping import (
    Acceptance,
    accept,
    drop,
    expected_environment,
)
from pytest_zacperf.recording_baselines.measuring import ROUNDS, record

__all__ = [
    "ROUNDS",
    "Acceptance",
    "accept",
    "drop",
    "expected_environment",
    "record",
]
