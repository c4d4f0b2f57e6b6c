from __future__ import annotations

import json
from typing import Any

import pytest
from support.plans import COLD, WARM, plan_of, plan_text, run_of

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan import Plan, RunningMark, RunResult, parse_plan
from pytest_zacperf.plan.queue import (
    Blocked,
    Unit,
    Waiting,
    chosen,
    claimed,
    finished,
    in_error,
    next_unit,
    released,
    reset,
    result_of,
)

MARK = RunningMark(host="h", pid=7, process_started_s=1.0, started_utc="2025-11-01T00:00:00Z")
RUNNING: dict[str, Any] = {
    "status": "running",
    "running": {"host": "h", "pid": 7, "process_started_s": 1.0, "started_utc": "t"},
}
DONE = RunResult(wall_seconds_total=2.0, notes="", top_function="gold.py:1 on_bar")


def is_alive(_: RunningMark) -> bool:
    return True


def is_dead(_: RunningMark) -> bool:
    return False


def reread(text: str) -> Plan:
    return parse_plan(text.encode(), "plan.json")


def next_ids(plan: Plan, *wanted: str, alive: bool = True) -> tuple[str, ...]:
    found = next_unit(plan, wanted or [run.id for run in plan.runs], is_alive if alive else is_dead)
    assert isinstance(found, Unit)
    return found.ids


def test_the_first_pending_run_is_next() -> None:
    plan = plan_of(run_of("a", status="done"), run_of("b"), run_of("c"))
    assert next_ids(plan) == ("b",)


def test_a_run_that_nobody_wants_is_passed_over() -> None:
    assert next_ids(plan_of(run_of("a"), run_of("b")), "b") == ("b",)


def test_a_run_that_somebody_executes_is_not_taken_twice() -> None:
    plan = plan_of(run_of("a", **RUNNING), run_of("b"))
    assert next_ids(plan) == ("b",)
    assert next_unit(plan, ["a"], is_alive) is None


def test_a_run_whose_process_has_died_is_taken_up_again() -> None:
    assert next_ids(plan_of(run_of("a", **RUNNING)), alive=False) == ("a",)


def test_nothing_is_next_when_all_have_ended() -> None:
    plan = plan_of(run_of("a", status="done"), run_of("b", status="error"))
    assert next_unit(plan, ["a", "b"], is_alive) is None


def test_the_cache_probe_comes_first_wherever_it_stands_and_both_together() -> None:
    assert next_ids(plan_of(run_of("a"), WARM, COLD)) == ("cold", "warm")


def test_a_side_of_the_probe_is_never_run_without_the_other() -> None:
    plan = plan_of({**COLD, "status": "done"}, WARM)
    assert next_ids(plan, "warm") == ("cold", "warm")


def test_the_others_wait_while_another_process_runs_the_probe() -> None:
    plan = plan_of({**COLD, **RUNNING}, {**WARM, **RUNNING}, run_of("a"))
    found = next_unit(plan, ["cold", "warm", "a"], is_alive)
    assert isinstance(found, Waiting)
    assert found.run.id == "cold"


def test_a_probe_that_has_failed_blocks_the_others() -> None:
    plan = plan_of({**COLD, "status": "error"}, {**WARM, "status": "error"}, run_of("a"))
    found = next_unit(plan, ["cold", "warm", "a"], is_alive)
    assert isinstance(found, Blocked)
    assert found.pair.ids == ("cold", "warm")


def test_a_probe_that_has_failed_blocks_nobody_who_does_not_ask_for_it() -> None:
    plan = plan_of({**COLD, "status": "error"}, {**WARM, "status": "error"}, run_of("a"))
    assert next_ids(plan, "a") == ("a",)


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        (
            [COLD],
            "line 3: there are 1 runs with the label 'cache_probe_cold' and 0 with 'cache_prob",
        ),
        (
            [COLD, WARM, {**WARM, "id": "w2"}],
            "line 5: there are 1 runs with the label 'cache_probe_cold' and 2 with 'cache_prob",
        ),
        (
            [COLD, {**WARM, "end": "2025-01-08"}],
            "plan.json line 4: 'cold' and 'warm' have different days",
        ),
        (
            [COLD, WARM, run_of("a", label="cache_probe_hot")],
            "plan.json line 5: 'a' has the label 'cache_probe_hot'",
        ),
    ],
)
def test_a_probe_that_is_no_pair_is_refused(runs: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        next_unit(plan_of(*runs), ["cold"], is_alive)
    assert problem in caught.value.problem


def test_runs_are_chosen_by_id_label_and_phase_in_the_order_of_the_file() -> None:
    plan = plan_of(COLD, WARM, run_of("a"), run_of("b", label="week"))
    assert chosen(plan) == ("cold", "warm", "a", "b")
    assert chosen(plan, ids=["b", "cold"]) == ("cold", "b")
    assert chosen(plan, label="week") == ("b",)
    assert chosen(plan, phase=0) == ("cold", "warm")
    assert chosen(plan, phase=1) == ("a", "b")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"ids": ["aa"]}, "plan.json has no run 'aa'\n  hint: did you mean 'a'?"),
        (
            {"label": "dayz"},
            "plan.json has no run with the label 'dayz'\n  hint: did you mean 'days'?",
        ),
        (
            {"ids": ["a"], "phase": 0},
            """plan.json has no run that fits the ids, the label and the phase together
  hint: `zacperf status` lists the runs""",
        ),
    ],
)
def test_runs_that_the_plan_does_not_have_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        chosen(plan_of(run_of("a")), **asked)
    assert str(caught.value) == message


