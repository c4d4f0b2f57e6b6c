from __future__ import annotations

import _thread
import gc
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yappi

from pytest_zacperf import store
from pytest_zacperf.errors import EngineError, ZacperfError
from pytest_zacperf.functions import functions_of
from pytest_zacperf.profiling import OWN_FRAMES, Profiler, is_project_file, module_path
from pytest_zacperf.records import (
    GARBAGE_COLLECTOR,
    FunctionProfile,
    Profile,
    ProfiledFunction,
)
from pytest_zacperf.stages import StageTimer

HERE = Path(__file__).parent
NAP_S = 0.004
NAP_NS = 4_000_000


class Metric:
    def value(self) -> int:
        return 1


class Mean(Metric):
    pass


class Deviation:
    def value(self) -> int:
        return 2


def nap() -> None:
    time.sleep(NAP_S)


def naps(count: int) -> None:
    nap()
    if count > 1:
        naps(count - 1)


def restless(count: int) -> None:
    time.sleep(NAP_S)
    if count > 1:
        restless(count - 1)


def bars(count: int) -> Iterator[int]:
    for number in range(count):
        time.sleep(NAP_S)
        yield number


def take_all() -> int:
    return sum(bars(5))


def fail() -> None:
    raise KeyError("GC")


def nap_and_fail() -> None:
    nap()
    fail()


def watch(*_: object) -> None:
    pass


@pytest.fixture(autouse=True)
def yappi_is_left_alone() -> Iterator[None]:
    yield
    was_running = yappi.is_running()
    yappi.stop()
    sys.setprofile(None)
    had_stats = not yappi.get_func_stats().empty()
    yappi.clear_stats()
    clock = yappi.get_clock_type()
    yappi.set_clock_type("cpu")
    assert (was_running, had_stats, clock) == (False, False, "cpu")


def functions(profiler: Profiler) -> tuple[FunctionProfile, ...]:
    return functions_of(profiler.profile())


def one(profiler: Profiler, name: str) -> FunctionProfile:
    (found,) = (f for f in functions(profiler) if f.name == name)
    return found


def each(profiler: Profiler, name: str) -> list[ProfiledFunction]:
    """Return the entries of a function, one for each thread, in the order of the threads."""
    return [f for f in profiler.profile().functions if f.name == name]


def thread_names(profiler: Profiler) -> list[str]:
    return [thread.name for thread in profiler.profile().threads]


def in_thread(target: Callable[[], object], name: str) -> None:
    thread = threading.Thread(target=target, name=name)
    thread.start()
    thread.join()


def test_what_a_builtin_takes_is_own_time_of_its_caller() -> None:
    with Profiler(HERE) as profiler:
        naps(1)
    assert one(profiler, "nap").own_ns >= NAP_NS
    assert one(profiler, "naps").own_ns < one(profiler, "nap").own_ns
    assert not [f for f in functions(profiler) if "sleep" in f.name]


def test_a_function_is_listed_with_its_place_and_its_calls() -> None:
    with Profiler(HERE) as profiler:
        naps(3)
    found = one(profiler, "nap")
    assert (found.module, found.line, found.calls) == (
        "test_profiling.py",
        nap.__code__.co_firstlineno,
        3,
    )
    assert one(profiler, "naps").total_ns >= found.total_ns


def test_the_longest_own_time_comes_first() -> None:
    with Profiler(HERE) as profiler:
        nap()
        Metric().value()
    own = [f.own_ns for f in functions(profiler)]
    assert own == sorted(own, reverse=True)
    assert functions(profiler)[0].name == "nap"


def test_methods_bear_the_class_that_defines_them() -> None:
    with Profiler(HERE) as profiler:
        for metric in (Mean(), Metric(), Deviation()):
            metric.value()
    assert one(profiler, "Metric.value").calls == 2
    assert one(profiler, "Deviation.value").calls == 1


