import datetime as dt
from pathlib import Path

import pytest

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.plan import Plan, parse_plan, select_windows
from pytest_zacperf.records import Window

REAL_PLAN = Path(__file__).parents[2].parent / "shared" / "profiling_plan.json"

RUN = '{"id": "%s", "start": "%s", "end": "%s", "label": "%s", "speed": 3}'
WEEK = RUN % ("wk-1", "2025-01-20", "2025-01-26", "week")
MONTH = RUN % ("mo-1", "2025-01-01", "2025-01-31", "month")
PROBE = RUN % ("cold", "2025-01-01", "2025-01-31", "cache_probe_cold")
LABEL_HINT = (
    '(test_labels under [tool.zacperf] chooses labels, "label" in the plan gives a window one)'
)


def plan_of(*runs: str) -> Plan:
    return parse_plan(f'{{"runs": [{",".join(runs)}], "author": "zac"}}'.encode(), "plan.json")


def test_a_plan_gives_windows_in_the_order_of_the_file() -> None:
    assert plan_of(MONTH, WEEK).windows == (
        Window(id="mo-1", start=dt.date(2025, 1, 1), end=dt.date(2025, 1, 31), label="month"),
        Window(id="wk-1", start=dt.date(2025, 1, 20), end=dt.date(2025, 1, 26), label="week"),
    )


def test_unknown_keys_are_kept() -> None:
    document = plan_of(WEEK).document
    assert document["author"] == "zac"
    assert document["runs"][0]["speed"] == 3


