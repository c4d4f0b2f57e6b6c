"""Run a command as a child and write what the kernel says it used; runs inside the container.

Standard library alone. Ends as the command does: with its exit status, or 128 + the signal.
PERF_OUT names the file, PERF_OWNER (uid:gid) whom all that lies beside it shall belong to.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

OUT = "/Results/perf-rusage.json"


def main(command: list[str]) -> int:
    """Run the command; return the exit status to end with."""
    out = Path(os.environ.get("PERF_OUT", OUT))
    start_ns = time.monotonic_ns()
    pid = os.fork()
    if pid == 0:
        try:
            os.execvp(command[0], command)  # noqa: S606 - the command of the start script
        except OSError as e:
            sys.stderr.write(f"{command[0]} cannot be run: {e.strerror}\n")
            os._exit(127)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: os.kill(pid, n))
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    found = {
        "wall_ns": time.monotonic_ns() - start_ns,
        "cpu_ns": round((used.ru_utime + used.ru_stime) * 1e9),
        # In bytes on macOS and in KiB elsewhere.
        "peak_memory_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "exit_status": code,
        "cgroup_memory_peak": _text(Path("/sys/fs/cgroup/memory.peak")),
        "cgroup_cpu_stat": _text(Path("/sys/fs/cgroup/cpu.stat")),
    }
    part = out.with_name(f"{out.name}.part")
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(out)
    _give_away(out.parent, os.environ.get("PERF_OWNER", ""))
    return code if code >= 0 else 128 - code


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return None


def _give_away(folder: Path, owner: str) -> None:
    # What a container's root writes, its user could not even delete.
    if not owner:
        return
    uid, gid = map(int, owner.split(":"))
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            os.chown(path, uid, gid, follow_symlinks=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
