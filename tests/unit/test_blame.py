from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_zacperf import store
from pytest_zacperf.blame import Growth, grown
from pytest_zacperf.functions import functions_of
from pytest_zacperf.records import FunctionProfile, RunRequest, SourceTree, Window, Workload

WINDOW = Window(id="w", start=dt.date(2025, 10, 10), end=dt.date(2025, 10, 10))


def function(
    name: str, own_ns: int, *, calls: int = 1, line: int = 1, module: str = "gold.py"
) -> FunctionProfile:
    return FunctionProfile(
        module=module, name=name, line=line, calls=calls, own_ns=own_ns, total_ns=own_ns
    )


def names(growths: tuple[Growth, ...]) -> list[str]:
    return [growth.name for growth in growths]


def test_the_function_that_grew_most_comes_first() -> None:
    baseline = [function("a", 10), function("b", 1_000), function("c", 5)]
    candidate = [function("a", 15), function("b", 1_020), function("c", 5)]
    assert names(grown(baseline, candidate)) == ["b", "a"]


def test_a_growth_has_both_sides_per_call_and_in_calls() -> None:
    (growth,) = grown([function("a", 100, calls=10)], [function("a", 300, calls=20, line=7)])
    assert growth == Growth(
        module="gold.py",
        name="a",
        line=7,
        baseline_own_ns=100,
        candidate_own_ns=300,
        baseline_calls=10,
        candidate_calls=20,
    )
    assert growth.grown_ns == 200
    assert (growth.baseline_ns_per_call, growth.candidate_ns_per_call) == (10, 15)


def test_a_new_function_grew_from_nothing() -> None:
    (growth,) = grown([], [function("a", 100)])
    assert (growth.baseline_own_ns, growth.baseline_calls) == (0, 0)
    assert growth.baseline_ns_per_call is None


def test_a_function_that_is_gone_did_not_grow() -> None:
    assert grown([function("a", 100)], []) == ()


def test_a_function_is_found_again_on_another_line() -> None:
    assert grown([function("a", 100, line=3)], [function("a", 100, line=30)]) == ()


def test_functions_of_one_name_are_summed() -> None:
    baseline = [function("a.<locals>.<lambda>", 10, calls=2, line=n) for n in (3, 4)]
    candidate = [function("a.<locals>.<lambda>", 30, calls=3, line=n) for n in (9, 8)]
    (growth,) = grown(baseline, candidate)
    assert (growth.baseline_own_ns, growth.candidate_own_ns) == (20, 60)
    assert (growth.baseline_calls, growth.candidate_calls, growth.line) == (4, 6, 8)


def test_the_same_name_in_another_module_is_another_function() -> None:
    baseline = [function("a", 10), function("a", 90, module="risk.py")]
    candidate = [function("a", 90), function("a", 10, module="risk.py")]
    assert [g.module for g in grown(baseline, candidate)] == ["gold.py"]


def test_equal_growth_is_listed_by_name() -> None:
    assert names(grown([], [function(name, 5) for name in "cab"])) == ["a", "b", "c"]


@pytest.mark.parametrize(("most", "expected"), [(None, 10), (3, 3)])
def test_no_more_are_listed_than_asked_for(most: int | None, expected: int) -> None:
    candidate = [function(f"f{n}", 5) for n in range(20)]
    found = grown([], candidate) if most is None else grown([], candidate, most=most)
    assert len(found) == expected


def test_who_waits_for_the_slow_function_comes_after_it() -> None:
    candidate = [
        function("Thread.join", 2_000, module="threading.py"),
        function("mean", 1_000),
        function("value", 1),
    ]
    assert names(grown([], candidate)) == ["mean", "value", "Thread.join"]


def test_who_waits_long_is_not_crowded_out_by_functions_that_hardly_grew() -> None:
    candidate = [function(f"f{n}", 5) for n in range(20)]
    candidate += [function("mean", 1_000), function("Thread.join", 1_000, module="threading.py")]
    found = names(grown([], candidate))
    assert (found[0], found[-1], len(found)) == ("mean", "Thread.join", 10)


def test_waiting_that_nobody_explains_is_the_cause() -> None:
    candidate = [function("Event.wait", 2_000, module="threading.py"), function("mean", 1)]
    growths = grown([], candidate)
    assert names(growths) == ["Event.wait", "mean"]
    assert [growth.waits for growth in growths] == [True, False]


