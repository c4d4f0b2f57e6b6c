"""A pytest plugin for ``zacperf recordings``: which recordings the tests of a project would use.

It is loaded by ``-p`` in a pytest that collects only, and writes what it saw. Nothing of pytest's
plugins is imported before they are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_zacperf.recording_scan import ExpectedRecordings

NAMES_VARIABLE = "ZACPERF_RECORDING_NAMES"
# Of the same kind in one test, without names; a test with more of them is not a test.
MOST_ASSERTIONS = 100


def pytest_configure(config: pytest.Config) -> None:
    """Begin to look."""
    config.pluginmanager.register(Collector(), "zacperf-recording-names")


class Collector:
    """Notes every test before any is deselected, and every module that was collected."""

    def __init__(self) -> None:
        self._expected: list[ExpectedRecordings] = []
        self._modules: list[str] = []
        self._problems: list[str] = []

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note what a test would compare with, or why nobody knows."""
        from pytest_zacperf.fixtures import problem_of  # noqa: PLC0415 - as said above

        problem = problem_of(item)
        if problem is not None:
            self._problems.append(problem)
        elif isinstance(item, pytest.Function):
            self._expected.append(_expected(item))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module whose tests are known: it was neither skipped nor could not be imported."""
        if report.outcome == "passed":
            self._modules.append(report.nodeid)

    def pytest_collection_finish(self) -> None:
        """Write it all into the file that the variable names."""
        import msgspec  # noqa: PLC0415 - as said above

        from pytest_zacperf.recording_scan import Collected  # noqa: PLC0415

        collected = Collected(
            tests=self._expected,
            modules=self._modules,
            problem=self._problems[0] if self._problems else None,
        )
        Path(os.environ[NAMES_VARIABLE]).write_bytes(msgspec.json.encode(collected))


def _expected(item: pytest.Function) -> ExpectedRecordings:
    from syrupy.location import PyTestLocation  # noqa: PLC0415 - as said above

    from pytest_zacperf.recording_scan import ExpectedRecordings  # noqa: PLC0415
    from pytest_zacperf.snapshots.files import RecordingExtension  # noqa: PLC0415

    location = PyTestLocation(item)
    return ExpectedRecordings(
        test=item.nodeid,
        folder=RecordingExtension.dirname(test_location=location),
        stems=[
            RecordingExtension.get_file_basename(test_location=location, index=index)
            for index in range(MOST_ASSERTIONS)
        ],
    )
