"""The cache probe: the same days with an empty cache and with the one that this filled."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_zacperf.functions import functions_of
from pytest_zacperf.plan import Plan
from pytest_zacperf.plan.probe import Decision, Pair, ProbeSide, decide, outcome_problem
from pytest_zacperf.queue.passes import COLD_PASS, WARM_PASS, CacheUse, Executed, Passes
from pytest_zacperf.queue.plan_queue import now_utc
from pytest_zacperf.records import Expectation, Run
from pytest_zacperf.store import RunStore

PROBE_FOLDER = "probe"  # in the store, for as long as a probe is under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the cache probe gave.

    Attributes:
        cold: With an empty cache.
        warm: With the cache that cold has filled; None where cold failed.
        decision: What follows; None where one of them failed, or they did not do the same.

    """

    cold: Executed
    warm: Executed | None
    decision: Decision | None

    def other_side(self, side: Executed) -> Run | None:
        """Return the run of the other side, if there is one."""
        other = self.cold if side is self.warm else self.warm
        return other.run if other else None


def probe(passes: Passes, plan: Plan, pair: Pair, expected: Expectation | None) -> Probe:
    """Run both sides, one right after the other; the project's own cache is not touched.

    Raises:
        InvariantError: The engine cannot keep an invariant, or the run is not like the first.
        RunError: Nothing can be stored.

    """
    with _empty_caches(passes.runner.store) as cache:
        cold = passes.execute(plan, pair.cold, expected, cache)
        if cold.has_failed:
            return Probe(cold=cold, warm=None, decision=None)
        warm = passes.execute(plan, pair.warm, expected, replace(cache, note=WARM_PASS))
    if warm.has_failed:
        return Probe(cold=cold, warm=warm, decision=None)
    problem = outcome_problem(cold.run, warm.run)
    if problem is not None:
        # Nobody knows which of them is right.
        cold, warm = replace(cold, problem=problem), replace(warm, problem=problem)
        return Probe(cold=cold, warm=warm, decision=None)
    decision = decide(_side(cold), _side(warm), pair, plan.meta, now_utc())
    return Probe(cold=cold, warm=warm, decision=decision)


def _side(executed: Executed) -> ProbeSide:
    if executed.profile is None or executed.unprofiled is None:
        raise ValueError(f"run {executed.run.id} lacks a pass")
    return ProbeSide(
        run=executed.run,
        unprofiled=executed.unprofiled,
        functions=functions_of(executed.profile),
    )


@contextlib.contextmanager
def _empty_caches(run_store: RunStore) -> Iterator[CacheUse]:
    run_store.create_cache_folder()
    folder = run_store.folder / PROBE_FOLDER / secrets.token_hex(4)
    folders = folder / "unprofiled", folder / "profiled"
    try:
        for path in folders:
            path.mkdir(parents=True)
        yield CacheUse(unprofiled=folders[0], profiled=folders[1], note=COLD_PASS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process has its own there
            folder.parent.rmdir()
