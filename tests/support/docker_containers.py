"""Containers of the stand-in Docker: real processes of the host that see a container's paths.

Nothing is isolated: in a container's start script, its mounted shell scripts and its environment,
each path of the container is replaced by that of the host that is mounted there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from support import stand_in_lean

LAUNCHER_FOLDER = "/Lean/Launcher/bin/Debug"
# What an image of LEAN has on its PATH.
PROGRAMS: Mapping[str, str] = {
    "python": f'exec {sys.executable} "$@"',
    # The launcher's DLL is the first argument.
    "dotnet": f'shift\nexec {sys.executable} WITNESS {stand_in_lean.__file__} "$@"',
    # What a project requires is never installed on the host.
    "pip": 'echo "pip $*"',
}
# Of LEAN's image, for a container that names none.
ENTRYPOINT = ("dotnet", "QuantConnect.Lean.Launcher.dll")

# Asks the kernel what LEAN used, to hold it against what is counted for us.
WITNESS = """
import json, os, resource, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
_, status, used = os.wait4(pid, 0)
own = resource.getrusage(resource.RUSAGE_SELF)
with open(os.environ["WITNESS"], "w") as file:
    json.dump({"cpu_ns": sum((used.ru_utime, used.ru_stime, own.ru_utime, own.ru_stime)) * 1e9,
               "peak_memory_bytes": used.ru_maxrss * 1024}, file)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
"""


def signal_number(name: str) -> int:
    """Return a signal that is named as Docker's callers name it: ``SIGINT``, ``INT`` or ``2``."""
    if name.isdigit():
        return int(name)
    return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]


