"""What the tests of engines share: when they are skipped, and a project of their own."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# CI sets it for the environment of an engine: there its absence is a failure.
WANTED = os.environ.get("ZACPERF_TEST_ENGINE", "")


def require(module: str, extra: str) -> None:
    """Skip the tests of a module where a library is not installed.

    In the environment that CI makes for it they fail.
    """
    if importlib.util.find_spec(module) is not None:
        return
    if extra == WANTED:
        raise ModuleNotFoundError(f"the extra {extra} is not installed here; its tests must run")
    pytest.skip(
        f'{module} is not installed: pip install -e ".[{extra}]" in another environment',
        allow_module_level=True,
    )


def project_in(folder: Path, *settings: str) -> Path:
    """Make a project from which the modules of these tests can be imported."""
    text = f'[tool.pytest]\npythonpath = [".", "{TESTS}"]\n[tool.zacperf]\n'
    (folder / "pyproject.toml").write_text(text + "\n".join(settings))
    return folder


def build_nothing(start: object, end: object) -> None:
    """Build what no library runs."""
    del start, end
