from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from pytest_zacperf.store import unique_file_name

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

PARITY_TEST = """
import pytest

@pytest.mark.parity
@pytest.mark.window("wk-1")
def test_order_events(backtest, order_events_snapshot):
    assert backtest.order_events == order_events_snapshot
"""
TEST_FILE = "tests/parity/test_orders.py"
NODE_ID = f"{TEST_FILE}::test_order_events[[]wk-1[]]"
UPDATE = ("--snapshot-update", "--zacperf-reason", "the first")
RECORDING = "snapshots/parity/test_orders/test_order_events[wk-1].order_events.jsonl"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recording") / "order_events.jsonl"


@pytest.fixture
def recorded(project: Project, recording: Path) -> Path:
    """Return the recording of a project that has one; made by the plugin, once."""
    project.write(TEST_FILE, PARITY_TEST)
    path = project.root / RECORDING
    if not recording.exists():
        project.run(*UPDATE).assert_outcomes(passed=1)
        shutil.copy(path, recording)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(recording, path)
    return path


def test_a_missing_recording_fails_with_the_command_that_makes_it(project: Project) -> None:
    project.write(TEST_FILE, PARITY_TEST)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert nothing is recorded yet for 2 orders, 4 order events",
        f"E           record it with: pytest '{NODE_ID}' --snapshot-update --zacperf-reason *",
    ])
    assert not (project.root / "snapshots").exists()


def test_a_recording_is_the_runs_file_and_equal_runs_pass(project: Project, recorded: Path) -> None:
    result = project.run()
    result.assert_outcomes(passed=1)
    run_files = list(project.root.glob(".zacperf/runs/*/order_events.jsonl"))
    assert {path.read_bytes() for path in run_files} == {recorded.read_bytes()}
    assert recorded.read_text(encoding="utf-8").splitlines()[1] == (
        '{"ts_event_ns":1737470703000000000,"symbol":"MCD","order_id":1,"event_id":2,'
        '"status":"filled","type":"market","side":"buy","quantity":10.0,"fill_quantity":10.0,'
        '"fill_price":297.12,"fee":1.0}'
    )


def test_a_changed_price_is_told_and_an_update_takes_it_over(
    project: Project, recorded: Path
) -> None:
    text = recorded.read_text(encoding="utf-8")
    changed = text.replace("297.12", "297.11", 1)
    recorded.write_text(changed, encoding="utf-8")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E       assert order events diverge at event 2",
            "E           2025-01-21 09:45:03 New York, 14:45:03 UTC, MCD, order 1, event 2: buy *",
            "E           fill_price: expected 297.11, was 297.12",
            "E           orders (events): 1 (3) equal, 1 (1) changed, 0 (0) added, 0 (0) removed",
            "E           fills 2, P&L * -> *, fees 2.00",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*truncated*")
    assert recorded.read_text(encoding="utf-8") == changed
    project.run(*UPDATE).assert_outcomes(passed=1)
    assert recorded.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("damage", "lines"),
    [
        pytest.param(
            lambda data: data.replace(b"\n", b"\r\n"),
            [
                "E       assert the recording holds the same order events in other bytes",
                "E           its line ends or its formatting were changed; restore it from git",
            ],
            id="line ends",
        ),
        pytest.param(
            lambda data: data + b"=======\n",
            [
                "E       assert the recording *.order_events.jsonl is damaged: line 5 holds no*",
                "E           restore it from git",
            ],
            id="merge conflict",
        ),
    ],
)
def test_a_recording_that_somebody_changed_is_told(
    project: Project, recorded: Path, damage: Damage, lines: list[str]
) -> None:
    recorded.write_bytes(damage(recorded.read_bytes()))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(lines, consecutive=True)


class Damage(Protocol):
    def __call__(self, data: bytes, /) -> bytes: ...


def test_an_update_keeps_the_recordings_of_tests_that_did_not_get_there(
    project: Project, recorded: Path
) -> None:
    others = [
        recorded.with_name("test_gone[wk-1].order_events.jsonl"),
        recorded.parent.parent / "test_other" / recorded.name,
    ]
    for other in others:
        other.parent.mkdir(exist_ok=True)
        shutil.copy(recorded, other)
    raising = "\ndef test_plain(snapshot):\n    assert snapshot == 1\n"
    project.write(
        TEST_FILE,
        PARITY_TEST.replace("    assert backtest", "    raise ValueError\n    assert backtest")
        + raising,
    )
    result = project.run(*UPDATE)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.no_fnmatch_line("*unused*")
    assert all(path.exists() for path in (recorded, *others))


def test_what_cannot_be_kept_is_told_and_hides_no_difference(project: Project) -> None:
    project.write(TEST_FILE, PARITY_TEST)
    project.write(".zacperf/parity", "in the way")
    result = project.run("--snapshot-update", "--zacperf-reason", "first")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert nothing is recorded yet for 2 orders, 4 order events",
        "E           record it with: *",
        "E           not kept: runs cannot be stored: *.zacperf/parity/*: Not a directory",
    ])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert not (project.root / "snapshots").exists()


@pytest.mark.usefixtures("recorded")
def test_a_tolerance_of_another_kind_is_no_matter(project: Project) -> None:
    tolerance = '{"fill_price": 0.02, "equity": 1, "statistics.sharpe": 0.5}'
    marked = PARITY_TEST.replace("mark.parity", f"mark.parity(tolerance={tolerance})")
    project.write(TEST_FILE, marked)
    strategy = (project.root / "strategy.py").read_text(encoding="utf-8")
    project.write("strategy.py", strategy.replace("297.12", "297.13"))
    project.run().assert_outcomes(passed=1)


def test_a_tolerance_without_a_field_is_told(project: Project) -> None:
    project.write(TEST_FILE, PARITY_TEST.replace("mark.parity", "mark.parity(tolerance=0.01)"))
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*tolerance: 0.01 names no field; write one such as {*"])


def test_what_are_no_order_events_is_told(project: Project) -> None:
    project.write(
        TEST_FILE,
        PARITY_TEST.replace("assert backtest.order_events", "assert backtest.trades"),
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E       assert order_events_snapshot is compared with order events, not list; *"
    ])


def test_two_assertions_of_a_class_and_a_hostile_name_get_files_of_their_own(
    project: Project,
) -> None:
    project.write(
        "test_top.py",
        """
import pytest

@pytest.mark.window("wk-1")
class TestOrders:
    @pytest.mark.parametrize("name", ["a/b", "a:b"])
    def test_it(self, backtest, order_events_snapshot, name):
        assert backtest.order_events == order_events_snapshot
        assert backtest.order_events == order_events_snapshot
""",
    )
    project.run(*UPDATE).assert_outcomes(passed=2)
    files = sorted(path.name for path in (project.root / "snapshots" / "test_top").glob("*.jsonl"))
    assert len(files) == 4
    assert all(name.startswith("TestOrders.test_it[") for name in files)


def test_a_harmless_name_stays() -> None:
    assert unique_file_name("test_it[wk-1]") == "test_it[wk-1]"


def test_hostile_names_stay_different() -> None:
    assert unique_file_name("a/b").startswith("a_b-")
    assert unique_file_name("a/b") != unique_file_name("a:b")


def test_a_long_name_fits_the_file_system_and_stays_different() -> None:
    stems = {unique_file_name("é" * 300), unique_file_name("é" * 301)}
    assert len(stems) == 2
    assert all(len(stem.encode()) <= 230 for stem in stems)