@dataclass(slots=True)
class Container:
    """One container, from its creation to its removal."""

    id: str
    name: str
    payload: dict[str, Any]
    folder: Path
    wish: Mapping[str, Any]
    process: subprocess.Popen[bytes] | None = None
    output: bytearray = field(default_factory=bytearray)
    ended: threading.Event = field(default_factory=threading.Event)
    exit_status: int = 0
    updates: list[dict[str, Any]] = field(default_factory=list)
    cpu_ns: int = 0

    @property
    def mounts(self) -> dict[str, str]:
        """Places in the container to paths of the host, the longest place first."""
        host = self.payload.get("HostConfig", {})
        found = {mount["Target"]: mount["Source"] for mount in host.get("Mounts") or []}
        for bind in host.get("Binds") or []:
            source, place = bind.split(":")[:2]
            found[place] = source if source.startswith("/") else self._volume(source)
        return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))

    @property
    def environment(self) -> dict[str, str]:
        """The container's own variables, with its paths."""
        return dict(pair.split("=", 1) for pair in self.payload.get("Env") or [])

    def start(self) -> None:
        """Start its process."""
        mounts = self._mounted_scripts()
        environment = {name: self._translated(v, mounts) for name, v in self.environment.items()}
        if self.wish.get("no_hook"):
            environment.pop("BASH_ENV", None)
        entry = [*(self.payload.get("Entrypoint") or ENTRYPOINT), *(self.payload.get("Cmd") or [])]
        binary = self._programs()
        self.process = subprocess.Popen(  # noqa: S603 - what the test asks for
            [shutil.which(entry[0], path=binary) or entry[0], *self._arguments(entry[1:], mounts)],
            cwd=self.folder,
            env={
                "PERF_OUT": f"{self._counted_in(mounts)}/perf-rusage.json",
                **environment,
                "PATH": f"{binary}:{os.environ['PATH']}",
                "WITNESS": str(self.folder / "witness.json"),
                "STAND_IN": json.dumps(dict(self.wish)),
                "STAND_IN_PATHS": json.dumps(mounts),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._follow, args=(self.process, mounts), daemon=True).start()

    @property
    def used(self) -> dict[str, float]:
        """What LEAN used, as ``wait4`` has it: CPU time in ns, peak memory in bytes."""
        found: dict[str, float] = json.loads((self.folder / "witness.json").read_text())
        return found

    def _counted_in(self, mounts: Mapping[str, str]) -> str:
        lost = self.wish.get("lose_count")
        return str(self.folder) if lost else mounts.get("/Results", str(self.folder))

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.process is not None and not self.ended.is_set()

    def signal(self, number: int) -> None:
        """Send a signal to its first process alone, as Docker does."""
        if self.process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def stop(self, longest_s: float) -> None:
        """Send the signal that it shall stop at, and kill it when it has not."""
        if self.is_running:
            self.signal(signal_number(self.payload.get("StopSignal") or "SIGTERM"))
            self.ended.wait(longest_s)
            self.kill()

    def kill(self) -> None:
        """End all of its processes, and wait until they have ended."""
        if self.process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.ended.wait()

    def frame(self, start: int) -> bytes:
        """Return what it printed from a position on, as Docker frames it without a terminal."""
        text = bytes(self.output[start:])
        if self.payload.get("Tty"):
            return text
        return struct.pack(">BxxxL", 1, len(text)) + text if text else b""

    def state(self) -> dict[str, Any]:
        """Return what an inspection says of it."""
        created = self.process is None
        status = "created" if created else "running" if self.is_running else "exited"
        process = self.process
        pid = process.pid if process is not None and self.is_running else 0
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Config": {
                "Tty": bool(self.payload.get("Tty")),
                "Image": self.payload.get("Image", ""),
                "Labels": self.payload.get("Labels") or {},
            },
            "Image": "sha256:1",
            "State": {
                "Status": status,
                "Running": self.is_running,
                "ExitCode": self.exit_status,
                "Pid": 0 if self.wish.get("no_proc") else pid,
            },
        }

    def sample(self) -> dict[str, Any]:
        """Return Docker's statistics of all of its processes; its CPU time never falls."""
        memory = 0
        cpu_s = 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                # With the children that have ended and were waited for.
                cpu_s += sum(process.cpu_times()[:4])
                memory += process.memory_info().rss
        self.cpu_ns = max(self.cpu_ns, round(cpu_s * 1e9))
        return {
            "cpu_stats": {"cpu_usage": {"total_usage": self.cpu_ns}},
            "memory_stats": {"usage": memory + 5_000, "stats": {"inactive_file": 5_000}},
        }

    def _processes(self) -> list[psutil.Process]:
        if self.process is None or not self.is_running:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        return []

    def _follow(self, process: subprocess.Popen[bytes], mounts: Mapping[str, str]) -> None:
        reader = threading.Thread(target=self._read, args=(process, mounts), daemon=True)
        reader.start()
        # The first process takes all others with it. Its id stays its own until it is reaped.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        reader.join()
        self.exit_status = code if code >= 0 else 128 - code
        self.ended.set()

    def _read(self, process: subprocess.Popen[bytes], mounts: Mapping[str, str]) -> None:
        if process.stdout is None:
            raise AssertionError
        with process.stdout:
            for line in process.stdout:
                self.output += self._inside(line, mounts)

    def _inside(self, line: bytes, mounts: Mapping[str, str]) -> bytes:
        # A container knows its own paths alone.
        for place, host in sorted(mounts.items(), key=lambda pair: -len(pair[1])):
            pattern = rf"{re.escape(host)}(?=[/\s'\"]|$)"
            line = re.sub(pattern.encode(), place.encode(), line)
        return line

    def _volume(self, name: str) -> str:
        folder = self.folder.parent / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _mounted_scripts(self) -> dict[str, str]:
        mounts = self.mounts
        copies = self.folder / "mounted"
        copies.mkdir()
        result = dict(mounts)
        for number, (place, host) in enumerate(mounts.items()):
            path = Path(host)
            scripts = [path] if path.is_file() else list(path.glob("*.sh"))
            if path.suffix == ".sh" or (scripts and path.is_dir()):
                copy = copies / f"{number}-{path.name}"
                shutil.copytree(path, copy) if path.is_dir() else shutil.copy(path, copy)
                result[place] = str(copy)
        for copy in copies.rglob("*.sh"):
            copy.write_text(self._translated(copy.read_text(), result))
        return result

    def _arguments(self, arguments: list[str], mounts: Mapping[str, str]) -> list[str]:
        return [self._translated(argument, mounts) for argument in arguments]

    @staticmethod
    def _translated(text: str, mounts: Mapping[str, str]) -> str:
        for place, host in mounts.items():
            text = re.sub(rf"(?<![\w./-]){re.escape(place)}(?=[/\s'\"]|$)", host, text)
        return text

    def _programs(self) -> str:
        binary = self.folder / "bin"
        binary.mkdir()
        witness = self.folder / "witness.py"
        witness.write_text(WITNESS)
        for name, text in PROGRAMS.items():
            program = binary / name
            # Without the hook it would stand between Docker and LEAN.
            asked = "" if self.wish.get("no_hook") else f"-I -S {witness}"
            program.write_text(f"#!/bin/sh\n{text.replace('WITNESS', asked)}\n")
            program.chmod(0o755)
        return str(binary)
