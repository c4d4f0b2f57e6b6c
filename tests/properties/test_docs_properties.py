"""docs/properties.md: its files run as it says, and its counter-example says what it shows."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest

from pytest_zacperf.properties import (
    IncrementalMismatch,
    bar_streams,
    bar_table,
    check_incremental,
)

PAGE = (Path(__file__).parents[2] / "docs" / "properties.md").read_text(encoding="utf-8")
FILE = re.compile(r"```python\n(# (?P<path>\S+)\n.*?)```", re.DOTALL)
FAILURE = PAGE.split("```text\n")[1].partition("```")[0]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    for found in FILE.finditer(PAGE):
        (pytester.path / found["path"]).write_text(found[1], encoding="utf-8")
    return pytester


def test_the_bug_of_the_page_is_found(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("test_indicators.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E *IncrementalMismatch: MeanTrueRange and mean_true_range differ at bar *",
        "E *Failing test case: check_incremental(",
    ])
    # Of the frames the user's own is the only one.
    assert result.outlines.count("test_indicators.py:7: IncrementalMismatch") == 1
    assert not [line for line in result.outlines if "check.py" in line]


def test_the_counter_example_of_the_page_says_what_the_page_says(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(project.path)
    import indicators  # type: ignore[import-not-found]  # noqa: PLC0415 - of the page

    stream = bar_table(FAILURE.split('"""')[1])
    with pytest.raises(IncrementalMismatch) as failed:
        check_incremental(indicators.MeanTrueRange, indicators.mean_true_range, data=stream)
    del sys.modules["indicators"]
    assert FAILURE.startswith(f"{failed.value}\nFailing test case: check_incremental(\n")


@pytest.mark.slow
def test_every_other_file_of_the_page_holds(project: pytest.Pytester) -> None:
    files = {found["path"]: found[1] for found in FILE.finditer(PAGE)}
    tests = [path for path in files if path.startswith("test_") and path != "test_indicators.py"]
    count = sum(files[path].count("\ndef test_") for path in tests)
    assert count > 10
    # What is found in a hundred streams is found in thirty, and the page says how to set that.
    quick = files["conftest.py"].replace("nightly", "quick").replace("10_000", "30")
    (project.path / "conftest.py").write_text(quick, encoding="utf-8")
    result = project.runpytest_subprocess("-n", "2", "--hypothesis-profile", "quick", *tests)
    result.assert_outcomes(passed=count)


def test_every_argument_of_bar_streams_is_on_the_page_with_its_default() -> None:
    for name, parameter in inspect.signature(bar_streams).parameters.items():
        (row,) = [line for line in PAGE.splitlines() if re.match(rf"\|.*`{name}`.*\|.*\|", line)]
        default = row.split("|")[2]
        shown = {"max_price": "10**6", "max_volume": "10**9", "interval_s": "1"}
        wanted = shown.get(name) or str(parameter.default).replace("'", '"')
        assert wanted.replace('",)', '",)') in default, (name, default)


def test_every_policy_is_on_the_page() -> None:
    for policy in ("ignore", "replace", "insert", "count", "raise"):
        assert f'"{policy}"' in PAGE
