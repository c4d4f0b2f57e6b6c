"""The disk's own errors, turned into a sentence with the next step."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from pytest_zacperf.errors import RunError

FULL = "free some space there, then run again"
NOT_WRITABLE = "make that folder writable, or copy the project to one that is"
HINTS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: NOT_WRITABLE,
    errno.EACCES: NOT_WRITABLE,
    errno.EPERM: NOT_WRITABLE,
    errno.ENOENT: "let nothing delete that folder while a backtest runs",
}


@contextlib.contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turn the disk's errors into one sentence.

    Raises:
        RunError: The disk is full, read-only, or what else it says.

    """
    try:
        yield
    except OSError as e:
        raise RunError(
            f"runs cannot be stored: {e.filename or folder}: {e.strerror or e}",
            HINTS.get(e.errno or 0, f"look at {folder}"),
        ) from e
