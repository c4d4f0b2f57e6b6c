from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.records import Run
from pytest_zacperf.worker import conditions

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

STRATEGY = """
import gc, json, os, sys, threading, time, weakref
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine

class Cycle:
    pass

class Engine(FunctionEngine):
    def prepare(self, window, context):
        super().prepare(window, context)
        litter = Cycle()
        litter.itself = litter
        global seen
        seen = weakref.ref(litter)

def run(start, end):
    seen_at_start = {
        "collections": gc.get_count(),
        "enabled": gc.isenabled(),
        "litter": seen() is not None,
        "trace": repr(sys.gettrace()),
        "profile": repr(sys.getprofile()),
        "cpus": sorted(os.sched_getaffinity(0)),
        "variables": dict(os.environ),
        "modules": sorted(sys.modules),
    }
    with open("seen.json", "w") as file:
        json.dump(seen_at_start, file)
    return BacktestOutput(data_points=sum(1 for _ in range(LOOPS)))

LOOPS = 1000
engine = Engine("strategy:run")
"""
TEST = """
def test_it(backtest): assert backtest.run.status == "done"
"""


@pytest.fixture
def watched(project: Project) -> Project:
    project.write("strategy.py", STRATEGY)
    project.write("test_it.py", TEST)
    return project


def run(project: Project, *arguments: str) -> Run:
    result = project.run("--zacperf-window", "wk-1", *arguments)
    result.assert_outcomes(passed=1)
    (file,) = project.root.glob(".zacperf/runs/*/run.json")
    return msgspec.json.decode(file.read_bytes(), type=Run)


def seen(project: Project, name: str) -> object:
    return json.loads((project.root / "seen.json").read_text())[name]


def variables(project: Project) -> dict[str, str]:
    found = seen(project, "variables")
    assert isinstance(found, dict)
    return found


def test_a_run_keeps_to_the_processors_that_are_set(watched: Project) -> None:
    last = max(os.sched_getaffinity(0))
    watched.configure('engine = "strategy:engine"', f"cpus = {last}")
    stored = run(watched)
    assert seen(watched, "cpus") == [last]
    assert stored.environment is not None
    assert stored.environment.cpus == (last,)


def test_without_a_setting_a_run_may_use_all_processors(watched: Project) -> None:
    stored = run(watched)
    assert seen(watched, "cpus") == sorted(os.sched_getaffinity(0))
    assert stored.environment is not None
    assert stored.environment.cpus == tuple(sorted(os.sched_getaffinity(0)))


def test_a_processor_that_is_not_there_is_named_with_those_that_are(watched: Project) -> None:
    result = watched.run("--zacperf-window", "wk-1", "--zacperf-cpus", "4095")
    result.assert_outcomes(failed=1)
    allowed = sorted(os.sched_getaffinity(0))
    expected = (
        f"cpus = [4095]: this process may use {allowed} only "
        "(hint: choose among them for cpus under [tool.zacperf])"
    )
    assert any(expected in line for line in result.outlines)


def test_a_system_without_affinity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity")  # as on macOS
    with pytest.raises(SettingsError) as caught:
        conditions.keep_to([1])
    assert caught.value.problem == f"cpus = [1] cannot be kept on {sys.platform}"
    assert caught.value.hint == "remove cpus under [tool.zacperf]"
    conditions.keep_to([])


def test_a_profiler_that_watches_is_named() -> None:
    def watch(*_: object) -> None:
        pass

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        problems = list(conditions.tracing_problems())
    finally:
        sys.setprofile(before)
    expected = f"sys.setprofile of {__name__} was active in the worker: its times are too long"
    assert expected in problems


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_a_tool_that_monitors_is_named() -> None:
    monitoring = getattr(sys, "monitoring")  # noqa: B009 - unknown to the oldest Python
    monitoring.use_tool_id(3, "watcher")
    try:
        problems = list(conditions.tracing_problems())
    finally:
        monitoring.free_tool_id(3)
    assert "sys.monitoring of watcher was active in the worker: its times are too long" in problems


