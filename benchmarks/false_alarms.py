"""Print how often the verdict, and three rules that others use, are wrong on this machine.

Real extra work of 0, 5, 10 and 25 % in a child process, limit 1.10, on the machine as it is and
beside a CPU hog that comes and goes on one processor. Every fresh comparison is a session of its
own; most trials draw recorded pairs of these again, and are counted apart.

Asserts nothing. Run: ``python benchmarks/false_alarms.py [FRESH [MINUTES [FOLDER]]]`` with the
number of fresh comparisons of each kind (30 takes two to three hours), after how many minutes none
begins, and a folder that keeps the runs, so that the same call goes on where the last one ended.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import math
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.stats

from pytest_zacperf import sampling, stats
from pytest_zacperf.comparison import Comparison, Rules
from pytest_zacperf.estimates import Quantity, Question
from pytest_zacperf.job import Job
from pytest_zacperf.records import Run, Window, Workload
from pytest_zacperf.rounds import ComparedSide, Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.sampling import Design
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.store import RunStore
from pytest_zacperf.verdict import Outcome

LIMIT = 1.10
SLOWDOWNS = (0, 5, 10, 25)  # percent of real extra work
RESAMPLED = {0: 400, 5: 100, 10: 100, 25: 100}
RUNTIME = Question(quantity=Quantity.RUNTIME)
RULES = Rules(
    schedule="auto",
    clock="auto",
    budget_s=None,
    duet_looks=sampling.DUET.looks,
    alternate_looks=sampling.ALTERNATE_CPU.looks,
)
# Whatever minutes are left, first what takes longest, and of it what the targets speak of.
GROUPS = (
    ((Schedule.ALTERNATE, 0), (Schedule.ALTERNATE, 25)),
    ((Schedule.ALTERNATE, 5), (Schedule.ALTERNATE, 10)),
    tuple((Schedule.DUET, slowdown) for slowdown in SLOWDOWNS),
)
# About 0.2 s. Rounds in turn take ten times as long as duets, so their runs are half as long: they
# are noisier for it, not less.
BARS = {Schedule.DUET: 110_000, Schedule.ALTERNATE: 55_000}
DESIGNS = {Schedule.DUET: sampling.DUET, Schedule.ALTERNATE: sampling.ALTERNATE_CPU}
# A crossing of means on bars that are computed, not read: the objects and calls of a real one. A
# single tight loop would be noisier: a few collisions of its few addresses are all of its cost.
STRATEGY = '''
"""Trade the crossing of two means."""

from collections import deque
from dataclasses import dataclass, field

from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

LENGTHS = {"fast": 12, "slow": 48, "trend": 200}


@dataclass(slots=True)
class Mean:
    length: int
    values: deque = field(default_factory=deque)
    total: float = 0.0

    def update(self, value):
        self.values.append(value)
        self.total += value
        if len(self.values) > self.length:
            self.total -= self.values.popleft()
        return self.total / len(self.values)


@dataclass(slots=True)
class Bar:
    minute: int
    open: float
    high: float
    low: float
    close: float


def bars(count):
    price, state = 100.0, 12_345
    for minute in range(count):
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        close = price * (1.0 + (state / 2_147_483_648 - 0.5) * 0.002)
        yield Bar(minute, price, max(price, close) * 1.0004, min(price, close) * 0.9996, close)
        price = close


def strategy(count):
    means = {name: Mean(length) for name, length in LENGTHS.items()}
    position, cash, highest, orders = 0, 100_000.0, 0.0, []
    for bar in bars(count):
        now = {name: mean.update(bar.close) for name, mean in means.items()}
        highest = max(highest * 0.9999, bar.high)
        wanted = 1 if now["fast"] > now["slow"] and bar.close > now["trend"] else 0
        if bar.low < highest * 0.99:
            wanted = 0
        if wanted != position:
            cash -= (wanted - position) * bar.close
            orders.append((bar.minute, wanted - position, round(bar.close, 2)))
            position = wanted
    return cash


def run(start, end, bars, extra_percent):
    strategy(bars + bars * extra_percent // 100)
    return BacktestOutput(data_points=bars)


engine = FunctionEngine("strategy:run")
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a trial needs of a run."""

    wall_ns: int
    cpu_ns: int


