"""``zacperf run``, ``status`` and ``reset`` as somebody types them, with real runs."""

from __future__ import annotations

import codecs
import contextlib
import csv
import fcntl
import json
import os
import pstats
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path
from typing import Any

import pytest
from support.commands import ZACPERF
from support.plans import COLD, WARM, executed, make_project, result_in, run_of, zacperf
from support.repository import commit_all, git

from pytest_zacperf.run_names import short_id

REAL_PLAN = Path(__file__).parents[3] / "shared" / "profiling_plan.json"
FAILS = 'raise ValueError("no bars")'


def document(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "plan.json").read_text())
    return found


def statuses(root: Path) -> dict[str, str]:
    return {run["id"]: run.get("status", "pending") for run in document(root)["runs"]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def worked_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose plan has been worked off: two runs, the second one timed, too."""
    root = tmp_path_factory.mktemp("worked_off")
    make_project(
        root,
        run_of("d1"),
        run_of("d3", 3, timed=True),
        invariants={"lookbacks_unchanged": True},
        meta={"output_dir": "profiles", "owner": "zac"},
    )
    done = zacperf("run", "--root", str(root))
    assert done.exit_code == 0, done.output
    (root / "output").write_text(done.output)
    return root


def test_pending_runs_are_executed_in_the_order_of_the_file(worked_off: Path) -> None:
    assert statuses(worked_off) == {"d1": "done", "d3": "done"}
    one, three = "2025-01-06 2025-01-06", "2025-01-06 2025-01-08"
    assert executed(worked_off) == [one, three, three]


def test_a_result_has_the_keys_of_the_schema_and_the_whole_run(worked_off: Path) -> None:
    found = result_in(worked_off, "d1")
    assert list(found)[:8] == [
        *("wall_seconds_total", "wall_seconds_no_download", "cpu_seconds", "top_functions_csv"),
        *("top_threads_csv", "git_rev", "timestamp_utc", "notes"),
    ]
    assert found["wall_seconds_total"] >= found["wall_seconds_no_download"] > 0
    assert found["top_functions_csv"] == "profiles/d1.funcs.wall.csv"
    assert found["data_points"] == 200
    assert found["trading_days"] == 1
    assert found["run"]["work"]["orders"] == 1
    assert found["run"]["profile"] == "wall"
    assert found["invariants"] == {"lookbacks_unchanged": True}
    assert found["notes"] == ""


def test_a_round_without_profiler_comes_first_where_the_plan_asks_for_it(worked_off: Path) -> None:
    assert "unprofiled" not in result_in(worked_off, "d1")
    plain = result_in(worked_off, "d3")["unprofiled"]
    assert plain["cpu_seconds"] > 0
    report = (worked_off / "profiles" / "d3.report.md").read_text()
    assert "| without profiler |" in report
    assert "times as long (CPU)" in report


def test_the_functions_of_the_strategy_are_in_the_table_with_their_calls(worked_off: Path) -> None:
    with (worked_off / "profiles" / "d3.funcs.wall.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows["on_bar"]["ncall"] == "600"
    assert rows["on_bar"]["module"] == "gold.py"
    assert rows["on_bar"]["thread"] == "MainThread"


def test_the_other_files_of_a_profile_can_be_read_by_their_programs(worked_off: Path) -> None:
    folder = worked_off / "profiles"
    stats = pstats.Stats(str(folder / "d1.wall.pstat"))
    assert ("gold.py", "on_bar") in {(file, name) for file, _, name in stats.stats}  # type: ignore[attr-defined]
    flame = json.loads((folder / "d1.speedscope.json").read_text())
    assert "on_bar" in " ".join(frame["name"] for frame in flame["shared"]["frames"])
    with (folder / "d1.threads.wall.csv").open(newline="") as file:
        assert [row["thread"] for row in csv.DictReader(file)][:1] == ["MainThread"]


def test_the_report_names_window_stages_functions_invariants_and_comparisons(
    worked_off: Path,
) -> None:
    report = (worked_off / "profiles" / "d3.report.md").read_text()
    for part in (
        "# d3: done",
        "| window | 2025-01-06 to 2025-01-08, days |",
        "| data points | 600 |",
        "| stage | total | share | count | mean | max |",
        "| gold.py:",
        "| lookbacks_unchanged | True |",
        "- the same parameters, environment as in d1",
        "- not compared: symbols, data provider",
    ):
        assert part in report
    first = (worked_off / "profiles" / "d1.report.md").read_text()
    assert "- the first run of the queue: the others are compared with it" in first


def test_lines_say_what_is_done_when_the_output_is_no_terminal(worked_off: Path) -> None:
    lines = (worked_off / "output").read_text().splitlines()
    assert lines[0] == "[1/2] d1: profiled"
    assert lines[1].startswith("d1: done: wall ")
    assert ", report profiles/d1.report.md" in lines[1]
    assert lines[2:4] == ["[2/2] d3: without profiler", "[2/2] d3: profiled"]
    assert lines[-1] == "2 runs: 2 done"


def test_status_is_a_table_of_all_runs(worked_off: Path) -> None:
    shown = zacperf("status", "--root", str(worked_off))
    header, first, *_ = shown.output.splitlines()
    assert header.split()[:5] == ["id", "window", "label", "status", "wall"]
    assert first.startswith("d1  2025-01-06 to 2025-01-06  days   done ")
    assert ".py:" in first  # whichever took longest
    assert "no git revision" in first
    assert shown.output.splitlines()[-1] == "2 runs: 2 done"


def test_unknown_keys_of_the_plan_survive(worked_off: Path) -> None:
    assert document(worked_off)["meta"] == {"output_dir": "profiles", "owner": "zac"}


def test_a_profiled_run_says_that_its_times_are_no_measurement(worked_off: Path) -> None:
    run_id = result_in(worked_off, "d1")["run"]["id"]
    shown = zacperf("show", run_id, "--root", str(worked_off))
    assert "by wall clock: its times are no measurement" in shown.output


def test_scaling_is_told_of_the_finished_windows_and_of_their_clock(worked_off: Path) -> None:
    shown = zacperf("scaling", "--root", str(worked_off))
    assert shown.exit_code == 0
    assert "2 windows of 200 to 600 bars" in shown.output
    assert "costs are those of profiled runs" in shown.output


def test_a_run_that_fails_is_an_error_with_the_first_line_of_what_went_wrong(root: Path) -> None:
    make_project(root, run_of("a"), behavior=FAILS)
    done = zacperf("run")
    assert done.exit_code == 1
    assert statuses(root) == {"a": "error"}
    found = result_in(root, "a")
    assert re.fullmatch(
        r"ValueError: no bars, at gold\.py:\d+, on simulated day 2025-01-06", found["notes"]
    )
    assert found["wall_seconds_total"] > 0
    assert (found["cpu_seconds"], found["top_functions_csv"]) == (None, "")
    short = short_id(found["run"]["id"])
    assert f", on simulated day 2025-01-06 (`zacperf show {short}`)\n" in done.output
    assert "/stderr.log |" in (root / found["report"]).read_text()
    assert (root / found["report"]).read_text().startswith("# a: error\n")
    assert zacperf("run").output.splitlines() == [
        "nothing is pending; --retry-errors runs those that have failed again",
        "1 run: 1 error",
    ]
    repaired = (root / "gold.py").read_text().replace(FAILS, "pass")
    (root / "gold.py").write_text(repaired)
    assert zacperf("run", "--retry-errors").exit_code == 0
    found = result_in(root, "a")
    assert found["notes"] == ""
    assert found["history"][0]["notes"].startswith("ValueError: no bars")


def test_a_reset_run_is_run_again_and_its_result_is_kept(root: Path) -> None:
    make_project(root, run_of("a"))
    zacperf("run")
    before = result_in(root, "a")
    assert zacperf("reset", "a").output == "a: pending\n"
    assert statuses(root) == {"a": "pending"}
    assert result_in(root, "a") == {"history": [before]}
    zacperf("run")
    assert statuses(root) == {"a": "done"}
    (kept,) = result_in(root, "a")["history"]
    stamp = "".join(filter(str.isalnum, before["timestamp_utc"]))
    assert kept["report"] == f"profiling/a.{stamp}.report.md"
    assert (root / kept["report"]).read_text().startswith("# a: done\n")
    assert kept["wall_seconds_total"] == before["wall_seconds_total"]
    assert zacperf("run").output.startswith(
        "nothing is pending; `zacperf reset ID` makes a run pending again\n"
    )
    assert len(executed(root)) == 2


def test_an_invariant_that_the_engine_does_not_know_stops_the_queue_before_anything_runs(
    root: Path,
) -> None:
    plan = make_project(root, run_of("a"), invariants={"plot_price": True})
    before = plan.read_text()
    done = zacperf("run")
    assert done.exit_code == 2
    assert (
        "Error: 'plot_price' is unknown to this engine, function gold:run_backtest 1; "
        "known: lookbacks_unchanged\n"
        "  hint: take 'plot_price' out of \"invariants\" in the plan"
    ) in done.output
    assert json.loads(plan.read_text())["runs"][0]["status"] == "pending"
    assert json.loads(before)["invariants"] == document(root)["invariants"]
    assert executed(root) == []


def test_parameters_that_change_within_a_queue_break_the_invariant_of_lookbacks(root: Path) -> None:
    make_project(root, run_of("a"), run_of("b"), invariants={"lookbacks_unchanged": True})
    zacperf("run", "a")
    changed = (root / "gold.py").read_text()
    (root / "gold.py").write_text(
        changed.replace('run_backtest")', 'run_backtest", parameters={"lookback": 21})')
    )
    done = zacperf("run", "--allow-changed-environment")
    assert done.exit_code == 2
    assert (
        "'lookbacks_unchanged' is not kept: the parameters are not those of a, the first run"
        in done.output
    )
    assert statuses(root) == {"a": "done", "b": "pending"}
    assert len(executed(root)) == 1


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (
            'symbols = ("SLV",)',
            "the symbols were GLD in a, the first run of the queue, and are SLV",
        ),
        (
            'data_provider = "other"',
            "the data provider was file in a, the first run of the queue, and is other now",
        ),
    ],
)
def test_data_that_change_within_a_queue_are_an_error_unless_that_is_allowed(
    root: Path, attribute: str, message: str
) -> None:
    make_project(root, run_of("a"), run_of("b"))
    text = (root / "gold.py").read_text()
    lines = '\nengine.symbols = ("GLD",)\nengine.data_provider = "file"\n'
    (root / "gold.py").write_text(text + lines)
    assert zacperf("run", "a").exit_code == 0
    assert result_in(root, "a")["setup"]["symbols"] == ["GLD"]
    (root / "gold.py").write_text(text + lines + f"engine.{attribute}\n")
    done = zacperf("run")
    assert (done.exit_code, message in done.output) == (2, True)
    assert zacperf("run", "--allow-changed-environment").exit_code == 0


def test_an_environment_that_changes_within_a_queue_is_an_error_unless_that_is_allowed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(root, run_of("a"), run_of("b"))
    zacperf("run", "a")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done = zacperf("run")
    assert done.exit_code == 2
    assert (
        "the environment is not that of a, the first run of the queue (then / now): "
        "variable OMP_NUM_THREADS none / 1" in done.output
    )
    assert "--allow-changed-environment" in done.output
    assert zacperf("run", "--allow-changed-environment").exit_code == 0


def test_what_the_queue_writes_is_no_change_of_code(root: Path) -> None:
    make_project(root, run_of("a"), run_of("b"))
    commit = commit_all(root)
    assert zacperf("run").exit_code == 0
    assert git(root, "status", "--porcelain").startswith("M plan.json")
    assert result_in(root, "b")["git_rev"] == commit
    (root / "gold.py").write_text((root / "gold.py").read_text() + "# another day\n")
    zacperf("reset", "a")
    zacperf("run")
    assert result_in(root, "a")["git_rev"] == f"{commit}-dirty"


def test_the_embedded_engine_refuses_the_invariants_of_a_real_plan_by_name(root: Path) -> None:
    if not REAL_PLAN.exists():
        pytest.skip(f"there is no plan {REAL_PLAN}")
    plan = root / "plan.json"
    plan.write_bytes(REAL_PLAN.read_bytes())
    (root / "pyproject.toml").write_text('[tool.zacperf]\nengine = "zacqc"\nplan = "plan.json"\n')
    done = zacperf("run")
    assert done.exit_code == 2
    assert (
        "'plot_price' is unknown to this engine, zacqc 1; known: lookbacks_unchanged" in done.output
    )
    assert plan.read_bytes() == REAL_PLAN.read_bytes()


def on_terminal(root: Path, *arguments: str, columns: int = 200) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    variables = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(  # noqa: S603 - fixed
        [*ZACPERF, *arguments], cwd=root, stdout=theirs, stderr=theirs, stdin=theirs, env=variables
    ):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so when the other end is closed
            while part := os.read(ours, 65_536):
                shown += part
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_a_terminal_shows_a_bar_with_the_simulated_day_and_one_for_the_queue(root: Path) -> None:
    make_project(root, run_of("a", 3), run_of("b"), behavior="time.sleep(0.4)")
    shown = on_terminal(root, "run")
    assert re.search(r"a: profiled .*2025-01-08 +0:00:0\d", shown)
    assert re.search(r"queue .*1/2 +0:00:0\d", shown)
    assert re.search(r"[\r\n]a: done: wall ", shown)
    assert shown.rstrip().endswith("2 runs: 2 done")


def test_cpu_clock_is_honored_and_named_in_the_files(root: Path) -> None:
    make_project(root, run_of("a"), meta={"clock_type": "CPU"})
    assert zacperf("run").exit_code == 0
    assert result_in(root, "a")["run"]["profile"] == "cpu"
    assert (root / "profiling" / "a.funcs.cpu.csv").exists()


def test_a_cache_that_matters_makes_the_others_preload_it(root: Path) -> None:
    make_project(root, COLD, WARM, run_of("a", 3), download_s=0.1)
    kept = root / ".zacperf" / "cache" / "mine.bar"
    kept.parent.mkdir(parents=True)
    kept.touch()
    done = zacperf("run")
    assert done.exit_code == 0, done.output
    decision = document(root)["results"]["phase0"]
    assert decision["delta_wall_seconds"] < -0.15
    assert (decision["material"], decision["cache_policy"]) == (True, "preload")
    assert decision["cold_download"]["requests"] == 2
    assert decision["cold_download"]["bytes"] == 8
    assert decision["cold_download"]["seconds"] > 0.19
    assert decision["warm_download"] == {"seconds": 0.0, "requests": 0, "bytes": 0}
    saved = [change["function"] for change in decision["cumulative_time"]]
    assert any(name.startswith("gold.py:") and name.endswith(" fetch") for name in saved)
    assert result_in(root, "cold")["notes"] == "cache-cold pass"
    assert result_in(root, "warm")["notes"] == "cache-warm pass"
    cold = result_in(root, "cold")
    assert cold["wall_seconds_total"] - cold["wall_seconds_no_download"] > 0.19
    # The probe had caches of its own, so the project's began empty: one pass filled it.
    assert result_in(root, "a")["notes"] == "preloaded"
    assert result_in(root, "a")["run"]["downloads"] == {"wall_ns": 0, "requests": 0, "bytes": 0}
    assert "## Cold and warm" in (root / "profiling" / "warm.report.md").read_text()
    assert not (root / ".zacperf" / "probe").exists()
    assert kept.exists()


def test_a_cache_that_matters_can_be_met_with_two_passes(root: Path) -> None:
    meta = {"cache_policy": "two_pass", "timed": True}
    make_project(root, COLD, WARM, run_of("a"), download_s=0.1, meta=meta)
    done = zacperf("run")
    assert done.exit_code == 0, done.output
    decision = document(root)["results"]["phase0"]
    assert decision["cache_policy"] == "two_pass"
    assert result_in(root, "a")["notes"] == "cache-warm pass"
    # Cold and warm twice each, the other one thrice.
    assert len(executed(root)) == 7
    # Each cold pass began with an empty cache.
    assert decision["delta_wall_seconds"] < -0.15


def test_a_cache_that_does_not_matter_leaves_the_others_as_they_are(root: Path) -> None:
    make_project(root, COLD, WARM, run_of("a"), meta={"cache_material_ratio": 1000.0})
    assert zacperf("run").exit_code == 0
    assert document(root)["results"]["phase0"]["cache_policy"] == "single"
    assert result_in(root, "a")["notes"] == ""
    assert len(executed(root)) == 5  # cold and warm twice each: the decision is not the profiler's


def test_cold_and_warm_that_did_different_work_are_an_error_and_block_the_others(
    root: Path,
) -> None:
    broken = "BARS2 = 7 if context.counts.get('download_requests') else 9"
    make_project(root, COLD, WARM, run_of("a"), behavior=broken)
    text = (root / "gold.py").read_text().replace("data_points=days * BARS", "data_points=BARS2")
    (root / "gold.py").write_text(text)
    done = zacperf("run")
    assert done.exit_code == 1
    assert statuses(root) == {"cold": "error", "warm": "error", "a": "pending"}
    assert result_in(root, "warm")["notes"] == (
        "cold and warm did different work (cold / warm: data points 7 / 9) "
        "(hint: look for a download that broke off, in stderr.log of both runs)"
    )
    assert "the cache probe, cold and warm, has failed" in done.output
    assert "phase0" not in document(root)["results"]
    assert zacperf("run", "--phase", "1").exit_code == 0


def test_a_cold_run_that_fails_leaves_nothing_to_be_warm(root: Path) -> None:
    make_project(root, COLD, WARM, run_of("a"), behavior=FAILS)
    assert zacperf("run").exit_code == 1
    assert statuses(root) == {"cold": "error", "warm": "error", "a": "pending"}
    assert result_in(root, "warm")["notes"] == "not run, because cold has failed"


def test_phase_1_alone_says_that_nobody_knows_what_the_cache_is_worth(root: Path) -> None:
    make_project(root, COLD, WARM, run_of("a"))
    done = zacperf("run", "--phase", "1")
    assert "the cache probe has no result: each run is run once" in done.output
    assert statuses(root) == {"cold": "pending", "warm": "pending", "a": "done"}
    assert result_in(root, "a")["notes"] == "cache as it was"


def test_passes_of_a_run_that_did_different_work_are_an_error(root: Path) -> None:
    make_project(root, run_of("a", timed=True), behavior="lookback = os.getpid()")
    assert zacperf("run").exit_code == 1
    assert result_in(root, "a")["notes"].startswith("its passes did different work: compare ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "b"), "plan.json has no run 'b'\n  hint: known are 'a'"),
        (("run", "--time-limit", "5"), "'5' is not a duration; write a positive number and a unit"),
        (("run", "--phase", "2"), "Invalid value for '--phase': 2 is not in the range 0<=x<=1"),
        (("status", "--plan", "none.json"), "the plan file "),
        (("reset", "b"), "plan.json has no run 'b'"),
        (("scaling",), "plan.json has no finished window\n  hint: `zacperf run` works"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    root: Path, arguments: tuple[str, ...], message: str
) -> None:
    make_project(root, run_of("a"))
    done = zacperf(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_another_plan_can_be_named(root: Path) -> None:
    make_project(root, run_of("a"))
    (root / "plan.json").rename(root / "other.json")
    assert zacperf("run", "--plan", "other.json").exit_code == 0
    assert zacperf("status", "--plan", "other.json").output.splitlines()[-1] == "1 run: 1 done"


def test_a_plan_with_a_mistake_is_refused_and_stays_as_it_is(root: Path) -> None:
    plan = make_project(root, run_of("a", status="finished"))
    before = plan.read_bytes()
    done = zacperf("run")
    assert done.exit_code == 2
    assert (
        "plan.json line 3, run 1 ('a'): key 'status': 'finished': "
        "known are pending, running, done, error" in done.output
    )
    assert plan.read_bytes() == before


def test_a_plan_without_runs_has_an_empty_status(root: Path) -> None:
    make_project(root)
    assert zacperf("status").output == "the plan has no runs\n"


@pytest.mark.parametrize(
    ("folder", "problem"), [("gold.py", "File exists"), ("/proc/none", "No such file or directory")]
)
def test_an_output_folder_that_cannot_be_written_to_is_found_before_anything_runs(
    root: Path, folder: str, problem: str
) -> None:
    make_project(root, run_of("a"), meta={"output_dir": folder})
    done = zacperf("run")
    assert done.exit_code == 2
    assert (
        f"plan.json: 'meta' has output_dir = {folder!r}, where nothing can be written: {problem}"
        in done.output
    )
    assert statuses(root) == {"a": "pending"}
    assert executed(root) == []


def test_a_plan_keeps_its_mode_and_its_byte_order_mark(root: Path) -> None:
    plan = make_project(root, run_of("a", status="error"))
    plan.write_bytes(codecs.BOM_UTF8 + plan.read_bytes())
    plan.chmod(0o600)
    assert zacperf("reset", "a").exit_code == 0
    assert plan.stat().st_mode & 0o777 == 0o600
    assert plan.read_bytes().startswith(codecs.BOM_UTF8 + b"{")


def test_a_profile_that_somebody_has_deleted_is_named_with_the_next_step(root: Path) -> None:
    make_project(root, run_of("a"))
    zacperf("run")
    (root / "profiling" / "a.profile.json").unlink()
    shown = zacperf("scaling")
    assert shown.exit_code == 2
    assert "a.profile.json is missing\n  hint: `zacperf reset` its run" in shown.output


def test_results_of_another_version_are_not_compared_and_do_no_harm(root: Path) -> None:
    plan = make_project(root, run_of("a"), run_of("b"))
    zacperf("run", "a")
    changed = document(root)
    changed["results"]["a"]["run"]["environment"] = {"python": "CPython 4"}
    plan.write_text(json.dumps(changed))
    assert zacperf("run").exit_code == 0
    report = (root / "profiling" / "b.report.md").read_text()
    assert "- not compared: parameters, symbols, data provider, environment" in report


def test_a_pass_before_the_profile_that_fails_is_the_error_of_the_run(root: Path) -> None:
    make_project(root, run_of("a", timed=True), behavior=FAILS)
    assert zacperf("run").exit_code == 1
    assert len(executed(root)) == 1
    changed = document(root)
    changed["runs"][0]["status"] = "pending"
    changed["results"] = {"phase0": {"cache_policy": "preload"}}
    (root / "plan.json").write_text(json.dumps(changed))
    assert zacperf("run").exit_code == 1
    assert len(executed(root)) == 2


def test_a_narrow_terminal_gets_several_values_in_a_cell(worked_off: Path) -> None:
    shown = on_terminal(worked_off, "status", columns=80)
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"d1 .* done .*\r\n2025-01-06 to", shown)


def test_who_reads_no_more_ends_no_queue(root: Path) -> None:
    make_project(root, run_of("a"), run_of("b"))
    with subprocess.Popen(  # noqa: S603 - fixed
        [*ZACPERF, "run"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert one.stderr is not None
        one.stdout.readline()
        one.stdout.close()
        said = one.stderr.read()
    assert statuses(root) == {"a": "done", "b": "done"}
    assert said == ""


def test_a_strategy_that_swallows_the_time_limit_is_told_of(root: Path) -> None:
    swallow = """for _ in range(14):
        try: time.sleep(0.1)
        except BaseException: pass"""
    make_project(root, run_of("a"), behavior=swallow)
    done = zacperf("run", "--time-limit", "100ms")
    assert done.exit_code == 0
    assert "ran beyond the time limit, whose signal the strategy caught or replaced" in done.output
    assert "partial" not in result_in(root, "a")
