from __future__ import annotations

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
from pytest_zacperf.profiling import OWN_FRAMES, Profiler, module_path
from pytest_zacperf.records import FunctionProfile
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


def one(profiler: Profiler, name: str) -> FunctionProfile:
    (found,) = (f for f in profiler.functions() if f.name == name)
    return found


def test_what_a_builtin_takes_is_own_time_of_its_caller() -> None:
    with Profiler(HERE) as profiler:
        naps(1)
    assert one(profiler, "nap").own_ns >= NAP_NS
    assert one(profiler, "naps").own_ns < one(profiler, "nap").own_ns
    assert not [f for f in profiler.functions() if "sleep" in f.name]


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
    own = [f.own_ns for f in profiler.functions()]
    assert own == sorted(own, reverse=True)
    assert profiler.functions()[0].name == "nap"


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
    assert sum(f.own_ns for f in profiler.functions() if f.module == "threading.py") >= NAP_NS


def test_frames_of_our_own_are_not_listed() -> None:
    stages = StageTimer()
    with Profiler(HERE) as profiler:
        with stages.stage("data"):
            pass
        nap()
    assert one(profiler, "nap").calls == 1
    assert not [f for f in profiler.functions() if f.module.startswith(OWN_FRAMES)]
    assert not [f for f in profiler.functions() if "yappi" in f.module]


def test_a_block_that_raises_leaves_nothing_behind() -> None:
    profiler = Profiler(HERE)
    with pytest.raises(KeyError, match="GC"), profiler:
        fail()
    assert not yappi.is_running()
    assert profiler.functions() == ()


def test_a_profiler_can_be_followed_by_another() -> None:
    with Profiler(HERE):
        nap()
    with Profiler(HERE) as second:
        Metric().value()
    assert [f.name for f in second.functions() if f.module == "test_profiling.py"] == [
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
        "  hint: end it before run(), and clear it, or leave the profile out with "
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


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    with Profiler(HERE) as profiler:
        naps(2)
    store.write_profile(tmp_path, profiler.functions())
    assert store.read_profile(tmp_path) == list(profiler.functions())
    assert (tmp_path / store.PROFILE_FILE).is_file()


def test_a_run_without_a_profile_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ZacperfError, match=r"profile/functions\.json is missing"):
        store.read_profile(tmp_path)


def test_a_damaged_profile_is_named(tmp_path: Path) -> None:
    store.write_profile(tmp_path, ())
    (tmp_path / store.PROFILE_FILE).write_text('[{"module": 1}]')
    with pytest.raises(ZacperfError, match=r"functions\.json is damaged: Expected `str`"):
        store.read_profile(tmp_path)
