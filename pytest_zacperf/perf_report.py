"""Everything a perf test found out about one question, as it is shown and stored; decides nothing.

It holds builtins, records and frozen dataclasses only, so that msgspec can write it as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_zacperf.blame import Growth
from pytest_zacperf.estimates import Pair
from pytest_zacperf.records import Environment, Run, StageMemory
from pytest_zacperf.schedule import Schedule, is_disturbed, other_busy_cores
from pytest_zacperf.stage_growth import StageGrowth
from pytest_zacperf.verdict import Verdict

SHORT_REVISION = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One timed run of a pair.

    Attributes:
        pair: Number of the pair, from 1.
        side: ``baseline`` or ``candidate``.
        schedule: How the pair was laid out.
        run: Id of the run.
        wall_ns: Elapsed time.
        cpu_ns: Of the process tree.
        peak_memory_bytes: Of the process tree.
        peak_memory_source: Where that figure comes from.
        other_busy_cores: Processors that others kept busy, on average; None if unknown.
        is_disturbed: Whether that is too much.
        layout: Number of the memory layout that both sides of the pair had; None for one by chance.

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


def rounds_of(pairs: Sequence[Pair], schedule: Schedule) -> tuple[Round, ...]:
    """Return every run of the pairs with what it cost and how busy the machine was."""
    return tuple(_rounds(pairs, schedule))


def _rounds(pairs: Sequence[Pair], schedule: Schedule) -> Iterator[Round]:
    for number, (baseline, candidate) in enumerate(pairs, start=1):
        is_duet = schedule is Schedule.DUET
        yield from _round(number, "baseline", baseline, candidate if is_duet else None, schedule)
        yield from _round(number, "candidate", candidate, baseline if is_duet else None, schedule)


def _round(
    number: int, side: str, run: Run, partner: Run | None, schedule: Schedule
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
    )