@pytest.mark.skipif(not REAL_PLAN.exists(), reason=f"there is no plan {REAL_PLAN}")
def test_the_real_plan_is_read_as_it_is() -> None:
    plan = parse_plan(REAL_PLAN.read_bytes(), REAL_PLAN.name)
    assert len(plan.windows) == 11
    assert plan.invariants["lookbacks_unchanged"] is True
    assert [window.id for window in select_windows(plan, labels=["week"])] == [
        *("wk-2025-01-20_01-26", "wk-2025-03-10_03-16"),
        *("wk-2025-07-14_07-20", "wk-2025-10-13_10-19"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            '{"runs": [\n  ,]}',
            "plan.json is not JSON: Expecting value at line 2, column 3",
            id="no JSON",
        ),
        pytest.param("[]", "plan.json is not a JSON object", id="no object"),
        pytest.param("{}", "plan.json has no list 'runs'", id="no runs"),
        pytest.param(
            '{"runs": [], "meta": 3}',
            "plan.json line 1: 'meta' is not an object",
            id="meta no object",
        ),
        pytest.param(
            '{"runs": [5]}',
            "plan.json line 1, run 1: expected `object`, got `int`",
            id="run no object",
        ),
        pytest.param(
            '{"runs": [{"start": "2025-01-20", "end": "2025-01-26"}]}',
            "plan.json line 1, run 1: object missing required field `id`",
            id="missing key without id",
        ),
        pytest.param(
            f'{{"runs": [{WEEK}, {{"id": "wk-2", "start": "2025-01-20"}}]}}',
            "plan.json line 1, run 2 ('wk-2'): object missing required field `end`",
            id="missing key",
        ),
        pytest.param(
            '{"runs": [{"id": "wk-1", "strat": "2025-01-20", "end": "2025-01-26", "speed": 3}]}',
            "plan.json line 1, run 1 ('wk-1'): object missing required field `start`, "
            "though it has 'strat'",
            id="key written wrong",
        ),
        pytest.param(
            '{"run": []}', "plan.json has no list 'runs', though it has 'run'", id="near runs"
        ),
        pytest.param(
            '{"runs": [{"id": "a\\u001b", "start": "2025-01-20", "end": "2025-01-26"}]}',
            r"plan.json line 1, run 1 ('a\x1b'): key 'id' holds a control character",
            id="control character",
        ),
        pytest.param("[" * 100_000, "plan.json is nested too deeply", id="nested"),
        pytest.param(
            '{"runs": [], "meta": ' + "9" * 5_000 + "}",
            "plan.json cannot be read: Exceeds the limit (4300 digits) for integer string "
            "conversion: value has 5000 digits; use sys.set_int_max_str_digits() to increase the "
            "limit",
            id="endless number",
        ),
        pytest.param(
            '{"runs": [], "meta": {"output_dir": 3}}',
            "plan.json line 1, 'meta': key 'output_dir': 3: expected `str`, got `int`",
            id="folder that is none",
        ),
        pytest.param(
            '{"runs": [{"id": 3, "start": "2025-01-20", "end": "2025-01-26"}]}',
            "plan.json line 1, run 1 (3): key 'id': 3: expected `str`, got `int`",
            id="id no text",
        ),
        pytest.param(
            '{"runs": [{"id": " ", "start": "2025-01-20", "end": "2025-01-26"}]}',
            "plan.json line 1, run 1 (' '): key 'id': it is empty",
            id="empty id",
        ),
        pytest.param(
            f'{{"runs": [{RUN % ("a", "2025-02-30", "2025-03-01", "")}]}}',
            "plan.json line 1, run 1 ('a'): key 'start': '2025-02-30' is not a date such as "
            "2025-01-20",
            id="bad date",
        ),
        pytest.param(
            f'{{"runs": [{RUN % ("a", "2025-01-26", "2025-01-20", "")}]}}',
            "plan.json line 1, run 1 ('a'): key 'end': 2025-01-20 is before 'start', 2025-01-26",
            id="end before start",
        ),
        pytest.param(
            '{"runs": [\n\n{"id": "a", "start": "2025-01-20", "end": "2025-01-26", "label": 3}]}',
            "plan.json line 3, run 1 ('a'): key 'label': 3: expected `str`, got `int`",
            id="the line is that of the key",
        ),
        pytest.param(
            f'{{"runs": [{WEEK}],\n "meta": {{"a": 1,\n "a": 2}}}}',
            "plan.json line 3: the key 'a' is there twice",
            id="key twice",
        ),
        pytest.param(
            '{"runs": [{"id": "phase0", "start": "2025-01-20", "end": "2025-01-26"}]}',
            "plan.json line 1, run 1 ('phase0'): key 'id': 'phase0' is a name of the results",
            id="name of the results",
        ),
        pytest.param(
            '{"runs": [{"id": "a", "start": "2025-01-20", "end": "2025-01-26",\n'
            '"status": "running"}]}',
            "plan.json line 2, run 1 ('a'): key 'status': 'running' without an entry 'running' "
            "that says who does it",
            id="running by nobody",
        ),
        pytest.param(
            '{"runs": [{"id": "a", "start": "2025-01-20", "end": "2025-01-26",\n'
            '"running": {"host": "h", "pid": "x"}}]}',
            "plan.json line 2, run 1 ('a'): key 'running.pid': expected `int`, got `str`",
            id="running by no process",
        ),
        pytest.param(
            '{"runs": [], "meta": {"clock_type": "SUN"}}',
            "plan.json line 1, 'meta': key 'clock_type': 'SUN': known are WALL, CPU",
            id="no clock",
        ),
        pytest.param(
            '{"runs": [], "meta": {"profiler": "cProfile"}}',
            "plan.json line 1, 'meta': key 'profiler': 'cProfile': known are yappi",
            id="no profiler of ours",
        ),
        pytest.param(
            '{"runs": [], "meta": {"cache_material_ratio": -1}}',
            "plan.json line 1, 'meta': key 'cache_material_ratio': -1: expected `float` > 0.0",
            id="ratio below 0",
        ),
        pytest.param(
            '{"runs": [], "meta": {"output_dir": " "}}',
            "plan.json line 1, 'meta': key 'output_dir': ' ' names no folder",
            id="folder without a name",
        ),
        pytest.param(
            '{"runs": [], "invariants": {"a": true,\n"b": [1]}}',
            "plan.json line 2, 'invariants': key 'b': it is a list",
            id="invariant with many values",
        ),
        pytest.param(
            '{"runs": [], "results": {\n"a": {"wall_seconds_total": "long"}}}',
            "plan.json line 2, result of 'a': key 'wall_seconds_total': 'long': "
            "expected `float | null`, got `str`",
            id="result no number",
        ),
        pytest.param(
            '{"runs": [], "meta": {"x": 1e400}}',
            "plan.json holds 1e400, which no other program takes for a number",
            id="endless float",
        ),
        pytest.param(
            '{"runs": [], "meta": {"x": NaN}}',
            "plan.json holds NaN, which no other program takes for a number",
            id="no number",
        ),
        pytest.param(
            '{"runs": [], "results": {"phase0": {"cache_policy": "Preload"}}}',
            "plan.json line 1, result of 'phase0': key 'cache_policy': 'Preload': "
            "known are single, preload, two_pass",
            id="policy that nobody knows",
        ),
        pytest.param(
            '{"meta": {},\n"runs": 3}', "plan.json line 2 has no list 'runs'", id="runs no list"
        ),
        pytest.param(
            '{"runs": [], "results": {"phase0": 3}}',
            "plan.json line 1, result of 'phase0': it is no object",
            id="result no object",
        ),
        pytest.param(
            f'{{"runs": [{WEEK}, {WEEK}]}}',
            "plan.json line 1, run 2: key 'id': 'wk-1' is the id of run 1, too",
            id="duplicate id",
        ),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_plan(text.encode(), "plan.json")
    assert caught.value.problem == problem
    assert caught.value.hint


def test_a_plan_that_is_not_text_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"plan\.json is not UTF-8 text: byte 1"):
        parse_plan(b'"\xff\xff\xff"', "plan.json")