def test_a_method_that_threads_met_in_two_classes_is_one_function() -> None:
    with Profiler(HERE) as profiler:
        for metric in (Mean(), Metric()):
            thread = threading.Thread(target=metric.value)
            thread.start()
            thread.join()
    assert one(profiler, "Metric.value").calls == 2


def test_recursion_counts_every_call_and_no_time_twice() -> None:
    start_ns = time.perf_counter_ns()
    with Profiler(HERE) as profiler:
        restless(5)
    elapsed_ns = time.perf_counter_ns() - start_ns
    found = one(profiler, "restless")
    assert found.calls == 5
    assert 5 * NAP_NS <= found.own_ns <= found.total_ns + 1_000 <= elapsed_ns + 1_000


def test_each_time_a_generator_goes_on_is_a_call() -> None:
    with Profiler(HERE) as profiler:
        take_all()
    found = one(profiler, "bars")
    assert found.calls == 6
    assert found.own_ns >= 5 * NAP_NS
    assert one(profiler, "take_all").calls == 1


def test_what_threads_do_is_part_of_the_profile() -> None:
    threads = [threading.Thread(target=naps, args=(2,)) for _ in range(2)]
    with Profiler(HERE) as profiler:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = one(profiler, "nap")
    assert found.calls == 4
    assert found.own_ns >= 4 * NAP_NS
    assert sum(f.own_ns for f in functions(profiler) if f.module == "threading.py") >= NAP_NS


def test_frames_of_our_own_are_not_listed() -> None:
    stages = StageTimer()
    with Profiler(HERE) as profiler:
        with stages.stage("data"):
            pass
        nap()
    assert one(profiler, "nap").calls == 1
    assert not [f for f in functions(profiler) if f.module.startswith(OWN_FRAMES)]
    assert not [f for f in functions(profiler) if "yappi" in f.module]


def test_a_block_that_raises_leaves_nothing_behind() -> None:
    profiler = Profiler(HERE)
    with pytest.raises(KeyError, match="GC"), profiler:
        fail()
    assert not yappi.is_running()
    assert profiler.profile() == Profile(clock="wall", threads=(), functions=())


def test_a_profiler_can_be_followed_by_another() -> None:
    with Profiler(HERE):
        nap()
    with Profiler(HERE) as second:
        Metric().value()
    assert [f.name for f in functions(second) if f.module == "test_profiling.py"] == [
        "Metric.value"
    ]


def test_a_session_of_yappi_is_refused_and_goes_on() -> None:
    yappi.start()
    try:
        with pytest.raises(EngineError) as caught, Profiler(HERE):
            pytest.fail("was entered")
        assert yappi.is_running()
    finally:
        yappi.stop()
        yappi.clear_stats()
    assert str(caught.value) == (
        "the run cannot be profiled: yappi profiles this process already\n"
        "  hint: end it before run(), and clear it; a perf test needs no profile with "
        "--zacperf-no-blame"
    )


def test_figures_that_yappi_holds_are_kept() -> None:
    yappi.start()
    nap()
    yappi.stop()
    try:
        with pytest.raises(EngineError, match="yappi profiles this process"), Profiler(HERE):
            pytest.fail("was entered")
        assert "nap" in {stat.name for stat in yappi.get_func_stats()}
    finally:
        yappi.clear_stats()


def test_another_profiler_is_refused_and_stays() -> None:
    sys.setprofile(watch)
    try:
        with pytest.raises(EngineError, match=f"{__name__} profiles this process"), Profiler(HERE):
            pytest.fail("was entered")
        assert sys.getprofile() is watch
    finally:
        sys.setprofile(None)


def stop_yappi() -> None:
    yappi.stop()
    yappi.clear_stats()


def stop_yappi_and_fail() -> None:
    stop_yappi()
    fail()


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(stop_yappi, id="yappi"),
        pytest.param(lambda: sys.setprofile(None), id="sys.setprofile"),
    ],
)
def test_a_block_that_ends_the_profiler_has_no_profile(end: Callable[[], None]) -> None:
    with pytest.raises(EngineError) as caught, Profiler(HERE):
        end()
    assert caught.value.problem == (
        "the run ended its profiler: it uses yappi or sys.setprofile itself"
    )
    assert "--zacperf-no-blame" in caught.value.hint


