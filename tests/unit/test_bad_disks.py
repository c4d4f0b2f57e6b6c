from __future__ import annotations

import fnmatch
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.bad_input import (
    BOTH,
    left_by,
    shown_frames,
)

from pytest_zacperf.records import Run

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

NO_SPACE = "No space left on device"
MAKE_WRITABLE = "make that folder writable, or copy the project to one that is"
FREE_SPACE = "free some space there, then run again"
MANY_EVENTS = """
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from pytest_zacperf.records import OrderEvent

def run(start, end):
    event = OrderEvent(ts_event_ns=1, symbol="V", order_id=1, event_id=1, status="submitted",
                       type="market", side="buy", quantity=1.0)
    return BacktestOutput(order_events=[event] * 10_000)

engine = FunctionEngine("strategy:run")
"""
PRINTS = """
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): print("x" * 1_000_000, flush=True)
engine = FunctionEngine("strategy:run")
"""
DELETES = """
import shutil
from pytest_zacperf.engines.function import FunctionEngine
def run(start, end): shutil.rmtree(".zacperf/runs")
engine = FunctionEngine("strategy:run")
"""


@pytest.fixture
def disk(project: Project) -> Iterator[Path]:
    folder = project.root / ".zacperf"
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)  # noqa: S603, S607 - what was mounted


def mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607


def fill(disk: Path, *, all_but: int) -> None:
    usage = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (usage.f_bavail * usage.f_frsize - all_but))


def require_sentence(project: Project, sentence: str, hint: str, *arguments: str) -> None:
    project.write("test_it.py", BOTH)
    result = project.run("-rfEp", *arguments)
    result.assert_outcomes(failed=1, passed=1)
    found = [n for n, line in enumerate(result.outlines) if fnmatch.fnmatch(line, sentence)]
    assert len(found) == 1, result.outlines
    assert result.outlines[found[0] + 1].startswith(f"  hint: {hint}")
    assert shown_frames(result.outlines) == []
    assert left_by(project.root) == []


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("room", "file"),
    [
        pytest.param(0, ".gitignore", id="full"),
        pytest.param(4_096, "new/*/request.json", id="room for the store"),
    ],
)
def test_a_disk_without_room_for_the_request_is_told(
    project: Project, disk: Path, room: int, file: str, arguments: tuple[str, ...]
) -> None:
    fill(disk, all_but=room)
    sentence = f"runs cannot be stored: {disk}/{file}: {NO_SPACE}"
    require_sentence(project, sentence, FREE_SPACE, *arguments)
    assert list(disk.glob("runs/*")) == list(disk.glob("new/*")) == []


def test_a_disk_without_room_for_the_order_events_is_told(project: Project, disk: Path) -> None:
    project.write("strategy.py", MANY_EVENTS)
    require_sentence(
        project,
        f"the backtest of wk-1 has no result: runs cannot be stored: "
        f"{disk}/runs/*/order_events.jsonl: {NO_SPACE} (hint: {FREE_SPACE})",
        "its traceback, if it left one, is in ",
    )
    (folder,) = disk.glob("runs/*")
    assert not (folder / "order_events.jsonl").exists()
    assert msgspec.json.decode((folder / "run.json").read_bytes(), type=Run).status == "error"


def test_a_disk_that_the_engine_has_filled_is_told(project: Project, disk: Path) -> None:
    project.write("strategy.py", PRINTS)
    sentence = f"runs cannot be stored: {disk}/runs/*/run.json: {NO_SPACE}"
    require_sentence(project, sentence, FREE_SPACE)
    assert list(disk.glob("runs/*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk again")
def test_a_disk_that_is_read_only_is_told(project: Project, disk: Path) -> None:
    mount("-o", "remount,ro", str(disk))
    sentence = f"runs cannot be stored: {disk}/.gitignore: Read-only file system"
    require_sentence(project, sentence, MAKE_WRITABLE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_told(project: Project) -> None:
    folder = project.root / ".zacperf"
    folder.mkdir(mode=0o500)
    sentence = f"runs cannot be stored: {folder}/.gitignore: Permission denied"
    require_sentence(project, sentence, MAKE_WRITABLE)


def test_a_folder_that_the_engine_has_deleted_is_told(project: Project) -> None:
    project.write("strategy.py", DELETES)
    require_sentence(
        project,
        f"runs cannot be stored: {project.root}/.zacperf/runs/*: No such file or directory",
        "let nothing delete that folder while a backtest runs",
    )
