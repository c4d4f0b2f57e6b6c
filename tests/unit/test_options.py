import pytest

PROBE = """
from pytest_zacperf.session import SESSION

def test_threads(pytestconfig):
    assert pytestconfig.stash[SESSION].settings.threads == {expected}
"""


@pytest.mark.parametrize(
    ("flag", "table", "expected"),
    [
        pytest.param([], "", None, id="default"),
        pytest.param([], "[tool.zacperf]\nthreads = 3", 3, id="table beats default"),
        pytest.param(
            ["--zacperf-threads=7"], "[tool.zacperf]\nthreads = 3", 7, id="flag beats table"
        ),
    ],
)
def test_precedence(
    pytester: pytest.Pytester, flag: list[str], table: str, expected: int | None
) -> None:
    pytester.makefile(".toml", pyproject=table)
    pytester.makepyfile(PROBE.format(expected=expected))
    pytester.runpytest("--rootdir=.", *flag).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("flag", "content", "message"),
    [
        pytest.param(
            [],
            "[tool.zacperf]\nengin = 'a'",
            "ERROR: [[]tool.zacperf[]] has an unknown key 'engin'",
            id="unknown key",
        ),
        pytest.param(
            ["--zacperf-threads=many"],
            "",
            "ERROR: --zacperf-threads: 'many' is not a count",
            id="flag",
        ),
        pytest.param(
            [], "tool.zacperf = 3", "ERROR: *pyproject.toml: zacperf = 3 is not a table", id="table"
        ),
    ],
)
def test_a_bad_setting_stops_pytest_with_a_sentence(
    pytester: pytest.Pytester, flag: list[str], content: str, message: str
) -> None:
    pytester.makefile(".toml", pyproject=content)
    result = pytester.runpytest(*flag, "--rootdir=.")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message, "  hint: ?*"])
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[tool.zacperf]\nthreads = = 3",
            "ERROR: *pyproject.toml is not TOML: * line 2, column 11)",
        ),
        ("tool = 3\nthreads = 3", None),
    ],
)
def test_a_settings_file_that_pytest_itself_does_not_read_is_judged_too(
    pytester: pytest.Pytester, content: str, message: str | None
) -> None:
    pytester.makefile(".toml", pyproject=content)
    pytester.makeini("[pytest]")
    pytester.makepyfile(PROBE.format(expected=None))
    result = pytester.runpytest("-c", "tox.ini")
    if message is None:
        result.assert_outcomes(passed=1)
    else:
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([message])


def test_the_flags_are_explained(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--help").stdout.fnmatch_lines([
        "performance and parity of backtests:",
        "  --zacperf-engine*MODULE:OBJECT*",
        "  --zacperf-window*ID,...*",
    ])
