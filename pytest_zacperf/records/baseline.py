"""A stored baseline: samples of one accepted revision, and everything they may be compared by."""

from __future__ import annotations

import datetime as dt

from pytest_zacperf.records.base import Record
from pytest_zacperf.records.costs import WORKER, StageTiming
from pytest_zacperf.records.workload import Environment, Fingerprints, Work, Workload


class BaselineSample(Record, frozen=True, kw_only=True):
    """The costs of one timed run: as in ``Costs``."""

    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    stages: tuple[StageTiming, ...] = ()


class Baseline(Record, frozen=True, kw_only=True):
    """The samples of one workload on one machine, and who accepted them and why.

    Attributes:
        workload: With the engine's name, version and effective parameters.
        fingerprints: Of code, parameters and data.
        environment: Where it was measured, with the revision and whether it was dirty.
        work: What every sample did.
        peak_memory_source: Where the memory figures come from; only equal sources are compared.
        samples: At least 5, each of a fresh process, timed alone on the machine.
        reason: Why it was accepted.
        author: Who accepted it, as git knows them.
        recorded_utc: When.
        clock_sources: Where elapsed and CPU time come from; only equal sources are compared.

    """

    workload: Workload
    fingerprints: Fingerprints
    environment: Environment
    work: Work
    peak_memory_source: str
    samples: tuple[BaselineSample, ...]
    reason: str
    author: str
    recorded_utc: dt.datetime
    clock_sources: tuple[str, str] = (WORKER, WORKER)
