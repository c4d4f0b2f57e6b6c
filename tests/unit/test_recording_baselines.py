from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from support.recorded import (
    ENVIRONMENT,
    RUN,
    WORKLOAD,
    ReplayRunner,
    baseline,
    environment,
    run,
    run_that_cost,
)

from pytest_zacperf.baselines import baseline_key
from pytest_zacperf.comparability import environment_fingerprint
from pytest_zacperf.environment import THREAD_VARIABLES
from pytest_zacperf.errors import EngineError, RunError, SettingsError, StoreError
from pytest_zacperf.execution import Limits
from pytest_zacperf.recording_baselines import (
    accept,
    drop,
    expected_environment,
    record,
)
from pytest_zacperf.records import Baseline, Run
from pytest_zacperf.runner import Runner
from pytest_zacperf.store import DECISIONS_FILE, BaselineStore, Claim, RunStore, StoredBaseline
from pytest_zacperf.worker import EXIT_BAD_INPUT

KEY, HERE = baseline_key(WORKLOAD), environment_fingerprint(ENVIRONMENT)
STRATEGY = """
import os
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
engine = FunctionEngine("gold:run")
def run(start, end, lookback=1, pid=False):
    with open("pids", "a") as file: file.write(f"{os.getpid()}\\n")
    return BacktestOutput(data_points=os.getpid() if pid else lookback)
"""


def replay(root: Path, runs: Callable[[int], Run] = lambda _: RUN) -> ReplayRunner:
    return ReplayRunner(store=RunStore(root / ".zacperf"), root=root, replay=runs)


def recorded(runner: Runner, rounds: int = 5) -> Baseline:
    return record(runner, WORKLOAD, session="s", rounds=rounds, reason="why", author="T")


def decisions(root: Path) -> str:
    path = root / DECISIONS_FILE
    return path.read_text() if path.exists() else ""


def stored(runner: Runner) -> list[Baseline | None]:
    return [one.baseline for one in BaselineStore(runner.store.folder).all()]


def test_a_baseline_has_the_samples_of_runs_in_processes_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "gold.py").write_text(STRATEGY)
    runner = Runner(store=RunStore(tmp_path / ".zacperf"), root=tmp_path)
    told: list[tuple[int, str]] = []
    found = record(
        runner,
        WORKLOAD,
        session="s",
        rounds=5,
        reason="why",
        author="T",
        on_round=lambda number, one: told.append((number, one.machine)),
    )
    assert told == [(number, "alone") for number in range(6)]
    assert len(set((tmp_path / "pids").read_text().split())) == 6
    assert len(found.samples) == 5
    assert all(sample.wall_ns > 0 and sample.peak_memory_bytes > 0 for sample in found.samples)
    assert [stage.name for stage in found.samples[0].stages] == ["total"]
    assert found.workload.parameters == {"lookback": 20}
    assert (found.work.data_points, found.reason, found.author) == (20, "why", "T")
    assert environment_fingerprint(found.environment) == environment_fingerprint(
        expected_environment(runner)
    )
    assert stored(runner) == []


def test_a_backtest_that_is_not_deterministic_stops_at_the_first_round(tmp_path: Path) -> None:
    (tmp_path / "gold.py").write_text(STRATEGY)
    runner = Runner(store=RunStore(tmp_path / ".zacperf"), root=tmp_path)
    workload = msgspec.structs.replace(WORKLOAD, parameters={"pid": True})
    with pytest.raises(RunError, match=r"did not do the work of the warm-up \(data points \d+ /"):
        record(runner, workload, session="s", reason="why", author="T")
    assert len((tmp_path / "pids").read_text().split()) == 2


def test_the_warm_up_is_no_sample(tmp_path: Path) -> None:
    def runs(number: int) -> Run:
        return run_that_cost(wall_ns=100 + number, cpu_ns=200 + number)

    found = recorded(replay(tmp_path, runs))
    assert [sample.wall_ns for sample in found.samples] == [101, 102, 103, 104, 105]
    assert [sample.cpu_ns for sample in found.samples] == [201, 202, 203, 204, 205]


