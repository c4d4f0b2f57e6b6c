from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_zacperf import call_growth
from pytest_zacperf.call_growth import CallGrowth, grown_per_call
from pytest_zacperf.records import GARBAGE_COLLECTOR, FunctionProfile

LIBRARY = "pandas/core/reshape/concat.py"
# As many as it takes for the median: nothing in them grows.
OTHERS = tuple((f"steady_{n}", 100, 1_000) for n in range(6))


@pytest.fixture(scope="module", autouse=True)
def no_least_time() -> Iterator[None]:
    """Let small figures do, but where a test is about how small they may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(call_growth, "LEAST_EXTRA_NS", 0)
        yield


def function(  # noqa: PLR0913 - a test names what it is about
    name: str,
    calls: int,
    own_ns: float,
    *,
    module: str = "gold.py",
    with_library_ns: float | None = None,
    line: int = 1,
    charged_to: str = "",
) -> FunctionProfile:
    is_project = module == "gold.py"
    total_ns = round(own_ns if with_library_ns is None else with_library_ns)
    return FunctionProfile(
        module=module,
        name=name,
        line=line,
        calls=calls,
        own_ns=round(own_ns),
        total_ns=total_ns,
        is_project=is_project,
        with_library_ns=total_ns,
        charged_to=("gold.py", charged_to) if charged_to else None,
    )


def steady(factor: float, *, speed: float = 1.0) -> list[FunctionProfile]:
    """Return linear functions of a library in a window *factor* times as long."""
    return [
        function(name, round(calls * factor), ns * calls * factor * speed, module=LIBRARY)
        for name, calls, ns in OTHERS
    ]


def grown(
    shorter: Sequence[FunctionProfile], longer: Sequence[FunctionProfile], *, speed: float = 1.0
) -> tuple[CallGrowth, ...]:
    """Compare two windows, the second one four times as long, with steady functions beside them."""
    return grown_per_call([*shorter, *steady(1)], [*longer, *steady(4, speed=speed)])


def names(growths: Sequence[CallGrowth]) -> list[str]:
    return [growth.name for growth in growths]


def test_a_function_whose_calls_became_dearer_is_returned_with_its_figures() -> None:
    (found,) = grown([function("mean", 100, 1e6)], [function("mean", 400, 16e6, line=7)])
    assert found == CallGrowth(
        module="gold.py",
        name="mean",
        line=7,
        calls_before=100,
        calls_after=400,
        ns_per_call_before=10_000,
        ns_per_call_after=40_000,
        ratio=4,
        extra_ns=12_000_000,
    )


def test_what_took_most_extra_time_comes_first() -> None:
    before = [function("a", 100, 1e6), function("b", 100, 1e4), function("c", 100, 1e6)]
    after = [function("a", 400, 8e6), function("b", 400, 1e6), function("c", 400, 16e6)]
    assert names(grown(before, after)) == ["c", "a", "b"]


def test_a_function_that_is_called_as_often_does_more_in_a_longer_window() -> None:
    before = [function("symbol", 4, 1e6), function("month", 10, 1e6)]
    after = [function("symbol", 4, 4e6), function("month", 11, 4e6)]
    assert grown(before, after) == ()


@pytest.mark.parametrize("calls", [1, 2])
def test_a_function_of_few_calls_is_not_judged(calls: int) -> None:
    assert grown([function("a", calls, 1e6)], [function("a", 400, 1e9)]) == ()


def test_a_function_that_the_shorter_run_never_called_is_not_judged() -> None:
    assert grown([function("a", 100, 1e6)], [function("b", 400, 1e9)]) == ()


def test_a_call_that_became_a_little_dearer_is_not_told() -> None:
    assert grown([function("a", 100, 1e6)], [function("a", 400, 5.9e6)]) == ()
    assert names(grown([function("a", 100, 1e6)], [function("a", 400, 6.1e6)])) == ["a"]


def test_what_took_less_than_a_hundredth_of_the_run_is_not_told() -> None:
    before = [function("small", 100, 1e4), function("big", 100, 3e6)]
    after = [function("big", 400, 12e6)]
    small = {ns: function("small", 400, ns) for ns in (1.7e5, 2.1e5)}
    assert names(grown(before, [*after, small[1.7e5]])) == []
    assert names(grown(before, [*after, small[2.1e5]])) == ["small"]


def test_a_slower_machine_is_no_growth_and_hides_none() -> None:
    before = [function("a", 100, 1e6), function("b", 100, 1e6)]
    after = [function("a", 400, 10e6), function("b", 400, 40e6)]
    (found,) = grown(before, after, speed=2.5)
    assert (found.name, found.ratio, found.extra_ns) == ("b", 4, 30_000_000)


def test_a_faster_machine_is_taken_out_as_well() -> None:
    (found,) = grown([function("a", 100, 1e6)], [function("a", 400, 4e6)], speed=0.6)
    assert found.ratio == pytest.approx(1 / 0.6)


def test_no_machine_becomes_four_times_as_fast() -> None:
    # Their first calls were slow: caches, imports.
    assert grown([function("a", 100, 1e6)], [function("a", 400, 2.9e6)], speed=0.25) == ()


def test_functions_that_hardly_took_time_say_nothing_of_the_machine() -> None:
    small = [function(f"small_{n}", 100, 90, module=LIBRARY) for n in range(20)]
    large = [function(one.name, 400, 360 * 3, module=LIBRARY) for one in small]
    before, after = function("a", 100, 1e6), function("a", 400, 8e6)
    (found,) = grown([before, *small], [after, *large])
    assert found.ratio == 2


@pytest.mark.parametrize(
    ("per_call", "ratios"),
    [
        pytest.param([(1, 1), (1, 8)], {"f1": 8}, id="the lower of two"),
        pytest.param([(1, 2), (1, 2)], {}, id="two that a slower machine explains"),
        pytest.param([(1, 2.9)], {}, id="one that a slower machine may explain"),
        pytest.param([(1, 4)], {"f0": 2}, id="one that no machine explains"),
        pytest.param([(1, 1), (1, 8), (1, 6)], {"f1": 4, "f2": 3}, id="most of three grew"),
        pytest.param([(1, 1), (1, 1.1), (1, 8), (1, 8)], {"f2": 8 / 1.1, "f3": 8 / 1.1}, id="four"),
        pytest.param([(1, 0.1), (1, 0.9), (1, 0.7)], {}, id="a slow first call"),
    ],
)
def test_few_functions_hardly_say_how_fast_the_machine_was(
    per_call: list[tuple[float, float]], ratios: dict[str, float]
) -> None:
    before = [function(f"f{n}", 100, one * 1e6) for n, (one, _) in enumerate(per_call)]
    after = [function(f"f{n}", 400, other * 4e6) for n, (_, other) in enumerate(per_call)]
    found = {growth.name: growth.ratio for growth in grown_per_call(before, after)}
    assert found == pytest.approx(ratios)


def test_where_nothing_shows_the_speed_of_the_machine_the_slowest_is_assumed() -> None:
    # All own time is in the main loop, and that is called once.
    loop = [function("run", 1, 1e9), function("run", 1, 4e9)]
    before = [loop[0], function("a", 100, 10, with_library_ns=1e8)]
    for per_call, expected in ((2.9, []), (3.1, ["a"])):
        after = [loop[1], function("a", 400, 40, with_library_ns=per_call * 4e8)]
        assert names(grown_per_call(before, after)) == expected


def concat(calls: int, own_ns: float, *, module: str = LIBRARY) -> FunctionProfile:
    return function("concat", calls, own_ns, module=module, charged_to="on_bar")


def test_time_in_a_library_belongs_to_the_function_of_the_project_that_called_it() -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=1e6), concat(100, 9e5)]
    after = [function("on_bar", 400, 4e5, with_library_ns=16e6), concat(400, 15.6e6)]
    (found,) = grown(before, after)
    assert (found.name, found.ratio) == ("on_bar", 4)
    assert found.within == (LIBRARY, "concat")


def test_the_library_function_that_grew_most_is_named() -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=1e6), concat(100, 1e5)]
    after = [function("on_bar", 400, 4e5, with_library_ns=16e6), concat(400, 15e6)]
    less = function("copy", 100, 1e5, module=LIBRARY), function("copy", 400, 1e6, module=LIBRARY)
    (found,) = grown([*before, less[0]], [*after, less[1]])
    assert found.within == (LIBRARY, "concat")


def test_growth_that_all_else_the_libraries_do_hides_is_found_where_it_lies() -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=40e6), concat(100, 1e6)]
    after = [function("on_bar", 400, 4e5, with_library_ns=170e6), concat(400, 16e6)]
    (found,) = grown(before, after)
    assert (found.name, found.within, found.within_ratio) == ("on_bar", (LIBRARY, "concat"), 4)
    assert found.ratio == 4
    assert found.extra_ns == 12e6


def test_all_that_grew_in_the_libraries_counts_for_the_function_they_worked_for() -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=40e6), concat(100, 1e6)]
    after = [function("on_bar", 400, 4e5, with_library_ns=200e6), concat(400, 16e6)]
    more = (
        function("copy", 100, 1e6, module=LIBRARY, charged_to="on_bar"),
        function("copy", 400, 20e6, module=LIBRARY, charged_to="on_bar"),
    )
    (found,) = grown([*before, more[0]], [*after, more[1]])
    assert found.extra_ns == 12e6 + 16e6
    assert found.within == (LIBRARY, "copy")


def test_what_grew_for_another_function_is_not_held_against_this_one() -> None:
    before = [function("on_day", 100, 1e5, with_library_ns=40e6), concat(100, 1e6)]
    after = [function("on_day", 400, 4e5, with_library_ns=170e6), concat(400, 16e6)]
    assert grown(before, after) == ()


def test_more_dear_calls_among_as_many_cheap_ones_are_no_growth() -> None:
    # 90 cheap calls of 1 us and 10 of 200 us; four times the bars have 40 of these.
    before = function("digest", 100, 90 * 1e3 + 10 * 2e5)
    after = function("digest", 130, 90 * 1e3 + 40 * 2e5)
    assert after.own_ns / after.calls > 1.5 * before.own_ns / before.calls
    bars = [function("on_bar", calls, calls * 1e6) for calls in (100, 400)]
    assert grown([before, bars[0]], [after, bars[1]]) == ()


def test_a_function_that_grew_itself_is_within_nothing() -> None:
    before = [function("mean", 100, 9e5, with_library_ns=1e6), concat(100, 1e5)]
    after = [function("mean", 400, 15e6, with_library_ns=16e6), concat(400, 1e6)]
    (found,) = grown(before, after)
    assert found.within is None


@pytest.mark.parametrize(
    "library",
    [
        pytest.param([], id="none that is known"),
        pytest.param([concat(1, 1e5), concat(1, 15e6)], id="one of a single call"),
        pytest.param([concat(100, 1e7), concat(400, 5e7)], id="one that hardly grew"),
        pytest.param(
            [
                function("wait", 100, 1e5, module="threading.py"),
                function("wait", 400, 15e6, module="threading.py"),
            ],
            id="one that waits",
        ),
    ],
)
def test_growth_in_no_library_function_that_grew_is_within_nothing(
    library: list[FunctionProfile],
) -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=1e6), *library[:1]]
    after = [function("on_bar", 400, 4e5, with_library_ns=16e6), *library[1:]]
    assert [(one.name, one.within) for one in grown(before, after)] == [("on_bar", None)]


def test_without_functions_of_the_project_all_are_judged_by_their_own_time() -> None:
    found = grown([concat(100, 1e6)], [concat(400, 16e6)])
    assert [(one.module, one.name, one.ratio, one.within) for one in found] == [
        (LIBRARY, "concat", 4, None)
    ]


def test_one_profile_that_does_not_know_the_project_is_enough_for_that() -> None:
    after = [function("mean", 400, 2e6), concat(400, 16e6)]
    assert names(grown([concat(100, 1e6)], after)) == ["concat"]


def test_functions_that_wait_are_returned_when_nothing_else_is() -> None:
    before = [concat(100, 1e5), function("Event.wait", 100, 1e6, module="threading.py")]
    wait = function("Event.wait", 400, 16e6, module="threading.py")
    (found,) = grown(before, [concat(400, 4e5), wait])
    assert (found.name, found.waits) == ("Event.wait", True)
    (found,) = grown(before, [concat(400, 4e6), wait])
    assert (found.name, found.waits) == ("concat", False)


def test_functions_of_one_name_are_one() -> None:
    before = [function("<lambda>", 50, 5e5, line=line) for line in (3, 7)]
    after = [function("<lambda>", 200, ns, line=line) for line, ns in ((3, 2e6), (7, 14e6))]
    (found,) = grown(before, after)
    assert (found.calls_before, found.calls_after, found.ratio) == (100, 400, 4)


def test_a_cost_below_the_clock_grew_from_the_least_it_can_tell() -> None:
    (found,) = grown([function("a", 100, 0)], [function("a", 400, 4e6)])
    assert found.ns_per_call_before == 0.01
    assert found.ratio == pytest.approx(1e6)


def test_equal_growth_is_listed_by_name() -> None:
    before = [function(name, 100, 1e6) for name in "cab"]
    assert names(grown(before, [function(name, 400, 8e6) for name in "bca"])) == ["a", "b", "c"]


def test_profiles_of_nothing_have_no_growth() -> None:
    assert grown_per_call([], []) == ()
    assert grown_per_call([function("a", 3, 0)], [function("a", 9, 0)]) == ()


linear = st.lists(
    st.tuples(
        st.integers(min_value=100, max_value=300),
        st.integers(min_value=10_000, max_value=100_000),
        st.booleans(),
    ),
    min_size=5,
    max_size=10,
)
times_longer = st.integers(min_value=2, max_value=50)
speeds = st.floats(min_value=0.01, max_value=100)


def profile(costs: list[tuple[int, int, bool]], factor: int, speed: float) -> list[FunctionProfile]:
    return [
        function(
            f"f{n}",
            calls * factor,
            calls * factor * ns * speed,
            module="gold.py" if ours else LIBRARY,
        )
        for n, (calls, ns, ours) in enumerate(costs)
    ]


@given(linear, times_longer, speeds)
def test_no_linear_program_raises_anything_at_any_speed_of_the_machine(
    costs: list[tuple[int, int, bool]], factor: int, speed: float
) -> None:
    assert grown_per_call(profile(costs, 1, 1.0), profile(costs, factor, speed)) == ()


@given(linear.map(lambda costs: costs[:4]), times_longer, st.floats(min_value=0.5, max_value=2.9))
def test_no_small_linear_program_raises_anything_at_speeds_that_machines_have(
    costs: list[tuple[int, int, bool]], factor: int, speed: float
) -> None:
    assert grown_per_call(profile(costs, 1, 1.0), profile(costs, factor, speed)) == ()


@given(linear, times_longer, st.floats(min_value=0.5, max_value=100))
def test_a_function_that_goes_through_all_earlier_bars_is_the_worst(
    costs: list[tuple[int, int, bool]], factor: int, speed: float
) -> None:
    ns = 100_000
    before = function("square", 200, 200 * ns)
    after = function("square", 200 * factor, 200 * ns * factor**2 * speed)
    shorter, longer = profile(costs, 1, 1.0), profile(costs, factor, speed)
    found = grown_per_call([*shorter, before], [*longer, after])
    assert names(found) == ["square"]
    assert found[0].ratio == pytest.approx(factor, rel=1e-3)


def test_growth_of_a_tenth_of_a_second_may_be_a_pause_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(call_growth, "LEAST_EXTRA_NS", 100_000_000)
    before, after = function("mean", 100, 1e6), function("mean", 400, 100e6)
    assert grown([before], [after]) == ()
    assert names(grown([before], [function("mean", 400, 110e6)])) == ["mean"]


def test_time_that_only_went_from_one_library_function_to_another_is_no_growth() -> None:
    before = [function("on_bar", 100, 1e5, with_library_ns=40e6), concat(100, 1e6)]
    after = [function("on_bar", 400, 4e5, with_library_ns=160e6), concat(400, 16e6)]
    assert grown(before, after) == ()


def test_the_garbage_collector_is_nobodys_growth() -> None:
    pair = [
        function("collect", calls, ns, module=GARBAGE_COLLECTOR)
        for calls, ns in ((100, 1e6), (400, 90e6))
    ]
    assert grown(pair[:1], pair[1:]) == ()


def grown_by_days(
    before: FunctionProfile, after: FunctionProfile, days: float = 4
) -> tuple[CallGrowth, ...]:
    return grown_per_call([before, *steady(1)], [after, *steady(4)], work=days)


def test_a_main_loop_that_takes_longer_for_each_day_has_grown() -> None:
    (found,) = grown_by_days(function("run", 1, 10e6), function("run", 1, 160e6))
    assert (found.name, found.ratio, found.extra_ns) == ("run", 4, 120e6)


def test_a_main_loop_that_takes_as_long_for_each_day_has_not_grown() -> None:
    assert grown_by_days(function("run", 1, 10e6), function("run", 1, 40e6)) == ()


def test_a_function_that_is_called_more_and_more_often_a_day_has_grown() -> None:
    (found,) = grown_by_days(function("touch", 1_000, 1e6), function("touch", 16_000, 16e6))
    assert (found.name, found.ratio) == ("touch", 4)


def test_a_function_that_is_called_a_little_more_often_a_day_has_not_grown() -> None:
    assert grown_by_days(function("fill", 1_000, 1e6), function("fill", 10_000, 10e6)) == ()


def test_few_calls_may_be_many_more_without_growth() -> None:
    assert grown_by_days(function("fill", 3, 1e6), function("fill", 300, 100e6)) == ()


def test_nothing_is_said_of_a_main_loop_when_nobody_knows_how_far_it_came() -> None:
    assert grown([function("run", 1, 10e6)], [function("run", 1, 160e6)]) == ()
