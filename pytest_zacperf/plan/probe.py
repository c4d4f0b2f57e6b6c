"""Phase 0: what a filled cache is worth, and what follows from it for all other runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan.records import COLD, WARM, Meta, Plan, PlannedRun
from pytest_zacperf.plan.results import Policy
from pytest_zacperf.plan.text import line_of
from pytest_zacperf.records import Costs, Downloads, FunctionProfile, Run
from pytest_zacperf.units import NS_PER_S
from pytest_zacperf.work import work_differences

MOST_FUNCTIONS = 10
LEAST_SAVED_S = 0.1  # less may be the start of a process on a busy machine
POLICIES = {
    "single": "each run is run once",
    "preload": "each run is preceded by one without profiler that fills the cache",
    "two_pass": "each run is profiled twice, and the second pass counts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two runs of the cache probe."""

    cold: PlannedRun
    warm: PlannedRun

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        """Both, in the order in which they run."""
        return self.cold, self.warm

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids."""
        return self.cold.id, self.warm.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSide:
    """One of both: its profiled run, its round without profiler, and its functions."""

    run: Run
    unprofiled: Run
    functions: Sequence[FunctionProfile]


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What one side downloaded; requests and bytes are None where the engine does not count."""

    seconds: float
    requests: int | None
    bytes: int | None


