"""How rounds are laid out in time, by which clock, and how long that takes; runs nothing."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pytest_zacperf.records import Run
from pytest_zacperf.units import NS_PER_S, format_bytes

Clock: TypeAlias = Literal["wall", "CPU"]
AUTO = "auto"

# Share of its wall time in which a program that computes on one processor and waits for nothing
# has that processor or waits for it. Above the span it uses more than one, and CPU time would not
# see what that gains.
CPU_BOUND = (0.9, 1.1)
SINGLE_THREADED = 0.95  # least share of the CPU time that is the main thread's
MEMORY_MARGIN = 1.2  # of two runs at once: what their peaks may grow by
SHORTEST_NS = 100_000_000  # of a round whose disturbance can be told
DISTURBED_CORES = 0.25  # what others use during a round that counts as disturbed
DEFAULT_BUDGET_S = 600.0
# What disturbs a program that computes only ever adds to its CPU time, for a tenth of a second to
# ten seconds at a time: the best of several short runs is steadier than any one of them.
LONG_RUN_NS = 1_000_000_000
MOST_RUNS_PER_SIDE = 5


class Schedule(enum.StrEnum):
    """How the rounds of two sides are laid out in time."""

    DUET = "duet"  # both at once, pinned to the same processor
    ALTERNATE = "alternate"  # A B B A ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the machine allows.

    Attributes:
        processors: Those a run can be pinned to; empty where affinity cannot be set.
        free_memory_bytes: What is available; None where the system does not say.

    """

    processors: tuple[int, ...]
    free_memory_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How two sides are compared.

    Attributes:
        schedule: How their rounds are laid out.
        clock: By which their runtimes are judged.
        why_no_duet: Why it is none; None for a duet.
        one_processor: Whether both rounds of a pair keep to the same processor, also in turn: each
            processor has neighbors of its own.
        runs_per_side: Of how many runs a pair takes the best, on either side.

    """

    schedule: Schedule
    clock: Clock
    why_no_duet: str | None = None
    one_processor: bool = False
    runs_per_side: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How long a comparison may take.

    Attributes:
        pair_s: Expected seconds of one pair, start of the processes included.
        looks: Numbers of pairs after which is judged; those the budget allows.
        budget_s: Seconds after which no further pair begins.

    """

    pair_s: float
    looks: tuple[int, ...]
    budget_s: float


def choose(
    baseline: Run, candidate: Run, capacity: Capacity, *, schedule: str = AUTO, clock: str = AUTO
) -> Choice:
    """Return the schedule and the clock, from the warm-up of each side.

    Args:
        baseline: Its warm-up.
        candidate: Its warm-up.
        capacity: Of the machine.
        schedule: ``auto``, ``duet`` or ``alternate``.
        clock: ``auto``, ``wall`` or ``CPU``.

    Raises:
        ValueError: A duet was asked for and cannot be; the sentence says why.

    """
    sides = (baseline, candidate)
    waiting = next(filter(None, map(_why_not_cpu_bound, sides)), None)
    fixed: Clock = "wall" if clock == "wall" or (clock == AUTO and waiting) else "CPU"
    why_not_pinned = (
        ("the wall clock is asked for" if clock == "wall" else None)
        or waiting
        or next(filter(None, map(_why_not_single_threaded, sides)), None)
        or (None if capacity.processors else "runs cannot be pinned to a processor here")
    )
    why_not = (
        "a setting says so"
        if schedule == Schedule.ALTERNATE
        else why_not_pinned or _why_no_room(sides, capacity)
    )
    if why_not is None:
        return Choice(schedule=Schedule.DUET, clock="CPU", one_processor=True)
    if schedule == Schedule.DUET:
        raise ValueError(
            f"schedule = 'duet' cannot be kept: {why_not}; set schedule = 'auto' or 'alternate'"
        )
    return Choice(
        schedule=Schedule.ALTERNATE,
        clock=fixed,
        why_no_duet=why_not,
        one_processor=why_not_pinned is None,
        runs_per_side=_runs_in_turn(sides, fixed),
    )


def in_turn(chosen: Choice, warm_up: Sequence[Run], why_no_duet: str) -> Choice:
    """Return a choice whose rounds are in turn, also where a duet was chosen.

    Args:
        chosen: By ``choose``.
        warm_up: One run of either side.
        why_no_duet: Why it is none.

    """
    if chosen.schedule is Schedule.ALTERNATE:
        return chosen
    runs_per_side = _runs_in_turn(warm_up, chosen.clock)
    return replace(
        chosen,
        schedule=Schedule.ALTERNATE,
        why_no_duet=why_no_duet,
        runs_per_side=runs_per_side,
    )


