"""What a container uses, seen from outside while it runs: for runs whose own count is missing.

Docker's statistics come once a second, /proc is read five times a second; both miss short peaks of
memory but the kernel's own mark.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_zacperf.engines import Figure
from pytest_zacperf.engines.lean.docker_client import Client, Container, container_named
from pytest_zacperf.units import NS_PER_S

DOCKER_STATS, PROC = "docker-stats", "proc"
PROC_FOLDER = Path("/proc")
LOOK_S = 0.2
LONGEST_END_S = 2.0


@dataclass(slots=True)
class Seen:
    """What one source has shown so far; None where it has shown nothing."""

    source: str
    cpu_ns: int | None = None
    peak_memory_bytes: int | None = None

    def note(self, *, cpu_ns: int | None = None, memory_bytes: int | None = None) -> None:
        """Keep the highest of each: both only grow, and the last sample may be of an empty one."""
        if cpu_ns is not None:
            self.cpu_ns = max(cpu_ns, self.cpu_ns or 0)
        if memory_bytes is not None:
            self.peak_memory_bytes = max(memory_bytes, self.peak_memory_bytes or 0)

    @property
    def cpu(self) -> Figure | None:
        """CPU time in ns."""
        return None if self.cpu_ns is None else Figure(value=self.cpu_ns, source=self.source)

    @property
    def peak_memory(self) -> Figure | None:
        """Highest memory in bytes."""
        memory = self.peak_memory_bytes
        return None if memory is None else Figure(value=memory, source=self.source)


@dataclass(slots=True)
class ContainerWatch:
    """Watches a container by its name, from before it exists until it is gone.

    Attributes:
        client: Of Docker.
        name: Of the container.
        cpus: Processors it is bound to as soon as it is there; empty for no restriction.
        problems: What could not be done, in sentences.
        stats: What Docker's statistics showed.
        proc: What the kernel showed; only on the machine that runs the container.

    """

    client: Client
    name: str
    cpus: tuple[int, ...] = ()
    problems: list[str] = field(default_factory=list)
    stats: Seen = field(default_factory=lambda: Seen(DOCKER_STATS))
    proc: Seen = field(default_factory=lambda: Seen(PROC))
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        thread = threading.Thread(target=self._watch, name="container watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(LONGEST_END_S)

    def _watch(self) -> None:
        # Whatever Docker does not answer is a figure less, and never the end of a run.
        with contextlib.suppress(Exception):
            container = self._awaited()
            if container is None:
                return
            if self.cpus:
                self._bind(container)
            reader = threading.Thread(target=self._read_stats, args=(container,), daemon=True)
            reader.start()
            self._read_proc(container)

    def _bind(self, container: Container) -> None:
        try:
            container.update(cpuset_cpus=",".join(map(str, self.cpus)))
        except Exception as e:  # noqa: BLE001 - whatever it was, the run goes on
            self.problems.append(
                f"the container could not be kept to processors {list(self.cpus)}: {e}"
            )

    def _awaited(self) -> Container | None:
        while not self._ended.is_set():
            container = container_named(self.client, self.name)
            if container is not None and container.status == "running":
                return container
            self._ended.wait(LOOK_S)
        return None

    def _read_stats(self, container: Container) -> None:
        with contextlib.suppress(Exception):
            for sample in container.stats(stream=True, decode=True):
                if self._ended.is_set():
                    return
                note_stats(self.stats, sample)

    def _read_proc(self, container: Container) -> None:
        # LEAN's start script ends in exec, so that this process is LEAN. Where Docker is another
        # machine, a stranger has its number here.
        pid = int(container.attrs["State"].get("Pid") or 0)
        while is_lean(pid) and not self._ended.wait(LOOK_S) and note_proc(self.proc, pid):
            pass


def note_stats(seen: Seen, sample: Mapping[str, Any]) -> None:
    """Note one sample of Docker's statistics: CPU time, and memory as ``docker stats`` shows it."""
    cpu_ns = sample.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
    if cpu_ns:
        seen.note(cpu_ns=int(cpu_ns))
    memory = sample.get("memory_stats", {})
    if "usage" in memory:
        details = memory.get("stats", {})
        # Pages of files that are only cached; the second name is that of cgroup v1.
        cached = details.get("inactive_file", details.get("total_inactive_file", 0))
        seen.note(memory_bytes=int(memory["usage"]) - int(cached))


def is_lean(pid: int, proc: Path = PROC_FOLDER) -> bool:
    """Return whether a process of this machine is LEAN, or the script that starts it."""
    try:
        return pid > 0 and b"lean" in (proc / str(pid) / "cmdline").read_bytes().lower()
    except OSError:
        return False


def note_proc(seen: Seen, pid: int, proc: Path = PROC_FOLDER) -> bool:
    """Note what the kernel says of a process; return whether it is there.

    Args:
        seen: Where to note it.
        pid: Of the process.
        proc: Where the kernel's process files are.

    """
    try:
        status = (proc / str(pid) / "status").read_text()
        # Fields 14 and 15, counted behind the name, which may hold blanks: see proc(5).
        times = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return False
    mark = status.partition("VmHWM:")[2].split(None, 1)
    ticks = sum(map(int, times))
    seen.note(cpu_ns=round(ticks / os.sysconf("SC_CLK_TCK") * NS_PER_S))
    if mark:
        seen.note(memory_bytes=int(mark[0]) * 1_024)
    return True
