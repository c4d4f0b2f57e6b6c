import math
from pathlib import PurePath
from typing import Any

import pytest

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.option_table import OPTIONS
from pytest_zacperf.settings import resolve, settings_table_lines
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
    "budget": ("budget_s", None, "20m", 1200.0, "90s", 90.0),
    "inconclusive": ("inconclusive", "skip", "fail", "fail", "WARN", "warn"),
    "schedule": ("schedule", "auto", "alternate", "alternate", "duet", "duet"),
    "clock": ("clock", "auto", "wall", "wall", "cpu", "CPU"),
    "duet_looks": ("duet_looks", (2, 3, 4, 6, 8), [2, 5], (2, 5), "3, 6", (3, 6)),
    "alternate_looks": ("alternate_looks", (5, 8, 11, 15), [4], (4,), "4,9", (4, 9)),
    "blame": ("blame", True, False, False, "false", False),
    "timeout": ("timeout_s", 600.0, "90s", 90.0, "1.5h", 5400.0),
    "cpus": ("cpus", (), [0, 1], (0, 1), "0,2-3", (0, 2, 3)),
    "threads": ("threads", None, 1, 1, "2", 2),
    "keep_runs": ("keep_runs", 200, 10, 10, "20", 20),
    "keep": ("keep_s", 30 * 86_400.0, "2d", 172_800.0, "3h", 10_800.0),
    "against": ("against", None, None, None, "main", "main"),
    "reason": ("reason", None, None, None, "the first", "the first"),
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
            "known are 'engine', 'plan', 'test_labels', 'baseline', 'budget', 'inconclusive', "
            "'schedule', 'clock', 'duet_looks', 'alternate_looks', 'blame', 'timeout', 'cpus', "
            "'threads', 'keep_runs', 'keep'",
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
            {"threads": 0},
            "[tool.zacperf] threads: 0 is not a count",
            "write a whole number from 1, such as 5",
            id="no threads",
        ),
        pytest.param(
            {"threads": True},
            "[tool.zacperf] threads: True is not a count",
            "write a whole number from 1, such as 5",
            id="boolean count",
        ),
        pytest.param(
            {"threads": "3"},
            "[tool.zacperf] threads: '3' is not a count",
            "write a whole number from 1, such as 5",
            id="text of a count, which only the flag takes",
        ),
        pytest.param(
            {"inconclusive": "ignore"},
            "[tool.zacperf] inconclusive: 'ignore' is none of its values",
            "write one of skip, fail, warn",
            id="none of the values",
        ),
        pytest.param(
            {"blame": "no"},
            "[tool.zacperf] blame: 'no' is not true or false",
            "write one of them without quotes",
            id="no boolean",
        ),
        *(
            pytest.param(
                {"duet_looks": looks},
                f"[tool.zacperf] duet_looks: {looks!r} are no numbers of pairs",
                "write growing whole numbers from 2, such as [2, 4, 8]",
                id=f"looks {looks}",
            )
            for looks in ([], [1, 2], [3, 3], [4, 2], "two", 1.5)
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
    assert lines[6].startswith("| `budget` | `--zacperf-budget DURATION` | none | How long")
    assert lines[7].startswith(r"| `inconclusive` | `--zacperf-inconclusive skip\|fail\|warn` | ")
    assert lines[12].startswith("| `blame` | `--zacperf-no-blame` | `true` | ")
    assert lines[-2].startswith("| flag only | `--zacperf-against REV` | none | ")
    assert lines[-1].startswith("| flag only | `--zacperf-reason TEXT` | none | ")
