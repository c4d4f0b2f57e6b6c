"""Two runs that begin at the same time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
from support.gold_runs import NOTE, WORKLOAD, notes, project

from pytest_zacperf.job import Job
from pytest_zacperf.records import Run
from pytest_zacperf.runner import Runner

OTHER = msgspec.structs.replace(WORKLOAD, parameters={"side": "b"})
# Each waits within run() until the other one has begun, too.
MEET = """
def run(start, end, side="a"):
    note(side)
    deadline_s = time.monotonic() + 20
    while len(Path("notes").read_text().split()) < 2:
        assert time.monotonic() < deadline_s, "the other run has not begun"
        time.sleep(0.01)
"""


def jobs(side: str = "duet-") -> list[Job]:
    return [
        Job(workload=workload, session="s", machine="alone", round=1, side=f"{side}{name}-")
        for name, workload in (("baseline", WORKLOAD), ("candidate", OTHER))
    ]


def together(ours: Runner) -> tuple[Run, Run]:
    one, other = ours.run_together(jobs())
    return one, other


def test_two_runs_that_begin_at_once_are_both_stored(tmp_path: Path) -> None:
    ours = project(tmp_path, MEET)
    assert not ours.store.runs_folder.exists()
    runs = together(ours)
    assert [run.status for run in runs] == ["done", "done"]
    assert [run.workload.parameters for run in runs] == [{}, {"side": "b"}]
    assert [ours.store.read_run(run.id) for run in runs] == list(runs)
    assert len(list(ours.store.runs_folder.glob("*/run.json"))) == 2
    for run in runs:
        # Neither the request nor what the worker left for its parent stays behind.
        names = {path.name for path in ours.store.run_folder(run.id).iterdir()}
        assert names.isdisjoint({"ready", "finished", "worker.json"})


def test_two_runs_that_another_process_had_executed_are_read(tmp_path: Path) -> None:
    ours = project(tmp_path, MEET)
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_run_together import *\n"
        "from pytest_zacperf.store import RunStore\n"
        "root = Path.cwd()\n"
        "together(Runner(store=RunStore(root / '.zacperf'), root=root))\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    subprocess.run(  # noqa: S603 - fixed
        [sys.executable, "-c", script, *folders], cwd=tmp_path, check=True
    )
    assert len(list(ours.store.runs_folder.glob("*/run.json"))) == 2
    assert [run.status for run in together(ours)] == ["done", "done"]
    assert sorted(notes(tmp_path)) == ["a", "b"]


def test_when_one_of_two_runs_is_missing_both_are_executed(tmp_path: Path) -> None:
    ours = project(tmp_path, NOTE)
    first, lost = together(ours)
    (ours.store.run_folder(lost.id) / "run.json").unlink()
    again = together(ours)
    assert again[0].start_utc > first.start_utc
    assert sorted(notes(tmp_path)) == ["a", "a", "b", "b"]


def test_a_side_that_fails_holds_the_other_one_nowhere(tmp_path: Path) -> None:
    ours = project(
        tmp_path,
        "def run(*window, side='a'):\n"
        "    note(side)\n"
        "    if side == 'b': raise KeyError('GC')\n"
        "    time.sleep(0.3)\n",
    )
    one, other = together(ours)
    assert (one.status, other.status) == ("done", "error")
    assert (other.reason or "").startswith("KeyError: 'GC', at gold.py:")
    assert together(ours) == (one, other)
    assert sorted(notes(tmp_path)) == ["a", "b"]


def test_a_side_that_never_begins_holds_the_other_one_nowhere(tmp_path: Path) -> None:
    ours = project(tmp_path, "def run(*window): note('a')\n")
    one, other = together(ours)  # which has no parameter ``side``
    assert (one.status, other.status) == ("done", "error")
    assert notes(tmp_path) == ["a"]


def test_two_runs_at_once_have_the_sum_of_their_time_limits_in_common(tmp_path: Path) -> None:
    source = "def run(*window, side='a'): time.sleep(0 if side == 'a' else 60)\n"
    # The one that has finished waits for the other one, so as not to disturb it.
    runs = together(project(tmp_path, source, timeout_s=0.6))
    limit = "time limit of 1.2 s reached; timeout under [tool.zacperf] sets it"
    assert [run.exit_status for run in runs] == [-signal.SIGTERM] * 2
    assert sorted(run.reason or "" for run in runs) == [
        f"it had finished, but the run beside it had not: {limit}",
        limit,
    ]