def test_windows_are_chosen_by_label() -> None:
    plan = plan_of(WEEK, MONTH)
    assert [window.id for window in select_windows(plan, labels=["month"])] == ["mo-1"]


def test_windows_are_chosen_by_id_whatever_their_label() -> None:
    plan = plan_of(WEEK, MONTH)
    chosen = select_windows(plan, ids=["mo-1", "wk-1"], labels=["week"])
    assert [window.id for window in chosen] == ["wk-1", "mo-1"]


@pytest.mark.parametrize(
    ("labels", "ids", "message"),
    [
        pytest.param(
            *((), ("wk-2",)),
            "plan.json has no window 'wk-2'\n  hint: did you mean 'wk-1'?",
            id="unknown id",
        ),
        pytest.param(
            *(("weak",), ()),
            "plan.json has no window for tests with the label 'weak'\n  hint: did you mean 'week'? "
            f"{LABEL_HINT}",
            id="unknown label",
        ),
        pytest.param(
            *(("cache_probe_cold",), ()),
            "plan.json has no window for tests with the label 'cache_probe_cold'\n"
            "  hint: known are 'week' "
            f"{LABEL_HINT}",
            id="label of cache probes",
        ),
        pytest.param(
            *((), ("cold",)),
            "'cold' of plan.json is a cache probe (cache_probe_cold), never a window for tests\n"
            "  hint: name another window",
            id="cache probe",
        ),
    ],
)
def test_what_the_plan_does_not_have_for_tests_is_refused(
    labels: tuple[str, ...], ids: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        select_windows(plan_of(WEEK, PROBE), labels=labels, ids=ids)
    assert str(caught.value) == message


def test_a_plan_without_labels_is_told_where_to_write_one() -> None:
    text = b'{"runs": [{"id": "wk-1", "start": "2025-01-20", "end": "2025-01-26"}]}'
    with pytest.raises(SettingsError) as caught:
        select_windows(parse_plan(text, "plan.json"), labels=["week"])
    assert caught.value.hint == 'give a run of the plan "label": "week"'
