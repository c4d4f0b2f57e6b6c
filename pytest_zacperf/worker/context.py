"""What an engine gets from its worker: folders, stages, counters; see ``engines.Context``."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pytest_zacperf.records import RunRequest
from pytest_zacperf.stages import StageContext, StageTimer


@dataclass(slots=True)
class WorkerContext:
    """The context of one run, and how far it has come."""

    run_folder: Path
    cache_folder: Path
    stages: StageTimer
    counts: Counter[str] = field(default_factory=Counter)
    day: dt.date | None = None
    has_started: bool = False

    @classmethod
    def of(cls, request: RunRequest) -> Self:
        """Return the context of a request."""
        return cls(
            run_folder=Path(request.run_folder),
            cache_folder=Path(request.cache_folder),
            stages=StageTimer(enabled=request.stages),
        )

    @property
    def working_folder(self) -> Path:
        """Folder of this run alone; made at first use."""
        folder = self.run_folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def stage(self, name: str) -> StageContext:
        """Return the stage *name* to enter with ``with``."""
        return self.stages.stage(name)

    def progress(self, day: dt.date) -> None:
        """Report the simulated day that begins."""
        self.day = day

    def count(self, name: str, n: int) -> None:
        """Add *n* to the counter *name*."""
        self.counts[name] += n
