import math
from pathlib import PurePath
from typing import Any

import pytest

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.settings import OPTIONS, resolve, settings_table_lines
from pytest_zacperf.values import nearest, parse_parameter

# name: (field, default in force, table value, its value in force, flag text, its value in force)
PRECEDENCE: dict[str, tuple[Any, ...]] = {
    "engine": ("engine", None, "a:b", "a:b", "c:d", "c:d"),
    "plan": (
        *("plan", PurePath("profiling_plan.json")),
        *("a.json", PurePath("a.json"), "b.json", PurePath("b.json")),
    ),
    "test_labels": (
        *("test_labels", ("week",)),
        *(["month"], ("month",), "week, month", ("week", "month")),
    ),
    "baseline": (
        *("baseline", {}, {"metrics": "full"}, {"metrics": "full"}),
        *("metrics=full,lookback=20", {"metrics": "full", "lookback": 20}),
    ),
    "rounds": ("rounds", 5, 3, 3, "7", 7),
    "timeout": ("timeout_s", 600.0, "90s", 90.0, "1.5h", 5400.0),
    "cpus": ("cpus", (), [0, 1], (0, 1), "0,2-3", (0, 2, 3)),
    "threads": ("threads", None, 1, 1, "2", 2),
    "keep_runs": ("keep_runs", 200, 10, 10, "20", 20),
    "keep": ("keep_s", 30 * 86_400.0, "2d", 172_800.0, "3h", 10_800.0),
    "window": ("window", (), None, (), "wk-1,wk-2", ("wk-1", "wk-2")),
}


def test_every_option_has_a_precedence_case() -> None:
    assert PRECEDENCE.keys() == {option.name for option in OPTIONS}


@pytest.mark.parametrize("name", PRECEDENCE)
def test_the_flag_beats_the_table_and_the_table_the_default(name: str) -> None:
    field, default, in_table, from_table, flag, from_flag = PRECEDENCE[name]
    table = {} if in_table is None else {name: in_table}
    assert getattr(resolve({}, {}), field) == default
    assert getattr(resolve(table, {name: None}), field) == from_table
    assert getattr(resolve(table, {name: str(flag)}), field) == from_flag


@pytest.mark.parametrize(
    ("table", "problem", "hint"),
    [
        pytest.param(
            {"engin": "a:b"},
            "[tool.zacperf] has an unknown key 'engin'",
            "did you mean 'engine'?",
            id="unknown key, near",
        ),
        pytest.param(
            {"zzz": 1},
            "[tool.zacperf] has an unknown key 'zzz'",
            "known are 'engine', 'plan', 'test_labels', 'baseline', 'rounds', 'timeout', "
            "'cpus', 'threads', 'keep_runs', 'keep'",
            id="unknown key, far",
        ),
        pytest.param(
            {"window": "wk-1"},
            "[tool.zacperf] cannot hold 'window'",
            "use the flag --zacperf-window",
            id="flag only",
        ),
        pytest.param(
            {"engine": ""},
            "[tool.zacperf] engine: '' is not a text",
            "write a string that is not empty",
            id="empty text",
        ),
        pytest.param(
            {"test_labels": 3},
            "[tool.zacperf] test_labels: 3 is not a list of names",
            "write for example ['week', 'month']",
            id="no list",
        ),
        pytest.param(
            {"test_labels": []},
            "[tool.zacperf] test_labels: [] holds no name, or an empty one",
            "write for example ['week']",
            id="empty list",
        ),
        pytest.param(
            {"baseline": "full"},
            "[tool.zacperf] baseline: 'full' is not KEY=VALUE,...",
            "write for example metrics=full",
            id="parameters without a key",
        ),
        pytest.param(
            {"baseline": 3},
            "[tool.zacperf] baseline: 3 is no table of parameters",
            'write { metrics = "full" }',
            id="no parameters",
        ),
        pytest.param(
            {"baseline": {"days": [1]}},
            "[tool.zacperf] baseline: days = [1] is not a parameter",
            "write a text, a number or a boolean",
            id="parameter that is a list",
        ),
        pytest.param(
            {"rounds": 0},
            "[tool.zacperf] rounds: 0 is not a count",
            "write a whole number from 1, such as 5",
            id="no rounds",
        ),
        pytest.param(
            {"rounds": True},
            "[tool.zacperf] rounds: True is not a count",
            "write a whole number from 1, such as 5",
            id="boolean rounds",
        ),
        pytest.param(
            {"rounds": "3"},
            "[tool.zacperf] rounds: '3' is not a count",
            "write a whole number from 1, such as 5",
            id="text of rounds, which only the flag takes",
        ),
        pytest.param(
            {"baseline": {"lookback": math.nan}},
            "[tool.zacperf] baseline: lookback = nan is not a finite number",
            "write another one",
            id="parameter that JSON cannot hold",
        ),
        pytest.param(
            {"plan": "a\0b"},
            r"[tool.zacperf] plan: 'a\x00b' holds a control character",
            "leave it out",
            id="control character",
        ),
        pytest.param(
            {"timeout": 600},
            "[tool.zacperf] timeout: 600 is not a duration",
            "write a positive number and a unit, such as '10m'",
            id="duration without a unit",
        ),
        pytest.param(
            {"timeout": "0s"},
            "[tool.zacperf] timeout: '0s' is not a duration",
            "write a positive number and a unit, such as '10m'",
            id="no duration",
        ),
    ],
)
def test_a_bad_table_is_refused_with_the_next_step(
    table: dict[str, object], problem: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve(table, {})
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_a_bad_flag_is_named() -> None:
    with pytest.raises(SettingsError, match="--zacperf-test-labels: ',' holds no name"):
        resolve({}, {"test_labels": ","})


@pytest.mark.parametrize(
    ("text", "value"),
    [("20", 20), ("1e-3", 0.001), ("TRUE", True), ("false", False), ("none", None), ("nan", "nan")],
)
def test_a_parameter_on_the_command_line_gets_its_type(text: str, value: object) -> None:
    assert parse_parameter(text) == value
    assert type(parse_parameter(text)) is type(value)


def test_without_known_names_nothing_is_near() -> None:
    assert nearest("a", []) == "there are none"


def test_the_markdown_table_has_a_row_for_every_option() -> None:
    lines = settings_table_lines()
    assert lines[0] == "| `[tool.zacperf]` | flag | default | meaning |"
    assert len(lines) == len(OPTIONS) + 2
    assert lines[6].startswith("| `rounds` | `--zacperf-rounds N` | `5` | Pairs of runs")
    assert lines[-1].startswith("| flag only | `--zacperf-window ID,...` | none | ")
