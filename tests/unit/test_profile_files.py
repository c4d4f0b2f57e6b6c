from __future__ import annotations

import csv
import io
import json
import pstats
import queue
import select
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.profiles import Call, Told, builtin, library, ours, profile_of

from pytest_zacperf.profile_files import functions_csv, pstat, speedscope, threads_csv
from pytest_zacperf.profiling import Profiler
from pytest_zacperf.records import Profile

HERE = Path(__file__).parent
NAP_S = 0.002
SECOND = 1_000_000_000

# 10 in run, 4 of it in sum; 30 in the second thread.
SMALL = profile_of(
    ours("run", 6, Call("sum", 4)),
    builtin("sum", 4),
    Told(name="run", own_ns=30, thread=1),
    threads=("MainThread", "strategy"),
)


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


# Functions as CSV


def test_functions_have_the_columns_of_lumibot() -> None:
    assert functions_csv(SMALL).decode().splitlines() == [
        "full_name,module,lineno,name,ncall,nactualcall,ttot_s,tsub_s,tavg_s,thread",
        "gold.py:1 run,gold.py,1,run,1,1,0.000000030,0.000000030,0.000000030,strategy",
        "gold.py:1 run,gold.py,1,run,1,1,0.000000010,0.000000006,0.000000010,MainThread",
        "builtins.sum,builtins,0,sum,1,1,0.000000004,0.000000004,0.000000004,MainThread",
    ]


def test_the_average_is_that_of_all_calls() -> None:
    told = Told(name="f", own_ns=1, total_ns=7 * SECOND, calls=3, actual_calls=2)
    (row,) = rows(functions_csv(profile_of(told)))
    assert (row["ncall"], row["nactualcall"]) == ("3", "2")
    assert (row["ttot_s"], row["tavg_s"]) == ("7.000000000", "2.333333333")


def test_equal_functions_are_listed_by_name_and_thread() -> None:
    told = [Told(name=name, own_ns=1, thread=thread) for thread in (1, 0) for name in "ba"]
    listed = rows(functions_csv(profile_of(*told, threads=("one", "two"))))
    assert [(row["name"], row["thread"]) for row in listed] == [
        *(("a", "one"), ("a", "two"), ("b", "one"), ("b", "two"))
    ]


def test_threads_of_one_name_are_numbered() -> None:
    told = [Told(name="f", own_ns=9 - n, thread=n) for n in range(4)]
    threads = ("worker", "worker #2", "worker", "worker")
    listed = rows(functions_csv(profile_of(*told, threads=threads)))
    expected = ["worker", "worker #2", "worker #3", "worker #4"]
    assert [row["thread"] for row in listed] == expected


def test_a_name_with_a_comma_and_quotes_is_one_field() -> None:
    name = "<method \"a, b\" of 'c' objects>"
    (row,) = rows(functions_csv(profile_of(builtin(name, 1))))
    assert (row["name"], row["full_name"]) == (name, f"builtins.{name}")


# Threads as CSV


def test_threads_are_listed_with_what_they_waited() -> None:
    profile = profile_of(
        ours("run", 1 * SECOND, Call("sleep", 2 * SECOND)),
        builtin("sleep", 2 * SECOND, module="time"),
        Told(name="work", own_ns=500, thread=1),
        threads=("MainThread", "worker"),
    )
    assert threads_csv(profile).decode().splitlines() == [
        "thread,id,ttot_s,waiting_s,schedules",
        "MainThread,0,3.000000000,2.000000000,1",
        "worker,1,0.000000500,0.000000000,2",
    ]


def test_a_function_of_the_project_called_sleep_does_not_wait() -> None:
    (row,) = rows(threads_csv(profile_of(ours("time.sleep", 5))))
    assert row["waiting_s"] == "0.000000000"


def wait_for_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=NAP_S)


def wait_for_event() -> None:
    threading.Event().wait(NAP_S)


def wait_for_queue() -> None:
    with pytest.raises(queue.Empty):
        queue.SimpleQueue[int]().get(timeout=NAP_S)


def wait_for_connection() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(NAP_S)
        with pytest.raises(TimeoutError):
            server.accept()