@dataclass(slots=True, kw_only=True)
class Kind:
    """Trials with one schedule and one slowdown under one condition.

    Attributes:
        outcomes: Of the fresh comparisons.
        pairs_needed: Of the fresh comparisons.
        trials: Runs of (baseline, candidate) of each fresh comparison.
        runs_per_side: Of how many runs a pair took the best.

    """

    outcomes: list[Outcome] = field(default_factory=list)
    pairs_needed: list[int] = field(default_factory=list)
    trials: list[list[tuple[Costs, Costs]]] = field(default_factory=list)
    runs_per_side: int = 1

    def pairs(self) -> list[list[tuple[float, float]]]:
        """Return the CPU times of both sides of each pair, for each fresh comparison."""
        return [
            [
                (min(a.cpu_ns for a, _ in runs), min(b.cpu_ns for _, b in runs))
                for at in range(0, len(trial), self.runs_per_side)
                if len(runs := trial[at : at + self.runs_per_side]) == self.runs_per_side
            ]
            for trial in self.trials
        ]


def main() -> None:
    """Run the fresh comparisons, resample them, and print the tables."""
    fresh = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else math.inf  # noqa: PLR2004 - the second
    deadline_s = time.monotonic() + minutes * 60
    found = {
        condition: {(schedule, slowdown): Kind() for schedule in Schedule for slowdown in SLOWDOWNS}
        for condition in CONDITIONS
    }
    with contextlib.ExitStack() as stack:
        root = Path(
            sys.argv[3]
            if len(sys.argv) > 3  # noqa: PLR2004 - the third
            else stack.enter_context(tempfile.TemporaryDirectory())
        )
        root.mkdir(exist_ok=True)
        os.environ["TMPDIR"] = str(root)  # a machine lock of its own
        (root / "strategy.py").write_text(STRATEGY, encoding="utf-8")
        # In turn, so that a busy minute hits all kinds of a group alike.
        for group, number, condition in itertools.product(GROUPS, range(fresh), found):
            if time.monotonic() > deadline_s:
                break
            with CONDITIONS[condition]():
                for kind in group:
                    compare(root, *kind, f"{condition}{number}", found[condition][kind])
    for condition, kinds in found.items():
        print_tables(condition, {kind: one for kind, one in kinds.items() if one.outcomes})


def compare(root: Path, schedule: Schedule, slowdown: int, name: str, kind: Kind) -> None:
    """Make one fresh comparison, as a session of its own would."""
    session = f"{name}-{schedule}-{slowdown}"
    runner = Runner(store=RunStore(root / session / ".zacperf"), root=root)
    baseline, candidate = (workload(BARS[schedule], extra) for extra in (0, slowdown))
    warm_up = tuple(
        runner.run_together([Job(workload=side, session=session, machine="alone", side=label)])[0]
        for side, label in ((baseline, "a"), (candidate, "b"))
    )
    comparison = Comparison(
        rounds=Rounds(
            runner=runner,
            session=session,
            baseline=ComparedSide(workload=baseline),
            candidate=ComparedSide(workload=candidate),
        ),
        warm_up=(warm_up[0], warm_up[1]),
        rules=rules_for(schedule),
    )
    found = comparison.judge(RUNTIME, "<=", LIMIT)
    if found.estimate is None:
        raise SystemExit(found.why)
    kind.outcomes.append(found.outcome)
    kind.pairs_needed.append(found.estimate.pairs)
    kind.runs_per_side = found.estimate.runs_per_side
    kind.trials.append([(costs_of(a), costs_of(b)) for a, b in comparison.pairs[schedule]])


def rules_for(schedule: Schedule) -> Rules:
    """Return the default rules with one of the schedules."""
    return Rules(
        schedule=schedule,
        clock="CPU",
        budget_s=None,
        duet_looks=RULES.duet_looks,
        alternate_looks=RULES.alternate_looks,
    )


def workload(bars: int, extra_percent: int) -> Workload:
    """Return the backtest of so many bars with that much extra work."""
    day = dt.date(2025, 1, 20)
    return Workload(
        engine="strategy:engine",
        window=Window(id="w", start=day, end=day),
        parameters={"bars": bars, "extra_percent": extra_percent},
    )


