"""The queue as several processes share it, some of which are killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.commands import ZACPERF, Shell
from support.plans import COLD, WARM, executed, make_project, plan_text, run_of, zacperf

from pytest_zacperf import process
from pytest_zacperf.plan import parse_plan
from pytest_zacperf.process import MARKER, Identity
from pytest_zacperf.store import Claim, locks

SLEEPS = "time.sleep(0.1)"
WAITS = "time.sleep(60)"
PATIENCE_S = 30.0


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    root, temporary = tmp_path / "root", tmp_path / "tmp"
    root.mkdir()
    temporary.mkdir()
    return Shell(folder=root, temporary=temporary)


def start(shell: Shell, *arguments: str) -> subprocess.Popen[str]:
    return shell.start([*ZACPERF, "run", *arguments], subprocess.DEVNULL)


def runs(shell: Shell) -> list[dict[str, Any]]:
    plan = parse_plan((shell.folder / "plan.json").read_bytes(), "plan.json")
    found: list[dict[str, Any]] = plan.document["runs"]
    return found


def statuses(shell: Shell) -> list[str]:
    return [run.get("status", "pending") for run in runs(shell)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.02)


def workers(shell: Shell) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get(MARKER, "").startswith(str(shell.folder)):
                found.append(one)
    return found


def test_two_processes_share_a_queue_and_run_nothing_twice(shell: Shell) -> None:
    make_project(shell.folder, *(run_of(f"r{n}", n) for n in range(1, 6)), behavior=SLEEPS)
    both = [start(shell), start(shell)]
    outputs = [one.communicate(timeout=60)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], outputs
    assert statuses(shell) == ["done"] * 5
    days = executed(shell.folder)
    assert len(days) == len(set(days)) == 5
    done_by = [output.count(": done: ") for output in outputs]
    assert sum(done_by) == 5
    assert min(done_by) >= 1


def test_killed_processes_leave_a_valid_plan_and_the_next_one_finishes_it(shell: Shell) -> None:
    make_project(shell.folder, *(run_of(f"r{n}", n) for n in range(1, 6)))
    choose = random.Random(20251101)  # noqa: S311 - instants, no secrets
    for _ in range(5):
        with start(shell) as one:
            time.sleep(choose.uniform(0.25, 0.9))
            one.kill()
        assert set(statuses(shell)) <= {"pending", "running", "done"}
    last = shell.run(*ZACPERF, "run")
    assert last.returncode == 0, last.stderr
    assert statuses(shell) == ["done"] * 5
    assert not any("running" in run for run in runs(shell))
    assert not list(shell.folder.glob(".plan.json.*"))
    wait_for(lambda: not workers(shell))


def test_a_run_that_is_being_executed_says_by_whom_and_cannot_be_reset(shell: Shell) -> None:
    make_project(shell.folder, run_of("a"), behavior=WAITS)
    with start(shell) as one:
        wait_for(lambda: bool(executed(shell.folder)))
        (run,) = runs(shell)
        assert (run["status"], run["running"]["pid"]) == ("running", one.pid)
        shown = shell.run(*ZACPERF, "status").stdout
        assert f"running ({one.pid} on {run['running']['host']})" in shown
        refused = shell.run(*ZACPERF, "reset", "a")
        assert refused.returncode == 2
        assert f"'a' is being run by process {one.pid} on" in refused.stderr
        assert "end that process first, with Ctrl-C or kill" in refused.stderr
        one.kill()
    assert shell.run(*ZACPERF, "reset", "a").stdout == "a: pending\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_gives_the_run_back(shell: Shell, number: signal.Signals) -> None:
    make_project(shell.folder, run_of("a"), behavior=WAITS)
    with start(shell) as one:
        wait_for(lambda: bool(executed(shell.folder)))
        os.kill(one.pid, number)
        output = one.communicate(timeout=PATIENCE_S)[0]
    assert one.returncode == 130
    assert output.splitlines()[-1] == "interrupted; the run that was under way is pending again"
    assert runs(shell) == [{**run_of("a"), "status": "pending"}]
    assert not workers(shell)


def test_the_run_of_a_killed_process_is_taken_up_again(shell: Shell) -> None:
    make_project(shell.folder, run_of("a"), behavior=WAITS)
    with start(shell) as one:
        wait_for(lambda: bool(executed(shell.folder)))
        one.kill()
    assert statuses(shell) == ["running"]
    strategy = shell.folder / "gold.py"
    strategy.write_text(strategy.read_text().replace(WAITS, "pass"))
    assert shell.run(*ZACPERF, "run").returncode == 0
    assert statuses(shell) == ["done"]
    assert len(executed(shell.folder)) == 2


def mark(**changes: object) -> dict[str, object]:
    mine = process.own_identity()
    return {
        "host": mine.host,
        "pid": mine.pid,
        "process_started_s": mine.started_s,
        "started_utc": "2025-11-01T00:00:00Z",
        **changes,
    }


def test_another_machines_run_is_left_alone_until_somebody_is_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = make_project(tmp_path, run_of("a", status="running", running=mark(host="elsewhere")))
    left = zacperf("run")
    assert left.output == (
        "nothing is pending; `zacperf status` says which process runs what is left\n"
        "1 run: 1 running\n"
    )
    refused = zacperf("reset", "a")
    assert refused.exit_code == 2
    assert "on elsewhere, which cannot be asked from here" in refused.output
    assert "add --force when you know that it has ended" in refused.output
    assert zacperf("reset", "a", "--force").output == "a: pending\n"
    assert json.loads(plan.read_text())["runs"][0] == {**run_of("a"), "status": "pending"}


def test_a_run_that_was_taken_away_meanwhile_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = json.dumps(plan_text(run_of("a", status="pending")))
    make_project(tmp_path, run_of("a"), behavior=f"Path('plan.json').write_text({taken})")
    done = zacperf("run")
    assert done.exit_code == 2
    assert "plan.json: 'a' was taken from this process while it ran" in done.output
    assert "its files are in profiling; leave the plan alone" in done.output
    assert (tmp_path / "profiling" / "a.funcs.wall.csv").exists()


def test_this_process_lives_and_one_with_its_number_and_another_start_does_not() -> None:
    mine = process.own_identity()
    assert process.may_be_alive(mine)
    assert not process.may_be_alive(
        Identity(host=mine.host, pid=mine.pid, started_s=mine.started_s - 60)
    )


def test_a_process_that_has_ended_does_not_live_even_while_nobody_has_waited_for_it() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:  # noqa: S607 - as it is on every machine
        started_s = psutil.Process(child.pid).create_time()
        identity = Identity(host=process.own_identity().host, pid=child.pid, started_s=started_s)
        assert process.may_be_alive(identity)
        child.kill()
        wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
        assert not process.may_be_alive(identity)
    assert not process.may_be_alive(identity)


def test_a_plan_that_is_a_link_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = make_project(tmp_path, run_of("a", status="error"))
    real = tmp_path / "shared" / "real.json"
    real.parent.mkdir()
    plan.rename(real)
    plan.symlink_to(real)
    assert zacperf("reset", "a").exit_code == 0
    assert plan.is_symlink()
    assert json.loads(real.read_text())["runs"][0]["status"] == "pending"


def test_a_plan_without_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, run_of("a"))
    done = zacperf("run", "--plan", "nowhere/plan.json")
    assert done.exit_code == 2
    assert "nowhere/plan.json cannot be read: No such file or directory" in done.output


def test_who_wants_the_others_waits_for_the_probe_of_another_process(shell: Shell) -> None:
    make_project(shell.folder, COLD, WARM, run_of("a"), run_of("b"), behavior="time.sleep(0.5)")
    both = [start(shell), start(shell)]
    outputs = [one.communicate(timeout=60)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], outputs
    waited = "waiting for the cache probe, cold, of another process"
    assert sum(output.count(waited) for output in outputs) == 1
    assert statuses(shell) == ["done"] * 4
    assert len(executed(shell.folder)) == 6  # cold and warm twice each, the others once


def test_a_plan_that_is_spoilt_while_a_run_is_under_way_is_told_with_what_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, run_of("a"), behavior="Path('plan.json').write_text('{')")
    done = zacperf("run")
    assert done.exit_code == 2
    assert "a could not be given back: plan.json is not JSON" in done.output
    assert (
        "a has ended, and its result cannot be written down: plan.json is not JSON" in done.output
    )


def test_who_has_to_wait_for_the_plan_file_says_so(shell: Shell) -> None:
    make_project(shell.folder, run_of("a", status="error"))
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(contextlib.ExitStack())
        lock.enter_context(locks.on_folder(shell.folder, Claim(note="somebody")))
        one = stack.enter_context(shell.start([*ZACPERF, "reset", "a"], subprocess.DEVNULL))
        assert one.stdout is not None
        said = one.stdout.readline()
        lock.close()
    assert said == f"zacperf: waiting for the plan file {shell.folder / 'plan.json'}\n"
    assert statuses(shell) == ["pending"]
