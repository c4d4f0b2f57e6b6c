"""Memory by day and by stage, in real workers and by hand."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from pytest_zacperf import memory
from pytest_zacperf.job import Job
from pytest_zacperf.records import (
    WHOLE_RUN,
    Costs,
    MemoryPoint,
    ParameterValue,
    Run,
    StageMemory,
    Window,
    Workload,
)
from pytest_zacperf.runner import Runner
from pytest_zacperf.stages import StageTimer
from pytest_zacperf.store import RunStore
from pytest_zacperf.worker.memory import (
    LONG_NS,
    MemoryByDay,
    MemoryByStage,
    ResidentMemory,
    highest_resident_bytes,
    resident_bytes,
    taken_peak_bytes,
)

MB = 1_000_000
MONDAY = dt.date(2025, 3, 3)
TEN_DAYS = Window(id="ten", start=MONDAY, end=dt.date(2025, 3, 14))
WARNING = " a simulated day and does not stop"

FUNCTION = """
import datetime as dt
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
kept = []
def touched(megabytes):
    return bytearray(b"x") * int(megabytes * 1_000_000)
def days(start, n):
    return [start + dt.timedelta(days=number) for number in range(n)]
"""
DAILY = """
def run(start, end, context, leak=0.0):
    kept.append(touched(20))  # a working set
    for day in days(start, 10):
        context.progress(day)
        day_of_bars = [float(n) for n in range(30_000)]
        context.progress(day)  # some engines report more often
        if leak:
            kept.append(touched(leak))
"""
STAGES = """
def run(start, end, context):
    kept.append(touched(20))
    with context.stage("data"):
        touched(60)  # let go of at once
        with context.stage("metrics"):
            kept.append(touched(80))
        kept.append(touched(5))  # below the mark by now
    with context.stage("orders"):
        pass
"""
ZACQC = """
import dataclasses
from pytest_zacperf.engines.zacqc import ZacQCEngine
kept = []
class Leak:
    def __init__(self, context):
        self._context = context
    def __getattr__(self, name):
        return getattr(self._context, name)
    def progress(self, day):
        self._context.progress(day)
        kept.append([bytes(100) for _ in range(14_000)])  # small objects, 2 MB
@dataclasses.dataclass(slots=True, kw_only=True)
class Leaking(ZacQCEngine):
    def prepare(self, window, context):
        ZacQCEngine.prepare(self, window, Leak(context))