def costs_of(run: Run) -> Costs:
    """Return what a trial needs of a run."""
    if run.costs is None:
        raise SystemExit(run.reason)
    return Costs(wall_ns=run.costs.wall_ns, cpu_ns=run.costs.cpu_ns)


def resampled(kind: Kind, design: Design, trials: int, seed: int) -> Kind:
    """Return trials whose pairs are drawn from the recorded ones, with replacement."""
    pool = list(itertools.chain.from_iterable(kind.pairs()))
    draw = random.Random(seed)  # noqa: S311 - a simulation
    found = Kind()
    for _ in range(trials):
        pairs = [draw.choice(pool) for _ in range(design.looks[-1])]
        outcome, needed = decided(pairs, design)
        found.outcomes.append(outcome)
        found.pairs_needed.append(needed)
    return found


def decided(values: Sequence[tuple[float, float]], design: Design) -> tuple[Outcome, int]:
    """Return the outcome of the sequential rule, and the pairs it needed."""
    for look in design.looks:
        interval = stats.interval(values[:look], design)
        if interval.high <= LIMIT:
            return Outcome.PASS, look
        if interval.low > LIMIT:
            return Outcome.FAIL, look
    return Outcome.INCONCLUSIVE, design.looks[-1]


def print_tables(condition: str, kinds: dict[tuple[Schedule, int], Kind]) -> None:
    """Print our verdicts and those of the other rules under one condition."""
    print(f"\n## {condition}, limit {LIMIT}\n")
    print("| schedule | work | trials | PASS % | FAIL % | INCONCLUSIVE % | median pairs |")
    print("|---|---|---|---|---|---|---|")
    for (schedule, slowdown), kind in kinds.items():
        drawn = resampled(kind, DESIGNS[schedule], RESAMPLED[slowdown], seed=slowdown)
        for label, one in (("fresh", kind), ("resampled", drawn)):
            print(verdict_row(f"{schedule}", slowdown, label, one))
    print("\n| rule on the alternating rounds | trials | flagged at +0 / 5 / 10 / 25 % |")
    print("|---|---|---|")
    for name, rule in RULES_OF_OTHERS.items():
        measured = [kinds.get((Schedule.ALTERNATE, slowdown)) for slowdown in SLOWDOWNS]
        shown = " / ".join(f"{flagged(rule, one, kinds):.0%}" if one else "-" for one in measured)
        counts = "/".join(str(len(one.trials)) if one else "0" for one in measured)
        print(f"| {name} | {counts} fresh, 400 drawn | {shown} |")
    print()
    for schedule in Schedule:
        of_schedule = [one for (laid_out, _), one in kinds.items() if laid_out is schedule]
        if (schedule, 0) in kinds:
            sd = log_ratio_sd(kinds[schedule, 0])
            print(f"{schedule}: sd of the log ratio of a pair's CPU times, A/A: {sd:.1%}")
        print(f"{schedule}: {correlation_text(of_schedule)}", flush=True)


def verdict_row(schedule: str, slowdown: int, label: str, kind: Kind) -> str:
    """Return one row of our table."""
    counts, total = Counter(kind.outcomes), len(kind.outcomes)
    shares = " | ".join(f"{counts[outcome] / total:.1%}" for outcome in Outcome)
    median = statistics.median(kind.pairs_needed)
    return f"| {schedule} | +{slowdown} % | {total} {label} | {shares} | {median:g} |"


def log_ratio_sd(kind: Kind) -> float:
    """Return the standard deviation of the log ratio of CPU times over all recorded pairs."""
    pairs = itertools.chain.from_iterable(kind.pairs())
    return float(np.std([np.log(b / a) for a, b in pairs], ddof=1))


