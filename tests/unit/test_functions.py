from __future__ import annotations

import dataclasses
import gc
import time
from dataclasses import replace

from support.profiles import Call, Told, builtin, library, ours, profile_of

from pytest_zacperf.functions import functions_of
from pytest_zacperf.records import FunctionProfile, Profile


def one(profile: Profile, name: str) -> FunctionProfile:
    (found,) = (f for f in functions_of(profile) if f.name == name)
    return found


def library_ns(profile: Profile, name: str) -> int:
    return one(profile, name).with_library_ns


def test_all_threads_are_added_up() -> None:
    first = Told(name="mean", own_ns=3, calls=2, line=7)
    second = replace(first, thread=1, own_ns=5, calls=4)
    assert functions_of(profile_of(first, second, threads=("MainThread", "worker"))) == (
        FunctionProfile(
            module="gold.py",
            name="mean",
            line=7,
            calls=6,
            own_ns=8,
            total_ns=8,
            is_project=True,
            with_library_ns=8,
        ),
    )


def test_functions_of_one_name_on_two_lines_are_two() -> None:
    first = Told(name="mean", own_ns=3, line=7)
    found = functions_of(profile_of(first, replace(first, line=9)))
    assert [f.line for f in found] == [7, 9]


def test_the_longest_own_time_comes_first_and_then_the_name() -> None:
    told = (ours("b", 5), ours("a", 5), replace(ours("c", 5), module="a.py"), ours("d", 9))
    assert [f.name for f in functions_of(profile_of(*told))] == ["d", "c", "a", "b"]


def test_what_a_builtin_takes_is_own_time_of_each_caller() -> None:
    profile = profile_of(
        ours("mean", 1, Call("sum", 10)), ours("total", 2, Call("sum", 30)), builtin("sum", 40)
    )
    found = {f.name: (f.own_ns, f.total_ns) for f in functions_of(profile)}
    assert found == {"total": (32, 32), "mean": (11, 11)}


def test_what_a_builtin_calls_is_not_own_time() -> None:
    profile = profile_of(
        ours("mean", 1, Call("sorted", 110, 10)),
        builtin("sorted", 10, Call("key", 100)),
        ours("key", 100),
    )
    assert one(profile, "mean").own_ns == 11
    assert library_ns(profile, "mean") == 11


def test_a_library_is_time_of_the_function_that_called_it() -> None:
    profile = profile_of(
        ours("run", 1, Call("mean", 106, 5)),
        ours("mean", 5, Call("concat", 101, 1)),
        library("concat", 1, Call("copy", 100)),
        library("copy", 100),
    )
    assert library_ns(profile, "mean") == 106
    assert library_ns(profile, "run") == 1
    assert library_ns(profile, "concat") == 1


def test_each_caller_has_its_own_part_of_a_library() -> None:
    profile = profile_of(
        ours("mean", 5, Call("concat", 30)),
        ours("total", 5, Call("concat", 70)),
        library("concat", 100),
    )
    assert (library_ns(profile, "mean"), library_ns(profile, "total")) == (35, 75)


def test_an_engine_that_calls_the_strategy_does_not_have_its_time() -> None:
    profile = profile_of(
        ours("run", 1, Call("cerebro", 1_020, 5)),
        library("cerebro", 5, Call("notify", 1_015, 15)),
        library("notify", 15, Call("next", 1_000)),
        ours("next", 1_000),
    )
    assert library_ns(profile, "run") == 21
    assert library_ns(profile, "next") == 1_000


def test_a_function_that_calls_itself_has_its_time_once() -> None:
    profile = profile_of(
        Told(
            name="walk",
            own_ns=30,
            calls=3,
            actual_calls=1,
            total_ns=90,
            calls_to=(Call("walk", 60, 20, calls=2), Call("copy", 60, calls=3)),
        ),
        library("copy", 60),
    )
    assert library_ns(profile, "walk") == 90


def test_functions_that_call_each_other_have_their_time_once() -> None:
    # even -> odd -> even -> odd, of which each call takes 10 and copies for 5.
    profile = profile_of(
        Told(
            name="even",
            own_ns=20,
            calls=2,
            actual_calls=1,
            total_ns=60,
            calls_to=(Call("odd", 45, 20, calls=2), Call("copy", 10, calls=2)),
        ),
        Told(
            name="odd",
            own_ns=20,
            calls=2,
            actual_calls=1,
            total_ns=45,
            calls_to=(Call("even", 30, 10), Call("copy", 10, calls=2)),
        ),
        library("copy", 20),
    )
    assert (library_ns(profile, "even"), library_ns(profile, "odd")) == (30, 30)


