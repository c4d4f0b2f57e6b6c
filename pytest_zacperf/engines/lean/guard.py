"""A process of its own that cleans up after a worker that died: its container, its files.

Standard library alone but for docker-py. Whatever ends a worker (Ctrl-C, a time limit, kill -9)
closes the pipe that this process reads. A worker that has cleaned up itself says so first.
"""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

DONE = b"done"
# What Lean's client writes into a project's config.json unasked.
CLIENT_ID = "local-id"
# Lean's client may have asked for the container and not have got it when it was ended.
LONGEST_START_S = 10.0
LOOK_AGAIN_S = 0.5


def main() -> None:
    """Wait for the end of the worker; then clean up what it has not.

    The first line of stdin is the plan: not an argument, which others would see.
    """
    _leave_family()
    said = b""
    while chunk := os.read(0, 65_536):
        said += chunk
    plan, _, ending = said.partition(b"\n")
    if ending != DONE:
        clean_up(json.loads(plan))


def clean_up(plan: dict[str, Any]) -> None:
    """Remove files and folders, undo what the client wrote, and end the container.

    Args:
        plan: ``container``: its name, or None; ``files`` and ``folders``: to remove; ``restored``:
            JSON files to the text they had, or None where they were not there.

    """
    for path in plan["files"]:
        with contextlib.suppress(OSError):
            Path(path).unlink()
    if plan["container"] is not None:
        deadline_s = time.monotonic() + LONGEST_START_S
        while not _end(plan["container"]) and time.monotonic() < deadline_s:
            time.sleep(LOOK_AGAIN_S)
    # Last: until then the client may have written there.
    for path, before in plan["restored"].items():
        restore(Path(path), before)
    for path in plan["folders"]:
        shutil.rmtree(path, ignore_errors=True)


def text_of(file: Path) -> str | None:
    """Return what a file holds, whatever its encoding; None where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def restore(file: Path, before: str | None) -> None:
    """Give a JSON file the text that it had, if nothing but the client's own id was added."""
    after = text_of(file)
    if after == before or _without_id(after) != _without_id(before):
        return
    with contextlib.suppress(OSError):
        if before is None:
            file.unlink()
        else:
            file.write_text(before, encoding="utf-8", errors="surrogateescape")


def _without_id(text: str | None) -> object:
    try:
        content = json.loads(text or "{}")
    except ValueError:
        return text
    if not isinstance(content, dict):
        return text
    return {name: value for name, value in content.items() if name != CLIENT_ID}


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
    main()
