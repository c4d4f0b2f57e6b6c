"""What README promises is what the package does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zacperf.settings import settings_table_lines

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_is_the_one_of_the_options() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert "\n".join(settings_table_lines()) in documented


def test_ci_ends_with_the_test_command_of_the_readme() -> None:
    command = README.split("```console\npython3 -m venv")[1].splitlines()[1]
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == command == "pytest -n 2"


def _block(language: str, number: int = 0) -> str:
    return README.split(f"```{language}\n")[number + 1].partition("```")[0]


def test_the_example_project_records_and_then_passes(pytester: pytest.Pytester) -> None:
    for name, content in (
        ("pyproject.toml", _block("toml")),
        ("plan.json", _block("json")),
        ("gold.py", _block("python")),
        ("test_gold.py", _block("python", 1)),
    ):
        (pytester.path / name).write_text(content, encoding="utf-8")
    update = ("--snapshot-update", "--zacperf-reason", "the first")
    pytester.runpytest_subprocess(*update).assert_outcomes(passed=2)
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=2)
    strategy = pytester.path / "gold.py"
    strategy.write_text(strategy.read_text(encoding="utf-8").replace("250.25", "250.26"))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*fill_price: expected 250.25, was 250.26"])


def test_it_is_short_enough_to_read() -> None:
    assert len(README.splitlines()) <= 120
