"""What is counted inside a container: the hook of the start script, on the host's own bash."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_zacperf.engines.lean.costs import Rusage, read_rusage
from pytest_zacperf.engines.lean.starting import HOOK_FOLDER

# As the client writes it: the last line becomes LEAN.
START = "#!/usr/bin/env bash\nset -e\n{before}\nexec {command}\n"
BURN = """
import time
held = bytearray(100_000_000)
while time.process_time() < 1.0:
    pass
raise SystemExit({code})
"""


@dataclass(frozen=True, slots=True)
class Container:
    """A folder in place of a container's root."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "Results"

    def start(
        self, command: str, before: str = "", witness: str = "", **variables: str
    ) -> subprocess.Popen[bytes]:
        perf = self.folder / "perf"
        shutil.copytree(HOOK_FOLDER, perf)
        hook = perf / "hook.sh"
        text = (
            hook.read_text().replace("/perf/", f"{perf}/").replace("python ", f"{sys.executable} ")
        )
        hook.write_text(text)
        self.results.mkdir()
        script = self.folder / "lean-cli-start.sh"
        script.write_text(START.format(before=before, command=command))
        environment = {
            **os.environ,
            "BASH_ENV": str(hook),
            "PERF_OUT": str(self.results / "perf-rusage.json"),
            **variables,
        }
        under = [sys.executable, "-I", "-S", "-c", witness] if witness else []
        return subprocess.Popen(  # noqa: S603 - as Docker does
            [*under, "bash", str(script)],
            env=environment,
            stdout=subprocess.PIPE if witness else None,
        )

    def counted(self) -> Rusage:
        found = read_rusage(self.results)
        assert found is not None
        return found


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def program(container: Container, text: str) -> str:
    file = container.folder / "lean.py"
    file.write_text(text)
    return f"{sys.executable} -I -S {file}"


# The memory of a process begins with what its parent had when it was forked: not with pytest's.
WITNESS = """
import json, os, sys
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def witnessed(container: Container, command: str) -> tuple[int, float, int]:
    """Return what the kernel says of the process that bash becomes: the counter and LEAN."""
    process = container.start(command, witness=WITNESS)
    said, _ = process.communicate()
    status, cpu_s, kilobytes = json.loads(said)
    return status, cpu_s, kilobytes * 1_024


def test_it_counts_what_the_kernel_counts_of_the_same_process(container: Container) -> None:
    started_s = time.monotonic()
    status, cpu_s, memory_bytes = witnessed(container, program(container, BURN.format(code=0)))
    elapsed_s = time.monotonic() - started_s
    found = container.counted()
    alone = Container(container.folder / "alone")
    alone.folder.mkdir()
    # What bash and the counter cost when there is nothing to count.
    _, both_s, _ = witnessed(alone, "true")
    counter_s = both_s - alone.counted().cpu_ns / 1e9
    assert found.cpu_ns / 1e9 == pytest.approx(cpu_s - counter_s, rel=0.02)
    assert found.peak_memory_bytes == pytest.approx(memory_bytes, rel=0.02)
    assert 0.5 * elapsed_s < found.wall_ns / 1e9 <= elapsed_s
    assert (status, found.exit_status) == (0, 0)


def test_it_ends_as_lean_does(container: Container) -> None:
    process = container.start(program(container, "raise SystemExit(3)"))
    assert process.wait() == 3
    assert container.counted().exit_status == 3


def test_a_signal_reaches_lean_and_is_told(container: Container) -> None:
    ready = container.folder / "ready"
    waiting = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    process = container.start(program(container, waiting))
    while not ready.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    assert container.counted().exit_status == -signal.SIGTERM


def test_a_start_script_that_fails_before_lean_leaves_no_count(container: Container) -> None:
    process = container.start("true", before="false")
    assert process.wait() == 1
    assert read_rusage(container.results) is None


def test_a_program_that_is_not_there_is_told(
    container: Container, capfd: pytest.CaptureFixture[str]
) -> None:
    process = container.start("dotnet-that-is-not-there")
    assert process.wait() == 127
    assert "dotnet-that-is-not-there cannot be run: No such file" in capfd.readouterr().err


def test_what_lean_starts_itself_is_not_counted_again(container: Container) -> None:
    seen = container.folder / "seen"
    text = f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(str(list(os.environ)))"
    container.start(program(container, text)).wait()
    assert "PERF_OUT" in seen.read_text()
    assert "BASH_ENV" not in seen.read_text()


def test_what_root_wrote_is_given_to_the_user(container: Container) -> None:
    mine = f"{os.getuid()}:{os.getgid()}"
    other = container.folder / "Results" / "code"
    process = container.start(
        f"touch {other}", PERF_OWNER="1234:1234" if os.getuid() == 0 else mine
    )
    assert process.wait() == 0
    assert other.stat().st_uid == (1234 if os.getuid() == 0 else os.getuid())


def test_the_cgroup_is_kept_beside_it(container: Container) -> None:
    container.start("true").wait()
    found: Mapping[str, Any] = json.loads(
        (container.results / "perf-rusage.json").read_text(encoding="utf-8")
    )
    assert {"cgroup_memory_peak", "cgroup_cpu_stat"} <= found.keys()


def test_a_count_that_is_damaged_is_none(tmp_path: Path) -> None:
    (tmp_path / "perf-rusage.json").write_text('{"wall_ns": 1')
    assert read_rusage(tmp_path) is None
