"""What a perf test found out, as values, and the files that keep it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
from support import recorded
from support.perf_reports import report
from support.timed_runs import timed_run

from pytest_zacperf.perf_report import (
    PerfReport,
    environment_text,
    revision_text,
    rounds_of,
    stored_rounds,
)
from pytest_zacperf.records import StageMemory
from pytest_zacperf.report_files import write_reports
from pytest_zacperf.schedule import Schedule

TEST = "tests/perf/test_it.py::TestGold::test_runtime[wk-1]"
ROUNDS = rounds_of([(timed_run(id="a-1"), timed_run(1200.0, id="b-1"))], Schedule.DUET)
REPORT = report(
    test=TEST,
    candidate_memory=(StageMemory(name="data", growth_bytes=9),),
    rounds=ROUNDS,
)


def written(root: Path, *reports: PerfReport, test: str = TEST) -> Path:
    return root / write_reports(reports, test, root)


def test_a_revision_is_short_and_says_whether_files_differ_from_it() -> None:
    assert revision_text(recorded.environment()) == "0123456789ab"
    assert revision_text(recorded.environment(git_dirty=True)) == "0123456789ab with changes"


def test_a_project_in_no_repository_has_no_revision() -> None:
    assert revision_text(recorded.environment(git_revision=None, git_dirty=None)) == (
        "no git revision"
    )
    assert revision_text(None) == "no git revision"


def test_where_it_was_measured_names_python_machine_processors_and_revision() -> None:
    assert environment_text(recorded.environment()) == (
        "measured with CPython 3.11.7 on Linux 6.1, x86_64 Example, 2 processors; 0123456789ab"
    )


def test_every_run_of_a_pair_is_a_round_with_its_costs() -> None:
    baseline, candidate = ROUNDS
    assert (baseline.pair, baseline.side, baseline.run) == (1, "baseline", "a-1")
    assert (candidate.pair, candidate.side, candidate.run) == (1, "candidate", "b-1")
    assert (candidate.wall_ns, candidate.cpu_ns) == (1_200_000_000, 1_200_000_000)
    assert (candidate.peak_memory_bytes, candidate.peak_memory_source) == (80_000_000, "VmHWM")
    assert (candidate.schedule, candidate.other_busy_cores) == ("duet", None)


def test_pairs_are_counted_from_one() -> None:
    found = rounds_of([(timed_run(), timed_run())] * 3, Schedule.ALTERNATE)
    assert [one.pair for one in found] == [1, 1, 2, 2, 3, 3]


def test_stored_samples_and_the_runs_against_them_are_rounds_without_pairs() -> None:
    samples = recorded.baseline()
    more = [timed_run(id="b"), timed_run(1200.0, id="c")]
    found = stored_rounds(samples, timed_run(id="a"), more, counted=2)
    stored, runs = found[: len(samples.samples)], found[len(samples.samples) :]
    assert [one.cpu_ns for one in stored] == [sample.cpu_ns for sample in samples.samples]
    assert {(one.side, one.run, one.schedule) for one in stored} == {("baseline", "", "stored")}
    assert [(one.pair, one.side, one.run, one.counts) for one in runs] == [
        *((0, "candidate", "a", False), (1, "candidate", "b", True)),
        (2, "candidate", "c", True),
    ]
    first_look = stored_rounds(samples, timed_run(id="a"), more[:1], counted=1)
    assert [one.counts for one in first_look if one.side == "candidate"] == [True, False]


def test_the_runs_of_a_pair_have_its_number_and_those_after_the_last_look_do_not_count() -> None:
    pairs = [(timed_run(), timed_run())] * 5
    found = rounds_of(pairs, Schedule.ALTERNATE, runs_per_side=2, counted=2)
    assert [one.pair for one in found[::2]] == [1, 1, 2, 2, 3]
    assert [one.counts for one in found[::2]] == [True, True, True, True, False]


def test_a_run_without_a_result_is_no_round() -> None:
    failed = msgspec.structs.replace(timed_run(), costs=None)
    assert [one.side for one in rounds_of([(failed, timed_run())], Schedule.DUET)] == ["candidate"]


def test_the_files_of_a_test_are_markdown_json_and_csv(tmp_path: Path) -> None:
    path = written(tmp_path, REPORT)
    assert path.name == "report.md"
    assert path.parent.parent == tmp_path / ".zacperf" / "perf"
    assert sorted(file.name for file in path.parent.iterdir()) == [
        *("report.csv", "report.json", "report.md")
    ]
    assert (tmp_path / ".zacperf" / ".gitignore").is_file()
    assert path.read_text().startswith(f"# {TEST}\n\n## runtime 1.21 [1.15, 1.28] of baseline")
    with (path.parent / "report.csv").open(newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["a-1", "b-1"]


def test_the_json_is_the_whole_report(tmp_path: Path) -> None:
    path = written(tmp_path, REPORT)
    text = (path.parent / "report.json").read_text()
    assert msgspec.json.decode(text, type=tuple[PerfReport, ...]) == (REPORT,)
    (found,) = json.loads(text)
    assert found["verdict"]["outcome"] == "FAIL"
    assert found["verdict"]["estimate"]["ratio"] == 1.214


def test_tests_whose_names_look_alike_in_a_folder_have_folders_of_their_own(tmp_path: Path) -> None:
    paths = {written(tmp_path, REPORT, test=test) for test in ("a::b", "a//b", "x" * 5000)}
    assert len({path.parent for path in paths}) == 3
    assert {path.parent.parent for path in paths} == {tmp_path / ".zacperf" / "perf"}


def test_a_later_report_of_a_test_replaces_the_earlier_one(tmp_path: Path) -> None:
    first = written(tmp_path, REPORT)
    assert written(tmp_path, REPORT, REPORT) == first
    assert len(json.loads((first.parent / "report.json").read_text())) == 2


def test_a_report_that_cannot_be_written_is_said_and_no_error(tmp_path: Path) -> None:
    (tmp_path / ".zacperf").write_text("in the way")
    assert write_reports([REPORT], TEST, tmp_path).startswith("not written: ")
