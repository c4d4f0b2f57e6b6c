"""The stored baselines, one file for each request and environment; compares nothing.

They lie in a folder of their own, where no run is pruned and a laptop's and a CI machine's stay
apart when both use one cached folder.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_zacperf.records import Baseline
from pytest_zacperf.store import locks
from pytest_zacperf.store.files import first_line, json_of, write_atomically
from pytest_zacperf.store.folder import create_lock_folder, create_store_folder
from pytest_zacperf.store.locks import Claim

BASELINES_FOLDER = "baselines"
FEWEST_SAMPLES = 5
NAME = re.compile(r"(?P<key>[A-Za-z0-9_-]+)\.(?P<environment>[0-9a-f]{32})\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBaseline:
    """One file among the baselines.

    Attributes:
        path: The file.
        key: The request, as its name has it; empty when the file is not ours.
        baseline: The record; None when it cannot be used.
        problem: Why, in one sentence; None when it can.

    """

    path: Path
    key: str
    baseline: Baseline | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BaselineStore:
    """The baselines in the folder ``.zacperf`` of a project."""

    folder: Path

    @property
    def baselines_folder(self) -> Path:
        """The folder of their files, which need not exist."""
        return self.folder / BASELINES_FOLDER

    def write(self, key: str, environment: str, baseline: Baseline) -> Path:
        """Store the baseline of a request in an environment; the one before is gone.

        Args:
            key: The request: letters, digits, dashes and underscores.
            environment: The environment's fingerprint.
            baseline: What is stored.

        """
        create_store_folder(self.folder)
        self.baselines_folder.mkdir(exist_ok=True)
        path = self._path(key, environment)
        write_atomically(path, json_of(baseline))
        return path

    def read(self, key: str, environment: str) -> Baseline | None:
        """Return the baseline of a request in an environment, or None unless it can be used."""
        try:
            return _read_entry(self._path(key, environment)).baseline
        except FileNotFoundError:
            return None

    def all(self, key: str | None = None) -> Iterator[StoredBaseline]:
        """Yield the files by name, those that cannot be used with the reason.

        Args:
            key: Only those of this request; None for every file.

        """
        folder = self.baselines_folder
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(".") or (key is not None and _key(path) != key):
                continue
            # Another process may have dropped it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                yield _read_entry(path)

    def drop(self, stored: StoredBaseline) -> None:
        """Delete the file of a baseline; it is no error when that is gone already."""
        stored.path.unlink(missing_ok=True)

    def lock(self, claim: Claim) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of whoever replaces or drops a baseline; waits for the one who has it."""
        return locks.exclusive(create_lock_folder(self.folder) / "baselines.lock", claim)

    def _path(self, key: str, environment: str) -> Path:
        return self.baselines_folder / f"{key}.{environment}.json"


def _key(path: Path) -> str:
    match = NAME.fullmatch(path.name)
    return match["key"] if match else ""


def _read_entry(path: Path) -> StoredBaseline:
    key = _key(path)
    if not key:
        problem = f"{path} is no baseline of ours"
        return StoredBaseline(path=path, key=key, problem=problem)
    try:
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except FileNotFoundError:
        raise
    except msgspec.ValidationError as e:
        problem = f"{path} is damaged, or of another version of pytest-zacperf: {first_line(e)}"
    except (msgspec.DecodeError, OSError) as e:
        problem = f"{path} is damaged: {first_line(e)}"
    else:
        if _is_complete(baseline):
            return StoredBaseline(path=path, key=key, baseline=baseline)
        problem = f"{path} is damaged: it has no {FEWEST_SAMPLES} samples with costs above 0"
    return StoredBaseline(path=path, key=key, problem=problem)


def _is_complete(baseline: Baseline) -> bool:
    samples = baseline.samples
    return len(samples) >= FEWEST_SAMPLES and all(
        sample.wall_ns > 0 and sample.cpu_ns >= 0 and sample.peak_memory_bytes > 0
        for sample in samples
    )
