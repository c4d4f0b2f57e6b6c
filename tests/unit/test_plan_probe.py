from __future__ import annotations

import msgspec
import pytest
from support.plans import COLD, WARM, plan_of
from support.stored import RUN

from pytest_zacperf.plan import Meta
from pytest_zacperf.plan.probe import Decision, ProbeSide, decide, outcome_problem, pair_of
from pytest_zacperf.records import Costs, Downloads, FunctionProfile, Run, Work

WORK = Work(data_points=10, orders=1, order_events=2, final_equity=100.0)
NOW = "2025-11-01T00:00:00Z"


def run(wall_s: float, **changes: object) -> Run:
    costs = Costs(
        wall_ns=round(wall_s * 1e9), cpu_ns=1, peak_memory_bytes=1, peak_memory_source="VmHWM"
    )
    return msgspec.structs.replace(
        RUN, costs=costs, **{"work": WORK, "order_events_hash": "h", **changes}
    )


def function(name: str, own_s: float, total_s: float) -> FunctionProfile:
    return FunctionProfile(
        module="gold.py",
        name=name,
        line=1,
        calls=1,
        own_ns=round(own_s * 1e9),
        total_ns=round(total_s * 1e9),
    )


def side(plain_s: float, *functions: FunctionProfile, **changes: object) -> ProbeSide:
    return ProbeSide(run=run(40.0, **changes), unprofiled=run(plain_s), functions=functions)


def decision(cold: ProbeSide, warm: ProbeSide, **meta: object) -> Decision:
    pair = pair_of(plan_of(COLD, WARM))
    assert pair is not None
    return decide(cold, warm, pair, msgspec.convert(meta, Meta), NOW)


@pytest.mark.parametrize(
    ("cold_s", "policy"), [(11.0, "single"), (11.1, "preload"), (9.0, "single"), (5.0, "single")]
)
def test_a_cache_is_material_when_it_saves_more_than_a_tenth_of_warm(
    cold_s: float, policy: str
) -> None:
    found = decision(side(cold_s), side(10.0))
    assert found.cache_policy == policy
    assert found.material is (policy != "single")
    assert found.delta_wall_seconds == pytest.approx(10.0 - cold_s)


def test_another_ratio_can_be_set() -> None:
    assert decision(side(11.5), side(10.0), cache_material_ratio=0.2).material is False
    assert decision(side(10.2), side(10.0), cache_material_ratio=0.01).material is True


def test_the_plan_says_what_is_done_about_a_cache_that_matters() -> None:
    found = decision(side(20.0), side(10.0), cache_policy="two_pass")
    assert found.cache_policy == "two_pass"
    assert found.reason == (
        "a filled cache saves 10.00 s, 100% of the warm wall time, and more than 10% and 0.1 s is "
        "material: each run is profiled twice, and the second pass counts"
    )


def test_what_a_busy_machine_may_take_is_not_material_however_short_the_run() -> None:
    found = decision(side(0.11), side(0.02))
    assert found.material is False
    assert found.reason == (
        "a filled cache saves 0.09 s, 450% of the warm wall time, and more than 10% and 0.1 s "
        "would be material: each run is run once"
    )


def test_a_cache_that_saves_nothing_is_said_to_do_so() -> None:
    assert decision(side(1.0), side(2.0)).reason.startswith("a filled cache saves nothing of the ")


def test_what_was_downloaded_stands_beside_the_times() -> None:
    found = decision(
        side(2.0, downloads=Downloads(wall_ns=500_000_000, requests=3, bytes=None)), side(1.0)
    )
    assert found.cold_download is not None
    assert (found.cold_download.seconds, found.cold_download.requests) == (0.5, 3)
    assert found.cold_download.bytes is None


def test_who_says_what_is_downloaded_and_then_nothing_has_downloaded_nothing() -> None:
    told = Downloads(wall_ns=5, requests=3, bytes=None)
    found = decision(side(2.0, downloads=told), side(1.0))
    assert found.warm_download is not None
    assert found.warm_download.requests == 0
    assert decision(side(2.0), side(1.0)).warm_download is None


def test_functions_are_ranked_by_what_they_changed_in_own_and_in_cumulative_time() -> None:
    cold = [function("fetch", 5.0, 5.0), function("run", 1.0, 9.0), function("only_cold", 2.0, 2.0)]
    warm = [function("fetch", 0.5, 0.5), function("run", 1.0, 2.0)]
    found = decision(side(9.0, *cold), side(2.0, *warm))
    assert [one.function for one in found.own_time] == [
        *("gold.py:1 fetch", "gold.py:1 only_cold", "gold.py:1 run"),
    ]
    assert found.cumulative_time[0].function == "gold.py:1 run"
    assert found.own_time[1].warm_seconds == 0.0


def test_the_functions_that_are_written_down_are_ten() -> None:
    many = [function(f"f{number}", number, number) for number in range(30)]
    found = decision(side(9.0, *many), side(2.0))
    assert len(found.own_time) == len(found.cumulative_time) == 10


def test_two_sides_that_did_the_same_have_no_problem() -> None:
    assert outcome_problem(run(2.0), run(1.0)) is None


@pytest.mark.parametrize(
    ("warm", "problem"),
    [
        (
            {"work": msgspec.structs.replace(WORK, data_points=9)},
            "cold and warm did different work (cold / warm: data points 10 / 9)",
        ),
        ({"order_events_hash": "other"}, "cold and warm have different order events"),
        ({"partial": True, "work": None}, "the cache probe was stopped at the time limit"),
    ],
)
def test_two_sides_that_did_not_do_the_same_are_a_problem(
    warm: dict[str, object], problem: str
) -> None:
    found = outcome_problem(run(2.0), run(1.0, **warm))
    assert found is not None
    assert found[0] == problem
    assert found[1]
