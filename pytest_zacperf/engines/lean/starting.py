"""How LEAN is started from here: the counter that goes with it, processors, whose its files are."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_zacperf.engines import Context
from pytest_zacperf.errors import EngineError

HOOK_FOLDER = Path(__file__).parent / "in_container"
HOOK_PLACE = "/perf"
OWNER = "PERF_OWNER"
LONGEST_END_S = 10.0


def hook_folder(context: Context) -> Path:
    """Return a copy of the hook, where Docker Desktop shares folders with its machine."""
    folder = context.working_folder / ".perf"
    shutil.copytree(HOOK_FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def bound_processors() -> tuple[int, ...]:
    """Return the processors this process is bound to; empty where it may use all."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    usable = os.sched_getaffinity(0)
    return tuple(sorted(usable)) if len(usable) < (os.cpu_count() or 1) else ()


def owner() -> dict[str, str]:
    """Return the variable that tells the hook whose the results shall be; root's need no giving."""
    return {OWNER: f"{os.getuid()}:{os.getgid()}"} if os.getuid() else {}


def wait_for(
    command: list[str], folder: Path, log: Path, variables: Mapping[str, str] | None = None
) -> int:
    """Run a command to its end and return its exit status; it is killed if the wait is broken off.

    Args:
        command: To run.
        folder: Its working directory.
        log: File for what it prints.
        variables: Of its environment, beside this process's own.

    Raises:
        EngineError: It cannot be started.

    """
    try:
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603 - what the user's engine names
                command,
                cwd=folder,
                env={**os.environ, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                return process.wait()
            except BaseException:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LONGEST_END_S)
                process.kill()
                raise
    except OSError as e:
        raise EngineError(f"{command[0]} cannot be run: {e.strerror}", "see that path") from e
