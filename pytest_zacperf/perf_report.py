"""Everything a perf test found out about one question, as it is shown and stored; decides nothing.

It holds builtins, records and frozen dataclasses only, so that msgspec can write it as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_zacperf.blame import Growth
from pytest_zacperf.estimates import Pair
from pytest_zacperf.records import Baseline, Environment, Run, StageMemory
from pytest_zacperf.schedule import Schedule, is_disturbed, other_busy_cores
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.verdict import Verdict

SHORT_REVISION = 12
STORED = "stored"  # instead of a schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One timed run of a pair, or one that was held against stored samples, or such a sample.

    Attributes:
        pair: Number of the pair, from 1. Where there are no pairs, of the sample; of the run from
            0, which is the one that existed anyway.
        side: ``baseline`` or ``candidate``.
        schedule: How the pair was laid out; ``stored`` where there are no pairs.
        run: Id of the run; empty for a stored sample.
        wall_ns: Elapsed time.
        cpu_ns: Of the process tree.
        peak_memory_bytes: Of the process tree.
        peak_memory_source: Where that figure comes from.
        other_busy_cores: Processors that others kept busy, on average; None if unknown.
        is_disturbed: Whether that is too much.
        layout: Number of the memory layout that both sides of the pair had; None for one by chance.
        counts: Whether the verdict rests on it: not on what came after the last look.

    """

    pair: int
    side: str
    schedule: str
    run: str
    wall_ns: int
    cpu_ns: int
    peak_memory_bytes: int
    peak_memory_source: str
    other_busy_cores: float | None
    is_disturbed: bool
    layout: int | None
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfReport:
    """A verdict and all that explains it.

    Attributes:
        test: Node id; the command line has none.
        verdict: The outcome.
        candidate: Name of the side under test.
        baseline: Name of the accepted side.
        origin: Why that is the baseline: a flag, the test, a setting, a stored one.
        revisions: Commit of the baseline and of the candidate, with a remark when dirty.
        same_inputs: The remark that both sides are the same; None when they are not.
        why_no_duet: Why the rounds alternate; None for a duet.
        environment: Where the candidate was measured, in a line.
        difference: What differs in the baseline's environment; None for nothing.
        stages: Those that grew, the worst first.
        functions: Those whose own time grew most; only after FAIL.
        baseline_memory: Growth by stage; only after FAIL of peak memory.
        candidate_memory: The same of the candidate.
        unexplained: Why blame has nothing to say although it was asked; None otherwise.
        rounds: Every timed run.

    """

    test: str
    verdict: Verdict
    candidate: str
    baseline: str
    origin: str
    revisions: tuple[str, str]
    same_inputs: str | None
    why_no_duet: str | None
    environment: str
    difference: str | None
    stages: tuple[StageGrowth, ...] = ()
    functions: tuple[Growth, ...] = ()
    baseline_memory: tuple[StageMemory, ...] = ()
    candidate_memory: tuple[StageMemory, ...] = ()
    unexplained: str | None = None
    rounds: tuple[Round, ...] = ()


def environment_text(environment: Environment | None) -> str:
    """Return where a run was measured, in one line."""
    if environment is None:
        return "measured on an unknown machine"
    return (
        f"measured with {environment.python} on {environment.platform}, {environment.machine}, "
        f"{len(environment.cpus)} processors; {revision_text(environment)}"
    )


def revision_text(environment: Environment | None) -> str:
    """Return the revision that was measured, and whether files differed from it."""
    revision = (environment and environment.git_revision) or ""
    dirty = " with changes" if environment and environment.git_dirty else ""
    return f"{revision[:SHORT_REVISION] or 'no git revision'}{dirty}"


def rounds_of(
    pairs: Sequence[Pair], schedule: Schedule, *, runs_per_side: int = 1, counted: int | None = None
) -> tuple[Round, ...]:
    """Return every run of the pairs with what it cost and how busy the machine was.

    Args:
        pairs: Runs of (baseline, candidate).
        schedule: How they were laid out.
        runs_per_side: How many neighbors of *pairs* make one pair.
        counted: On how many pairs the verdict rests; None for all.

    """
    return tuple(_rounds(pairs, schedule, runs_per_side, counted))


def stored_rounds(
    baseline: Baseline, first_run: Run, more_runs: Sequence[Run], *, counted: int
) -> tuple[Round, ...]:
    """Return the stored samples, and every run that was held against them.

    Args:
        baseline: The samples.
        first_run: The run that existed anyway.
        more_runs: Those that were made for the second look.
        counted: On how many runs the verdict rests: on the first one, or on the others.

    """
    samples = [
        Round(
            pair=number,
            side="baseline",
            schedule=STORED,
            run="",
            wall_ns=sample.wall_ns,
            cpu_ns=sample.cpu_ns,
            peak_memory_bytes=sample.peak_memory_bytes,
            peak_memory_source=baseline.peak_memory_source,
            other_busy_cores=None,
            is_disturbed=False,
            layout=None,
            counts=True,
        )
        for number, sample in enumerate(baseline.samples, start=1)
    ]
    found = (
        one
        for number, run in enumerate((first_run, *more_runs))
        for one in _round(
            number, "candidate", run, None, STORED, counts=(number == 0) == (counted == 1)
        )
    )
    return (*samples, *found)


def _rounds(
    pairs: Sequence[Pair], schedule: Schedule, runs_per_side: int, counted: int | None
) -> Iterator[Round]:
    for index, (baseline, candidate) in enumerate(pairs):
        number = index // runs_per_side + 1
        partners = (candidate, baseline) if schedule is Schedule.DUET else (None, None)
        sides = zip(("baseline", "candidate"), (baseline, candidate), partners, strict=True)
        for side, run, partner in sides:
            yield from _round(
                number, side, run, partner, schedule, counts=counted is None or number <= counted
            )


def _round(  # noqa: PLR0913 - what tells one round from another
    number: int, side: str, run: Run, partner: Run | None, schedule: str, *, counts: bool
) -> Iterator[Round]:
    costs = run.costs
    if costs is None:
        return
    yield Round(
        pair=number,
        side=side,
        schedule=schedule,
        run=run.id,
        wall_ns=costs.wall_ns,
        cpu_ns=costs.cpu_ns,
        peak_memory_bytes=costs.peak_memory_bytes,
        peak_memory_source=costs.peak_memory_source,
        other_busy_cores=other_busy_cores(run, partner),
        is_disturbed=is_disturbed(run, partner),
        layout=run.layout,
        counts=counts,
    )
