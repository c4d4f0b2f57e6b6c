from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf import measure
from pytest_zacperf.errors import RunError
from pytest_zacperf.execution import Limits
from pytest_zacperf.process import layout
from pytest_zacperf.records import Run, Window, Workload
from pytest_zacperf.rounds import ComparedSide, Rounds
from pytest_zacperf.runner import Runner
from pytest_zacperf.schedule import Schedule
from pytest_zacperf.store import RunStore

DAY = dt.date(2025, 10, 1)
WORKLOAD = Workload(engine="gold:engine", window=Window(id="w", start=DAY, end=DAY))
OTHER = msgspec.structs.replace(WORKLOAD, parameters={"side": "b"})
HEADER = """
import time
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def note(text):
    with open("notes", "a") as file: file.write(text)
"""
# A word with the address of a library that lies where the layout says.
WHERE = """
import ctypes
def run(start, end, side='a'):
    note(str(ctypes.cast(ctypes.CDLL(None).printf, ctypes.c_void_p).value) + " ")
"""
NOTE = "def run(start, end, side='a'): note(side)\n"
ALTERNATE, DUET = Schedule.ALTERNATE, Schedule.DUET


def rounds(root: Path, source: str, baseline: Workload, candidate: Workload) -> Rounds:
    (root / "gold.py").write_text(HEADER + source)
    runner = Runner(store=RunStore(root / ".zacperf"), root=root, limits=Limits(timeout_s=30))
    return Rounds(
        runner=runner,
        session="s",
        baseline=ComparedSide(workload=baseline),
        candidate=ComparedSide(workload=candidate),
    )


def notes(root: Path) -> str:
    return (root / "notes").read_text()


def overlap(one: Run, other: Run) -> bool:
    assert one.conditions is not None
    assert other.conditions is not None
    return (
        one.conditions.start_monotonic_ns < other.conditions.end_monotonic_ns
        and other.conditions.start_monotonic_ns < one.conditions.end_monotonic_ns
    )


def test_pairs_in_turn_are_a_b_b_a_and_each_side_is_what_it_says(tmp_path: Path) -> None:
    ours = rounds(tmp_path, NOTE, WORKLOAD, OTHER)
    pairs = [ours.pair(ALTERNATE, number) for number in (1, 2)]
    assert notes(tmp_path) == "abba"
    for baseline, candidate in pairs:
        assert (baseline.workload.parameters, candidate.workload.parameters) == ({}, {"side": "b"})
        assert {baseline.machine, candidate.machine} == {"alone"}
        assert not overlap(baseline, candidate)


def test_a_pair_that_was_run_is_read_without_looking_for_a_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = rounds(tmp_path, NOTE, WORKLOAD, OTHER)
    pair = ours.pair(DUET, 1)

    def look(_: object) -> int:
        raise AssertionError

    monkeypatch.setattr(measure, "least_busy", look)
    assert ours.pair(DUET, 1) == pair
    with pytest.raises(AssertionError):
        ours.pair(DUET, 2)


def test_a_duet_runs_both_sides_at_once_on_one_processor(tmp_path: Path) -> None:
    source = "def run(start, end, side='a'):\n    end = time.monotonic() + 0.3\n"
    source += "    while time.monotonic() < end: pass\n"
    baseline, candidate = rounds(tmp_path, source, WORKLOAD, OTHER).pair(DUET, 1)
    assert overlap(baseline, candidate)
    for run in (baseline, candidate):
        assert run.environment is not None
        assert len(run.environment.cpus) == 1
    assert baseline.environment == candidate.environment


@pytest.mark.skipif(
    not layout.can_be_shared(), reason="this system lets nobody choose a memory layout"
)
@pytest.mark.parametrize("schedule", Schedule)
def test_both_sides_share_a_memory_layout_and_have_another_one_in_each_pair(
    tmp_path: Path, schedule: Schedule
) -> None:
    ours = rounds(tmp_path, WHERE, WORKLOAD, OTHER)
    for number in (1, 2):
        baseline, candidate = ours.pair(schedule, number)
        assert baseline.layout == candidate.layout is not None
    first, second, third, fourth = notes(tmp_path).split()
    assert first == second
    assert third == fourth != first


