"""Which stages take longer in the candidate."""

from __future__ import annotations

import pytest
from support.timed_runs import timed_run

from pytest_zacperf.estimates import Pair
from pytest_zacperf.stage_growth import StageGrowth, grown_stages

NS = 1_000_000.0


def pair(baseline: tuple[tuple[str, float], ...], candidate: tuple[tuple[str, float], ...]) -> Pair:
    return timed_run(stages_ms=baseline), timed_run(stages_ms=candidate)


def test_the_stage_that_grew_most_comes_first_with_its_share_of_the_whole() -> None:
    found = grown_stages(
        [
            pair(
                (("total", 100.0), ("data", 30.0), ("orders", 50.0)),
                (("total", 140.0), ("data", 40.0), ("orders", 80.0)),
            )
        ],
        "wall",
        whole="total",
    )
    assert found == (
        StageGrowth(name="orders", baseline_ns=50 * NS, candidate_ns=80 * NS, share=0.75),
        StageGrowth(name="data", baseline_ns=30 * NS, candidate_ns=40 * NS, share=0.25),
    )


def test_stages_that_did_not_grow_are_left_out() -> None:
    both = (("total", 100.0), ("data", 30.0), ("orders", 50.0))
    less = (("total", 90.0), ("data", 30.0), ("orders", 40.0))
    assert grown_stages([pair(both, less)], "wall", whole="total") == ()


def test_a_stage_has_no_share_of_a_run_that_has_become_faster() -> None:
    before = (("total", 100.0), ("data", 30.0))
    after = (("total", 90.0), ("data", 40.0))
    (found,) = grown_stages([pair(before, after)], "wall", whole="total")
    assert (found.name, found.share) == ("data", None)


def test_a_stage_that_the_baseline_never_entered_grew_from_nothing() -> None:
    before, after = (("total", 100.0),), (("total", 120.0), ("risk", 20.0))
    (found,) = grown_stages([pair(before, after)], "wall", whole="total")
    assert (found.name, found.baseline_ns) == ("risk", 0.0)
    assert found.share == pytest.approx(1.0)


def test_one_wild_pair_does_not_make_a_stage_grow() -> None:
    usual = (("total", 100.0), ("data", 30.0))
    wild = (("total", 900.0), ("data", 830.0))
    pairs = [pair(usual, usual), pair(usual, wild), pair(usual, usual)]
    assert grown_stages(pairs, "wall", whole="total") == ()


def test_by_the_cpu_clock_a_stage_has_its_part_of_the_cpu_time() -> None:
    stages = (("total", 1000.0), ("data", 100.0))
    before = timed_run(500.0, wall_ms=1000.0, stages_ms=stages)
    after = timed_run(1000.0, wall_ms=1000.0, stages_ms=stages)
    (found,) = grown_stages([(before, after)], "CPU", whole="total")
    assert (found.baseline_ns, found.candidate_ns) == (50 * NS, 100 * NS)


def test_runs_without_stages_have_none_that_grew() -> None:
    assert grown_stages([(timed_run(), timed_run(2000.0))], "wall", whole="total") == ()
