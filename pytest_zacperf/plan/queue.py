"""The queue's states: which run is next, and the text of the plan file after each change of one.

Pure: whether a process is alive is asked of the caller, and the caller writes the text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan.probe import Decision, Pair, pair_of
from pytest_zacperf.plan.records import PHASE0, Plan, PlannedRun, RunningMark, Status
from pytest_zacperf.plan.results import RunResult
from pytest_zacperf.plan.text import find, with_value, without_member
from pytest_zacperf.values import nearest

IsAlive: TypeAlias = Callable[[RunningMark], bool]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is executed next: one run, or the two of the cache probe, back to back."""

    runs: tuple[PlannedRun, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(run.id for run in self.runs)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another process runs the cache probe, whose outcome decides how the others are run."""

    run: PlannedRun


@dataclass(frozen=True, slots=True)
class Blocked:
    """The cache probe failed, so that nobody knows how the others are to be run."""

    pair: Pair


def chosen(
    plan: Plan, *, ids: Sequence[str] = (), label: str | None = None, phase: int | None = None
) -> tuple[str, ...]:
    """Return the ids of the runs that are meant, in the order of the file.

    Args:
        plan: The plan.
        ids: The only ones; empty for all.
        label: The only label; None for all.
        phase: 0 for the cache probe, 1 for all others; None for both.

    Raises:
        SettingsError: An id or label that the plan does not have, or nothing is left.

    """
    known = [run.id for run in plan.runs]
    for run_id in ids:
        if run_id not in known:
            raise SettingsError(f"{plan.name} has no run {run_id!r}", nearest(run_id, known))
    labels = list(dict.fromkeys(run.label for run in plan.runs if run.label))
    if label is not None and label not in labels:
        raise SettingsError(
            f"{plan.name} has no run with the label {label!r}", nearest(label, labels)
        )
    found = tuple(
        run.id
        for run in plan.runs
        if (not ids or run.id in ids)
        and label in {None, run.label}
        and phase in {None, 0 if run.is_probe else 1}
    )
    if not found:
        raise SettingsError(
            f"{plan.name} has no run that fits the ids, the label and the phase together",
            "`zacperf status` lists the runs",
        )
    return found


def next_unit(
    plan: Plan, wanted: Collection[str], is_alive: IsAlive
) -> Unit | Waiting | Blocked | None:
    """Return what is to be executed next; None when nothing is left to do.

    The cache probe comes first where it is wanted, the others follow in the order of the file. A
    run whose process has died is taken up again.
    """
    pair = pair_of(plan)
    is_probed = pair is not None and any(run_id in wanted for run_id in pair.ids)
    if pair is not None and is_probed:
        busy = [run for run in pair.runs if _is_busy(run, is_alive)]
        free = [run for run in pair.runs if _is_free(run, is_alive)]
        if busy:
            return Waiting(busy[0])
        if free:
            return Unit(pair.runs)
    others = [run for run in plan.runs if run.id in wanted and not run.is_probe]
    waiting = [run for run in others if _is_free(run, is_alive)]
    if not waiting:
        return None
    if pair is not None and is_probed and any(run.status == "error" for run in pair.runs):
        return Blocked(pair)
    return Unit((waiting[0],))


def claimed(plan: Plan, ids: Collection[str], mark: RunningMark) -> str:
    """Return the plan's text with runs that a process has taken."""
    return _undecided(_with_status(plan, ids, "running", mark), plan, ids)


def released(plan: Plan, ids: Collection[str]) -> str:
    """Return the plan's text with runs given back that nobody has finished."""
    return _with_status(plan, ids, "pending", None)


def finished(
    plan: Plan, run_id: str, status: Status, result: RunResult, moved: Mapping[str, str]
) -> str:
    """Return the plan's text with the result of a run; an earlier one becomes history.

    Args:
        plan: As it is now.
        run_id: The run.
        status: How it has ended.
        result: What is written down.
        moved: Files of earlier results that have another name now.

    """
    history = [
        {key: moved.get(value, value) if isinstance(value, str) else value for key, value in one}
        for one in (before.items() for before in _history(plan, run_id))
    ]
    with_history = msgspec.structs.replace(result, history=history)
    text = _with_status(plan, [run_id], status, None)
    return _with_result(text, run_id, _in_full(with_history))


def decided(plan: Plan, decision: Decision) -> str:
    """Return the plan's text with what the cache probe has shown."""
    return _with_result(plan.text, PHASE0, msgspec.to_builtins(decision))


def reset(plan: Plan, ids: Collection[str]) -> str:
    """Return the plan's text with runs to be run again; their results become history."""
    text = _with_status(plan, ids, "pending", None)
    for run_id in ids:
        history = _history(plan, run_id)
        if history:
            text = _with_result(text, run_id, {"history": history})
    return _undecided(text, plan, ids)


def in_error(plan: Plan, wanted: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the wanted runs that have failed."""
    return tuple(run.id for run in plan.runs if run.id in wanted and run.status == "error")


def result_of(plan: Plan, run_id: str) -> RunResult:
    """Return the result of a run; one that has none is empty."""
    return msgspec.convert(plan.results.get(run_id) or {}, RunResult)


def _is_busy(run: PlannedRun, is_alive: IsAlive) -> bool:
    return run.status == "running" and run.running is not None and is_alive(run.running)


def _is_free(run: PlannedRun, is_alive: IsAlive) -> bool:
    return run.status == "pending" or (run.status == "running" and not _is_busy(run, is_alive))


def _with_status(plan: Plan, ids: Collection[str], status: Status, mark: RunningMark | None) -> str:
    text = plan.text
    for index, run in enumerate(plan.runs):
        if run.id not in ids:
            continue
        entry = ("runs", index)
        text = with_value(text, (*entry, "status"), status)
        if mark is None:
            text = without_member(text, (*entry, "running"))
        else:
            text = with_value(text, (*entry, "running"), msgspec.to_builtins(mark))
    return text


def _with_result(text: str, run_id: str, result: dict[str, Any]) -> str:
    if find(text, ("results",)) is None:
        text = with_value(text, ("results",), {})
    return with_value(text, ("results", run_id), result)


def _undecided(text: str, plan: Plan, ids: Collection[str]) -> str:
    # What an earlier cache probe has shown is not what this one will show.
    is_probe = any(run.is_probe for run in plan.runs if run.id in ids)
    return without_member(text, ("results", PHASE0)) if is_probe else text


def _history(plan: Plan, run_id: str) -> list[Any]:
    before = dict(plan.results.get(run_id) or {})
    history = list(before.pop("history", []))
    return [*history, before] if before else history


def _in_full(result: RunResult) -> dict[str, Any]:
    # The keys of the schema are always there, the others where they say something.
    schema = RunResult.__struct_fields__[:8]
    found: dict[str, Any] = msgspec.to_builtins(result)
    return {**{name: found.get(name) for name in schema}, **found}
