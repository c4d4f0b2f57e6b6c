from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.bad_input import (
    BOTH,
    PLAN,
    shown_frames,
)

from pytest_zacperf.plan import EXAMPLE

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

# More settings, the plan, flags; what pytest says and what it proposes.
ENGINE = 'engine = "strategy:engine"'
TEST = "test_it.py::test_backtest: "
USAGE = (
    pytest.param(
        *(['engin = "a:b"'], PLAN, []),
        *("[tool.zacperf] has an unknown key 'engin'", "did you mean 'engine'?"),
        id="unknown key",
    ),
    pytest.param(
        *([ENGINE, 'threads = "3"'], PLAN, []),
        "[tool.zacperf] threads: '3' is not a count",
        "write a whole number from 1, such as 5",
        id="text for a number",
    ),
    pytest.param(
        *([ENGINE, "timeout = 10"], PLAN, []),
        "[tool.zacperf] timeout: 10 is not a duration",
        "write a positive number and a unit, such as '10m'",
        id="number for a duration",
    ),
    pytest.param(
        *(["engine = 3"], PLAN, []),
        *("[tool.zacperf] engine: 3 is not a text", "write a string that is not empty"),
        id="number for a text",
    ),
    pytest.param(
        *([ENGINE, "test_labels = [1]"], PLAN, []),
        "[tool.zacperf] test_labels: [1] is not a list of names",
        "write for example ['week', 'month']",
        id="numbers for names",
    ),
    pytest.param(
        *([ENGINE, "baseline = { days = [1] }"], PLAN, []),
        "[tool.zacperf] baseline: days = [1] is not a parameter",
        "write a text, a number or a boolean",
        id="list for a parameter",
    ),
    pytest.param(
        *([ENGINE, "cpus = -1"], PLAN, []),
        "[tool.zacperf] cpus: -1 names no processors",
        "write for example 1, [0, 1] or '0-1'",
        id="negative processor",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-threads=many"]),
        *("--zacperf-threads: 'many' is not a count", "write a whole number from 1, such as 5"),
        id="bad flag",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-window=wk-9"]),
        *(f"{TEST}plan.json has no window 'wk-9'", "did you mean 'wk-1'?"),
        id="unknown window",
    ),
    pytest.param(
        *([ENGINE], PLAN, ["--zacperf-test-labels=weak"]),
        f"{TEST}plan.json has no window for tests with the label 'weak'",
        "did you mean 'week'? (test_labels under [tool.zacperf] chooses labels, "
        '"label" in the plan gives a window one)',
        id="unknown label",
    ),
)
# The plan; what the report of a test says that has no window for it.
PLANS = (
    pytest.param(
        *([ENGINE], '{"runs": [,]}', []),
        "plan.json is not JSON: Expecting value at line 1, column 11",
        "correct that place; a comma after the last element and a comment are usual causes",
        id="plan that is no JSON",
    ),
    pytest.param(
        *([ENGINE], "[" * 100_000, []),
        *("plan.json is nested too deeply", 'begin it with {"runs": ['),
        id="plan that is endless",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("runs", "run"), []),
        *("plan.json has no list 'runs', though it has 'run'", f'write "runs": [{EXAMPLE}]'),
        id="plan without runs",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("start", "strat"), []),
        "plan.json line 1, run 1 ('wk-1'): object missing required field `start`, "
        "though it has 'strat'",
        f"write it as {EXAMPLE}",
        id="plan with an unknown key",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace('"week"', "3"), []),
        "plan.json line 1, run 1 ('wk-1'): key 'label': 3: expected `str`, got `int`",
        f"write it as {EXAMPLE}",
        id="plan with a number for a text",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("2025-01-20", "2025-01-32"), []),
        "plan.json line 1, run 1 ('wk-1'): key 'start': '2025-01-32' is not a date such as "
        "2025-01-20",
        f"write it as {EXAMPLE}",
        id="day that does not exist",
    ),
    pytest.param(
        *([ENGINE], PLAN.replace("2025-01-20", "2025-01-27"), []),
        "plan.json line 1, run 1 ('wk-1'): key 'end': 2025-01-26 is before 'start', 2025-01-27",
        "both days are part of the window; exchange them",
        id="end before start",
    ),
)


@pytest.mark.parametrize(("settings", "plan", "flags", "problem", "hint"), USAGE)
def test_a_setting_that_cannot_be_used_stops_pytest_with_the_next_step(  # noqa: PLR0913, PLR0917 - a row
    project: Project,
    settings: list[str],
    plan: str,
    flags: list[str],
    problem: str,
    hint: str,
) -> None:
    project.configure(*settings)
    project.write("plan.json", plan)
    project.write("test_it.py", BOTH.replace('@pytest.mark.window("wk-1")', ""))
    require_usage_error(project.pytester.runpytest(*flags), problem, hint)


@pytest.mark.parametrize(
    ("settings", "plan", "flags", "problem", "hint"), [USAGE[0], USAGE[8], USAGE[9]]
)
def test_it_stops_the_workers_of_xdist_as_well(  # noqa: PLR0913, PLR0917 - a row
    project: Project,
    settings: list[str],
    plan: str,
    flags: list[str],
    problem: str,
    hint: str,
) -> None:
    project.configure(*settings)
    project.write("plan.json", plan)
    project.write("test_it.py", BOTH.replace('@pytest.mark.window("wk-1")', ""))
    require_usage_error(project.run("-n", "2", *flags), problem, hint)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(("settings", "plan", "flags", "problem", "hint"), PLANS)
def test_a_plan_that_cannot_be_used_fails_the_tests_with_a_window_alone(  # noqa: PLR0913, PLR0917 - a row
    project: Project,
    settings: list[str],
    plan: str,
    flags: list[str],
    problem: str,
    hint: str,
    arguments: tuple[str, ...],
) -> None:
    project.configure(*settings)
    project.write("plan.json", plan)
    project.write("test_it.py", BOTH.replace('@pytest.mark.window("wk-1")', ""))
    result = project.pytester.runpytest(*flags, *arguments)
    result.assert_outcomes(errors=1, passed=1)
    assert result.outlines.count(problem) == 1
    assert result.outlines[result.outlines.index(problem) + 1] == f"  hint: {hint}"
    assert shown_frames([*result.outlines, *result.errlines]) == []


def require_usage_error(result: pytest.RunResult, problem: str, hint: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines.count(f"ERROR: {problem}") == 1
    assert result.errlines[result.errlines.index(f"ERROR: {problem}") + 1] == f"  hint: {hint}"
    assert shown_frames([*result.outlines, *result.errlines]) == []