def expect(
    warm_up: Sequence[Run],
    looks: tuple[int, ...],
    *,
    budget_s: float | None,
    runs_per_side: int = 1,
) -> Expectation:
    """Return how long the rounds may take.

    Args:
        warm_up: One run of either side.
        looks: Numbers of pairs after which is judged.
        runs_per_side: As in ``Choice``.
        budget_s: What a setting allows; None for 10 minutes, or for the time until the first look
            where runs are so long that this takes longer.

    """
    pair_s = sum(map(_undisturbed_s, warm_up)) * runs_per_side
    allowed_s = max(DEFAULT_BUDGET_S, pair_s * looks[0]) if budget_s is None else budget_s
    affordable = tuple(look for look in looks if look * pair_s <= allowed_s)
    return Expectation(pair_s=pair_s, looks=affordable, budget_s=allowed_s)


def other_busy_cores(run: Run, partner: Run | None = None) -> float | None:
    """Return how many processors all that is not ours kept busy during a round, on average.

    Args:
        run: The round.
        partner: The other side of a duet.

    Returns:
        None where the kernel does not say, or the round is too short for its ticks of 10 ms.

    """
    conditions, costs = run.conditions, run.costs
    if conditions is None or costs is None or conditions.machine_busy_ns is None:
        return None
    elapsed_ns = conditions.end_monotonic_ns - conditions.start_monotonic_ns
    if elapsed_ns < SHORTEST_NS:
        return None
    others_ns = conditions.machine_busy_ns - costs.cpu_ns - _overlapping_cpu_ns(run, partner)
    return max(0.0, others_ns / elapsed_ns)


def is_disturbed(run: Run, partner: Run | None = None) -> bool:
    """Return whether others used more than a quarter of a processor during a round."""
    cores = other_busy_cores(run, partner)
    return cores is not None and cores > DISTURBED_CORES


def is_cpu_bound(run: Run) -> bool:
    """Return whether a run computed all the time, on one processor."""
    return _why_not_cpu_bound(run) is None


def _runs_in_turn(sides: Sequence[Run], clock: Clock) -> int:
    costs = [run.costs.cpu_ns for run in sides if run.costs]
    if clock != "CPU" or not costs:
        return 1
    return min(MOST_RUNS_PER_SIDE, math.ceil(LONG_RUN_NS / max(*costs, 1)))


def _undisturbed_s(run: Run) -> float:
    elapsed_s = (run.end_utc - run.start_utc).total_seconds()
    waited_ns = (run.conditions.runnable_wait_ns or 0) if run.conditions else 0
    return max(elapsed_s - waited_ns / NS_PER_S, 0.0)


def _overlapping_cpu_ns(run: Run, partner: Run | None) -> float:
    if partner is None or not (run.conditions and partner.conditions and partner.costs):
        return 0.0
    start_ns = max(run.conditions.start_monotonic_ns, partner.conditions.start_monotonic_ns)
    end_ns = min(run.conditions.end_monotonic_ns, partner.conditions.end_monotonic_ns)
    share = max(0, end_ns - start_ns) / max(partner.costs.wall_ns, 1)
    return partner.costs.cpu_ns * share


def _why_not_cpu_bound(run: Run) -> str | None:
    if run.costs is None:
        return "a side has no result"
    waited_ns = (run.conditions.runnable_wait_ns or 0) if run.conditions else 0
    share = (run.costs.cpu_ns + waited_ns) / max(run.costs.wall_ns, 1)
    lowest, highest = CPU_BOUND
    if share < lowest:
        return f"it computes in {share:.0%} of its time only"
    return f"it uses {share:.1f} processors" if share > highest else None


def _why_not_single_threaded(run: Run) -> str | None:
    if run.costs is None:
        return "a side has no result"
    if run.conditions is None:
        return "how much of it its main thread did is not known"
    share = run.conditions.main_thread_cpu_ns / max(run.costs.cpu_ns, 1)
    return None if share >= SINGLE_THREADED else f"{1 - share:.0%} of it is not its main thread"


def _why_no_room(sides: Sequence[Run], capacity: Capacity) -> str | None:
    needed = sum(run.costs.peak_memory_bytes for run in sides if run.costs) * MEMORY_MARGIN
    free = capacity.free_memory_bytes
    if free is not None and needed > free:
        return f"two runs need {format_bytes(needed)} and {format_bytes(free)} are free"
    return None
