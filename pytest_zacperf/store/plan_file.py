"""The plan file: read and written whole, under a lock; knows nothing of what is in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.store import locks
from pytest_zacperf.store.files import write_atomically
from pytest_zacperf.store.locks import Claim


@dataclass(frozen=True, slots=True)
class PlanFile:
    """The file on the disk; where it is a link, what that leads to."""

    path: Path

    def read(self) -> bytes:
        """Return its content.

        Raises:
            SettingsError: It cannot be read.

        """
        try:
            return self.path.read_bytes()
        except OSError as e:
            raise SettingsError(
                f"the plan file {self.path} cannot be read: {e.strerror}",
                "write the date windows into that file, or name another one with --plan",
            ) from e

    @contextlib.contextmanager
    def locked(self, claim: Claim) -> Iterator[None]:
        """Keep all others from changing it; every process that changes it asks for this lock.

        Raises:
            SettingsError: Its folder does not exist.

        """
        folder = self._real.parent
        if not folder.is_dir():
            raise SettingsError(
                f"the plan file {self.path} has no folder", "name another one with --plan"
            )
        with locks.on_folder(folder, claim):
            yield

    def write(self, content: bytes) -> None:
        """Replace its content in one step; call it under the lock.

        Raises:
            OSError: What the disk says.

        """
        target = self._real
        # What a process that was killed while it wrote has left.
        for path in target.parent.glob(f".{target.name}.*.tmp"):
            path.unlink(missing_ok=True)
        write_atomically(target, content)

    @property
    def _real(self) -> Path:
        return self.path.resolve()