def correlation_text(kinds: Sequence[Kind]) -> str:
    """Return how neighboring pairs correlate by rank, within comparisons of 8 pairs and more.

    Within few pairs it is below 0 by itself: what shuffled pairs show is taken off.
    """
    ranks = [
        scipy.stats.rankdata([b / a for a, b in pairs]) - (len(pairs) + 1) / 2
        for kind in kinds
        for pairs in kind.pairs()
        if len(pairs) >= 8  # noqa: PLR2004 - fewer say nothing
    ]
    if len(ranks) < 5:  # noqa: PLR2004 - fewer say nothing
        return f"{len(ranks)} comparisons of 8 pairs and more say nothing of their correlation"
    draw = np.random.default_rng(7)
    shuffled = np.mean([neighbors([draw.permutation(one) for one in ranks]) for _ in range(300)])
    again = [
        neighbors([ranks[i] for i in draw.integers(0, len(ranks), len(ranks))]) for _ in range(500)
    ]
    low, high = np.percentile(again, [2.5, 97.5]) - shuffled
    return (
        f"neighboring pairs of {len(ranks)} comparisons of 8 and more correlate by "
        f"{neighbors(ranks) - shuffled:.2f} (95 % of a bootstrap {low:.2f} to {high:.2f})"
    )


def neighbors(ranks: Sequence[np.ndarray]) -> float:
    """Return the correlation of centered ranks with their neighbors, over all comparisons."""
    together = sum(float(np.sum(one[1:] * one[:-1])) / (len(one) - 1) for one in ranks)
    return together / sum(float(np.mean(one**2)) for one in ranks)


def flagged(rule: object, kind: Kind, kinds: dict[tuple[Schedule, int], Kind]) -> float:
    """Return how often a rule calls the candidate slower.

    A stored baseline is that of another trial; rounds side by side are those of one trial, drawn to
    ten a side.
    """
    draw = random.Random(7)  # noqa: S311 - a simulation
    stored = kinds[Schedule.ALTERNATE, 0].trials
    hits = 0
    for _ in range(TRIALS_OF_OTHERS):
        mine, other = draw.choice(kind.trials), draw.choice(stored)
        if rule is flags_asv:
            pairs = [draw.choice(mine) for _ in range(10)]
            hits += flags_asv([a.wall_ns for a, _ in pairs], [b.wall_ns for _, b in pairs])
        elif callable(rule):
            hits += rule([a.wall_ns for a, _ in other], [b.wall_ns for _, b in mine])
    return hits / TRIALS_OF_OTHERS


TRIALS_OF_OTHERS = 400


def flags_benchmark(baseline: Sequence[float], candidate: Sequence[float]) -> bool:
    """Return what ``--benchmark-compare-fail=median:10%`` says: medians, more than 10 %."""
    return statistics.median(candidate) / statistics.median(baseline) * 100 - 100 > 10  # noqa: PLR2004


def flags_median_of_3(baseline: Sequence[float], candidate: Sequence[float]) -> bool:
    """Return whether the median of the first 3 is more than 10 % above the stored one."""
    return statistics.median(candidate[:3]) / statistics.median(baseline[:3]) > LIMIT


def flags_asv(baseline: Sequence[float], candidate: Sequence[float]) -> bool:
    """Return what ``asv continuous`` says: medians beyond 1.1, and a Mann-Whitney p below 0.002."""
    if statistics.median(candidate) / statistics.median(baseline) <= LIMIT:
        return False
    p = scipy.stats.mannwhitneyu(baseline, candidate, alternative="two-sided").pvalue
    return bool(p < 0.002)  # noqa: PLR2004 - its default


RULES_OF_OTHERS = {
    "pytest-benchmark compare-fail=median:10%, stored": flags_benchmark,
    "median of 3 wall, stored, > 10 %": flags_median_of_3,
    "asv continuous, 10 samples a side": flags_asv,
}


@contextmanager
def nothing() -> Iterator[None]:
    """Disturb nothing."""
    yield


@contextmanager
def hog() -> Iterator[None]:
    """Keep one processor busy for a while, then not, and so on."""
    process = multiprocessing.get_context("spawn").Process(target=come_and_go, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def come_and_go() -> None:
    """Compute and sleep in turn, 0.2 to 3 seconds each, on the first processor."""
    draw = random.Random(11)  # noqa: S311 - a simulation
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    while True:
        end_s = time.monotonic() + draw.uniform(0.2, 3.0)
        while time.monotonic() < end_s:
            sum(range(10_000))
        time.sleep(draw.uniform(0.2, 3.0))


CONDITIONS = {"quiet": nothing, "hog": hog}

if __name__ == "__main__":
    main()
