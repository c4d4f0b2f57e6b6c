"""The profile of a run, as a file of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_zacperf.records import FunctionProfile
from pytest_zacperf.store.files import read_json, write_json

PROFILE_FILE = "profile/functions.json"


def write_profile(folder: Path, functions: Sequence[FunctionProfile]) -> None:
    """Write the functions of a profiled run.

    Raises:
        OSError: What the disk says.

    """
    path = folder / PROFILE_FILE
    path.parent.mkdir(exist_ok=True)
    write_json(path, list(functions))


def read_profile(folder: Path) -> list[FunctionProfile]:
    """Return the functions of a run folder, the longest own time first.

    Raises:
        ZacperfError: The run was not profiled, or the file is damaged.

    """
    return read_json(folder / PROFILE_FILE, list[FunctionProfile])
