"""A Lean workspace and a project in it: what is read, what is written for one run, what is left."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_zacperf.engines.lean.guarding import MARKER, LeftOver, guarded
from pytest_zacperf.engines.lean.project import LeanProject
from pytest_zacperf.engines.lean.workspace import LeanWorkspace, owned_name, remove_left_over
from pytest_zacperf.errors import EngineError
from pytest_zacperf.process import MARKER as MARKER_OF_THE_RUNNER

WITH_COMMENTS = """\
{
    // where data are: "data" beside this file
    "data-folder": "data", /* not
    "data-folder": "elsewhere" */
    "job-organization-id": "abc",
    "url": "https://example.com/a",
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "lean.json").write_text(WITH_COMMENTS)
    (tmp_path / "Gold").mkdir()
    (tmp_path / "Gold" / "main.py").write_text("class Gold: ...\n")
    return tmp_path


def test_lean_json_is_found_above_the_project_and_may_have_comments(root: Path) -> None:
    found = LeanWorkspace.of(root / "Gold")
    assert (found.root, found.data) == (root, root / "data")
    assert found.content["url"] == "https://example.com/a"


def test_lean_json_can_be_named(root: Path, tmp_path: Path) -> None:
    assert LeanWorkspace.of(tmp_path, str(root / "lean.json")).root == root


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        (None, "there is no lean.json in ", "run `lean init`, or write"),
        ("{", "lean.json cannot be read: ", "correct it; it is JSON"),
        ("{}", 'lean.json has no "data-folder"', 'write "data-folder": "data"'),
        ('{"data-folder": "gone"}', "gone does not exist", 'correct "data-folder" in '),
    ],
)
def test_a_workspace_that_cannot_be_used_is_told(
    root: Path, text: str | None, problem: str, hint: str
) -> None:
    (root / "lean.json").unlink()
    if text is not None:
        (root / "lean.json").write_text(text)
    with pytest.raises(EngineError) as raised:
        LeanWorkspace.of(root / "Gold")
    assert problem in raised.value.problem
    assert hint in raised.value.hint


def test_the_client_gets_a_copy_that_says_its_databases_are_new(root: Path) -> None:
    before = (root / "lean.json").read_bytes()
    copy = root / owned_name("lean.", "t", ".json")
    with LeanWorkspace.of(root / "Gold").copy_of_config(copy):
        assert LeanWorkspace.of(root / "Gold", copy).content["file-database-last-update"] == (
            "12/31/2999 00:00:00"
        )
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not copy.exists()
    assert (root / "lean.json").read_bytes() == before


def test_what_a_dead_process_left_is_removed_and_nothing_else(root: Path) -> None:
    left = root / "lean.zacperf_999999999_1_ab.json"
    reused = root / f"zacperf_{os.getpid()}_1_ab.py"  # this process is younger than that
    mine = root / owned_name("", "ab", ".py")
    other = root / "zacperf_notes.py"
    for path in (left, reused, mine, other):
        path.touch()
    remove_left_over(root)
    assert [path.exists() for path in (left, reused, mine, other)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"a": 1}', '{"a": 1, "local-id": 7}', '{"a": 1}'),
        (None, '{"local-id": 7}', None),
        ('{"a": 1}', '{"a": 2, "local-id": 7}', '{"a": 2, "local-id": 7}'),
        ('{"a": 1}', "{", "{"),
    ],
)
def test_what_the_client_adds_to_a_project_is_undone_and_nothing_else(
    root: Path, before: str | None, after: str, expected: str | None
) -> None:
    config = root / "Gold" / "config.json"
    if before is not None:
        config.write_text(before)
    with LeanProject.at(root / "Gold").unchanged_config():
        config.write_text(after)
    assert (config.read_text() if config.exists() else None) == expected


def test_runs_of_one_project_wait_for_each_other(root: Path) -> None:
    waits = (
        "import sys; from pathlib import Path\n"
        "from pytest_zacperf.engines.lean.project import LeanProject\n"
        "with LeanProject.at(Path(sys.argv[1])).alone(): print('in', flush=True)"
    )
    with LeanProject.at(root / "Gold").alone():
        other = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", waits, str(root / "Gold")],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.7)
    assert other.communicate(timeout=20)[0] == b"in\n"


def test_a_workspace_without_an_organization_is_told_before_the_client_is_started(
    root: Path,
) -> None:
    (root / "lean.json").write_text('{"data-folder": "data"}')
    with pytest.raises(EngineError) as raised:
        LeanWorkspace.of(root / "Gold").require_organization()
    assert raised.value.problem.endswith('lean.json has no "job-organization-id"')
    assert raised.value.hint == 'write "job-organization-id": ""'


def test_a_project_has_its_sources_but_no_results_and_no_virtual_environment(root: Path) -> None:
    files: Mapping[str, str] = {
        "helper/bars.py": "",
        "notes.txt": "",
        "backtests/2025/code/main.py": "",
        ".zacperf/x.py": "",
        "env/pyvenv.cfg": "",
        "env/lib.py": "",
        "config.json": '{"parameters": {"lookback": 20}}',
    }
    for name, text in files.items():
        path = root / "Gold" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project = LeanProject.at(root / "Gold")
    assert [path.relative_to(project.folder).as_posix() for path in project.sources()] == [
        "helper/bars.py",
        "main.py",
        "config.json",
    ]
    assert project.parameters == {"lookback": "20"}


def test_the_snapshot_of_a_project_changes_with_a_file(root: Path) -> None:
    before = LeanProject.at(root / "Gold").snapshot()
    (root / "Gold" / "main.py").write_text("class Silver: ...\n")
    after = LeanProject.at(root / "Gold").snapshot()
    assert before.keys() == after.keys() == {"main.py"}
    assert before != after


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (None, "there is no Lean project at "),
        ({}, "holds neither main.py nor Main.cs"),
        ({"main.py": "", "config.json": "{"}, "config.json cannot be read: "),
        ({"main.py": "", "config.json": '{"parameters": 1}'}, '"parameters" in '),
    ],
)
def test_a_project_that_cannot_be_used_is_told(
    tmp_path: Path, files: Mapping[str, str] | None, problem: str
) -> None:
    folder = tmp_path / "Silver"
    if files is not None:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    with pytest.raises(EngineError) as raised:
        LeanProject.at(folder)
    assert problem in raised.value.problem


def test_an_algorithm_in_another_language_is_refused_where_nothing_builds_it(root: Path) -> None:
    (root / "Gold" / "main.py").rename(root / "Gold" / "Main.cs")
    project = LeanProject.at(root / "Gold")
    with pytest.raises(EngineError, match=r"Main\.cs is C#, which DotnetLean does not build"):
        project.require_python("DotnetLean")


DIES = """
import os, signal, sys
from pathlib import Path
from pytest_zacperf.engines.lean.guarding import LeftOver, guarded
left = Path(sys.argv[1])
with guarded(LeftOver(files=(left,))):
    left.touch()
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_the_files_of_a_run_go_with_a_process_that_is_ended(root: Path, number: str) -> None:
    left = root / "Gold" / "window.py"
    subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", DIES, str(left), number],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline_s = time.monotonic() + 20
    while left.exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not left.exists()


def test_a_run_that_ends_well_has_nobody_clean_up_after_it(root: Path) -> None:
    kept = root / "kept"
    kept.touch()
    with guarded(LeftOver(files=(kept,))):
        pass
    time.sleep(0.3)
    assert kept.exists()


def test_whoever_cleans_up_is_not_ended_with_the_worker() -> None:
    assert MARKER == MARKER_OF_THE_RUNNER