STRATEGY = """
import threading, time
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("{module}:run")
class Mean:
    def update(self):
        time.sleep({nap})
class Risk:
    def check(self):
        sum(range(20_000))
    def update(self):
        pass
def bars():
    for n in range({bars}): {work}
def run(start, end):
    {run}
    return BacktestOutput()
"""
BASELINE = {
    "module": "gold",
    "nap": "0.002",
    "bars": "20",
    "work": "Mean().update(); Risk().check(); Risk().update()",
    "run": "bars()",
}


def profiled(
    root: Path, changes: dict[str, str] | None = None, *, sources: SourceTree | None = None
) -> list[FunctionProfile]:
    """Run a strategy in a worker, below *root* or in a checkout of it."""
    values = BASELINE | (changes or {})
    folder = root / "run"
    folder.mkdir(parents=True)
    code = Path(sources.checkout) if sources else root
    place = code / f"{values['module'].replace('.', '/')}.py"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(STRATEGY.format(**values))
    request = RunRequest(
        session="s",
        run_folder=str(folder),
        cache_folder=str(root / "cache"),
        root=str(root),
        python_path=(str(code),),
        workload=Workload(engine=f"{values['module']}:engine", window=WINDOW),
        sources=sources,
        profile="wall",
    )
    store.write_request(folder, request)
    with (
        (folder / "stderr.log").open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - a fixed command
            [sys.executable, "-m", "pytest_zacperf.worker", str(folder / "request.json")],
            stdin=subprocess.PIPE,  # open as long as its parent lives
            stderr=stderr,
        ) as process,
    ):
        assert process.wait(30) == 0, (folder / "stderr.log").read_text()
    return list(functions_of(store.read_profile(folder)))


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> list[FunctionProfile]:
    return profiled(tmp_path_factory.mktemp("baseline"))


def test_a_function_made_slower_is_blamed_by_the_call(
    baseline: list[FunctionProfile], tmp_path: Path
) -> None:
    worst = grown(baseline, profiled(tmp_path / "elsewhere", {"nap": "0.004"}))[0]
    assert (worst.module, worst.name) == ("gold.py", "Mean.update")
    assert (worst.baseline_calls, worst.candidate_calls) == (20, 20)
    before, after = worst.baseline_ns_per_call, worst.candidate_ns_per_call
    assert before is not None
    assert after is not None
    assert 1.4 < after / before < 2.8


def test_a_function_called_more_often_is_blamed_by_its_calls(
    baseline: list[FunctionProfile], tmp_path: Path
) -> None:
    work = f"{BASELINE['work']}; Mean().update(); Mean().update()"
    worst = grown(baseline, profiled(tmp_path, {"work": work}))[0]
    assert worst.name == "Mean.update"
    assert (worst.baseline_calls, worst.candidate_calls) == (20, 60)
    before, after = worst.baseline_ns_per_call, worst.candidate_ns_per_call
    assert before is not None
    assert after is not None
    assert 0.5 < after / before < 2


def test_a_slow_strategy_in_a_thread_is_blamed_and_not_who_waits_for_it(tmp_path: Path) -> None:
    run = "thread = threading.Thread(target=bars); thread.start(); thread.join()"
    one = profiled(tmp_path / "one", {"run": run})
    growths = grown(one, profiled(tmp_path / "other", {"run": run, "nap": "0.02"}))
    assert growths[0].name == "Mean.update"
    assert [growth for growth in growths if growth.waits and growth.grown_ns > 20_000_000]


def test_the_worker_itself_is_not_listed(baseline: list[FunctionProfile]) -> None:
    modules = {function.module for function in baseline}
    assert "gold.py" in modules
    assert not [m for m in modules if m.startswith("pytest_zacperf/worker")]
    assert "pytest_zacperf/measure.py" not in modules


def test_a_checkout_of_another_revision_has_the_same_modules(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    sources = SourceTree(top=str(tmp_path / "top"), checkout=str(checkout), revision="0" * 40)
    # A folder without __init__.py, whose name is in the module's path below the root alone.
    found = profiled(tmp_path / "top", {"module": "strategies.gold"}, sources=sources)
    assert "strategies/gold.py" in {function.module for function in found}
