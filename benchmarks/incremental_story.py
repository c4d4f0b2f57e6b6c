"""Print what the rolling metrics of the embedded backtest gain over their full recomputation.

First end to end: ``metrics=full`` as baseline, ``metrics=incremental`` as candidate, judged as a
test would: runtime and the stage ``metrics`` at most 0.75, peak memory at most 1.10, equal order
events. Then each metric alone, full against incremental, on one synthetic day of 15-second bars.

Asserts nothing. Run: ``python benchmarks/incremental_story.py [START END]``
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf import sampling
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.job import Job
from pytest_zacperf.records import Run, Window, Workload
from pytest_zacperf.render import verdict_line
from pytest_zacperf.rounds import ComparedSide, Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import RunStore
from pytest_zacperf.zacqc.bars import Bar, DailyBar
from pytest_zacperf.zacqc.metrics import IncrementalMetrics, RollingExtreme
from pytest_zacperf.zacqc.rally import IncrementalExtremes, RallyExtremes, Sample
from pytest_zacperf.zacqc.reading import (
    DAILY_BARS,
    SHARP_MOVE_BARS,
    WINDOW_BARS,
    Metrics,
    gap_percent,
    mean_range,
    volume_per_second,
)
from pytest_zacperf.zacqc.recompute import FullExtremes, FullMetrics

START, END = dt.date(2025, 3, 10), dt.date(2025, 3, 11)
LIMITS = (
    (Question(quantity=Quantity.RUNTIME), 0.75),
    (Question(quantity=Quantity.STAGE_RUNTIME, stage="metrics"), 0.75),
    (Question(quantity=Quantity.PEAK_MEMORY), 1.10),
)
RULES = Rules(
    schedule="auto",
    clock="auto",
    budget_s=None,
    duet_looks=sampling.DUET.looks,
    alternate_looks=sampling.ALTERNATE_CPU.looks,
)
BARS = 1_560  # 15 seconds each, one session
SAMPLES = 4_000  # of the rally detector, one a second
RALLY_MEMORY_S = 960
ROUNDS = 7


def main() -> None:
    """Judge both forms end to end, then time every metric alone."""
    start, end = map(dt.date.fromisoformat, sys.argv[1:3]) if len(sys.argv) > 2 else (START, END)  # noqa: PLR2004 - both days
    window = Window(id=f"{start}_{end}", start=start, end=end)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = name  # a machine lock of its own
        runner = Runner(store=RunStore(Path(name) / ".zacperf"), root=Path(name))
        print_end_to_end(runner, window)
    print_metrics()


def print_end_to_end(runner: Runner, window: Window) -> None:
    """Print a verdict for each question, and whether the order events are the same."""
    sides = [
        Workload(engine="zacqc", window=window, parameters={"metrics": form})
        for form in ("full", "incremental")
    ]
    baseline, candidate = (single_run(runner, side) for side in sides)
    comparison = Comparison(
        rounds=Rounds(
            runner=runner,
            session="story",
            baseline=ComparedSide(workload=sides[0]),
            candidate=ComparedSide(workload=sides[1]),
        ),
        warm_up=(baseline, candidate),
        rules=RULES,
        tell=print,
    )
    for question, limit in LIMITS:
        print(verdict_line(comparison.judge(question, "<=", limit)))
    same = baseline.order_events_hash == candidate.order_events_hash
    events = baseline.work.order_events if baseline.work else 0
    print(f"order events: {events}, {'identical' if same else 'DIFFERENT'}\n")


def single_run(runner: Runner, workload: Workload) -> Run:
    """Return the run that warms a side up."""
    (run,) = runner.run_together([Job(workload=workload, session="story", machine="alone")])
    if run.status == "error":
        raise SystemExit(run.reason)
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One metric: its full and its incremental form, each over all bars, and their number."""

    name: str
    full: Callable[[], object]
    incremental: Callable[[], object]
    steps: int


def print_metrics() -> None:
    """Print ns per bar of every metric, in both forms, and their ratio."""
    print("| metric | full, ns a bar | incremental, ns a bar | ratio |")
    print("|---|---|---|---|")
    for form in forms():
        full, incremental = ns_per_step(form)
        print(f"| {form.name} | {full:,.0f} | {incremental:,.0f} | {incremental / full:.2f} |")


