from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pytest_zacperf.measure import ChildMemorySampler, Meter

MB = 1_000_000
NS_PER_MS = 1_000_000

METERED = """
import subprocess, sys, time
from pytest_zacperf.measure import Meter
meter = Meter()
{before}
with meter:
    {block}
m = meter.measurement
print(m.wall_ns, m.cpu_ns, m.peak_memory_bytes, m.peak_memory_source, sep="|")
"""
# A child that uses 0.2 s of CPU, says so and lives on.
START_BUSY_CHILD = """
import atexit
busy = "import time" + chr(10) + "while time.process_time() < 0.2: pass" + chr(10)
child = subprocess.Popen(
    [sys.executable, "-c", busy + "print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE
)
atexit.register(child.kill)
"""


def metered(block: str, before: str = "") -> tuple[int, int, int, str]:
    """Return wall ns, CPU ns, peak bytes and source of a block that runs in a fresh process."""
    script = METERED.format(block=block, before=before)
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    wall, cpu, peak, source = done.stdout.strip().split("|")
    return int(wall), int(cpu), int(peak), source


@pytest.fixture
def child_with_50_mb() -> Iterator[subprocess.Popen[str]]:
    """Start a process whose own child holds 50 MB, and wait until it does."""
    holder = "x = b'1' * 50_000_000; print('ready', flush=True); import time; time.sleep(60)"
    parent = (
        "import subprocess, sys\n"
        f"with subprocess.Popen([sys.executable, '-c', {holder!r}]) as child: sys.stdin.read()\n"
    )
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-c", parent],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        os.killpg(process.pid, signal.SIGKILL)


def test_sleeping_costs_wall_time_and_hardly_any_cpu() -> None:
    wall_ns, cpu_ns, _, _ = metered("time.sleep(0.2)")
    assert 200 * NS_PER_MS <= wall_ns < 600 * NS_PER_MS
    assert cpu_ns < 100 * NS_PER_MS


def test_the_cpu_time_of_a_child_that_ended_counts() -> None:
    block = "child.stdout.readline(); child.kill(); child.wait()"
    _, cpu_ns, _, _ = metered(block, START_BUSY_CHILD)
    assert cpu_ns >= 100 * NS_PER_MS


def test_the_cpu_time_of_a_child_that_still_lives_counts() -> None:
    _, cpu_ns, _, _ = metered("child.stdout.readline()", START_BUSY_CHILD)
    assert cpu_ns >= 100 * NS_PER_MS


def test_the_cpu_time_of_a_child_before_the_block_does_not_count() -> None:
    before = START_BUSY_CHILD + "child.stdout.readline()\n"
    _, cpu_ns, _, _ = metered("child.kill(); child.wait()", before)
    assert cpu_ns < 100 * NS_PER_MS


def test_what_was_freed_before_the_block_is_not_part_of_the_peak() -> None:
    _, _, peak_bytes, source = metered("pass", before="x = b'1' * 200_000_000; del x")
    assert source == "VmHWM"
    assert peak_bytes < 100 * MB


def test_what_was_freed_within_the_block_is_part_of_the_peak() -> None:
    _, _, peak_bytes, _ = metered("x = b'1' * 200_000_000; del x")
    assert peak_bytes > 200 * MB


def test_the_peak_of_the_parent_is_not_inherited() -> None:
    parent = textwrap.dedent(
        """
        import resource, subprocess, sys
        x = b"1" * 400_000_000
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 390_000
        script = (
            "from pytest_zacperf.measure import Meter\\n"
            "with Meter() as meter: pass\\n"
            "print(meter.measurement.peak_memory_bytes)"
        )
        subprocess.run([sys.executable, "-c", script], check=True)
        """
    )
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", parent], capture_output=True, check=True, text=True
    )
    assert int(done.stdout) < 100 * MB


def test_a_peak_that_could_not_be_reset_says_so(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text("Name:\tpython\nVmHWM:\t   2048 kB\nVmRSS:\t1 kB\n")
    (tmp_path / "self" / "clear_refs").mkdir()
    with Meter(proc=tmp_path) as meter:
        pass
    assert meter.measurement.peak_memory_bytes == 2_048 * 1_024
    assert meter.measurement.peak_memory_source == "VmHWM since process start"


def test_without_proc_the_peak_is_that_of_getrusage(tmp_path: Path) -> None:
    with Meter(proc=tmp_path) as meter:
        pass
    assert meter.measurement.peak_memory_source == "ru_maxrss"
    assert meter.measurement.peak_memory_bytes > MB


def test_a_block_that_raises_is_measured_and_its_error_goes_on() -> None:
    meter = Meter()

    def fail() -> None:
        with meter:
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert meter.measurement.wall_ns > 0


def test_the_block_lies_between_its_two_monotonic_times() -> None:
    before_ns = time.monotonic_ns()
    with Meter() as meter:
        inside_ns = time.monotonic_ns()
    measured = meter.measurement
    assert before_ns <= measured.start_monotonic_ns <= inside_ns <= measured.end_monotonic_ns


def test_the_memory_of_children_is_sampled_without_the_process_itself(
    child_with_50_mb: subprocess.Popen[str],
) -> None:
    sampler = ChildMemorySampler()
    start_ns = time.monotonic_ns()
    sampler.sample(psutil.Process(child_with_50_mb.pid).children())
    peak_bytes = sampler.peak_bytes(start_ns, time.monotonic_ns())
    assert peak_bytes is not None
    assert 50 * MB < peak_bytes < 65 * MB


def test_samples_from_outside_the_run_do_not_count(
    child_with_50_mb: subprocess.Popen[str],
) -> None:
    sampler = ChildMemorySampler()
    sampler.sample(psutil.Process(child_with_50_mb.pid).children())
    now_ns = time.monotonic_ns()
    assert sampler.peak_bytes(now_ns, now_ns + 1) is None


def test_no_children_or_one_that_is_gone_give_no_memory() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607
        gone = psutil.Process(process.pid)
        process.kill()
    sampler = ChildMemorySampler()
    sampler.sample([])
    assert sampler.peak_bytes(0, time.monotonic_ns()) is None
    sampler.sample([gone])
    assert sampler.peak_bytes(0, time.monotonic_ns()) is not None
