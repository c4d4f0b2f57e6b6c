"""What README promises is what the package does."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf.settings import settings_table_lines

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_is_the_one_of_the_options() -> None:
    assert "\n".join(settings_table_lines()) in README


def test_ci_ends_with_the_test_command_of_the_readme() -> None:
    command = README.split("```console\npython3 -m venv")[1].splitlines()[1]
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == command == "pytest"


def test_it_is_short_enough_to_read() -> None:
    assert len(README.splitlines()) <= 120