@pytest.mark.parametrize("keep_on", [KeyError, (ValueError, LookupError)])
def test_an_exception_that_ends_a_run_early_keeps_the_profile(
    keep_on: type[BaseException] | tuple[type[BaseException], ...],
) -> None:
    profiler = Profiler(HERE, keep_on=keep_on)
    with pytest.raises(KeyError, match="GC"), profiler:
        nap_and_fail()
    assert one(profiler, "nap").own_ns >= NAP_NS
    assert one(profiler, "fail").calls == 1


def test_an_exception_that_is_not_named_keeps_nothing() -> None:
    profiler = Profiler(HERE, keep_on=ValueError)
    with pytest.raises(KeyError, match="GC"), profiler:
        fail()
    assert profiler.profile().functions == ()


def test_a_run_that_ended_its_profiler_and_was_stopped_is_refused() -> None:
    profiler = Profiler(HERE, keep_on=KeyError)
    with pytest.raises(EngineError, match="the run ended its profiler") as caught, profiler:
        stop_yappi_and_fail()
    assert isinstance(caught.value.__context__, KeyError)


# Threads, callers and clocks


def test_a_thread_has_its_own_name() -> None:
    with Profiler(HERE) as profiler:
        in_thread(nap, "strategy")
    assert thread_names(profiler) == ["MainThread", "strategy"]


def test_yappi_names_threads_by_their_class_again() -> None:
    with Profiler(HERE):
        nap()
    yappi.start()
    in_thread(nap, "strategy")
    yappi.stop()
    names = {thread.name for thread in yappi.get_thread_stats()}
    yappi.clear_stats()
    assert names == {"_MainThread", "Thread"}


def test_each_thread_has_its_own_figures() -> None:
    with Profiler(HERE) as profiler:
        naps(1)
        in_thread(lambda: naps(2), "strategy")
    assert [(f.thread, f.calls) for f in each(profiler, "nap")] == [(0, 1), (1, 2)]
    main, strategy = profiler.profile().threads
    assert main.total_ns > strategy.total_ns >= 2 * NAP_NS
    assert main.schedules >= 2


def test_threads_that_follow_each_other_are_not_mixed() -> None:
    with Profiler(HERE) as profiler:
        for name in ("one", "other"):
            in_thread(nap, name)  # the system gives both the same number
    assert thread_names(profiler) == ["MainThread", "one", "other"]
    assert [(f.thread, f.calls) for f in each(profiler, "nap")] == [(1, 1), (2, 1)]


def test_the_engines_thread_is_the_first_wherever_it_runs() -> None:
    found: list[Profiler] = []

    def engine() -> None:
        with Profiler(HERE) as profiler:
            in_thread(nap, "helper")
            Metric().value()
        found.append(profiler)

    in_thread(engine, "engine")
    (profiler,) = found
    names = thread_names(profiler)
    assert names[0] == "engine"
    assert [f.thread for f in each(profiler, "Metric.value")] == [0]
    assert [names[f.thread] for f in each(profiler, "nap")] == ["helper"]


def test_a_thread_that_python_does_not_know_is_numbered_and_stays_unknown() -> None:
    begin, end = threading.Event(), threading.Event()

    def foreign() -> None:
        begin.wait()
        nap()
        end.set()

    _thread.start_new_thread(foreign, ())
    before = threading.active_count()
    with Profiler(HERE) as profiler:
        begin.set()
        end.wait()
    assert thread_names(profiler) == ["MainThread", "thread 1"]
    assert threading.active_count() == before


def test_a_name_that_is_no_unicode_can_be_stored(tmp_path: Path) -> None:
    with Profiler(HERE) as profiler:
        in_thread(nap, "gold\udc80")
    store.write_profile(tmp_path, profiler.profile())
    assert store.read_profile(tmp_path).threads[1].name == "gold\\udc80"