def wait_for_data() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(NAP_S)
        with pytest.raises(TimeoutError):
            one.recv(1)


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(lambda: time.sleep(NAP_S), id="sleep"),
        pytest.param(wait_for_lock, id="lock"),
        pytest.param(wait_for_event, id="event"),
        pytest.param(wait_for_queue, id="queue"),
        pytest.param(lambda: select.select([], [], [], NAP_S), id="select"),
        pytest.param(lambda: select.poll().poll(NAP_S * 1_000), id="poll"),
        pytest.param(wait_for_connection, id="accept"),
        pytest.param(wait_for_data, id="recv"),
    ],
)
def test_what_waits_is_found_by_the_name_it_has_in_a_profile(wait: Any) -> None:  # noqa: ANN401
    with Profiler(HERE) as profiler:
        wait()
    (row,) = rows(threads_csv(profiler.profile()))
    assert float(row["waiting_s"]) >= 0.9 * NAP_S


# pstats


def loaded(profile: Profile, folder: Path) -> pstats.Stats:
    path = folder / "profile.pstat"
    path.write_bytes(pstat(profile))
    return pstats.Stats(str(path), stream=io.StringIO())


def stats_of(stats: pstats.Stats) -> dict[tuple[str, int, str], tuple[Any, ...]]:
    found: dict[tuple[str, int, str], tuple[Any, ...]] = vars(stats)["stats"]
    return found


RUN, SUM = ("gold.py", 1, "run"), ("~", 0, "<built-in method builtins.sum>")


def test_pstats_has_all_threads_together_and_the_callers(tmp_path: Path) -> None:
    assert stats_of(loaded(SMALL, tmp_path)) == {
        RUN: (2, 2, 36e-9, 40e-9, {}),
        SUM: (1, 1, 4e-9, 4e-9, {RUN: (1, 1, 4e-9, 4e-9)}),
    }


def test_pstats_knows_calls_that_a_function_made_to_itself(tmp_path: Path) -> None:
    told = Told(
        name="run",
        own_ns=5,
        total_ns=5,
        calls=5,
        actual_calls=1,
        calls_to=(Call("run", 4, 4, calls=4),),
    )
    stats = loaded(profile_of(told), tmp_path)
    # cProfile has the primitive calls of a function first, and all calls of a caller first.
    assert stats_of(stats)[RUN][:2] == (1, 5)
    assert stats_of(stats)[RUN][4][RUN][0] == 4
    assert (vars(stats)["total_calls"], vars(stats)["prim_calls"]) == (5, 1)


def test_a_method_of_a_builtin_type_keeps_its_text(tmp_path: Path) -> None:
    name = "<method 'append' of 'list' objects>"
    assert list(stats_of(loaded(profile_of(builtin(name, 1)), tmp_path))) == [("~", 0, name)]


def test_pstats_prints_functions_and_callers(tmp_path: Path) -> None:
    stats = loaded(SMALL, tmp_path)
    stats.sort_stats("tottime").print_stats()
    stats.print_callers("sum")
    printed = vars(stats)["stream"].getvalue()
    assert "3 function calls in 0.000 seconds" in printed
    assert "gold.py:1(run)" in printed
    assert "{built-in method builtins.sum}" in printed


def test_pstats_adds_a_second_profile(tmp_path: Path) -> None:
    stats = loaded(SMALL, tmp_path)
    stats.add(str(tmp_path / "profile.pstat"))
    assert stats_of(stats)[RUN][:3] == (4, 4, 72e-9)
    assert stats_of(stats)[SUM][4] == {RUN: (2, 2, 8e-9, 8e-9)}


def test_a_file_that_cprofile_wrote_has_the_same_form(tmp_path: Path) -> None:
    import cProfile  # noqa: PLC0415 - it alone needs it

    one = cProfile.Profile()
    one.runcall(sorted, [3, 1])
    (key,) = [key for key in pstats.Stats(one).stats if "sorted" in key[2]]  # type: ignore[attr-defined]
    (ours_,) = stats_of(loaded(profile_of(builtin("sorted", 1)), tmp_path))
    assert key == ours_


# speedscope


def opened(profile: Profile, name: str = "gold") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(speedscope(profile, name))
    frames = content["shared"]["frames"]
    for one in content["profiles"]:
        assert one["type"] == "sampled"
        assert one["unit"] == "nanoseconds"
        assert len(one["samples"]) == len(one["weights"])
        assert all(0 <= number < len(frames) for stack in one["samples"] for number in stack)
        assert all(stack for stack in one["samples"])
        assert all(type(weight) is int and weight > 0 for weight in one["weights"])
        assert one["startValue"] == 0
        assert one["endValue"] == sum(one["weights"])
    return content


