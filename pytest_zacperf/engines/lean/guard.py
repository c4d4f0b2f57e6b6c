"""A process of its own that cleans up after a worker that died: its container, its files.

Standard library alone but for docker-py. Whatever ends a worker (Ctrl-C, a time limit, kill -9)
closes the pipe that this process reads. A worker that has cleaned up itself says so first.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

DONE = b"done"
# Lean's client may have asked for the container and not have got it when it was ended.
LONGEST_START_S = 10.0
LOOK_AGAIN_S = 0.5


def main(arguments: list[str]) -> None:
    """Wait for the end of the worker; then clean up what it has not."""
    plan = json.loads(arguments[0])
    _leave_family()
    said = b""
    while chunk := os.read(0, 64):
        said += chunk
    if said != DONE:
        clean_up(plan["container"], [Path(path) for path in plan["files"]])


def clean_up(container: str | None, files: list[Path]) -> None:
    """Remove files, and kill and remove a container, waiting for one that is being created."""
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()
    if container is None:
        return
    deadline_s = time.monotonic() + LONGEST_START_S
    while not _end(container) and time.monotonic() < deadline_s:
        time.sleep(LOOK_AGAIN_S)


def _end(name: str) -> bool:
    import docker  # noqa: PLC0415 - only where something is left

    with contextlib.suppress(Exception):  # Docker may be gone, too
        client = docker.from_env(timeout=10)
        container = client.containers.get(name)
        with contextlib.suppress(docker.errors.APIError):
            container.kill()
        with contextlib.suppress(docker.errors.APIError):
            container.remove(force=True)
        return True
    return False


def _leave_family() -> None:
    # The runner ends every descendant of a worker that it has ever seen. This process is none of
    # them: it is born when its parent has already lost its own.
    for _ in range(2):
        parent = os.getpid()
        if os.fork():
            os._exit(0)
        while os.getppid() == parent:
            time.sleep(0.01)
        os.setsid()


if __name__ == "__main__":
    main(sys.argv[1:])
