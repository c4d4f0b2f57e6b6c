"""zacperf recordings: list, show, diff against a revision, prune what has no test any more."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from support.recorded_projects import UPDATE, record

from pytest_zacperf.cli import main

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

PARITY_TEST = """
import pytest

@pytest.mark.parity
def test_order_events(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""
TEST_FILE = "tests/test_orders.py"
ENDING = ".order_events.jsonl"


@pytest.fixture
def recorded(project: Project, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project.write(TEST_FILE, PARITY_TEST)
    record(project, kept, tests=2)
    monkeypatch.chdir(project.root)
    return project


def recordings(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["recordings", *arguments], input=text)


def folder_of(project: Project) -> Path:
    return project.root / "snapshots" / "test_orders"


def orphan(project: Project) -> Path:
    """Return the recording of a test that is gone."""
    path = folder_of(project) / f"test_gone[wk-1]{ENDING}"
    shutil.copy(folder_of(project) / f"test_order_events[wk-1]{ENDING}", path)
    return path


def test_the_list_names_the_test_of_each_recording(recorded: Project) -> None:
    orphan(recorded)
    shown = recordings("list")
    assert shown.exit_code == 0, shown.output
    lines = [line.split(maxsplit=3) for line in shown.stdout.splitlines()]
    assert [line[0] for line in lines[1:]] == [
        f"snapshots/test_orders/{name}{ENDING}"
        for name in ("test_gone[wk-1]", "test_order_events[wk-1]", "test_order_events[wk-2]")
    ]
    assert shown.stdout.splitlines()[1].endswith("none: its test or window is gone")
    assert shown.stdout.splitlines()[2].endswith(f"{TEST_FILE}::test_order_events[wk-1]")
    assert "  4 events" in shown.stdout


def test_a_window_that_tests_do_not_see_by_default_has_its_test(recorded: Project) -> None:
    recorded.run("--zacperf-window", "mo-1", *UPDATE).assert_outcomes(passed=1)
    shown = recordings("list")
    assert "gone" not in shown.stdout
    assert f"{TEST_FILE}::test_order_events[mo-1]" in shown.stdout


def test_without_recordings_the_list_says_how_to_make_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    assert recordings("list").stdout == (
        "no recordings are in snapshots/; pytest --snapshot-update --zacperf-reason records them\n"
    )


NOT_COLLECTED = """
import pytest

pytest.importorskip("a_package_that_nobody_has")

def test_it(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""
IN_MANY_WAYS = """
import pytest

@pytest.mark.parametrize("kind", ["order_events", "trades"])
def test_by_name(backtest, request, kind):
    assert getattr(backtest, kind) == request.getfixturevalue(f"{kind}_snapshot")

def test_twice(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
    assert backtest.order_events == order_events_snapshot(name="again")
"""


def test_no_recording_in_use_is_pruned(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    project.write(TEST_FILE, IN_MANY_WAYS)
    project.run("--zacperf-window", "wk-1", *UPDATE).assert_outcomes(passed=3)
    skipped = project.root / "snapshots" / "test_skipped" / f"test_it[wk-1]{ENDING}"
    skipped.parent.mkdir()
    skipped.touch()
    project.write("tests/test_skipped.py", NOT_COLLECTED)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")  # deselected is not gone
    shown = recordings("prune", "--yes")
    assert shown.exit_code == 0
    assert shown.stdout == "nothing is deleted; the modules of 1 recordings were not collected\n"
    listed = recordings("list").stdout
    assert listed.count("not known: its module was not collected\n") == 1
    assert "gone" not in listed
    for origin in project.root.rglob("*.origin.json"):
        origin.unlink()
    assert recordings("list").stdout.count(TEST_FILE) == 4
    (project.root / "tests" / "test_skipped.py").unlink()
    assert f"test_skipped/test_it[wk-1]{ENDING}, which" in recordings("prune", "--yes").stdout


def test_with_a_damaged_plan_nothing_is_deleted(recorded: Project) -> None:
    recorded.write("plan.json", '{"runs": [,]}')
    shown = recordings("prune", "--yes")
    assert shown.exit_code == 2
    assert "nobody knows which recordings are used: plan.json is not JSON: " in shown.stderr
    assert shown.stderr.count("hint: ") == 1
    assert len(list(folder_of(recorded).glob(f"*{ENDING}"))) == 2


def test_prune_deletes_what_has_no_test_and_nothing_else(recorded: Project) -> None:
    gone = orphan(recorded)
    shown = recordings("prune", "--yes")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        f"snapshots/test_orders/test_gone[wk-1]{ENDING}, which the last commit does not have",
        "deleted 1",
    ]
    assert not gone.exists()
    assert len(list(folder_of(recorded).glob(f"*{ENDING}"))) == 2
    assert recordings("prune").stdout == "every recording has its test\n"


def test_prune_asks_first(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = orphan(recorded)
    module = importlib.import_module("pytest_zacperf.cli.recordings")
    monkeypatch.setattr(module, "is_terminal", lambda: True)
    assert recordings("prune", text="n\n").exit_code == 0
    assert gone.exists()
    assert recordings("prune", text="y\n").exit_code == 0
    assert not gone.exists()


def test_where_nobody_can_be_asked_nothing_is_deleted(recorded: Project) -> None:
    gone = orphan(recorded)
    shown = recordings("prune")
    assert shown.exit_code == 2
    assert shown.stderr == (
        "Error: nobody can be asked whether to delete them\n  hint: give --yes\n"
    )
    assert gone.exists()


def test_where_tests_cannot_be_collected_nothing_is_deleted(recorded: Project) -> None:
    gone = orphan(recorded)
    recorded.write(TEST_FILE, "import nothing_of_that_name\n")
    shown = recordings("prune", "--yes")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("Error: the tests cannot be collected, so nobody knows which ")
    assert gone.exists()


@pytest.mark.usefixtures("recorded")
def test_a_recording_is_shown_with_the_run_it_came_from() -> None:
    shown = recordings("show", "wk-2")
    assert shown.stdout.splitlines()[:4] == [
        f"snapshots/test_orders/test_order_events[wk-2]{ENDING}",
        "  2 orders, 4 order events",
        "  engine: function strategy:run_backtest 1",
        "  window: wk-2, 2025-01-27 to 2025-02-02",
    ]


@pytest.mark.usefixtures("recorded")
def test_all_recordings_with_such_a_name_are_shown() -> None:
    shown = recordings("show", "test_order")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert [line for line in lines if line.startswith("  window")] == [
        "  window: wk-1, 2025-01-20 to 2025-01-26",
        "  window: wk-2, 2025-01-27 to 2025-02-02",
    ]


def test_recordings_are_held_against_a_revision(recorded: Project) -> None:
    git(recorded.root, "init", "-q")
    git(recorded.root, "add", "-A")
    git(recorded.root, "commit", "-q", "-m", "x")
    path = folder_of(recorded) / f"test_order_events[wk-1]{ENDING}"
    path.write_text(path.read_text().replace("297.12", "297.13"))
    orphan(recorded)
    shown = recordings("diff", "--against", "HEAD")
    assert shown.exit_code == 1
    lines = shown.stdout.splitlines()
    assert lines[0] == f"snapshots/test_orders/test_gone[wk-1]{ENDING}: not recorded at HEAD"
    assert lines[1] == f"snapshots/test_orders/{path.name}: differs"
    assert "    fill_price: then 297.12, now 297.13" in lines
    assert lines[-1] == f"snapshots/test_orders/test_order_events[wk-2]{ENDING}: the same"
    assert recordings("diff", "wk-2", "--against", "HEAD").exit_code == 0
    (folder_of(recorded) / f"test_order_events[wk-2]{ENDING}").unlink()
    gone = recordings("diff", "wk-2", "--against", "HEAD")
    assert gone.exit_code == 1
    assert gone.stdout.endswith(f"[wk-2]{ENDING}: not recorded any more\n")


def test_recorded_statistics_are_held_against_a_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshots" / "test_a" / "test_a[wk-1].statistics.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"Sharpe Ratio": 1.25, "Trades": 3}')
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "x")
    monkeypatch.chdir(tmp_path)
    name = "snapshots/test_a/test_a[wk-1].statistics.json"
    assert recordings("diff", "wk-1", "--against", "HEAD").stdout == f"{name}: the same\n"
    path.write_text('{"Sharpe Ratio": 1.5, "Trades": 3}')
    assert recordings("diff", "wk-1", "--against", "HEAD").stdout.splitlines() == [
        f"{name}: differs",
        "  1 of 2 statistics are not the same",
        "    Sharpe Ratio: then 1.25, now 1.5",
    ]
    path.write_text("<<<<<<<")
    damaged = recordings("diff", "wk-1", "--against", "HEAD")
    assert damaged.exit_code == 2
    assert damaged.stderr.startswith(f"Error: {name}: JSON is malformed")


@pytest.mark.usefixtures("recorded")
def test_a_window_is_not_a_part_of_the_name_of_another() -> None:
    folder = Path("snapshots", "test_orders")
    for name in (f"test_order_events[wk-1]{ENDING}", f"test_order_events[wk-10]{ENDING}"):
        (folder / name).touch()
    shown = recordings("show", "wk-1")
    assert shown.exit_code == 0, shown.output
    assert "[wk-1]" in shown.stdout


@pytest.mark.usefixtures("recorded")
def test_a_name_that_no_recording_has_is_told() -> None:
    shown = recordings("show", "wk-3")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("Error: no recording has 'wk-3' in its name\n")
    assert recordings("diff", "wk-3", "--against", "HEAD").exit_code == 2


@pytest.mark.usefixtures("recorded")
def test_a_revision_that_nobody_knows_is_told() -> None:
    shown = recordings("diff", "--against", "HEAD")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("Error: git finds no repository for revision 'HEAD'")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)  # noqa: S603, S607
