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

    def start(self, command: str, before: str = "", **variables: str) -> subprocess.Popen[bytes]:
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
        return subprocess.Popen(["bash", str(script)], env=environment)  # noqa: S603, S607 - as Docker does

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


def test_it_counts_what_the_kernel_counts_of_the_same_process(container: Container) -> None:
    started_s = time.monotonic()
    process = container.start(program(container, BURN.format(code=0)))
    # The process of bash becomes the counter, whose only child LEAN is.
    _, status, used = os.wait4(process.pid, 0)
    elapsed_s = time.monotonic() - started_s
    process.returncode = os.waitstatus_to_exitcode(status)
    found = container.counted()
    counter_s = _own_cpu_s(container)
    cpu_s = used.ru_utime + used.ru_stime - counter_s
    assert found.cpu_ns / 1e9 == pytest.approx(cpu_s, rel=0.02)
    assert found.peak_memory_bytes == pytest.approx(used.ru_maxrss * 1_024, rel=0.02)
    assert 0.5 * elapsed_s < found.wall_ns / 1e9 <= elapsed_s
    assert (process.returncode, found.exit_status) == (0, 0)


def _own_cpu_s(container: Container) -> float:
    """Return what bash and the counter cost alone: the same start, with nothing to count."""
    other = Container(container.folder / "alone")
    other.folder.mkdir()
    process = other.start("true")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime - other.counted().cpu_ns / 1e9


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
