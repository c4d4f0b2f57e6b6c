"""Timed runs without a backtest, and rounds that are known beforehand."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from support import recorded

from pytest_zacperf.estimates import Pair
from pytest_zacperf.records import Costs, Run, RunConditions, StageTiming
from pytest_zacperf.rounds import ComparedSide
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Schedule

NS_PER_MS = 1_000_000
BASELINE_MS = 1000.0
MEMORY_BYTES = 80_000_000


def timed_run(  # noqa: PLR0913 - a test names what it is about
    cpu_ms: float = BASELINE_MS,
    *,
    wall_ms: float | None = None,
    main_thread_ms: float | None = None,
    waited_ms: float | None = 0.0,
    busy_ms: float | None = None,
    start_ms: float = 0.0,
    elapsed_s: float = 1.0,
    memory_bytes: int = MEMORY_BYTES,
    source: str = "VmHWM",
    stages_ms: tuple[tuple[str, float], ...] = (),
    **changes: object,
) -> Run:
    """Return a run that computed all the time on its main thread, unless a test says otherwise."""
    wall_ms = cpu_ms if wall_ms is None else wall_ms
    run = recorded.run(
        end_utc=recorded.AT_UTC + dt.timedelta(seconds=elapsed_s),
        costs=Costs(
            wall_ns=_ns(wall_ms),
            cpu_ns=_ns(cpu_ms),
            peak_memory_bytes=memory_bytes,
            peak_memory_source=source,
            stages=tuple(
                StageTiming(name=name, total_ns=_ns(ms), count=1, max_ns=_ns(ms))
                for name, ms in stages_ms
            ),
        ),
        conditions=RunConditions(
            start_monotonic_ns=_ns(start_ms),
            end_monotonic_ns=_ns(start_ms + wall_ms),
            main_thread_cpu_ns=_ns(cpu_ms if main_thread_ms is None else main_thread_ms),
            runnable_wait_ns=None if waited_ms is None else _ns(waited_ms),
            machine_busy_ns=None if busy_ms is None else _ns(busy_ms),
        ),
    )
    return msgspec.structs.replace(run, **changes)


def timed_pair(ratio: float, **both: object) -> Pair:
    """Return a baseline, and a candidate that takes *ratio* times as long."""
    return timed_run(BASELINE_MS, **both), timed_run(BASELINE_MS * ratio, **both)  # type: ignore[arg-type]


@dataclass(slots=True, kw_only=True)
class KnownRounds:
    """Rounds whose pairs are known by their number; it notes which ones were asked for."""

    runner: Runner
    known: Callable[[int], Pair]
    asked: list[tuple[Schedule, int]] = field(default_factory=list)
    on_one_processor: set[bool] = field(default_factory=set)
    candidate: ComparedSide = field(
        default_factory=lambda: ComparedSide(workload=recorded.WORKLOAD)
    )

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Lock nothing."""
        return contextlib.nullcontext()

    def pair(self, laid_out: Schedule, number: int, *, one_processor: bool = False) -> Pair:
        """Return the pair of that number."""
        self.asked.append((laid_out, number))
        self.on_one_processor.add(one_processor)
        return self.known(number)


def _ns(ms: float) -> int:
    return round(ms * NS_PER_MS)