def test_a_claim_says_who_executes_a_run_and_nothing_else_changes() -> None:
    text = plan_text(run_of("a", speed=3), run_of("b"), author="zac")
    changed = json.loads(claimed(reread(text), ["a"], MARK))
    assert changed["runs"][0] == {
        **run_of("a", speed=3),
        "status": "running",
        "running": {
            "host": "h",
            "pid": 7,
            "process_started_s": 1.0,
            "started_utc": MARK.started_utc,
        },
    }
    assert list(changed) == ["runs", "author"]
    assert changed["runs"][1] == run_of("b")


def test_a_run_that_is_given_back_is_pending_and_nobodys() -> None:
    changed = json.loads(released(plan_of(run_of("a", **RUNNING)), ["a"]))
    assert changed["runs"] == [run_of("a", status="pending")]


def test_a_result_has_all_keys_of_the_schema_and_the_run_is_nobodys() -> None:
    changed = json.loads(finished(plan_of(run_of("a", **RUNNING)), "a", "done", DONE, {}))
    assert changed["runs"] == [run_of("a", status="done")]
    assert list(changed["results"]["a"])[:8] == [
        *("wall_seconds_total", "wall_seconds_no_download", "cpu_seconds", "top_functions_csv"),
        *("top_threads_csv", "git_rev", "timestamp_utc", "notes"),
    ]


def test_unknown_keys_and_their_order_survive_every_change() -> None:
    text = plan_text(
        run_of("a", speed=3), results={"_schema": {"x": "float"}, "other": None}, zac=1
    )
    plan = reread(text)
    plan = reread(claimed(plan, ["a"], MARK))
    plan = reread(finished(plan, "a", "done", DONE, {}))
    plan = reread(reset(plan, ["a"]))
    document = json.loads(plan.text)
    assert list(document) == ["runs", "results", "zac"]
    assert list(document["results"]) == ["_schema", "other", "a"]
    assert document["runs"] == [run_of("a", speed=3, status="pending")]


def test_a_reset_keeps_the_result_as_history_and_so_does_the_next_result() -> None:
    plan = reread(finished(plan_of(run_of("a")), "a", "error", RunResult(notes="broken"), {}))
    plan = reread(reset(plan, ["a"]))
    assert [entry["notes"] for entry in result_of(plan, "a").history] == ["broken"]
    assert result_of(plan, "a").notes is None
    plan = reread(finished(plan, "a", "done", DONE, {}))
    plan = reread(finished(plan, "a", "done", RunResult(notes="again"), {}))
    result = result_of(plan, "a")
    assert result.notes == "again"
    assert [entry.get("notes") for entry in result.history] == ["broken", ""]
    assert all("history" not in entry for entry in result.history)


def test_a_run_without_a_result_has_no_history_after_a_reset() -> None:
    assert "results" not in json.loads(reset(plan_of(run_of("a", status="error")), ["a"]))


def test_those_in_error_are_found_among_those_that_are_wanted() -> None:
    plan = plan_of(run_of("a", status="error"), run_of("b", status="error"), run_of("c"))
    assert in_error(plan, ["b", "c"]) == ("b",)


def test_a_plan_that_only_speaks_of_results_gets_them() -> None:
    for text in (
        plan_text(run_of("results", label="results")),
        plan_text(run_of("a"), note="results", other={"results": 1}),
    ):
        plan = reread(text)
        changed = json.loads(finished(plan, plan.runs[0].id, "done", DONE, {}))
        assert changed["results"][plan.runs[0].id]["notes"] == ""


def test_only_status_and_running_change_in_a_run() -> None:
    text = '{"runs": [{"id": "a", "start": "2025-01-06",\t"end": "2025-01-06", "x": 1.50e3}]}'
    changed = claimed(reread(text), ["a"], MARK)
    assert '"x": 1.50e3, "status": "running", "running": { "host": "h"' in changed
    pending = text.replace("1.50e3}", '1.50e3, "status": "pending"}')
    assert released(reread(changed), ["a"]) == pending


def test_what_only_an_escape_can_hold_is_kept_in_history() -> None:
    text = plan_text(run_of("a"), results={"a": {"notes": "\ud83d"}})
    changed = finished(reread(text), "a", "done", DONE, {})
    assert json.loads(changed.encode())["results"]["a"]["history"] == [{"notes": "\ud83d"}]


def test_lines_end_as_those_of_the_file() -> None:
    text = plan_text(run_of("a")).replace("\n", "\r\n")
    changed = finished(reread(text), "a", "done", DONE, {})
    assert changed.count("\n") == changed.count("\r\n") > text.count("\n")


def test_files_of_earlier_results_keep_their_names_up_to_date() -> None:
    before = RunResult(notes="", report="out/a.report.md", profile="out/other.json")
    plan = reread(finished(plan_of(run_of("a")), "a", "done", before, {}))
    moved = {"out/a.report.md": "out/a.1.report.md"}
    (kept,) = result_of(reread(finished(plan, "a", "done", DONE, moved)), "a").history
    assert (kept["report"], kept["profile"]) == ("out/a.1.report.md", "out/other.json")


def test_what_an_earlier_probe_has_shown_goes_when_it_is_run_or_reset() -> None:
    plan = plan_of(COLD, WARM, run_of("a"), results={"phase0": {"cache_policy": "preload"}})
    for changed in (claimed(plan, ["cold", "warm"], MARK), reset(plan, ["warm"])):
        assert "phase0" not in json.loads(changed)["results"]
    for changed in (claimed(plan, ["a"], MARK), reset(plan, ["a"])):
        assert json.loads(changed)["results"] == {"phase0": {"cache_policy": "preload"}}
