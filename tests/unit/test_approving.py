"""What tests received becomes their recordings: at once with a reason, or by zacperf approve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from support.recorded_projects import UPDATE, record

from pytest_zacperf.cli import main

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

PARITY_TESTS = """
import pytest

@pytest.mark.parity
def test_order_events(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""
TEST_FILE = "tests/parity/test_orders.py"
NODE_ID = f"{TEST_FILE}::test_order_events[wk-1]"
ENDING = ".order_events.jsonl"


@pytest.fixture
def recorded(project: Project, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project whose two windows are recorded, and whose strategy has changed since."""
    project.write(TEST_FILE, PARITY_TESTS)
    record(project, kept, tests=2)
    assert [file.name for file in recordings(project)] == [
        f"test_order_events[wk-{number}]{ENDING}" for number in (1, 2)
    ]
    strategy = (project.root / "strategy.py").read_text(encoding="utf-8")
    project.write("strategy.py", strategy.replace("price=297.12", "price=297.13"))
    monkeypatch.chdir(project.root)
    return project


def recordings(project: Project) -> list[Path]:
    return sorted((project.root / "snapshots" / "parity" / "test_orders").glob(f"*{ENDING}"))


def decisions(project: Project) -> str:
    return (project.root / "snapshots" / "decisions.md").read_text(encoding="utf-8")


def received(project: Project) -> list[Path]:
    return sorted(project.root.glob(f".zacperf/parity/*/received{ENDING}"))


def approve(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["approve", *arguments])


def test_without_a_reason_an_update_writes_nothing_and_says_so(project: Project) -> None:
    project.write(TEST_FILE, PARITY_TESTS)
    result = project.run("--snapshot-update", "--zacperf-window", "wk-1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing is recorded yet for 2 orders, 4 order events"])
    result.stdout.fnmatch_lines([
        '*--snapshot-update writes nothing without a reason: give --zacperf-reason "...", *'
    ])
    assert not (project.root / "snapshots").exists()


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_an_update_with_a_reason_records_and_makes_one_decision(
    project: Project, processes: tuple[str, ...]
) -> None:
    project.write(TEST_FILE, PARITY_TESTS)
    result = project.run(*processes, *UPDATE)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([
        f"recorded snapshots/parity/test_orders/test_order_events[[]wk-1[]]{ENDING}",
        f"recorded snapshots/parity/test_orders/test_order_events[[]wk-2[]]{ENDING}",
        "written down in snapshots/decisions.md",
    ])
    text = decisions(project)
    assert text.count("\n## ") == 1
    assert "recording accepted" in text
    assert "- reason: the \\*first\\*\n" in text
    size = "first recording: 2 orders, 4 order events"
    for window in ("wk-1", "wk-2"):
        test = f"{TEST_FILE}::test_order_events\\[{window}]"
        assert f"- change: {window}, {test}: order events: {size}\n" in text
    assert not received(project)
    project.run(*processes).assert_outcomes(passed=2)


def test_the_variable_is_a_reason_too(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZACPERF_REASON", "from the shell")
    project.write(TEST_FILE, PARITY_TESTS)
    project.run("--snapshot-update").assert_outcomes(passed=2)
    assert "- reason: from the shell\n" in decisions(project)


def test_a_recording_says_which_run_it_came_from(recorded: Project) -> None:
    origin = json.loads(
        recordings(recorded)[0].with_name(f"{recordings(recorded)[0].name}.origin.json").read_text()
    )
    assert origin["test"] == NODE_ID
    assert origin["origin"]["workload"]["window"]["id"] == "wk-1"
    assert set(origin["origin"]["fingerprints"]) == {"code", "parameters", "data", "workload"}


def test_what_a_failed_test_received_is_approved_without_a_run(recorded: Project) -> None:
    recorded.run().assert_outcomes(failed=2)
    runs = set((recorded.root / ".zacperf" / "runs").iterdir())
    shown = approve("wk-1", "-m", "a better fill")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        f"recorded snapshots/parity/test_orders/test_order_events[wk-1]{ENDING}",
        "written down in snapshots/decisions.md; commit both",
    ]
    assert set((recorded.root / ".zacperf" / "runs").iterdir()) == runs
    change = "orders 0 added, 0 removed, 2 changed; events 0 added, 0 removed, 2 changed; P&L 0.00"
    test = NODE_ID.replace("[", "\\[")
    assert f"- change: wk-1, {test}: order events: {change}\n" in decisions(recorded)
    recorded.run().assert_outcomes(passed=1, failed=1)
    assert len(received(recorded)) == 1


def test_who_meets_the_recording_again_has_nothing_pending(recorded: Project) -> None:
    strategy = (recorded.root / "strategy.py").read_text(encoding="utf-8")
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=1)
    (content,) = received(recorded)
    assert (content.parent / "report.md").is_file()
    recorded.write("strategy.py", strategy.replace("297.13", "297.12"))
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(passed=1)
    assert not list(content.parent.iterdir())
    assert approve().stdout == (
        "nothing is pending: no test has received anything but its recording\n"
    )


def test_the_reports_of_a_failure_lie_beside_what_was_received(recorded: Project) -> None:
    result = recorded.run("--zacperf-window", "wk-1")
    result.stdout.fnmatch_lines(["E           report: .zacperf/parity/*/report.md"])
    result.stdout.fnmatch_lines([
        "E           if this run is right: zacperf approve '*test_order_events[[]wk-1[]]' -m *"
    ])
    result.stdout.no_fnmatch_line("*truncated*")
    (folder,) = {path.parent for path in received(recorded)}
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "## Recording around event 2" in text
    assert "- code: not the same on both sides, " in text
    content = json.loads((folder / "report.json").read_text())
    assert content["divergence"]["fields"] == ["fill_price"]
    assert content["events"] == {"equal": 2, "changed": 2, "added": 0, "removed": 0}


def test_a_run_that_differs_from_itself_is_not_offered_for_approval(recorded: Project) -> None:
    strategy = (recorded.root / "strategy.py").read_text(encoding="utf-8")
    known = strategy.replace("data_points=", 'data_fingerprint="da7a", data_points=')
    recorded.write("strategy.py", known)
    recorded.run(*UPDATE).assert_outcomes(passed=2)
    path = recordings(recorded)[0]
    path.write_text(path.read_text().replace("297.13", "297.11"))
    result = recorded.run("--zacperf-window", "wk-1")
    result.stdout.fnmatch_lines([
        "E           same code, parameters and data on both sides: this compares a run with itself",
        "E           is it deterministic? zacperf backtest --start 2025-01-20 --end * --twice",
    ])
    result.stdout.no_fnmatch_line("*zacperf approve*")


@pytest.mark.parametrize(
    ("test", "arguments", "problem"),
    [
        pytest.param(
            PARITY_TESTS,
            ("-x",),
            "its session was partial: stopping after 1 failures",
            id="stopped",
        ),
        pytest.param(
            PARITY_TESTS.replace(
                "import pytest\n",
                """
import pytest

@pytest.fixture
def bad():
    yield
    raise ValueError
""",
            ).replace("(backtest,", "(bad, backtest,"),
            (),
            "ValueError in its teardown, not only another recording",
            id="teardown",
        ),
    ],
)
def test_what_a_partial_session_received_cannot_be_approved(
    recorded: Project, test: str, arguments: tuple[str, ...], problem: str
) -> None:
    recorded.write(TEST_FILE, test)
    recorded.run(*arguments)
    before = [path.read_bytes() for path in recordings(recorded)]
    shown = approve("wk-1", "-m", "a better fill")
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"Error: what {NODE_ID} received cannot be approved: {problem}\n"
        "  hint: run the test again, to its end; zacperf recordings prune drops that of a deleted "
        "test\n"
    )
    assert [path.read_bytes() for path in recordings(recorded)] == before


def test_an_update_in_a_partial_session_records_nothing_and_fails(recorded: Project) -> None:
    recorded.write(
        TEST_FILE,
        PARITY_TESTS + "\n\ndef test_later(): raise ValueError\n\n\ndef test_last(): pass\n",
    )
    before = [path.read_bytes() for path in recordings(recorded)]
    result = recorded.run("-x", *UPDATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([
        "not recorded: what *[[]wk-1[]] received cannot be approved: its session was *"
    ])
    assert [path.read_bytes() for path in recordings(recorded)] == before


def test_an_update_of_a_test_that_fails_otherwise_records_nothing(recorded: Project) -> None:
    recorded.write(TEST_FILE, f"{PARITY_TESTS}    assert backtest.statistics == {{}}\n")
    before = [path.read_bytes() for path in recordings(recorded)]
    result = recorded.run(*UPDATE)
    result.stdout.fnmatch_lines([
        "not recorded: *cannot be approved: AssertionError in its call, not only another recording"
    ])
    assert [path.read_bytes() for path in recordings(recorded)] == before


def test_where_only_new_recordings_are_wanted_a_changed_one_stays_and_can_be_approved(
    recorded: Project,
) -> None:
    new, changed = recordings(recorded)
    new.unlink()
    before = changed.read_bytes()
    result = recorded.run("--snapshot-update-new-only", "--zacperf-reason", "new")
    result.assert_outcomes(passed=1, failed=1)
    assert (new.is_file(), changed.read_bytes()) == (True, before)
    shown = approve("wk-2", "-m", "the other")
    assert shown.exit_code == 0, shown.output
    assert changed.read_bytes() != before


def test_what_a_deleted_test_received_keeps_no_window_from_being_approved(
    recorded: Project,
) -> None:
    recorded.write(
        "tests/test_gone.py",
        """
def test_gone(backtest, order_events_snapshot):
    if backtest.order_events != order_events_snapshot:
        raise ValueError
""",
    )
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=2)
    (recorded.root / "tests" / "test_gone.py").unlink()
    shown = approve("wk-1", "-m", "a better fill")
    assert shown.exit_code == 1
    assert shown.stdout.startswith("recorded snapshots/parity/test_orders/test_order_events[wk-1]")
    assert shown.stderr == (
        "left out: what tests/test_gone.py::test_gone[wk-1] received cannot be approved: "
        "ValueError in its call, not only another recording\n"
    )
    pruned = CliRunner().invoke(main, ["recordings", "prune", "--yes"])
    assert pruned.stdout.splitlines() == [
        (
            "what tests/test_gone.py::test_gone[wk-1] received: first recording: 2 orders, 4 order "
            "events"
        ),
        "deleted 1",
    ]
    assert not received(recorded)


def test_a_window_is_approved_as_the_last_session_received_it(recorded: Project) -> None:
    recorded.write("tests/test_other.py", PARITY_TESTS)
    recorded.run("--zacperf-window", "wk-1", "tests/test_other.py").assert_outcomes(failed=1)
    recorded.run("--zacperf-window", "wk-1", TEST_FILE).assert_outcomes(failed=1)
    shown = approve("wk-1", "-m", "a better fill")
    assert shown.exit_code == 1
    assert shown.stderr == (
        "left out: tests/test_other.py::test_order_events[wk-1] received it in an earlier session; "
        "name the test to approve it\n"
    )
    assert [path.parent.name for path in received(recorded)] != []
    assert approve("tests/test_other.py::test_order_events[wk-1]", "-m", "too").exit_code == 0


@pytest.mark.parametrize("expected", ["xfail(strict=False)", "xfail(raises=RuntimeError)"])
def test_an_error_that_is_expected_keeps_a_test_from_being_recorded(
    project: Project, expected: str
) -> None:
    broken = PARITY_TESTS.replace("parity", expected) + "    raise RuntimeError\n"
    project.write(TEST_FILE, broken)
    result = project.run(*UPDATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["not recorded: *: RuntimeError in its call, not only another *"])


@pytest.mark.parametrize(
    "stop", ["pytest.exit('enough', returncode=0)", "raise KeyboardInterrupt"], ids=("exit", "^C")
)
def test_a_session_that_somebody_stopped_records_nothing(recorded: Project, stop: str) -> None:
    before = [path.read_bytes() for path in recordings(recorded)]
    recorded.write(TEST_FILE, f"{PARITY_TESTS}\ndef test_stop():\n    {stop}\n")
    result = recorded.run(*UPDATE)
    result.stdout.fnmatch_lines([
        "not recorded: *received cannot be approved: its session was partial: it was interrupted"
    ])
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}
    assert [path.read_bytes() for path in recordings(recorded)] == before


def test_a_test_of_two_modules_is_named_in_full(recorded: Project) -> None:
    recorded.write("tests/other/test_others.py", PARITY_TESTS)
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=2)
    shown = approve("test_order_events[wk-1]", "-m", "which?")
    assert shown.exit_code == 2
    assert shown.stderr == (
        "Error: 'test_order_events[wk-1]' is a test in tests/other/test_others.py and in "
        f"{TEST_FILE}\n  hint: name one such as 'tests/other/test_others.py::"
        "test_order_events[wk-1]'\n"
    )
    assert approve(NODE_ID, "-m", "this one").exit_code == 0
    assert len(received(recorded)) == 1


def test_a_test_that_asks_for_its_recording_late_can_be_recorded(project: Project) -> None:
    project.write(
        TEST_FILE,
        """
def test_it(backtest, request):
    assert backtest.order_events == request.getfixturevalue("order_events_snapshot")
""",
    )
    project.run(*UPDATE).assert_outcomes(passed=2)
    project.run().assert_outcomes(passed=2)


def test_a_dead_worker_keeps_everything_from_being_recorded(recorded: Project) -> None:
    recorded.write(
        TEST_FILE, PARITY_TESTS + "\n\ndef test_dies():\n    import os\n    os._exit(1)\n"
    )
    before = [path.read_bytes() for path in recordings(recorded)]
    result = recorded.run("-n", "2", *UPDATE)
    result.stdout.fnmatch_lines(["not recorded: *session was partial: xdist worker gw? died*"])
    assert [path.read_bytes() for path in recordings(recorded)] == before


def test_under_ci_nothing_is_recorded_or_approved(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = recorded.run("--zacperf-window", "wk-1", *UPDATE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CI is set, and CI accepts no recording: approve on your own *"])
    shown = approve("wk-1", "-m", "a better fill")
    assert (shown.exit_code, shown.stderr.partition("\n")[0]) == (
        2,
        "Error: CI is set, and CI accepts no recording",
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(
            ("wk-1",), 'a recording is accepted on purpose; say why with -m "..."', id="why"
        ),
        pytest.param(("wk-3", "-m", "x"), "nothing that 'wk-3' received is pending", id="unknown"),
    ],
)
def test_what_cannot_be_approved_is_told(
    recorded: Project, arguments: tuple[str, ...], error: str
) -> None:
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=1)
    shown = approve(*arguments)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"Error: {error}\n")


def test_without_a_name_what_is_pending_is_shown(recorded: Project) -> None:
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=1)
    shown = approve("-m", "a better fill")
    assert shown.exit_code == 1
    lines = shown.stdout.splitlines()
    assert lines[0].startswith(f"{NODE_ID}: order events: orders 0 added, 0 removed, 2 changed")
    assert "    fill_price: expected 297.12, was 297.13" in lines
    assert shown.stderr == 'name what is approved: zacperf approve TEST or WINDOW -m "reason"\n'


def test_what_is_damaged_is_skipped(recorded: Project) -> None:
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(failed=1)
    (content,) = received(recorded)
    content.with_name(f"{content.name}.record.json").write_text("{")
    shown = approve("wk-1", "-m", "x")
    assert shown.exit_code == 2
    assert "is damaged: " in shown.stderr
    assert "Error: nothing that 'wk-1' received is pending\n" in shown.stderr


def test_what_a_killed_session_received_cannot_be_approved(recorded: Project) -> None:
    recorded.write(
        TEST_FILE, PARITY_TESTS + "\n\ndef test_dies():\n    import os\n    os._exit(1)\n"
    )
    recorded.run()
    shown = approve("wk-1", "-m", "a better fill")
    assert shown.exit_code == 2
    assert "received cannot be approved: its session did not end\n" in shown.stderr


def test_on_a_terminal_each_is_asked_about_and_then_why(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.run().assert_outcomes(failed=2)
    monkeypatch.setattr("pytest_zacperf.cli.approve.is_terminal", lambda: True)
    before = [path.read_bytes() for path in recordings(recorded)]
    shown = CliRunner().invoke(main, ["approve"], input="n\ny\na better fill\n")
    assert shown.exit_code == 0, shown.output
    after = [path.read_bytes() for path in recordings(recorded)]
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    assert "- reason: a better fill\n" in decisions(recorded)
    assert (
        CliRunner().invoke(main, ["approve"], input="n\n").stdout.endswith("nothing was approved\n")
    )


def test_a_recording_that_is_damaged_is_told_and_an_update_replaces_it(recorded: Project) -> None:
    (path, _) = recordings(recorded)
    path.write_bytes(path.read_bytes() + b"=======\n")
    result = recorded.run("--zacperf-window", "wk-1")
    result.stdout.fnmatch_lines([
        "E       assert the recording * is damaged: line 5 holds no order *"
    ])
    recorded.run("--zacperf-window", "wk-1", *UPDATE).assert_outcomes(passed=1)
    recorded.run("--zacperf-window", "wk-1").assert_outcomes(passed=1)
