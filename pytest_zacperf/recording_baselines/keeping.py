"""Baselines that were measured: accepted or dropped; runs no backtest."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass

import msgspec

from pytest_zacperf import store
from pytest_zacperf.baselines import (
    baseline_key,
    is_refused,
    memory_growth,
    replaced_note,
    revision_text,
    subject_of,
)
from pytest_zacperf.comparability import environment_fingerprint, one_line_difference
from pytest_zacperf.environment import THREAD_VARIABLES, current_environment
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Baseline, Environment, Workload
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import BaselineStore, Claim, Decision, StoredBaseline

RECORDED, DROPPED = "baseline recorded", "baseline dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What became of a baseline that was measured.

    Attributes:
        previous: The baseline that it replaces, or would have; None for none.
        growth: Of the peak memory against the previous one; None where nothing can be compared.
        change: How it is to the previous one, in one line.
        is_stored: False when the growth of memory was not approved; the previous one is kept.
        problems: What is wrong with other files of the same workload, a sentence for each.

    """

    previous: Baseline | None
    growth: float | None
    change: str
    is_stored: bool
    problems: tuple[str, ...]


def accept(
    runner: Runner, workload: Workload, baseline: Baseline, *, approve_memory_growth: bool = False
) -> Acceptance:
    """Store a baseline in place of the previous one, and write the decision down.

    Nothing is stored when the peak memory grew beyond what may pass without approval.

    Args:
        runner: Of the project.
        workload: As it was asked for.
        baseline: What ``record`` returned for it.
        approve_memory_growth: Whether such a growth is accepted.

    """
    baselines = BaselineStore(runner.store.folder)
    key, place = baseline_key(workload), environment_fingerprint(baseline.environment)
    with baselines.lock(_claim()):
        problems = tuple(one.problem for one in baselines.all(key) if one.problem)
        previous = baselines.read(key, place)
        growth = memory_growth(previous, baseline)
        change = replaced_note(previous, baseline, approved=approve_memory_growth)
        is_stored = not is_refused(growth, approved=approve_memory_growth)
        if is_stored:
            # First, so that nothing is ever accepted that is not written down.
            decision = _decision(RECORDED, subject_of(workload), change, baseline)
            store.append_decision(runner.root, decision)
            baselines.write(key, place, baseline)
    return Acceptance(
        previous=previous, growth=growth, change=change, is_stored=is_stored, problems=problems
    )


def drop(runner: Runner, stored: StoredBaseline, *, reason: str, author: str) -> None:
    """Delete a stored baseline, and write the decision down; one that is gone is left at that.

    Args:
        runner: Of the project.
        stored: One that can be used.
        reason: Why.
        author: Who does it.

    Raises:
        StoreError: Another one was recorded in its place meanwhile; that is kept.

    """
    baseline = stored.baseline
    if baseline is None:
        raise ValueError(f"only a baseline that can be used is dropped, and {stored.problem}")
    here = expected_environment(runner)
    place = one_line_difference(here, baseline.environment)
    change = (
        f"the one of {baseline.recorded_utc:%Y-%m-%d %H:%M} UTC, measured at "
        f"{revision_text(baseline.environment)}"
    )
    decision = Decision(
        kind=DROPPED,
        subject=subject_of(baseline.workload),
        reason=reason,
        author=author,
        revision=revision_text(here),
        changes=(change + (f" in another environment ({place})" if place else ""),),
        at_utc=dt.datetime.now(dt.UTC),
    )
    baselines = BaselineStore(runner.store.folder)
    with baselines.lock(_claim()):
        if _is_there(baselines, stored):
            store.append_decision(runner.root, decision)
            baselines.drop(stored)


def expected_environment(runner: Runner) -> Environment:
    """Return the environment that the workers of a runner will have, before one has run."""
    here = current_environment(runner.root, runner.not_sources)
    variables = dict(here.variables)
    if runner.limits.threads is not None:
        variables |= dict.fromkeys(THREAD_VARIABLES, str(runner.limits.threads))
    if runner.limits.hash_seed is not None:
        variables["PYTHONHASHSEED"] = str(runner.limits.hash_seed)
    return msgspec.structs.replace(here, cpus=runner.cpus or here.cpus, variables=variables)


def _is_there(baselines: BaselineStore, stored: StoredBaseline) -> bool:
    for found in baselines.all(stored.key):
        if found.path == stored.path:
            if found.baseline != stored.baseline:
                raise StoreError(
                    f"{stored.path} was recorded anew before it could be dropped, and is kept",
                    "see zacperf baseline show, and drop it again if it shall go, too",
                )
            return True
    return False


def _decision(kind: str, subject: str, change: str, baseline: Baseline) -> Decision:
    return Decision(
        kind=kind,
        subject=subject,
        reason=baseline.reason,
        author=baseline.author,
        revision=revision_text(baseline.environment),
        changes=(change,),
        at_utc=baseline.recorded_utc,
    )


def _claim() -> Claim:
    return Claim(note=f"process {os.getpid()} has the baselines")
