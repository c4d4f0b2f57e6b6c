"""The plan file: read and written whole, under a lock; knows nothing of what is in it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.store import locks
from pytest_zacperf.store.files import staged
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
            OSError: Its folder does not exist.

        """
        with locks.on_folder(self._real.parent, claim):
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
        with staged(target, content) as temporary:
            shutil.copymode(target, temporary)
            temporary.replace(target)

    @property
    def _real(self) -> Path:
        return self.path.resolve()