def test_a_builtin_is_a_function_of_its_own_that_others_called() -> None:
    with Profiler(HERE) as profiler:
        naps(2)
    (sleep,) = each(profiler, "sleep")
    assert (sleep.module, sleep.line, sleep.is_builtin) == ("time", 0, True)
    assert (sleep.calls, sleep.is_project) == (2, False)
    (nap_,) = each(profiler, "nap")
    (call,) = nap_.callees
    assert profiler.profile().functions[call.function] is sleep
    assert (call.calls, call.own_ns, call.total_ns) == (2, sleep.own_ns, sleep.total_ns)
    assert nap_.own_ns < NAP_NS <= nap_.total_ns


def test_calls_to_itself_are_told_from_others() -> None:
    with Profiler(HERE) as profiler:
        naps(3)
    (found,) = each(profiler, "naps")
    assert (found.calls, found.actual_calls) == (3, 1)
    own = [one for one in found.callees if profiler.profile().functions[one.function] is found]
    assert [one.calls for one in own] == [2]


def test_the_name_of_a_builtin_has_no_address() -> None:
    with Profiler(HERE) as profiler:
        socket.socket().close()
    names = {f.name for f in profiler.profile().functions if f.is_builtin}
    assert "<function socket.close>" in names
    assert not [name for name in names if "0x" in name]


def test_builtins_that_the_worker_called_are_the_workers() -> None:
    stages = StageTimer()
    with Profiler(HERE) as profiler:
        for _ in range(3):
            with stages.stage("data"):
                pass
        time.perf_counter_ns()
    (found,) = each(profiler, "perf_counter_ns")
    assert found.calls == 1
    assert not each(profiler, "<method 'pop' of 'list' objects>")


def test_by_cpu_clock_waiting_takes_no_time() -> None:
    profiles = {}
    for clock in ("wall", "cpu"):
        with Profiler(HERE, clock=clock) as profiler:
            in_thread(lambda: naps(3), "strategy")
        profiles[clock] = profiler
    assert profiles["cpu"].profile().clock == "cpu"
    assert one(profiles["wall"], "nap").own_ns >= 3 * NAP_NS
    assert one(profiles["cpu"], "nap").own_ns < NAP_NS
    assert profiles["cpu"].profile().threads[1].total_ns < 2 * NAP_NS


def test_functions_are_the_projects_or_not() -> None:
    with Profiler(HERE) as profiler:
        in_thread(nap, "strategy")
    found = {f.name: f.is_project for f in profiler.profile().functions}
    assert (found["nap"], found["Thread.start"], found["sleep"]) == (True, False, False)


def test_yappi_is_loaded_by_the_first_profile_alone() -> None:
    source = "import sys, pytest_zacperf.profiling; print('yappi' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


STDLIB = sysconfig.get_path("stdlib")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("{root}/strategies/gold.py", "strategies/gold.py", id="below the root"),
        pytest.param(
            "{root}/.venv/lib/python3.11/site-packages/numpy/core/x.py",
            "numpy/core/x.py",
            id="installed below the root",
        ),
        pytest.param(
            "/usr/lib/python3/dist-packages/pandas/io.py", "pandas/io.py", id="installed elsewhere"
        ),
        pytest.param(f"{STDLIB}/json/decoder.py", "json/decoder.py", id="standard library"),
        pytest.param(f"{STDLIB}/site-packages/numpy/x.py", "numpy/x.py", id="packages within it"),
        pytest.param("<string>", "<string>", id="no file"),
        pytest.param("<frozen os>", "<frozen os>", id="frozen"),
        pytest.param("{outside}/lib/risk/limits.py", "risk/limits.py", id="package elsewhere"),
        pytest.param("{outside}/lib/alone.py", "alone.py", id="file elsewhere"),
    ],
)
def test_a_module_is_named_without_its_machine(tmp_path: Path, file: str, expected: str) -> None:
    package = tmp_path / "outside" / "lib" / "risk"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    root = tmp_path / "project"
    assert module_path(file.format(root=root, outside=tmp_path / "outside"), root) == expected


