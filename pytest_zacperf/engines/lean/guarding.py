"""Starts and stops the process that cleans up after a worker; see ``guard``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_zacperf.engines.lean import guard

# The runner ends whatever carries it: see ``process.MARKER``, which no engine may import.
MARKER = "ZACPERF_PROCESS_TREE"


@contextlib.contextmanager
def guarded(container: str | None, files: Iterable[Path]) -> Iterator[None]:
    """Have a container and files removed if the block does not end well, or this process dies.

    Args:
        container: Its name; None for none.
        files: Whatever is not there is passed over.

    """
    plan = json.dumps({"container": container, "files": [str(path) for path in files]})
    variables = {name: value for name, value in os.environ.items() if name != MARKER}
    process = subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-I", guard.__file__, plan],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=variables,
        start_new_session=True,
    )
    process.wait()  # its first part ends when the second one stands on its own
    pipe = process.stdin
    if pipe is None:
        raise AssertionError
    try:
        yield
        # Not after an error: then something may be left.
        with contextlib.suppress(OSError):
            pipe.write(guard.DONE)
            pipe.flush()
    finally:
        with contextlib.suppress(OSError):
            pipe.close()