def test_a_library_that_calls_itself_in_a_circle_keeps_the_project_out() -> None:
    profile = profile_of(
        ours("run", 1, Call("deepcopy", 100, 20)),
        Told(
            name="deepcopy",
            own_ns=20,
            total_ns=100,
            module="copy.py",
            is_project=False,
            calls_to=(Call("reconstruct", 80, 0),),
        ),
        Told(
            name="reconstruct",
            own_ns=0,
            total_ns=80,
            module="copy.py",
            is_project=False,
            calls_to=(Call("deepcopy", 40, 0), Call("getstate", 80)),
        ),
        ours("getstate", 80),
    )
    assert library_ns(profile, "run") == 21


def test_time_with_libraries_is_never_less_than_own_time() -> None:
    # By the average of both callers half of what `sorted` does is in `key`; by its own time, not.
    profile = profile_of(
        ours("mean", 1, Call("sorted", 100, 100)),
        ours("total", 1, Call("sorted", 100, 0)),
        builtin("sorted", 100, Call("key", 100)),
        ours("key", 100),
    )
    found = one(profile, "mean")
    assert found.own_ns == found.with_library_ns == 101


def test_a_loop_that_never_ended_has_what_it_called() -> None:
    # A thread that still ran: yappi adds the time of a function when it returns.
    profile = profile_of(
        Told(name="serve", own_ns=0, total_ns=0, calls_to=(Call("recv", 50), Call("parse", 9))),
        library("recv", 50),
        ours("parse", 9),
    )
    assert library_ns(profile, "serve") == 50


def test_a_profile_of_nothing_has_no_functions() -> None:
    assert functions_of(profile_of()) == ()


def added_up_ns(count: int) -> int:
    names = [f"f{n}" for n in range(count)]
    engine = library("engine", 5, *(Call(name, 1_000) for name in names))
    profile = profile_of(engine, *(ours(name, 1_000) for name in names))
    taken_ns = []
    gc.disable()  # it looks at all that other tests have left, too
    try:
        for _ in range(3):
            start_ns = time.process_time_ns()
            functions_of(profile)
            taken_ns.append(time.process_time_ns() - start_ns)
    finally:
        gc.enable()
    return min(taken_ns)


def test_an_engine_that_calls_very_many_functions_takes_no_longer_for_each() -> None:
    assert added_up_ns(5_000) < 50 * added_up_ns(500)


def charged(profile: Profile, name: str) -> tuple[str, str] | None:
    return one(profile, name).charged_to


def test_a_library_works_for_the_function_of_the_project_above_it() -> None:
    profile = profile_of(
        ours("run", 1, Call("on_bar", 100)),
        ours("on_bar", 1, Call("concat", 99)),
        library("concat", 9, Call("copy", 90)),
        library("copy", 90),
    )
    assert charged(profile, "copy") == charged(profile, "concat") == ("gold.py", "on_bar")
    assert charged(profile, "on_bar") is None


def test_a_library_that_several_call_works_for_the_one_with_most_of_its_time() -> None:
    profile = profile_of(
        ours("on_bar", 1, Call("copy", 10)),
        ours("on_day", 1, Call("copy", 90)),
        library("copy", 100),
    )
    assert charged(profile, "copy") == ("gold.py", "on_day")


def test_a_library_that_nobody_of_the_project_called_works_for_none() -> None:
    profile = profile_of(
        library("loop", 5, Call("step", 50)), library("step", 5, Call("loop", 45), Call("step", 1))
    )
    assert charged(profile, "step") is None
    assert charged(profile, "loop") is None


def test_a_library_in_several_threads_works_for_the_one_with_most_of_its_time() -> None:
    profile = profile_of(
        ours("on_bar", 1, Call("copy", 10)),
        library("copy", 10),
        dataclasses.replace(ours("on_day", 1, Call("copy", 90)), thread=1),
        dataclasses.replace(library("copy", 90), thread=1),
        threads=("MainThread", "worker"),
    )
    assert charged(profile, "copy") == ("gold.py", "on_day")
