"""The window of the conformance tests, and the project they run in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from support.engine_tests import project_in
from support.raising import LINE

from pytest_zacperf.records import Window
from pytest_zacperf.testing import EngineConformance


class TwoDays(EngineConformance):
    """The conformance tests of our engines: two days in an empty project."""

    window = Window(id="two-days", start=dt.date(2025, 10, 1), end=dt.date(2025, 10, 2))
    timezone = "America/New_York"
    raising_line = LINE

    @pytest.fixture(scope="class")
    @classmethod
    def project_root(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Return an empty project."""
        return project_in(tmp_path_factory.mktemp("project"))