def test_fewer_than_five_rounds_are_refused_before_any_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        recorded(replay(tmp_path, lambda _: pytest.fail("it ran")), rounds=4)
    assert caught.value.problem == "4 rounds are too few for a baseline"
    assert caught.value.hint == "let it have at least 5"


def test_a_round_that_failed_is_named_with_its_log(tmp_path: Path) -> None:
    failed = run(id="bad", status="error", reason="KeyError: 'GC'", exit_status=1, costs=None)
    with pytest.raises(RunError) as caught:
        recorded(replay(tmp_path, lambda number: failed if number == 3 else RUN))
    assert caught.value.problem == "round 3 of wk-1 failed: KeyError: 'GC'"
    assert caught.value.hint == f"read {tmp_path}/.zacperf/runs/bad/stderr.log"


def test_an_engine_that_cannot_be_used_is_bad_input(tmp_path: Path) -> None:
    refused = run(status="error", reason="no 'lokback'", exit_status=EXIT_BAD_INPUT, costs=None)
    with pytest.raises(EngineError) as caught:
        recorded(replay(tmp_path, lambda _: refused))
    assert caught.value.problem == "the warm-up of wk-1 could not begin: no 'lokback'"
    assert caught.value.hint == "correct the engine or its parameters"


def test_an_accepted_baseline_is_stored_and_written_down(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    found = recorded(runner)
    accepted = accept(runner, WORKLOAD, found)
    assert accepted.is_stored
    assert (accepted.previous, accepted.growth, accepted.problems) == (None, None, ())
    assert BaselineStore(runner.store.folder).read(KEY, HERE) == found
    title, _, *lines = decisions(tmp_path).splitlines()[4:]
    assert title.endswith("UTC: baseline recorded: wk-1, gold:engine lookback=20")
    assert lines == [
        "- reason: why",
        "- change: the first baseline of this environment",
        f"- revision: {ENVIRONMENT.git_revision}",
        "- author: T",
    ]


def test_memory_that_grew_keeps_the_previous_baseline(tmp_path: Path) -> None:
    runner, small, large = replay(tmp_path), baseline(), baseline(memory_bytes=90_400_000)
    accept(runner, WORKLOAD, small)
    written = decisions(tmp_path)
    accepted = accept(runner, WORKLOAD, large)
    assert not accepted.is_stored
    assert accepted.previous == small
    assert accepted.growth == pytest.approx(1.13)
    assert stored(runner) == [small]
    assert decisions(tmp_path) == written


def test_memory_that_grew_is_accepted_on_purpose_and_written_down(tmp_path: Path) -> None:
    runner, large = replay(tmp_path), baseline(memory_bytes=90_400_000)
    accept(runner, WORKLOAD, baseline())
    accepted = accept(runner, WORKLOAD, large, approve_memory_growth=True)
    assert accepted.is_stored
    assert stored(runner) == [large]
    assert (
        "- change: runtime 1.00 of the previous baseline (CPU clock), "
        "peak memory 1.13 (growth approved)\n"
    ) in decisions(tmp_path)


def test_the_baseline_of_another_environment_stays_and_is_not_compared(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    there = baseline(memory_bytes=1_000, environment=environment(platform="Linux 5.15"))
    accept(runner, WORKLOAD, there)
    accepted = accept(runner, WORKLOAD, baseline())
    assert (accepted.is_stored, accepted.growth) == (True, None)
    assert len(stored(runner)) == 2


def test_a_damaged_previous_baseline_is_reported_and_replaced(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    path = BaselineStore(runner.store.folder).write(KEY, HERE, baseline())
    path.write_bytes(b"{")
    accepted = accept(runner, WORKLOAD, baseline())
    assert accepted.problems == (f"{path} is damaged: Input data was truncated",)
    assert stored(runner) == [baseline()]


def test_a_decision_that_cannot_be_written_keeps_the_previous_baseline(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline())
    (tmp_path / DECISIONS_FILE).unlink()
    (tmp_path / DECISIONS_FILE).mkdir()
    with pytest.raises(OSError, match=r"decisions\.md"):
        accept(runner, WORKLOAD, baseline(reason="the second"))
    assert stored(runner) == [baseline()]


def test_a_dropped_baseline_is_gone_and_written_down(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline(environment=expected_environment(runner)))
    (one,) = BaselineStore(runner.store.folder).all()
    drop(runner, one, reason="too old", author="T")
    assert stored(runner) == []
    assert decisions(tmp_path).splitlines()[-5:] == [
        "",
        "- reason: too old",
        "- change: the one of 2025-11-01 10:10 UTC, measured at no git revision",
        "- revision: no git revision",
        "- author: T",
    ]
    assert "UTC: baseline dropped: wk-1, gold:engine lookback=20\n" in decisions(tmp_path)


def test_a_dropped_baseline_of_another_environment_says_so(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline())
    (one,) = BaselineStore(runner.store.folder).all()
    drop(runner, one, reason="too old", author="T")
    assert f"measured at {ENVIRONMENT.git_revision} in another environment (" in decisions(tmp_path)


def test_a_baseline_that_was_recorded_anew_meanwhile_is_not_dropped(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline())
    (seen,) = BaselineStore(runner.store.folder).all()
    accept(runner, WORKLOAD, baseline(reason="the second"))
    written = decisions(tmp_path)
    with pytest.raises(StoreError) as caught:
        drop(runner, seen, reason="too old", author="T")
    problem = f"{seen.path} was recorded anew before it could be dropped, and is kept"
    assert caught.value.problem == problem
    assert caught.value.hint == "see zacperf baseline show, and drop it again if it shall go, too"
    assert stored(runner) == [baseline(reason="the second")]
    assert decisions(tmp_path) == written


def test_a_baseline_that_was_replaced_while_its_lock_was_waited_for_is_not_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline())
    (seen,) = BaselineStore(runner.store.folder).all()

    @contextlib.contextmanager
    def replaced_before(store: BaselineStore, _: Claim) -> Iterator[None]:
        store.write(KEY, HERE, baseline(reason="the second"))
        yield

    monkeypatch.setattr(BaselineStore, "lock", replaced_before)
    with pytest.raises(StoreError, match="was recorded anew"):
        drop(runner, seen, reason="too old", author="T")
    assert stored(runner) == [baseline(reason="the second")]


def test_a_baseline_that_somebody_else_dropped_is_written_down_once(tmp_path: Path) -> None:
    runner = replay(tmp_path)
    accept(runner, WORKLOAD, baseline())
    (one,) = BaselineStore(runner.store.folder).all()
    drop(runner, one, reason="too old", author="T")
    drop(runner, one, reason="too old", author="T")
    assert decisions(tmp_path).count("baseline dropped") == 1


def test_a_file_that_cannot_be_used_is_not_dropped(tmp_path: Path) -> None:
    damaged = StoredBaseline(path=tmp_path / "x", key="x", problem="x is damaged")
    with pytest.raises(ValueError, match="and x is damaged"):
        drop(replay(tmp_path), damaged, reason="why", author="T")


def test_a_runner_s_workers_are_expected_to_have_its_processors_and_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    runs = RunStore(tmp_path)
    runner = Runner(store=runs, root=tmp_path, cpus=(7,), limits=Limits(threads=1, hash_seed=3))
    found = expected_environment(runner)
    assert found.cpus == (7,)
    assert {found.variables[name] for name in THREAD_VARIABLES} == {"1"}
    assert found.variables["PYTHONHASHSEED"] == "3"
    plain = expected_environment(Runner(store=runs, root=tmp_path))
    assert len(plain.cpus) == len(os.sched_getaffinity(0))
    assert plain.variables["OMP_NUM_THREADS"] == "8"
    assert plain.python.endswith(f" {sys.version.split()[0]}")