class FunctionChange(msgspec.Struct, frozen=True, kw_only=True):
    """Time of one function on both sides, in profiled seconds."""

    function: str
    cold_seconds: float
    warm_seconds: float

    @property
    def saved_seconds(self) -> float:
        """What the cache has saved."""
        return self.cold_seconds - self.warm_seconds


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the cache probe has shown, and what follows from it.

    Attributes:
        cold: Id of the run with an empty cache.
        warm: Id of the run with the cache that the first one filled.
        delta_wall_seconds: Warm - cold; negative when the cache saves time.
        cold_wall_seconds: Of the round without profiler.
        warm_wall_seconds: The same.
        cold_download: None where the engine may download and does not say.
        warm_download: The same.
        own_time: Functions whose own time changed most.
        cumulative_time: Functions whose time, with what they call, changed most.
        cache_material_ratio: Part of the warm wall time from which on the cache matters.
        material: Whether it does.
        cache_policy: What each other run gets: ``single``, ``preload`` or ``two_pass``.
        reason: The rule with its figures.
        decided_utc: When.

    """

    cold: str
    warm: str
    delta_wall_seconds: float
    cold_wall_seconds: float
    warm_wall_seconds: float
    cold_download: Download | None
    warm_download: Download | None
    own_time: list[FunctionChange]
    cumulative_time: list[FunctionChange]
    cache_material_ratio: float
    material: bool
    cache_policy: Policy
    reason: str
    decided_utc: str


def pair_of(plan: Plan) -> Pair | None:
    """Return the cache probe of a plan, or None where it has none.

    Raises:
        SettingsError: A probe without partner, or more than one of a kind.

    """
    for run in plan.runs:
        if run.is_probe and run.label not in {COLD, WARM}:
            raise SettingsError(
                f"{_place(plan, run)}: {run.id!r} has the label {run.label!r}",
                f"a cache probe is {COLD!r} or {WARM!r}",
            )
    cold = [run for run in plan.runs if run.label == COLD]
    warm = [run for run in plan.runs if run.label == WARM]
    if not cold and not warm:
        return None
    if len(cold) != 1 or len(warm) != 1:
        raise SettingsError(
            f"{_place(plan, (*cold, *warm)[-1])}: there are {len(cold)} runs with the label "
            f"{COLD!r} and {len(warm)} with {WARM!r}",
            "the cache probe is one of each, over the same days",
        )
    if (cold[0].start, cold[0].end) != (warm[0].start, warm[0].end):
        raise SettingsError(
            f"{_place(plan, warm[0])}: {cold[0].id!r} and {warm[0].id!r} have different days",
            "the cache probe runs the same days twice",
        )
    return Pair(cold=cold[0], warm=warm[0])


def _place(plan: Plan, run: PlannedRun) -> str:
    path = ("runs", plan.runs.index(run), "label")
    return f"{plan.name} line {line_of(plan.text, path)}"


def outcome_problem(cold: Run, warm: Run) -> tuple[str, str] | None:
    """Return why two runs of the same days did not do the same, and what to do; None if they did.

    A download that breaks off looks fast.
    """
    if cold.partial or warm.partial:
        return "the cache probe was stopped at the time limit", "give it more time, or fewer days"
    if cold.work is None or warm.work is None:
        raise ValueError("a run that is done has its work")
    differences = work_differences(cold.work, warm.work)
    if differences:
        problem = f"cold and warm did different work (cold / warm: {', '.join(differences)})"
    elif cold.order_events_hash != warm.order_events_hash:
        problem = "cold and warm have different order events"
    else:
        return None
    return problem, "look for a download that broke off, in stderr.log of both runs"


def decide(cold: ProbeSide, warm: ProbeSide, pair: Pair, meta: Meta, now_utc: str) -> Decision:
    """Return what follows from two finished runs with the same outcome.

    The cache is material when cold took longer than warm by more than ``cache_material_ratio`` of
    warm, and by more than a tenth of a second, both without profiler.
    """
    cold_s, warm_s = _wall_s(cold.unprofiled), _wall_s(warm.unprofiled)
    is_material = cold_s - warm_s > max(meta.cache_material_ratio * warm_s, LEAST_SAVED_S)
    saved_s = cold_s - warm_s
    saved = f"{saved_s:.2f} s, {saved_s / warm_s:.0%}" if saved_s > 0 and warm_s else "nothing"
    policy = meta.cache_policy if is_material else "single"
    return Decision(
        cold=pair.cold.id,
        warm=pair.warm.id,
        delta_wall_seconds=warm_s - cold_s,
        cold_wall_seconds=cold_s,
        warm_wall_seconds=warm_s,
        cold_download=_download(cold.run.downloads),
        warm_download=_warm_download(cold.run.downloads, warm.run.downloads),
        own_time=_changes(cold.functions, warm.functions, by_own=True),
        cumulative_time=_changes(cold.functions, warm.functions, by_own=False),
        cache_material_ratio=meta.cache_material_ratio,
        material=is_material,
        cache_policy=policy,
        reason=(
            f"a filled cache saves {saved} of the warm wall time, and more than "
            f"{meta.cache_material_ratio:.0%} and {LEAST_SAVED_S} s "
            f"{'is' if is_material else 'would be'} material: {POLICIES[policy]}"
        ),
        decided_utc=now_utc,
    )


def _wall_s(run: Run) -> float:
    return _costs(run).wall_ns / NS_PER_S


def _costs(run: Run) -> Costs:
    if run.costs is None:
        raise ValueError(f"run {run.id} has failed")
    return run.costs


def _download(found: Downloads | None) -> Download | None:
    if found is None:
        return None
    return Download(seconds=found.wall_ns / NS_PER_S, requests=found.requests, bytes=found.bytes)


def _warm_download(cold: Downloads | None, warm: Downloads | None) -> Download | None:
    # An engine that says what it downloads, and here says nothing, has downloaded nothing.
    if cold is not None and warm is None:
        return Download(seconds=0.0, requests=0, bytes=0)
    return _download(warm)


def _changes(
    cold: Iterable[FunctionProfile], warm: Iterable[FunctionProfile], *, by_own: bool
) -> list[FunctionChange]:
    before, after = (
        {f.place: f.own_ns if by_own else f.total_ns for f in functions}
        for functions in (cold, warm)
    )
    found = [
        FunctionChange(
            function=name,
            cold_seconds=before.get(name, 0) / NS_PER_S,
            warm_seconds=after.get(name, 0) / NS_PER_S,
        )
        for name in dict.fromkeys([*before, *after])
    ]
    found.sort(key=lambda one: (-abs(one.saved_seconds), one.function))
    return found[:MOST_FUNCTIONS]
