from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

WINDOW_TEST = """
import pytest

{mark}
def test_window(window):
    print("window", window.id, window.start)
"""
USES_BACKTEST = """
def test_run(backtest):
    assert backtest.run.status == "done"
"""


@pytest.mark.parametrize(
    ("mark", "flags", "windows"),
    [
        pytest.param("", [], ["wk-1", "wk-2"], id="labels of the settings"),
        pytest.param('@pytest.mark.window("mo-1", "wk-2")', [], ["wk-2", "mo-1"], id="ids"),
        pytest.param('@pytest.mark.window(label="month")', [], ["mo-1"], id="label"),
        pytest.param("", ["--zacperf-window=mo-1"], ["mo-1"], id="flag beats labels"),
        pytest.param(
            "", ["--zacperf-test-labels=month,week"], ["wk-1", "wk-2", "mo-1"], id="labels"
        ),
        pytest.param(
            '@pytest.mark.window("wk-1", "wk-2")', ["--zacperf-window=wk-2"], ["wk-2"], id="both"
        ),
    ],
)
def test_a_test_runs_once_for_each_of_its_windows(
    pytester: pytest.Pytester, project: Project, mark: str, flags: list[str], windows: list[str]
) -> None:
    project.write("test_it.py", WINDOW_TEST.format(mark=mark))
    result = pytester.runpytest("-v", *flags)
    result.assert_outcomes(passed=len(windows))
    result.stdout.fnmatch_lines([
        f"test_it.py::test_window[[]{name}[]] PASSED*" for name in windows
    ])


def test_a_test_whose_windows_are_all_excluded_is_skipped_with_the_reason(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.write("test_it.py", WINDOW_TEST.format(mark='@pytest.mark.window("wk-1")'))
    result = pytester.runpytest("-rs", "--zacperf-window=wk-2")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*--zacperf-window leaves this test no window"])


def test_a_projects_own_window_fixture_is_left_alone(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.fixture
        def window():
            return 20

        def test_own_fixture(window):
            assert window == 20

        @pytest.mark.parametrize("window", [5, 10])
        def test_own_parameter(window):
            assert window in (5, 10)
        """.replace("\n        ", "\n"),
    )
    pytester.runpytest().assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        pytest.param(
            '@pytest.mark.window("wk-3")',
            "ERROR: test_it.py::test_window: plan.json has no window 'wk-3'",
            id="unknown id",
        ),
        pytest.param(
            '@pytest.mark.window(label="weak")',
            "ERROR: test_it.py::test_window: plan.json has no window for tests with the label *",
            id="unknown label",
        ),
        pytest.param(
            "@pytest.mark.window()",
            "ERROR: test_it.py::test_window: the marker window() cannot be used",
            id="no argument",
        ),
        pytest.param(
            '@pytest.mark.window("wk-1", label="week")',
            "ERROR: test_it.py::test_window: the marker window('wk-1', label='week') cannot be *",
            id="ids and a label",
        ),
        pytest.param(
            '@pytest.mark.window(labels="week")',
            "ERROR: test_it.py::test_window: the marker window(labels='week') cannot be used",
            id="unknown argument",
        ),
        pytest.param(
            "@pytest.mark.window(1)",
            "ERROR: test_it.py::test_window: the marker window(1) cannot be used",
            id="id that is no text",
        ),
    ],
)
def test_a_bad_marker_stops_the_session_with_the_test(
    pytester: pytest.Pytester, project: Project, mark: str, message: str
) -> None:
    project.write("test_it.py", WINDOW_TEST.format(mark=mark))
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message.replace("[", "[[]"), "  hint: ?*"])


def test_a_problem_of_a_deselected_test_stops_nothing(
    pytester: pytest.Pytester, project: Project
) -> None:
    project.configure()
    project.write("test_it.py", USES_BACKTEST + "\ndef test_other():\n    pass\n")
    pytester.runpytest("-k", "other").assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("xdist", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("settings", "plan", "message"),
    [
        pytest.param(
            (),
            "{",
            (
                "ERROR: test_it.py::test_run: no engine is set, so there is no backtest to run",
                '  hint: set engine = *; engine = "zacqc" is the embedded *(zacperf demo writes *)',
            ),
            id="no engine, before the plan is read",
        ),
    ],
)
def test_a_session_that_cannot_run_a_backtest_stops_with_a_sentence(
    project: Project,
    settings: tuple[str, ...],
    plan: str,
    message: tuple[str, str],
    xdist: tuple[str, ...],
) -> None:
    project.configure(*settings)
    project.write("test_it.py", USES_BACKTEST)
    project.write("plan.json", plan)
    result = project.run(*xdist)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(message, consecutive=True)
    for stream in (result.stdout, result.stderr):
        stream.no_fnmatch_line("*Traceback*")
        stream.no_fnmatch_line("*INTERNALERROR*")


def test_a_missing_plan_fails_the_test_alone(pytester: pytest.Pytester, project: Project) -> None:
    (pytester.path / "plan.json").unlink()
    project.write("test_it.py", USES_BACKTEST + "\ndef test_other():\n    pass\n")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([
        "the plan file plan.json cannot be read below *: No such *",
        "  hint: write the date windows into that file, or set plan under [[]tool.zacperf[]]",
    ])


def test_the_markers_are_explained(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines([
        "@pytest.mark.perf(allow_different_work=False): compares what backtests cost: *",
        "@pytest.mark.parity(tolerance={}): compares what backtests did *",
        '@pytest.mark.window("id", ..., label=None): the windows of the plan *',
    ])


def test_a_session_without_backtests_says_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*zacperf ===*")


def test_a_run_is_shared_by_all_tests_and_shown_once(project: Project) -> None:
    project.write(
        "test_it.py",
        """
import pytest

@pytest.mark.parametrize("number", range(3))
@pytest.mark.window("wk-1")
def test_run(backtest, number):
    assert backtest.run.work.orders == 2
""",
    )
    result = project.run()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*= zacperf =*",
            "window  engine                            orders  order events *  run by",
            "wk-1    function strategy:run_backtest 1       2             4 * main",
            "warning: wk-1: MCD has no bars on 2025-01-20",
            "*= 3 passed *",
        ],
        consecutive=True,
    )
