"""The profile of a run, as a file of its folder: compact, for nobody reads thousands of calls."""

from __future__ import annotations

from pathlib import Path

from pytest_zacperf.records import Profile
from pytest_zacperf.store.files import ENCODER, read_json, write_atomically

PROFILE_FILE = "profile/profile.json"


def write_profile(folder: Path, profile: Profile) -> None:
    """Write the profile of a run.

    Raises:
        OSError: What the disk says.

    """
    path = folder / PROFILE_FILE
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, profile_bytes(profile))


def profile_bytes(profile: Profile) -> bytes:
    """Return a profile as its file holds it."""
    return ENCODER.encode(profile)


def read_profile(folder: Path) -> Profile:
    """Return the profile of a run folder.

    Raises:
        ZacperfError: The run was not profiled, or the file is damaged.

    """
    return read_json(folder / PROFILE_FILE, Profile)
