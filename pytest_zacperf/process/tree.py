"""All processes of one command, wherever they are now: found by a variable, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator

import psutil

# Children inherit this variable, also those that leave the group or lose their parent.
MARKER = "ZACPERF_PROCESS_TREE"

GRACE_S = 2.0  # for processes that are asked to end, before they are killed
SHORT_S = 0.01


def kill_marked(
    marker: str, *, spare: int | None = None, also: Collection[psutil.Process] = ()
) -> None:
    """Kill every process of a command, wherever it is, but the one that is spared.

    Args:
        marker: Of the command.
        spare: Id of the process that lives on.
        also: Processes that are known to belong to it, whatever their environment says.

    """
    deadline_s = time.monotonic() + GRACE_S
    killed = set(also)
    for process in also:
        _send(process, signal.SIGKILL)
    # What starts while we look is found by the next look. Nobody is waited for by psutil: it would
    # take the exit status of our own child away.
    while time.monotonic() < deadline_s:
        found = [process for process in _marked(marker) if process.pid != spare]
        for process in found:
            _send(process, signal.SIGKILL)
        killed.update(found)
        # One that is about to end has lost its variables already.
        if not any(map(_is_alive, killed)):
            return
        time.sleep(SHORT_S)


def end_tree(
    process: subprocess.Popen[bytes], marker: str, seen: Collection[psutil.Process]
) -> None:
    """End a child of ours and all that it has started: TERM where it still runs, then KILL.

    Args:
        process: The child.
        marker: Of its command.
        seen: Descendants that were seen at any time.

    """
    # Those that were seen once, too: one may have left the tree and dropped our variable.
    tree = {*seen, *(_tree(process.pid, marker) if process.poll() is None else ())}
    try:
        if process.returncode is None:
            _terminate(process, tree)
    finally:  # also when Ctrl-C comes a second time
        # Also after a good end: what it left running would disturb the next run that is timed.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        kill_marked(marker, also=tree)
        process.wait()


def _terminate(process: subprocess.Popen[bytes], tree: Collection[psutil.Process]) -> None:
    # The process itself first: whose children end before it would go on as if they were done.
    for one in sorted(tree, key=lambda one: one.pid != process.pid):
        _send(one, signal.SIGTERM)
    deadline_s = time.monotonic() + GRACE_S
    while any(map(_is_alive, tree)) and time.monotonic() < deadline_s:
        time.sleep(SHORT_S)


def _tree(pid: int, marker: str) -> set[psutil.Process]:
    found = set(_marked(marker))
    with contextlib.suppress(psutil.Error):
        found.add(psutil.Process(pid))
    return found | set(descendants(pid))


def descendants(pid: int) -> list[psutil.Process]:
    """Return the children of a process and theirs, as far as they can be seen."""
    try:
        found: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return found


def _marked(marker: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == marker:
                yield process


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)