@pytest.mark.parametrize("one_processor", [True, False])
def test_rounds_in_turn_keep_to_one_processor_where_asked(
    tmp_path: Path, *, one_processor: bool
) -> None:
    ours = rounds(tmp_path, NOTE, WORKLOAD, OTHER)
    pair = ours.pair(ALTERNATE, 1, one_processor=one_processor)
    cpus = {run.environment.cpus for run in pair if run.environment}
    assert len(cpus) == 1
    assert (len(cpus.pop()) == 1) is (one_processor or len(os.sched_getaffinity(0)) == 1)


def test_where_no_layout_can_be_chosen_each_side_has_one_by_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "can_be_shared", lambda: False)
    baseline, candidate = rounds(tmp_path, WHERE, WORKLOAD, OTHER).pair(DUET, 1)
    assert (baseline.layout, candidate.layout) == (None, None)
    assert len({*notes(tmp_path).split()}) == 2


def test_a_pair_that_was_run_is_read(tmp_path: Path) -> None:
    ours = rounds(tmp_path, NOTE, WORKLOAD, OTHER)
    first = ours.pair(DUET, 1)
    again = rounds(tmp_path, NOTE, WORKLOAD, OTHER).pair(DUET, 1)
    assert again == first
    assert len(notes(tmp_path)) == 2


def test_rounds_against_another_opponent_are_run_anew(tmp_path: Path) -> None:
    rounds(tmp_path, NOTE, WORKLOAD, WORKLOAD).pair(ALTERNATE, 1)
    rounds(tmp_path, NOTE, OTHER, WORKLOAD).pair(ALTERNATE, 1)
    assert notes(tmp_path) == "aaba"


def test_the_same_workload_on_both_sides_is_run_for_each(tmp_path: Path) -> None:
    baseline, candidate = rounds(tmp_path, NOTE, WORKLOAD, WORKLOAD).pair(DUET, 1)
    assert baseline.id != candidate.id


@pytest.mark.parametrize("schedule", Schedule)
def test_a_round_that_fails_is_an_error_with_its_reason(tmp_path: Path, schedule: Schedule) -> None:
    source = "def run(*w, side='a'):\n    if side == 'b': raise KeyError('GC')\n"
    with pytest.raises(RunError) as caught:
        rounds(tmp_path, source, WORKLOAD, OTHER).pair(schedule, 1)
    problem = "round 1 of the candidate failed: KeyError: 'GC', at gold.py:"
    assert caught.value.problem.startswith(problem)
    assert caught.value.hint.endswith("-b-1/stderr.log")


def test_both_sides_are_profiled_alone(tmp_path: Path) -> None:
    source = "def slow(n): return sum(i * i for i in range(n))\n"
    source += "def run(start, end, side='a'): slow(300_000 if side == 'b' else 3_000)\n"
    before, after = rounds(tmp_path, source, WORKLOAD, OTHER).profiles()
    own_ns = [
        sum(one.own_ns for one in functions if one.module == "gold.py")
        for functions in (before, after)
    ]
    assert own_ns[1] > 10 * own_ns[0] > 0


def test_both_sides_are_run_for_their_memory_by_stage(tmp_path: Path) -> None:
    source = "def run(start, end, context, side='a'):\n    with context.stage('data'):\n"
    source += "        x = b'1' * (40_000_000 if side == 'b' else 1)\n"
    before, after = rounds(tmp_path, source, WORKLOAD, OTHER).memory_by_stage()
    grown = [{one.name: one.growth_bytes for one in side} for side in (before, after)]
    assert grown[1]["data"] > grown[0].get("data", 0) + 30_000_000
