from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result

from pytest_zacperf import doctor as doctor_module
from pytest_zacperf.cli import main
from pytest_zacperf.doctor import Diagnosis, engines_here, look_at_machine
from pytest_zacperf.measure import Measurement
from pytest_zacperf.noise import Steadiness, steadiness_of
from pytest_zacperf.render.doctor import steadiness_lines
from pytest_zacperf.steadiness import loop_times_ns
from pytest_zacperf.tools import Tool

DOCKER = Tool(name="docker", use="Lean", version="27.1.0")
LEAN = Tool(name="lean", use="Lean", version="1.0.230")


def doctor(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", "--root", str(root), *arguments])


def diagnosed(own: str | None = None, *tools: Tool) -> dict[str, Diagnosis]:
    return {found.name: found for found in engines_here(own, tools)}


def row_of(output: str, name: str) -> list[str]:
    (line,) = [line for line in output.splitlines() if line.startswith(f"{name} ")]
    return [cell for cell in line.split("  ") if cell]


def test_the_doctor_shows_engines_environment_tools_and_noise(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--seconds", "0.1")
    assert done.exit_code == 0, done.output
    assert [cell.strip() for cell in row_of(done.stdout, "zacqc")] == [
        *("zacqc", "yes, 1", "full", "yes", "no", "no", "lookbacks_unchanged")
    ]
    assert "fingerprint " in done.stdout
    assert "CPython 3." in done.stdout
    assert row_of(done.stdout, "git")[-1].strip() == "baselines of other revisions"
    assert "`zacperf bench --aa` measures what that does" in done.stdout


def test_the_look_at_the_machine_can_be_left_out(tmp_path: Path) -> None:
    assert "the same loop" not in doctor(tmp_path, "--seconds", "0").stdout


def test_an_engine_of_the_project_that_cannot_run_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.zacperf]\nengine = "no_such_gold:engine"\n')
    done = doctor(tmp_path, "--seconds", "0")
    assert done.exit_code == 2
    assert "no: 'no_such_gold:engine' cannot be imported" in done.stdout


def test_an_engine_of_the_project_is_found_as_a_worker_finds_it(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "doctor_gold.py").write_text(
        "from pytest_zacperf.engines.function import FunctionEngine\n"
        "engine = FunctionEngine('doctor_gold:run')\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest]\npythonpath = ["src"]\n[tool.zacperf]\nengine = "doctor_gold:engine"\n'
    )
    before = list(sys.path)
    done = doctor(tmp_path, "--seconds", "0")
    assert done.exit_code == 0, done.output
    assert row_of(done.stdout, "doctor_gold:engine")[1].strip() == "yes, 1"
    assert sys.path == before


def test_an_engine_whose_library_is_missing_names_the_extra() -> None:
    if importlib.util.find_spec("backtrader") is not None:
        pytest.skip("backtrader is installed here")
    found = diagnosed()["backtrader"]
    assert (found.problem, found.hint) == (
        "not installed",
        'pip install "pytest-zacperf[backtrader]"',
    )
    assert found.capabilities is not None


def test_the_engine_of_the_project_comes_first() -> None:
    assert next(iter(diagnosed("pytest_zacperf.zacqc:engine"))) == "pytest_zacperf.zacqc:engine"


def test_lean_needs_its_client_and_docker() -> None:
    assert diagnosed(None, DOCKER, LEAN)["LeanEngine"].problem is None
    missing = Tool(name="docker", use="Lean", problem="its engine does not answer")
    found = diagnosed(None, missing, LEAN)["LeanEngine"]
    assert found.problem == "docker: its engine does not answer"
    assert found.hint == 'start Docker, and pip install "pytest-zacperf[lean]"'


def test_a_loop_is_timed_for_as_long_as_asked() -> None:
    start_s = time.monotonic()
    times_ns = loop_times_ns(0.05)
    assert time.monotonic() - start_s >= 0.05
    assert len(times_ns) >= 2
    assert min(times_ns) > 0


def test_what_others_use_is_no_less_than_nothing() -> None:
    found = look_at_machine(0.05, processors=2)
    assert found.loops >= 2
    assert found.busy_share is None or found.busy_share >= 0.0


def test_what_the_look_itself_uses_is_not_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Meter:
        measurement = Measurement(
            wall_ns=10**9,
            cpu_ns=10**9,
            peak_memory_bytes=1,
            peak_memory_source="VmHWM",
            start_monotonic_ns=0,
            end_monotonic_ns=1,
            main_thread_cpu_ns=1,
            runnable_wait_ns=None,
            machine_busy_ns=15 * 10**8,
        )

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(doctor_module, "Meter", Meter)
    assert look_at_machine(0.01, processors=2).busy_share == 0.25


def test_steadiness_is_the_spread_of_neighbors() -> None:
    even = steadiness_of([100, 100, 100, 100, 150], busy_share=0.01)
    assert (even.sd, even.slowest, even.median_ns, even.loops) == (0.0, 1.5, 100, 5)
    assert even.word == "quiet"
    assert steadiness_of([100, 120, 100, 120, 100], busy_share=0.0).word == "noisy"


@pytest.mark.parametrize(
    ("sd", "busy_share", "word"),
    [
        (0.005, 0.01, "quiet"),
        (0.005, None, "quiet"),
        (0.02, 0.01, "usual"),
        (0.005, 0.1, "usual"),
        (0.06, 0.01, "noisy"),
        (0.005, 0.3, "noisy"),
    ],
)
def test_a_machine_is_called_by_its_spread_and_by_others(
    sd: float, busy_share: float | None, word: str
) -> None:
    found = Steadiness(loops=2, median_ns=1.0, sd=sd, slowest=1.0, busy_share=busy_share)
    assert found.word == word


def test_the_spread_is_said_in_words() -> None:
    found = Steadiness(loops=1000, median_ns=5e6, sd=0.021, slowest=1.84, busy_share=0.125)
    first, second, _ = steadiness_lines(found)
    assert first == (
        "usual: the same loop of 5.00 ms, 1,000 times, varied by 2.1% from one to the next; "
        "the slowest took 1.8 times as long as the median"
    )
    assert second == "other programs used 12% of the processors meanwhile"
