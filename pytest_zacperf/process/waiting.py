"""Wait until a child has ended; know it at once where the system says so."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Sequence

MS_PER_S = 1000


def wait_for_any(children: Sequence[subprocess.Popen[bytes]], timeout_s: float) -> None:
    """Return as soon as one of our children has ended, or after the time.

    ``subprocess`` itself looks every 50 ms, and only at one of them; that is what is left where
    the system offers nothing better.

    Args:
        children: At least one, whose end nobody has noticed.
        timeout_s: Seconds.

    """
    with contextlib.ExitStack() as stack:
        try:
            files = [_end_of(child, stack) for child in children]
        except OSError:  # an old kernel, a sandbox that forbids it, or no file left
            with contextlib.suppress(subprocess.TimeoutExpired):
                children[0].wait(timeout_s)
            return
        ends = select.poll()
        for file in files:
            ends.register(file, select.POLLIN)
        ends.poll(timeout_s * MS_PER_S)


def _end_of(child: subprocess.Popen[bytes], stack: contextlib.ExitStack) -> int:
    if sys.platform != "linux":
        raise OSError
    file = os.pidfd_open(child.pid)
    stack.callback(os.close, file)
    return file