def test_the_thread_limit_reaches_numeric_libraries_and_is_recorded(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    stored = run(watched, "--zacperf-threads", "1")
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"]
    assert {variables(watched)[name] for name in names} == {"1"}
    assert stored.environment is not None
    assert {stored.environment.variables[name] for name in names} == {"1"}


def test_the_thread_limit_is_what_polars_uses(watched: Project) -> None:
    source = STRATEGY.replace("LOOPS))", "polars()))")
    watched.write(
        "strategy.py",
        f"{source}\ndef polars():\n    import polars\n    return polars.thread_pool_size()\n",
    )
    stored = run(watched, "--zacperf-threads", "1")
    assert stored.work is not None
    assert stored.work.data_points == 1


def test_environment_variables_pass_and_only_those_of_the_list_are_stored(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABENTO_API_KEY", "db-4711")
    monkeypatch.setenv("PYTHONHASHSEED", "42")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    stored = run(watched)
    assert variables(watched)["DATABENTO_API_KEY"] == "db-4711"
    assert stored.environment is not None
    assert stored.environment.variables.items() >= {"PYTHONHASHSEED": "42"}.items()
    assert stored.environment.variables["OMP_NUM_THREADS"] == "2"
    files = [file for file in watched.root.glob(".zacperf/**/*") if file.is_file()]
    assert len(files) > 5
    assert not [file for file in files if b"db-4711" in file.read_bytes()]


def test_the_collector_starts_from_zero_and_what_prepare_left_is_gone(watched: Project) -> None:
    run(watched)
    assert seen(watched, "enabled") is True
    assert seen(watched, "litter") is False
    generations = seen(watched, "collections")
    assert isinstance(generations, list)
    assert generations[0] < 300
    assert generations[1:] == [0, 0]


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONTRACEMALLOC", "PYTHONINSPECT", "PYTHONDEVMODE"),
        *("COVERAGE_PROCESS_START", "COV_CORE_SOURCE"),
    ],
)
def test_what_watches_pytest_does_not_watch_the_worker(
    watched: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    run(watched)
    assert name not in variables(watched)


def test_a_run_under_coverage_is_not_traced(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_zacperf.plugin,syrupy,xdist.plugin,pytest_cov")
    # This is how coverage measures subprocesses, too.
    watched.write(".coveragerc", "[run]\npatch = subprocess\n")
    stored = run(watched, "--cov=.", "--cov-report=term")
    assert seen(watched, "trace") == "None"
    modules = seen(watched, "modules")
    assert isinstance(modules, list)
    assert "coverage.tracer" not in modules
    assert stored.warnings == ()


def test_a_tracer_that_a_sitecustomize_starts_is_named(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What no variable switches off is said in the summary, beside the times that it spoils.
    watched.write(
        "site/sitecustomize.py",
        "import sys\n"
        "if 'pytest_zacperf.worker' in sys.orig_argv:\n"
        "    def watch(frame, event, argument): return None\n"
        "    sys.settrace(watch)\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(watched.root / "site"))
    result = watched.run("--zacperf-window", "wk-1")
    result.assert_outcomes(passed=1)
    expected = "sys.settrace of sitecustomize was active in the worker: its times are too long"
    assert f"warning: wk-1: {expected}" in result.outlines


def test_rootdir_and_pythonpath_are_where_pytest_has_them(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[tool.pytest]\npythonpath = ["src", "lib"]\n'
        '[tool.zacperf]\nplan = "plan.json"\nengine = "strategies.gold:engine"\n',
    )
    (project.root / "strategy.py").unlink()
    project.write("lib/helper.py", "POINTS = 3\n")
    project.write("data.txt", "4")
    project.write(
        "src/strategies/gold.py",
        "from pathlib import Path\nimport helper\n"
        "from pytest_zacperf.engines import BacktestOutput\n"
        "from pytest_zacperf.engines.function import FunctionEngine\n"
        "def run(start, end):\n"
        "    import rootmodule\n"
        "    points = helper.POINTS + rootmodule.POINTS + int(Path('data.txt').read_text())\n"
        "    return BacktestOutput(data_points=points)\n"
        "engine = FunctionEngine('strategies.gold:run')\n",
    )
    project.write("rootmodule.py", "POINTS = 5\n")
    project.write("tests/deep/test_it.py", TEST)
    stored = run(project, "tests/deep")
    assert stored.work is not None
    assert stored.work.data_points == 12