engine = Leaking()
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with one engine, and runs of it."""

    root: Path
    cache: Path

    def run(
        self,
        source: str,
        *,
        engine: str = "gold:engine",
        parameters: dict[str, ParameterValue] | None = None,
        memory_by_stage: bool = False,
    ) -> Run:
        (self.root / "gold.py").write_text(source, encoding="utf-8")
        store = RunStore(self.root / ".zacperf")
        store.folder.mkdir(exist_ok=True)
        if not store.cache_folder.exists():
            store.cache_folder.symlink_to(self.cache)
        workload = Workload(engine=engine, window=TEN_DAYS, parameters=dict(parameters or {}))
        job = Job(workload=workload, session="s", memory_by_stage=memory_by_stage)
        (run,) = Runner(store=store, root=self.root).run_together([job])
        assert run.status == "done", run.reason
        return run


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    return Project(tmp_path, cache)


def costs_of(run: Run) -> Costs:
    assert run.costs is not None
    return run.costs


def leaks(run: Run) -> list[str]:
    return [warning for warning in run.warnings if WARNING in warning]


def proc(folder: Path, **files: str) -> Path:
    (folder / "self").mkdir()
    for name, text in files.items():
        (folder / "self" / name).write_text(text, encoding="utf-8")
    return folder


def test_resident_memory_comes_from_the_kernel(tmp_path: Path) -> None:
    pages = proc(tmp_path, statm="9000 1000 300 1 0 700 0\n")
    assert resident_bytes(pages) == 1_000 * os.sysconf("SC_PAGE_SIZE")
    before = resident_bytes()
    held = bytearray(b"x") * (50 * MB)
    assert resident_bytes() - before == pytest.approx(len(held), rel=0.2)


def test_where_there_is_no_proc_memory_is_asked_of_psutil(tmp_path: Path) -> None:
    assert resident_bytes(tmp_path) == pytest.approx(resident_bytes(), rel=0.2)
    assert highest_resident_bytes(tmp_path) == pytest.approx(resident_bytes(), rel=0.2)


def test_the_high_water_mark_comes_from_the_kernel(tmp_path: Path) -> None:
    status = "Name:\tpython\nVmHWM:\t   12345 kB\nVmRSS:\t   10000 kB\n"
    assert highest_resident_bytes(proc(tmp_path, status=status)) == 12_345 * 1_024


def test_a_kernel_without_a_high_water_mark_says_what_is_resident(tmp_path: Path) -> None:
    kernel = proc(tmp_path, status="VmRSS:\t 10000 kB\n", statm="9000 1000 300 1 0 700 0\n")
    assert highest_resident_bytes(kernel) == resident_bytes(kernel)


def test_memory_that_is_read_again_and_again_is_the_same(tmp_path: Path) -> None:
    read = ResidentMemory()
    before = read()
    held = bytearray(b"x") * (50 * MB)
    assert read() - before == pytest.approx(len(held), rel=0.2)
    assert ResidentMemory(tmp_path)() == pytest.approx(read(), rel=0.2)


def test_a_peak_that_is_taken_starts_over() -> None:
    taken_peak_bytes()
    del [bytearray(b"x") * (50 * MB)][:]
    first, second = taken_peak_bytes(), taken_peak_bytes()
    assert first - second == pytest.approx(50 * MB, rel=0.2)


def test_where_a_peak_cannot_be_reset_memory_is_what_is_resident_now(tmp_path: Path) -> None:
    (tmp_path / "self" / "clear_refs").mkdir(parents=True)
    (tmp_path / "self" / "status").write_text("VmHWM:\t 90000 kB\n", encoding="utf-8")
    (tmp_path / "self" / "statm").write_text("9000 1000 300 1 0 700 0\n", encoding="utf-8")
    assert taken_peak_bytes(tmp_path) == 1_000 * os.sysconf("SC_PAGE_SIZE")


def test_a_day_is_noted_once_and_only_within_the_block() -> None:
    amounts = iter((10, 20, 30))
    by_day = MemoryByDay(read=lambda: next(amounts))
    tuesday = MONDAY + dt.timedelta(days=1)
    by_day.note(MONDAY)
    with by_day:
        for day in (MONDAY, MONDAY, tuesday, MONDAY):
            by_day.note(day)
    by_day.note(tuesday + dt.timedelta(days=1))
    assert by_day.points() == (
        MemoryPoint(day=MONDAY, resident_bytes=10),
        MemoryPoint(day=tuesday, resident_bytes=20),
    )


def test_a_time_is_noted_as_its_day_and_text_not_at_all() -> None:
    with MemoryByDay(read=lambda: 10) as by_day:
        by_day.note(dt.datetime(2025, 3, 3, 15, 30, tzinfo=dt.UTC))
        by_day.note("2025-03-04")
    points = by_day.points()
    assert points == (MemoryPoint(day=MONDAY, resident_bytes=10),)
    assert msgspec.json.encode(points) == b'[{"day":"2025-03-03","resident_bytes":10}]'


def by_stage_of(marks: Iterator[int]) -> MemoryByStage:
    return MemoryByStage(read=lambda: next(marks), read_now=lambda: next(marks))


def test_growth_belongs_to_the_innermost_stage() -> None:
    # Read at the start, entering data, entering metrics, leaving both, entering and leaving risk,
    # at the end.
    read = iter((100, 100, 107, 110, 110, 110, 111, 111))
    by_stage = by_stage_of(read)
    timer = StageTimer(watch=by_stage)
    with by_stage:
        with timer.stage("data"), timer.stage("metrics"):
            pass
        with timer.stage("risk"):
            pass
    assert by_stage.growth() == (
        StageMemory(name="data", growth_bytes=7),
        StageMemory(name="metrics", growth_bytes=3),
        StageMemory(name="risk", growth_bytes=1),
    )
    assert [timing.count for timing in timer.timings()] == [1, 1, 1]


def rising() -> Iterator[int]:
    yield from range(0, 1_000, 10)


def test_the_mark_itself_is_read_only_after_a_stage_that_took_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_ns = 0
    monkeypatch.setattr(time, "perf_counter_ns", lambda: now_ns)
    with MemoryByStage(read=lambda: 500, read_now=lambda: 400) as by_stage:
        by_stage.entered("metrics")
        by_stage.left()
    assert by_stage.growth() == ()
    with MemoryByStage(read=iter((100, 500)).__next__, read_now=lambda: 100) as by_stage:
        by_stage.entered("data")
        now_ns = LONG_NS
        by_stage.left()
    assert by_stage.growth() == (StageMemory(name="data", growth_bytes=400),)


def test_growth_outside_any_stage_belongs_to_the_whole_run() -> None:
    marks = rising()
    with by_stage_of(marks) as by_stage:
        pass
    assert by_stage.growth() == (StageMemory(name=WHOLE_RUN, growth_bytes=10),)


def test_what_grows_before_the_run_belongs_to_no_stage() -> None:
    marks = rising()
    by_stage = by_stage_of(marks)
    with StageTimer(watch=by_stage).stage("data"):
        pass
    assert by_stage.growth() == ()


def test_a_stage_that_an_error_leaves_is_no_longer_the_innermost() -> None:
    marks = rising()
    by_stage = by_stage_of(marks)
    stage = StageTimer(watch=by_stage).stage("data")
    with by_stage:
        with pytest.raises(KeyError), stage:
            raise KeyError
        assert by_stage.growth()[-1].name == "data"
    assert by_stage.growth()[0] == StageMemory(name=WHOLE_RUN, growth_bytes=20)


def test_a_leak_of_2_mb_a_day_is_found(project: Project) -> None:
    run = project.run(FUNCTION + DAILY, parameters={"leak": 2.0})
    found = memory.slope(costs_of(run).memory_by_day)
    assert found is not None
    assert found.low <= found <= found.high
    assert found == pytest.approx(2 * MB, rel=0.1)
    assert len(leaks(run)) == 1


def test_a_strategy_that_keeps_nothing_raises_nothing(project: Project) -> None:
    run = project.run(FUNCTION + DAILY)
    days = [point.day for point in costs_of(run).memory_by_day]
    assert days == [MONDAY + dt.timedelta(days=number) for number in range(10)]
    assert leaks(run) == []
    assert costs_of(run).memory_by_stage == ()


def test_the_peak_of_a_run_is_that_of_its_worst_day(project: Project) -> None:
    source = FUNCTION + (
        "def run(start, end, context):\n"
        "    first, *others = days(start, 5)\n"
        "    context.progress(first)\n"
        "    touched(200)\n"
        "    for day in others:\n"
        "        context.progress(day)\n"
    )
    costs = costs_of(project.run(source))
    loading, worst, *others = [point.resident_bytes for point in costs.memory_by_day]
    assert costs.peak_memory_bytes == worst
    assert worst - loading == pytest.approx(200 * MB, rel=0.1)
    assert max(others) < loading + 20 * MB
    assert costs.peak_memory_source == "VmHWM"


def test_days_are_noted_while_the_run_is_under_way_and_at_no_other_time(project: Project) -> None:
    source = FUNCTION + (
        "class Early(FunctionEngine):\n"
        "    def prepare(self, window, context):\n"
        "        context.progress(window.end)\n"
        "        super().prepare(window, context)\n"
        "    def collect(self, context):\n"
        "        context.progress(dt.date(2025, 5, 1))\n"
        "        return super().collect(context)\n"
        "engine = Early('gold:run')\n"
        "def run(start, end, context): context.progress(start)\n"
    )
    days = [point.day for point in costs_of(project.run(source)).memory_by_day]
    assert days == [MONDAY]


def test_a_run_says_in_which_stage_memory_grew(project: Project) -> None:
    costs = costs_of(project.run(FUNCTION + STAGES, memory_by_stage=True))
    grown = {stage.name: stage.growth_bytes for stage in costs.memory_by_stage}
    assert grown[WHOLE_RUN] == pytest.approx(20 * MB, rel=0.1)
    # 60 MB within the stage, though nothing of them was left when it ended.
    assert grown["data"] == pytest.approx(60 * MB, rel=0.1)
    assert grown["metrics"] == pytest.approx(20 * MB, rel=0.1)
    assert grown.get("orders", 0) < MB
    assert sum(grown.values()) < costs.peak_memory_bytes
    assert [stage.name for stage in costs.stages] == [WHOLE_RUN, "data", "metrics", "orders"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        pytest.param("pytest_zacperf.zacqc:engine", 0, id="clean"),
        pytest.param("gold:engine", 1, id="leak"),
    ],
)
def test_of_the_embedded_backtest_only_a_leaking_one_is_named(
    project: Project, engine: str, expected: int
) -> None:
    run = project.run(ZACQC, engine=engine)
    assert len(costs_of(run).memory_by_day) == 10
    assert len(leaks(run)) == expected, costs_of(run).memory_by_day