def stacks(content: dict[str, Any], thread: int = 0) -> dict[str, int]:
    """Return the weight of each stack, such as ``run;mean``."""
    frames = content["shared"]["frames"]
    found: Counter[str] = Counter()
    one = content["profiles"][thread]
    for stack, weight in zip(one["samples"], one["weights"], strict=True):
        found[";".join(frames[number]["name"] for number in stack)] += weight
    return dict(found)


def own_by_name(content: dict[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for stack, weight in stacks(content).items():
        found[stack.rpartition(";")[2]] += weight
    return found


def test_speedscope_knows_the_file_and_that_its_stacks_are_no_real_ones() -> None:
    content = opened(SMALL, "week of gold")
    assert content["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert content["name"] == "week of gold (stacks reconstructed from callers and callees)"
    assert "stacks reconstructed" in content["exporter"]


def test_each_thread_has_a_profile_and_the_busiest_is_shown() -> None:
    content = opened(SMALL)
    assert [one["name"] for one in content["profiles"]] == ["MainThread", "strategy"]
    assert content["activeProfileIndex"] == 1
    assert stacks(content, 1) == {"run": 30}


def test_a_thread_that_only_waits_is_not_the_busiest() -> None:
    profile = profile_of(
        ours("main", 1, Call("sleep", 900)),
        builtin("sleep", 900, module="time"),
        Told(name="run", own_ns=30, thread=1),
        threads=("MainThread", "strategy"),
    )
    assert opened(profile)["activeProfileIndex"] == 1


def test_a_thread_that_did_nothing_is_left_out() -> None:
    content = opened(profile_of(ours("run", 3), threads=("MainThread", "idle")))
    assert [one["name"] for one in content["profiles"]] == ["MainThread"]


def test_a_profile_of_nothing_is_still_a_file() -> None:
    content = opened(profile_of(threads=()))
    assert (content["profiles"], content["activeProfileIndex"]) == ([], 0)


def test_frames_have_file_and_line_and_builtins_have_none() -> None:
    assert opened(SMALL)["shared"]["frames"] == [
        {"name": "run", "file": "gold.py", "line": 1},
        {"name": "builtins.sum"},
    ]


def test_a_function_that_two_call_is_on_two_paths() -> None:
    profile = profile_of(
        ours("run", 100, Call("mean", 60, 20), Call("total", 90, 10)),
        ours("mean", 20, Call("concat", 40, 30)),
        ours("total", 10, Call("concat", 80, 50)),
        library("concat", 80, Call("copy", 40)),
        library("copy", 40),
    )
    assert stacks(opened(profile)) == {
        "run": 100,
        "run;mean": 20,
        "run;mean;concat": 30,
        "run;mean;concat;copy": 10,
        "run;total": 10,
        "run;total;concat": 50,
        "run;total;concat;copy": 30,
    }


def test_who_calls_an_empty_cache_has_what_it_loads() -> None:
    profile = profile_of(
        ours("run", 0, Call("first", 1_020, 0), Call("later", 20, 0)),
        ours("first", 0, Call("cached", 1_020, 20)),
        ours("later", 0, Call("cached", 20, 20, calls=99)),
        ours("cached", 40, Call("load", 1_000)),
        ours("load", 1_000),
    )
    found = stacks(opened(profile))
    assert found["run;first;cached;load"] == 999
    assert found["run;later;cached"] == 20


def test_a_function_that_calls_itself_is_on_a_path_once() -> None:
    told = Told(name="walk", own_ns=50, calls=5, actual_calls=1, calls_to=(Call("walk", 40, 40),))
    profile = profile_of(ours("run", 10, Call("walk", 50, 10)), told)
    assert stacks(opened(profile)) == {"run": 10, "run;walk": 50}


def test_functions_that_call_each_other_end_and_keep_their_own_time() -> None:
    profile = profile_of(
        ours("run", 10, Call("deepcopy", 60, 10)),
        Told(name="deepcopy", own_ns=30, total_ns=60, calls_to=(Call("copy_dict", 50, 30),)),
        Told(name="copy_dict", own_ns=30, total_ns=50, calls_to=(Call("deepcopy", 40, 20),)),
    )
    assert stacks(opened(profile)) == {
        "run": 10,
        "run;deepcopy": 30,
        "run;deepcopy;copy_dict": 30,
    }


def test_a_circle_that_nobody_entered_begins_with_its_longest_function() -> None:
    profile = profile_of(
        Told(name="poll", own_ns=10, total_ns=20, calls_to=(Call("serve", 20, 20),)),
        Told(name="serve", own_ns=20, total_ns=30, calls_to=(Call("poll", 20, 10),)),
    )
    assert stacks(opened(profile)) == {"serve": 20, "serve;poll": 10}


def chain(length: int) -> Profile:
    """Return functions of 10 ns each that call one another, the outermost first."""
    told = [
        ours(f"f{n}", 10, *([Call(f"f{n + 1}", 10 * (length - n - 1), 10)] * (n < length - 1)))
        for n in range(length)
    ]
    return profile_of(*told)


def test_a_deep_chain_keeps_its_order() -> None:
    longest = max(stacks(opened(chain(400))), key=len)
    assert longest.split(";") == [f"f{n}" for n in range(400)]


def test_a_chain_deeper_than_python_allows_ends_with_all_its_time() -> None:
    length = 2 * sys.getrecursionlimit()
    content = opened(chain(length))
    (deepest,) = [weight for stack, weight in stacks(content).items() if stack.endswith(";f499")]
    assert deepest == 10 * (length - 499)
    assert sum(content["profiles"][0]["weights"]) == 10 * length


def layered(width: int, depth: int) -> Profile:
    """Return a profile of `width ** depth` paths: each layer calls all functions of the next."""
    told: list[Told] = []
    for layer in range(depth):
        for n in range(width):
            below = [] if layer == depth - 1 else [(layer + 1, m) for m in range(width)]
            # The inner layers are the longer ones.
            calls = [Call(f"f{x}-{y}", 1_000_000, 1_000 * (x + 1)) for x, y in below]
            told.append(ours(f"f{layer}-{n}", 1_000 * (layer + 1) * width, *calls))
    return profile_of(*told)


def test_more_paths_than_anybody_looks_at_are_cut_and_lose_no_time() -> None:
    profile = layered(width=10, depth=7)
    content = opened(profile)
    assert 1_000 < len(content["profiles"][0]["samples"]) <= 10_000
    own_ns = sum(function.own_ns for function in profile.functions)
    assert content["profiles"][0]["endValue"] == pytest.approx(own_ns, abs=10_000)


def test_what_is_too_short_to_be_seen_stays_with_its_caller() -> None:
    profile = profile_of(
        ours("run", 10 * SECOND, Call("small", 99_000), Call("large", 101_000)),
        ours("small", 99_000),
        ours("large", 101_000),
    )
    assert stacks(opened(profile)) == {"run": 10 * SECOND + 99_000, "run;large": 101_000}


def mean(count: int) -> float:
    return sum(range(count)) / count


def walk(depth: int) -> float:
    return mean(3_000) + (walk(depth - 1) if depth else 0.0)


def run() -> None:
    for _ in range(20):
        walk(5)
        sorted(range(50), key=lambda n: mean(n + 1))


def test_a_real_profile_keeps_the_own_time_of_each_function() -> None:
    with Profiler(HERE) as profiler:
        run()
    profile = profiler.profile()
    content = opened(profile)
    found = own_by_name(content)
    for function in profile.functions:
        if not function.is_builtin and function.own_ns > 100_000:
            assert found[function.name] == pytest.approx(function.own_ns, rel=0.05)
    assert found.total() == pytest.approx(sum(f.own_ns for f in profile.functions), abs=1_000)
    assert any(stack.endswith("run;walk;mean;builtins.sum") for stack in stacks(content))


def many(count: int) -> Profile:
    told = []
    for n in range(count):
        calls = [Call(f"f{m}", 1_000, 100) for m in range(3 * n + 1, 3 * n + 4) if m < count]
        told.append(ours(f"f{n}", 300 + n, *calls))
    return profile_of(*told)


def written_ns(profile: Profile) -> int:
    start_ns = time.process_time_ns()
    functions_csv(profile)
    threads_csv(profile)
    pstat(profile)
    speedscope(profile, "many")
    return time.process_time_ns() - start_ns


def test_ten_times_as_many_functions_take_about_ten_times_as_long() -> None:
    assert written_ns(many(5_000)) < 50 * written_ns(many(500))
