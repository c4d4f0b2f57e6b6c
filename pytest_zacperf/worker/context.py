"""What an engine gets from its worker: folders, stages, counters; see ``engines.Context``."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pytest_zacperf import store
from pytest_zacperf.records import RunRequest, SourceTree
from pytest_zacperf.stages import StageContext, StageTimer
from pytest_zacperf.worker.memory import MemoryByDay, MemoryByStage, resident_bytes
from pytest_zacperf.worker.sources import mapped


@dataclass(slots=True)
class WorkerContext:
    """The context of one run, and how far it has come."""

    run_folder: Path
    cache_folder: Path
    progress_file: int
    stages: StageTimer
    counts: Counter[str] = field(default_factory=Counter)
    day: dt.date | None = None
    has_started: bool = False
    memory_by_day: MemoryByDay = field(default_factory=MemoryByDay)
    memory_by_stage: MemoryByStage | None = None
    sources: SourceTree | None = None

    @classmethod
    def of(cls, request: RunRequest) -> Self:
        """Return the context of a request."""
        by_stage = MemoryByStage() if request.memory_by_stage else None
        # Only one of them can have the kernel's high-water mark.
        by_day = MemoryByDay() if by_stage is None else MemoryByDay(read=resident_bytes)
        return cls(
            run_folder=Path(request.run_folder),
            cache_folder=Path(request.cache_folder),
            sources=request.sources,
            progress_file=store.open_progress(Path(request.run_folder)),
            stages=StageTimer(enabled=request.stages or request.memory_by_stage, watch=by_stage),
            memory_by_day=by_day,
            memory_by_stage=by_stage,
        )

    @contextlib.contextmanager
    def watched_memory(self) -> Iterator[None]:
        """Note the memory of the block by day, and by stage where that is asked for."""
        with self.memory_by_day, self.memory_by_stage or contextlib.nullcontext():
            yield

    @property
    def working_folder(self) -> Path:
        """Folder of this run alone; made at first use."""
        folder = self.run_folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def code_path(self, path: Path) -> Path:
        """Return where a path of the project's code is in the revision that is run."""
        return mapped(path, self.sources)

    def stage(self, name: str) -> StageContext:
        """Return the stage *name* to enter with ``with``."""
        return self.stages.stage(name)

    def progress(self, day: dt.date) -> None:
        """Report the simulated day that begins."""
        if day != self.day:
            # Not by a function of the store: in a profile of the run it would be one of the run's.
            with contextlib.suppress(OSError):  # a full disk keeps no run from going on
                os.pwrite(self.progress_file, day.isoformat().encode(), 0)
        self.day = day
        self.memory_by_day.note(day)

    def count(self, name: str, n: int) -> None:
        """Add *n* to the counter *name*."""
        self.counts[name] += n
