from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.recorded import ENVIRONMENT, environment

from pytest_zacperf.comparability import (
    LONGEST_LINE,
    environment_differences,
    environment_fingerprint,
    one_line_difference,
)
from pytest_zacperf.records import Environment

CHANGES = [
    pytest.param({"python": "CPython 3.12.1"}, "Python 3.11.7 / 3.12.1", id="Python"),
    pytest.param(
        {"python": "PyPy 7.3"}, "Python CPython 3.11.7 / PyPy 7.3", id="implementation of Python"
    ),
    pytest.param({"platform": "Linux 6.2"}, "platform Linux 6.1 / Linux 6.2", id="platform"),
    pytest.param({"machine": "arm64"}, "processor x86_64 Example / arm64", id="processor"),
    pytest.param({"cpus": (3,)}, "processors 2 / 1", id="number of processors"),
    pytest.param({"variables": {"TZ": "CET"}}, "variable TZ UTC / CET", id="variable"),
    pytest.param({"variables": {}}, "variable TZ UTC / none", id="variable that is not set"),
    pytest.param({"variables": {"TZ": ""}}, "variable TZ UTC / ''", id="empty variable"),
    pytest.param({"packages": {"numpy": "2.1"}}, "package numpy 2.0 / 2.1", id="package"),
    pytest.param(
        {"packages": {"numpy": "2.0", "scipy": "1.0"}},
        "package scipy none / 1.0",
        id="package that is not installed",
    ),
]
few = st.sampled_from(["1", "2", "\x1b[0m"])
environments = st.builds(
    Environment,
    python=few,
    platform=few,
    machine=few,
    cpus=st.sampled_from([(0,), (1,), (0, 1)]),
    variables=st.dictionaries(few, few, max_size=2),
    packages=st.dictionaries(few, few, max_size=2),
    git_revision=few,
    git_dirty=st.booleans(),
)


@pytest.mark.parametrize(("changes", "sentence"), CHANGES)
def test_whatever_decides_speed_or_memory_is_named_and_changes_the_fingerprint(
    changes: dict[str, object], sentence: str
) -> None:
    other = environment(**changes)
    assert environment_differences(ENVIRONMENT, other) == [sentence]
    assert one_line_difference(ENVIRONMENT, other) == sentence
    assert environment_fingerprint(other) != environment_fingerprint(ENVIRONMENT)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"git_revision": "other"}, id="revision"),
        pytest.param({"git_dirty": True}, id="changed files"),
        pytest.param({"cpus": (2, 3)}, id="which processors"),
        pytest.param({"packages": dict(ENVIRONMENT.packages)}, id="nothing"),
    ],
)
def test_what_does_not_decide_them_is_no_difference(changes: dict[str, object]) -> None:
    other = environment(**changes)
    assert environment_differences(ENVIRONMENT, other) == []
    assert one_line_difference(ENVIRONMENT, other) is None
    assert environment_fingerprint(other) == environment_fingerprint(ENVIRONMENT)


@given(environments, environments)
def test_environments_have_the_same_fingerprint_when_nothing_differs_and_only_then(
    first: Environment, second: Environment
) -> None:
    differences = environment_differences(first, second)
    same = environment_fingerprint(first) == environment_fingerprint(second)
    assert same == (not differences)
    assert all(sentence.isprintable() for sentence in differences)


def test_of_many_differences_the_line_has_as_many_as_fit_and_the_number_of_the_rest() -> None:
    other = environment(packages={f"package-{number}": "1.0" for number in range(50)})
    line = one_line_difference(ENVIRONMENT, other)
    assert line is not None
    assert line.startswith("package numpy 2.0 / none, package package-0 none / 1.0, ")
    assert line.endswith(" and 46 more")
    assert len(line) <= LONGEST_LINE


def test_a_long_value_is_cut() -> None:
    line = one_line_difference(environment(machine="x" * 500), environment(machine="y" * 500))
    assert line is not None
    assert line.startswith("processor xxx")
    assert len(line) <= LONGEST_LINE
