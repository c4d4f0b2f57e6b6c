"""A pytest plugin for ``zacperf recordings``: which recordings the collected tests would use.

It is loaded by ``-p`` in a pytest that collects only, and writes one line for each test and kind.
Nothing of pytest's plugins is imported before they are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zacperf.recording_scan import ExpectedRecording

NAMES_VARIABLE = "ZACPERF_RECORDING_NAMES"
FIXTURE_ENDING = "_snapshot"
# Of the same kind in one test; a test with more of them is not a test.
MOST_ASSERTIONS = 100


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the recordings of all tests into the file that the variable names."""
    import msgspec  # noqa: PLC0415 - as said above

    path = Path(os.environ[NAMES_VARIABLE])
    path.write_bytes(msgspec.json.Encoder().encode_lines(_expected(session.items)))


def _expected(items: list[pytest.Item]) -> Iterator[ExpectedRecording]:
    from syrupy.location import PyTestLocation  # noqa: PLC0415 - as said above

    from pytest_zacperf.fixtures import RECORDED  # noqa: PLC0415
    from pytest_zacperf.recorded_files import RecordingExtension  # noqa: PLC0415
    from pytest_zacperf.recording_scan import ExpectedRecording  # noqa: PLC0415
    from pytest_zacperf.store import ENDINGS  # noqa: PLC0415

    for item in items:
        used = RECORDED.intersection(getattr(item, "fixturenames", ()))
        if not used:
            continue
        location = PyTestLocation(item)
        names = [
            RecordingExtension.get_file_basename(test_location=location, index=index)
            for index in range(MOST_ASSERTIONS)
        ]
        for fixture in sorted(used):
            ending = ENDINGS[fixture.removesuffix(FIXTURE_ENDING)]
            yield ExpectedRecording(
                test=item.nodeid,
                folder=RecordingExtension.dirname(test_location=location),
                names=tuple(f"{name}{ending}" for name in names),
            )
