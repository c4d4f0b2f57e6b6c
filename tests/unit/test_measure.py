from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pytest_zacperf import measure
from pytest_zacperf.measure import ChildMemorySampler, Measurement, Meter
from pytest_zacperf.units import NS_PER_S

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
    for _ in range(2):
        sampler.sample(psutil.Process(child_with_50_mb.pid).children())
    peak_bytes = sampler.peak_bytes(start_ns, time.monotonic_ns())
    assert peak_bytes is not None
    assert 50 * MB < peak_bytes < 65 * MB


def test_samples_from_outside_the_run_do_not_count(
    child_with_50_mb: subprocess.Popen[str],
) -> None:
    sampler = ChildMemorySampler()
    for _ in range(2):
        sampler.sample(psutil.Process(child_with_50_mb.pid).children())
    assert sampler.peak_bytes(0, time.monotonic_ns()) is not None
    now_ns = time.monotonic_ns()
    assert sampler.peak_bytes(now_ns, now_ns + 1) is None


def test_no_children_or_one_that_is_gone_give_no_memory() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607
        gone = psutil.Process(process.pid)
        process.kill()
    sampler = ChildMemorySampler()
    sampler.sample([])
    assert sampler.peak_bytes(0, time.monotonic_ns()) is None
    for _ in range(2):
        sampler.sample([gone])
    assert sampler.peak_bytes(0, time.monotonic_ns()) == 0


def test_a_child_that_only_one_sample_saw_does_not_count(
    child_with_50_mb: subprocess.Popen[str],
) -> None:
    sampler = ChildMemorySampler()
    for processes in (psutil.Process(child_with_50_mb.pid).children(), []) * 2:
        sampler.sample(processes)
    assert sampler.peak_bytes(0, time.monotonic_ns()) is None


def metered_with_proc(proc: Path, *, before: str, after: str, waited: str = "1 2 3") -> Measurement:
    """Return the measurement of a block during which the kernel's figures change."""
    (proc / "thread-self").mkdir()
    for name, text in (("stat", before), ("thread-self/schedstat", waited)):
        (proc / name).write_text(text)
    with Meter(proc=proc) as meter:
        (proc / "stat").write_text(after)
        (proc / "thread-self" / "schedstat").write_text("11 700 13\n")
    return meter.measurement


def test_the_cpu_time_of_the_main_thread_is_told_from_that_of_others() -> None:
    def compute() -> None:
        deadline_s = time.thread_time() + 0.1
        while time.thread_time() < deadline_s:
            pass

    with Meter() as alone:
        compute()
    thread = threading.Thread(target=compute)
    with Meter() as beside:
        thread.start()
        thread.join()
    assert alone.measurement.main_thread_cpu_ns >= 100 * NS_PER_MS
    assert beside.measurement.main_thread_cpu_ns < 50 * NS_PER_MS
    assert beside.measurement.cpu_ns >= 100 * NS_PER_MS


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="a figure of Linux")
def test_waiting_for_a_processor_is_measured() -> None:
    keep = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"
    rival = f"[sys.executable, '-c', {f'{keep}; print(flush=True)' + chr(10) + 'while 1: pass'!r}]"
    script = (
        "import subprocess, sys, time\n"
        "from pytest_zacperf.measure import Meter\n"
        f"{keep}\n"
        f"with subprocess.Popen({rival}, stdout=subprocess.PIPE) as rival:\n"
        "    rival.stdout.readline()\n"
        "    with Meter() as meter:\n"
        "        end_s = time.thread_time() + 0.1\n"
        "        while time.thread_time() < end_s: pass\n"
        "    rival.kill()\n"
        "print(meter.measurement.runnable_wait_ns)\n"
    )
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    # The rival gets as much as the block, 0.1 s; where nobody is in the way it is almost nothing.
    assert int(done.stdout) > 40 * NS_PER_MS


def test_the_wait_is_the_second_figure_of_schedstat(tmp_path: Path) -> None:
    measured = metered_with_proc(tmp_path, before="", after="", waited="10 200 3\n")
    assert measured.runnable_wait_ns == 500


def test_the_machine_is_busy_with_all_but_idling_waiting_for_disks_and_guests(
    tmp_path: Path,
) -> None:
    # user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice
    measured = metered_with_proc(
        tmp_path,
        before="cpu  100 10 50 9000 500 1 2 3 40 4\ncpu0 1 1 1 1 1 1 1 1 1 1\n",
        after="cpu  150 15 65 9900 600 3 5 7 80 8\ncpu0 9 9 9 9 9 9 9 9 9 9\n",
    )
    ticks = 50 + 5 + 15 + 2 + 3 + 4
    assert measured.machine_busy_ns == ticks * NS_PER_S // os.sysconf("SC_CLK_TCK")


def test_the_machine_is_busy_with_the_block_itself() -> None:
    with Meter() as meter:
        end_s = time.thread_time() + 0.2
        while time.thread_time() < end_s:
            pass
    if meter.measurement.machine_busy_ns is None:
        pytest.skip("this kernel does not say")
    # The kernel counts in ticks of 10 ms.
    assert meter.measurement.machine_busy_ns >= 150 * NS_PER_MS


@pytest.mark.parametrize("text", ["", "cpu", "cpu many 1 2 3 4 5 6 7", "12"])
def test_what_the_kernel_says_in_another_way_is_unknown(tmp_path: Path, text: str) -> None:
    measured = metered_with_proc(tmp_path, before=text, after=text, waited=text)
    assert (measured.machine_busy_ns, measured.runnable_wait_ns) == (None, None)


def test_without_proc_neither_the_wait_nor_the_machine_is_known(tmp_path: Path) -> None:
    with Meter(proc=tmp_path) as meter:
        pass
    assert (meter.measurement.machine_busy_ns, meter.measurement.runnable_wait_ns) == (None, None)


def test_a_run_can_be_pinned_to_what_is_allowed_and_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 1, 0})
    assert measure.pinnable_processors(()) == (0, 1, 3)
    assert measure.pinnable_processors([3, 2, 1]) == (1, 3)
    assert measure.pinnable_processors([7]) == ()


def test_a_system_without_affinity_pins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity")  # as on macOS
    assert measure.pinnable_processors([0]) == ()


@pytest.mark.parametrize(
    ("busy_percent", "processors", "least"),
    [
        pytest.param([90.0, 5.0, 50.0], (0, 1, 2), 1, id="the least busy"),
        pytest.param([90.0, 5.0, 50.0], (0, 2), 2, id="among those that may be used"),
        pytest.param([90.0], (0, 7), 0, id="one that nothing is known of comes last"),
        pytest.param([1.0, 1.0], (0, 1), 0, id="the first of equals"),
    ],
)
def test_the_least_busy_processor_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
    busy_percent: list[float],
    processors: tuple[int, ...],
    least: int,
) -> None:
    monkeypatch.setattr(psutil, "cpu_percent", lambda **_: busy_percent)
    assert measure.least_busy(processors) == least


def test_free_memory_is_some_of_all_there_is() -> None:
    assert MB < measure.free_memory_bytes() <= psutil.virtual_memory().total