def test_a_root_behind_a_link_is_the_same_root(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    assert module_path(str(link / "gold.py"), tmp_path / "real") == "gold.py"
    assert module_path(str(tmp_path / "real" / "gold.py"), link) == "gold.py"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("{root}/strategies/gold.py", True, id="below the root"),
        pytest.param("{link}/gold.py", True, id="behind a link"),
        pytest.param("{root}/.venv/lib/site-packages/numpy/x.py", False, id="installed below it"),
        pytest.param("/usr/lib/python3/dist-packages/pandas/io.py", False, id="elsewhere"),
        pytest.param(f"{STDLIB}/json/decoder.py", False, id="standard library"),
        pytest.param("{root}-old/gold.py", False, id="beside the root"),
        pytest.param("<string>", False, id="no file"),
    ],
)
def test_a_file_is_the_projects_when_it_lies_below_its_root(
    tmp_path: Path, file: str, expected: bool
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    link = tmp_path / "link"
    link.symlink_to(root)
    path = file.format(root=root, link=link)
    assert is_project_file(path, root) is expected
    assert is_project_file(path, link) is expected


def test_the_standard_library_is_nobodys_project() -> None:
    assert not is_project_file(f"{STDLIB}/json/decoder.py", Path("/"))


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    with Profiler(HERE) as profiler:
        in_thread(lambda: naps(2), "strategy")
    store.write_profile(tmp_path, profiler.profile())
    assert store.read_profile(tmp_path) == profiler.profile()
    assert (tmp_path / store.PROFILE_FILE).read_bytes().startswith(b'{"clock":"wall",')


def test_a_run_without_a_profile_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ZacperfError, match=r"profile/profile\.json is missing"):
        store.read_profile(tmp_path)


def test_a_damaged_profile_is_named(tmp_path: Path) -> None:
    store.write_profile(tmp_path, Profile(clock="wall", threads=(), functions=()))
    (tmp_path / store.PROFILE_FILE).write_text('{"clock": 1}')
    with pytest.raises(ZacperfError, match=r"profile\.json is damaged: Expected `str`"):
        store.read_profile(tmp_path)


class Cycle:
    """An object that only the garbage collector can free."""

    def __init__(self) -> None:
        self.itself = self


def make_garbage(count: int) -> None:
    for _ in range(count):
        Cycle()


def test_the_garbage_collector_is_a_function_of_its_own() -> None:
    gc.collect()
    kept = [{"number": n} for n in range(100_000)]  # what each full collection goes through
    with Profiler(HERE) as profiler:
        make_garbage(2_000)
        for _ in range(3):
            gc.collect()
    assert len(kept) == 100_000
    (collector,) = (f for f in functions_of(profiler.profile()) if f.module == GARBAGE_COLLECTOR)
    assert (collector.name, collector.is_project, collector.charged_to) == ("collect", False, None)
    assert collector.calls >= 3
    (maker,) = (f for f in functions_of(profiler.profile()) if f.name == "make_garbage")
    assert collector.own_ns > 0
    assert maker.with_library_ns < collector.own_ns + maker.total_ns


def test_what_the_collector_took_is_no_own_time_of_the_function_it_interrupted() -> None:
    def collect_slowly() -> None:
        gc.collect()

    kept = [{"number": n} for n in range(200_000)]
    with Profiler(HERE) as profiler:
        collect_slowly()
    found = {f.name: f for f in functions_of(profiler.profile())}
    assert len(kept) == 200_000
    name = next(name for name in found if name.endswith("collect_slowly"))
    assert found["collect"].own_ns > 10 * found[name].own_ns


def test_nobody_listens_to_the_collector_afterwards() -> None:
    before = list(gc.callbacks)
    with Profiler(HERE):
        pass
    assert gc.callbacks == before
