from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from support.recorded import baseline
from support.stored import leave_run

from pytest_zacperf import housekeeping, settings
from pytest_zacperf.records import BaselineSample
from pytest_zacperf.store import BaselineStore, RunStore

HERE, ELSEWHERE = "a" * 32, "b" * 32


@pytest.fixture
def baselines(tmp_path: Path) -> BaselineStore:
    return BaselineStore(tmp_path / ".zacperf")


def problems(baselines: BaselineStore) -> list[str | None]:
    return [stored.problem for stored in baselines.all()]


def test_a_baseline_is_read_as_it_was_written(baselines: BaselineStore) -> None:
    path = baselines.write("wk-1", HERE, baseline())
    assert path == baselines.baselines_folder / f"wk-1.{HERE}.json"
    assert baselines.read("wk-1", HERE) == baseline()


def test_git_does_not_see_it(baselines: BaselineStore) -> None:
    baselines.write("wk-1", HERE, baseline())
    assert (baselines.folder / ".gitignore").read_text() == "*\n"


def test_the_baseline_before_is_gone_and_nothing_else_is_left(baselines: BaselineStore) -> None:
    baselines.write("wk-1", HERE, baseline())
    baselines.write("wk-1", HERE, baseline(reason="the second"))
    (stored,) = baselines.all()
    assert stored.baseline == baseline(reason="the second")
    assert [path.name for path in baselines.baselines_folder.iterdir()] == [stored.path.name]


def test_those_of_other_environments_and_requests_live_side_by_side(
    baselines: BaselineStore,
) -> None:
    for key, environment in (("wk-1", HERE), ("wk-1", ELSEWHERE), ("wk-2", HERE)):
        baselines.write(key, environment, baseline(reason=f"{key} {environment}"))
    found = baselines.read("wk-1", ELSEWHERE)
    assert found is not None
    assert found.reason == f"wk-1 {ELSEWHERE}"
    assert [stored.key for stored in baselines.all()] == ["wk-1", "wk-1", "wk-2"]
    assert [stored.key for stored in baselines.all("wk-2")] == ["wk-2"]


def test_where_there_is_none_nothing_is_read(baselines: BaselineStore) -> None:
    assert baselines.read("wk-1", HERE) is None
    assert list(baselines.all()) == []


def test_a_dropped_baseline_is_gone_also_when_somebody_else_dropped_it(
    baselines: BaselineStore,
) -> None:
    baselines.write("wk-1", HERE, baseline())
    (stored,) = baselines.all()
    for _ in range(2):
        baselines.drop(stored)
    assert baselines.read("wk-1", HERE) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"{", " is damaged: Input data was truncated", id="half a file"),
        pytest.param(
            b"{}",
            " is damaged, or of another version of pytest-zacperf: Object missing required field "
            "`workload`",
            id="another version",
        ),
        pytest.param(
            msgspec.json.encode(baseline(samples=4)),
            " is damaged: it has no 5 samples with costs above 0",
            id="too few samples",
        ),
        pytest.param(
            msgspec.json.encode(baseline(memory_bytes=0)),
            " is damaged: it has no 5 samples with costs above 0",
            id="no memory",
        ),
    ],
)
def test_a_damaged_file_is_named_and_not_read(
    baselines: BaselineStore, content: bytes, problem: str
) -> None:
    path = baselines.write("wk-1", HERE, baseline())
    path.write_bytes(content)
    assert baselines.read("wk-1", HERE) is None
    assert problems(baselines) == [f"{path}{problem}"]


@pytest.mark.parametrize("name", ["notes.txt", "wk-1.json", f"wk 1.{HERE}.json", "wk-1.c0de.json"])
def test_a_foreign_file_is_named_and_of_no_request(baselines: BaselineStore, name: str) -> None:
    baselines.write("wk-1", HERE, baseline())
    path = baselines.baselines_folder / name
    path.write_bytes(msgspec.json.encode(baseline()))
    assert f"{path} is no baseline of ours" in problems(baselines)
    assert [stored.problem for stored in baselines.all("wk-1")] == [None]


def test_a_folder_in_place_of_a_file_is_named(baselines: BaselineStore) -> None:
    path = baselines.baselines_folder / f"wk-1.{HERE}.json"
    path.mkdir(parents=True)
    assert problems(baselines) == [f"{path} is damaged: [Errno 21] Is a directory: {str(path)!r}"]


def test_what_somebody_is_writing_is_not_looked_at(baselines: BaselineStore) -> None:
    path = baselines.write("wk-1", HERE, baseline())
    path.with_name(f".{path.name}.c0de.tmp").write_bytes(b"{")
    assert problems(baselines) == [None]


def test_pruning_the_runs_leaves_the_baselines(baselines: BaselineStore) -> None:
    runs = RunStore(baselines.folder)
    for number in range(3):
        leave_run(runs, f"r{number}", f"s{number}", modified_s=0.0)
    path = baselines.write("wk-1", HERE, baseline())
    os.utime(path, (0.0, 0.0))
    os.utime(path.parent, (0.0, 0.0))
    assert housekeeping.prune(runs, settings.resolve({"keep_runs": 1, "keep": "1s"}, {})) is None
    assert list(runs.entries()) == []
    assert baselines.read("wk-1", HERE) == baseline()


def test_a_time_below_zero_is_damage(baselines: BaselineStore) -> None:
    bad = BaselineSample(wall_ns=1, cpu_ns=-1, peak_memory_bytes=1)
    path = baselines.write("wk-1", HERE, baseline(samples=5))
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(baseline(), samples=(bad,) * 5)))
    assert baselines.read("wk-1", HERE) is None
