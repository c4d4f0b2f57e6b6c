"""A process of our own: started in a group of its own, watched, and ended with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TICK_S = 0.1
GRACE_S = 2.0  # for a process that is asked to end, before it is killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is started, where, and where its output goes."""

    arguments: tuple[str, ...]
    cwd: Path
    stdout: Path
    stderr: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended: its exit status, and whether that was before its time limit."""

    exit_status: int
    in_time: bool


def run_process(
    command: Command, *, timeout_s: float | None, on_tick: Callable[[int], None]
) -> Ended:
    """Run a command to its end, or to its time limit.

    Its stdin is a pipe that stays open as long as this process lives, so that it can tell. Whatever
    it leaves running in its process group is ended too.

    Args:
        command: What to run.
        timeout_s: Time limit; None waits for ever.
        on_tick: Called with the process's id about every 100 ms.

    Raises:
        OSError: It cannot be started.

    """
    with _started(command) as process:
        in_time = _wait(process, timeout_s, on_tick)
    return Ended(exit_status=process.returncode, in_time=in_time)


@contextlib.contextmanager
def _started(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    with (
        command.stdout.open("wb") as stdout,
        command.stderr.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - our own commands
            command.arguments,
            cwd=command.cwd,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            _end(process)


def _wait(
    process: subprocess.Popen[bytes], timeout_s: float | None, on_tick: Callable[[int], None]
) -> bool:
    deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TICK_S)
            return True
        if deadline_s is not None and time.monotonic() >= deadline_s:
            return False
        on_tick(process.pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    # Also after a good end: what it left running would disturb the next run that is timed.
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