def ns_per_step(form: Form) -> tuple[float, float]:
    """Return the medians over rounds in which both forms take turns, in ns of CPU time."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for function, found in zip((form.full, form.incremental), times, strict=True):
            start_ns = time.process_time_ns()
            function()
            found.append((time.process_time_ns() - start_ns) / form.steps)
    return statistics.median(times[0]), statistics.median(times[1])


def forms() -> Sequence[Form]:
    """Return every metric in both forms, as the backtest computes them."""
    bars, daily, samples = day_of_bars(), history(), day_of_samples()
    return [
        Form(
            name="day's open, high, low, close and range",
            full=lambda: [day_range(bars[: n + 1]) for n in range(BARS)],
            incremental=lambda: rolling_day_range(bars),
            steps=BARS,
        ),
        Form(
            name="30-day mean range",
            full=lambda: [mean_range(daily) for _ in bars],
            incremental=lambda: kept(mean_range(daily)),
            steps=BARS,
        ),
        Form(
            name="7-day volume and liquidity",
            full=lambda: [volume_per_second(daily) * bar.close / 1e6 for bar in bars],
            incremental=lambda: kept(volume_per_second(daily), bars),
            steps=BARS,
        ),
        Form(
            name="gap",
            full=lambda: [gap_percent(100.0, daily) for _ in bars],
            incremental=lambda: kept(gap_percent(100.0, daily)),
            steps=BARS,
        ),
        Form(
            name="sharp move (16 bars)",
            full=lambda: windowed_extremes(bars, SHARP_MOVE_BARS),
            incremental=lambda: rolling_extremes(bars, SHARP_MOVE_BARS),
            steps=BARS,
        ),
        Form(
            name="range window (45 bars)",
            full=lambda: windowed_extremes(bars, WINDOW_BARS - 2),
            incremental=lambda: rolling_extremes(bars, WINDOW_BARS - 2),
            steps=BARS,
        ),
        Form(
            name="rally long and short",
            full=lambda: follow(FullExtremes(RALLY_MEMORY_S), samples),
            incremental=lambda: follow(IncrementalExtremes(RALLY_MEMORY_S), samples),
            steps=SAMPLES,
        ),
        Form(
            name="all metrics of a reading",
            full=lambda: drive(FullMetrics(), bars, daily),
            incremental=lambda: drive(IncrementalMetrics(), bars, daily),
            steps=BARS,
        ),
    ]


def day_of_bars() -> list[Bar]:
    """Return a session of bars whose prices wander without chance."""
    closes = [100 + (n * 7_919 % 1_000 - 500) / 500 + n / 500 for n in range(BARS)]
    return [
        Bar(
            start=n * 15,
            open=close,
            high=close + 0.05,
            low=close - 0.05,
            close=close,
            volume=n % 100,
        )
        for n, close in enumerate(closes)
    ]


def history() -> list[DailyBar]:
    """Return the daily bars that the metrics keep."""
    first = dt.date(2025, 1, 1)
    return [
        DailyBar(
            day=first + dt.timedelta(days=n),
            open=100,
            high=102 + n % 3,
            low=98,
            close=101,
            volume=10**6,
        )
        for n in range(DAILY_BARS)
    ]


def day_of_samples() -> list[Sample]:
    """Return samples of the rally detector, one a second."""
    closes = [100 + (n * 104_729 % 2_000 - 1_000) / 1_000 for n in range(SAMPLES)]
    return [Sample(time=n, high=price + 0.01, low=price - 0.01) for n, price in enumerate(closes)]


def day_range(bars: Sequence[Bar]) -> float:
    """Return the range of the bars so far, from all of them."""
    return max(bar.high for bar in bars) - min(bar.low for bar in bars)


def rolling_day_range(bars: Sequence[Bar]) -> float:
    """Keep the day's extremes as bars arrive."""
    high, low = bars[0].high, bars[0].low
    for bar in bars:
        high = max(high, bar.high)
        low = min(low, bar.low)
    return high - low


def kept(value: float, bars: Sequence[Bar] | None = None) -> float:
    """Use a value that is computed once a day at every bar."""
    used = 0.0
    for number in range(BARS):
        used = value * bars[number].close / 1e6 if bars else value
    return used


def windowed_extremes(bars: Sequence[Bar], size: int) -> None:
    """Search the window for its lowest low and highest high at every bar."""
    window: deque[Bar] = deque(maxlen=size)
    for bar in bars:
        window.append(bar)
        min(one.low for one in window)
        max(one.high for one in window)


def rolling_extremes(bars: Sequence[Bar], size: int) -> None:
    """Keep the window's extremes as bars arrive."""
    low, high = RollingExtreme(size), RollingExtreme(size)
    for bar in bars:
        low.add(bar.low)
        high.add(-bar.high)


def follow(extremes: RallyExtremes, samples: Sequence[Sample]) -> None:
    """Ask for both rallies at every sample."""
    for sample in samples:
        extremes.add(sample)
        extremes.long()
        extremes.short()


def drive(metrics: Metrics, bars: Sequence[Bar], daily: Sequence[DailyBar]) -> None:
    """Read all metrics at every bar."""
    for day in daily:
        metrics.add_daily_bar(day)
    metrics.reset_day()
    for bar in bars:
        metrics.add_bar(bar)
        metrics.read(bar.close)


if __name__ == "__main__":
    main()
