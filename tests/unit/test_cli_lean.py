"""``zacperf lean add-stages``, and the file that it writes, in a Python of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pytest_zacperf.cli import main
from pytest_zacperf.digest import digest_of_bytes
from pytest_zacperf.engines.lean.stage_report import SWITCH, LeanStages, line_of
from pytest_zacperf.engines.lean.vendoring import MARK, example_text, stages_text
from pytest_zacperf.stages import Timing

OLDER = "timed = True\n"
# What LEAN's Python gives an algorithm, as far as it matters here.
LEAN = """
import sys
sys.path.insert(0, sys.argv[1])
class QCAlgorithm:
    def log(self, message):
        print(message)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "Gold"
    folder.mkdir()
    (folder / "main.py").touch()
    return folder


def add_stages(project: Path) -> Result:
    return CliRunner().invoke(main, ["lean", "add-stages", str(project)])


def refusal(project: Path) -> str:
    result = add_stages(project)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def written(content: str) -> str:
    """Return a file as the command would have written it, had it had this content."""
    return f"{MARK}{digest_of_bytes(content.encode())}\n{content}"


def run(project: Path, code: str, **variables: str) -> list[str]:
    """Return what an algorithm prints with the file alone: nothing but the standard library."""
    command = [sys.executable, "-I", "-S", "-B", "-c", LEAN + code, str(project)]
    outer = {name: text for name, text in os.environ.items() if name != SWITCH}
    done = subprocess.run(  # noqa: S603 - Python itself
        command, env=outer | variables, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_one_file_is_written_and_nothing_else(project: Path) -> None:
    result = add_stages(project)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in project.iterdir()) == ["main.py", "perf_stages.py"]
    assert (project / "perf_stages.py").read_text() == stages_text()
    assert (project / "main.py").read_text() == ""


def test_the_command_says_what_to_add_and_how_to_switch_it_on(project: Path) -> None:
    lines = add_stages(project).stdout.splitlines()
    assert lines[:4] == [
        f"wrote {project}/perf_stages.py",
        "",
        "add to main.py what is missing there:",
        "",
    ]
    assert lines[4] == "    from perf_stages import stages"
    assert lines[-5:-3] == ["            stages.report(self)", ""]
    assert lines[-3] == (
        "stages are timed where the algorithm's environment has ZACPERF_STAGES=1; "
        "elsewhere they cost next to nothing"
    )
    assert lines[-2] == "LeanEngine, DockerLean and DotnetLean set it; by hand:"
    assert lines[-1] == (
        f"    lean backtest {project} --extra-docker-config "
        """'{"environment": {"ZACPERF_STAGES": "1"}}'"""
    )


def test_the_algorithm_of_the_advice_logs_its_stages(project: Path) -> None:
    add_stages(project)
    code = textwrap.dedent(example_text()) + (
        "\ngold = Gold()\ngold.initialize()\ngold.on_data(None)\ngold.on_data(None)\n"
        "gold.on_end_of_algorithm()\n"
    )
    (line,) = run(project, code, ZACPERF_STAGES="1")
    found = re.fullmatch(r"PERF_FINAL stage=metrics total_ns=(\d+) count=2 max_ns=(\d+)", line)
    assert found
    assert int(found[1]) >= int(found[2]) > 0


@pytest.mark.parametrize("switch", [{}, {"ZACPERF_STAGES": ""}, {"ZACPERF_STAGES": "0"}])
def test_switched_off_the_file_wraps_nothing_times_nothing_and_logs_nothing(
    project: Path, switch: dict[str, str]
) -> None:
    add_stages(project)
    code = """
import perf_stages
from perf_stages import stages
def work(): pass
print(stages.wrap("work", work) is work, stages.stage("data") is perf_stages.NO_STAGE)
with stages.stage("data"):
    stages.wrap("work", work)()
stages.report(QCAlgorithm())
"""
    assert run(project, code, **switch) == ["True True"]


def test_an_algorithm_can_switch_stages_on_before_the_first(project: Path) -> None:
    add_stages(project)
    code = """
from perf_stages import stages
stages.enabled = True
stages.wrap("work", len)("")
stages.report(print)
"""
    (line,) = run(project, code)
    assert line.startswith("PERF_FINAL stage=work ")


def test_lean_can_compile_the_project(project: Path) -> None:
    add_stages(project)
    command = [sys.executable, "-m", "compileall", "-q", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Python itself
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_file_needs_nothing_of_this_package() -> None:
    lines = stages_text().splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    assert imports[0] == "from __future__ import annotations"
    modules = [line.split()[1] for line in imports]
    assert len(set(modules)) == len(modules)
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("metrics", "metrics", id="plain"),
        pytest.param("risk.limits_2-a", "risk.limits_2-a", id="marks that need no quotes"),
        pytest.param("my stage", '"my stage"', id="blank"),
        pytest.param("a\nb", r'"a\nb"', id="line break"),
        pytest.param("metrics\n", r'"metrics\n"', id="line break at the end"),
        pytest.param('say "x=1"', r'"say \"x=1\""', id="quotes"),
        pytest.param("größe\u2028", r'"gr\u00f6\u00dfe\u2028"', id="not ASCII"),
        pytest.param("", '""', id="empty"),
    ],
)
def test_a_name_is_one_word_or_a_json_string(name: str, shown: str) -> None:
    line = line_of(Timing(name=name, total_ns=123, count=5, max_ns=7))
    assert line == f"PERF_FINAL stage={shown} total_ns=123 count=5 max_ns=7"
    assert name == shown or json.loads(shown) == name


class OldAlgorithm:
    """Has the spelling that every LEAN knows."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def Log(self, message: str) -> None:  # noqa: N802 - LEAN's own name
        self.said.append(message)


class LoggingAlgorithm(OldAlgorithm):
    """Keeps something else under the new spelling."""

    log = "metrics.log"


class DebugAlgorithm:
    """Can only write debug messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def debug(self, message: str) -> None:
        self.said.append(message)


class TalkativeAlgorithm(DebugAlgorithm):
    """Writes both kinds; debug messages are marked."""

    def log(self, message: str) -> None:
        self.said.append(message)

    def debug(self, message: str) -> None:
        self.said.append(f"cut: {message}")


def timed_stages() -> LeanStages:
    stages = LeanStages()
    for name in ("data", "risk"):
        stages.wrap(name, len)("")
    return stages


@pytest.mark.parametrize(
    "kind", [OldAlgorithm, LoggingAlgorithm, DebugAlgorithm, TalkativeAlgorithm]
)
def test_every_algorithm_gets_one_line_for_each_stage(
    kind: Callable[[], OldAlgorithm | DebugAlgorithm],
) -> None:
    algorithm = kind()
    timed_stages().report(algorithm)
    begins = [line.partition(" total_ns=")[0] for line in algorithm.said]
    assert begins == ["PERF_FINAL stage=data", "PERF_FINAL stage=risk"]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_report_to_nobody_is_refused_whatever_the_switch_says(*, enabled: bool) -> None:
    with pytest.raises(TypeError) as caught:
        LeanStages(enabled=enabled).report("metrics.log")
    assert str(caught.value) == (
        "stages.report() takes the algorithm or its log method, not 'metrics.log'; "
        "write stages.report(self)"
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_current_file_is_left_alone(project: Path, line_end: str) -> None:
    file = project / "perf_stages.py"
    content = stages_text().replace("\n", line_end).encode()
    file.write_bytes(content)
    before = file.stat()
    result = add_stages(project)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file} is up to date\n")
    assert (file.read_bytes(), file.stat().st_ino) == (content, before.st_ino)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_older_file_of_ours_is_replaced(project: Path, line_end: str) -> None:
    file = project / "perf_stages.py"
    file.write_bytes(written(OLDER).replace("\n", line_end).encode())
    result = add_stages(project)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"updated {file}\n")
    assert file.read_text() == stages_text()


def test_a_link_to_a_file_of_ours_stays_a_link(project: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.py"
    shared.write_text(written(OLDER))
    (project / "perf_stages.py").symlink_to(shared)
    assert add_stages(project).exit_code == 0
    assert (project / "perf_stages.py").is_symlink()
    assert shared.read_text() == stages_text()


@pytest.mark.parametrize("content", [b"", b"import time\n", b"\xff\n"])
def test_a_file_of_somebody_else_is_not_overwritten(project: Path, content: bytes) -> None:
    file = project / "perf_stages.py"
    file.write_bytes(content)
    assert refusal(project) == (
        f"Error: {file} exists and is not from zacperf\n"
        f"  hint: rename it, then run: zacperf lean add-stages {project}\n"
    )
    assert file.read_bytes() == content


def test_a_folder_of_that_name_is_not_overwritten(project: Path) -> None:
    (project / "perf_stages.py").mkdir()
    assert "exists and is not from zacperf" in refusal(project)


def test_a_file_of_ours_that_was_changed_is_not_overwritten(project: Path) -> None:
    file = project / "perf_stages.py"
    changed = stages_text().replace("max_ns", "maximum_ns")
    file.write_text(changed)
    assert refusal(project) == (
        f"Error: {file} was changed after zacperf wrote it\n"
        "  hint: move your changes elsewhere and delete it, then run: "
        f"zacperf lean add-stages {project}\n"
    )
    assert file.read_text() == changed


def test_a_project_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "Silver") == (
        f"Error: there is no {tmp_path}/Silver\n  hint: name the folder that holds main.py\n"
    )


def test_a_file_is_refused_for_its_folder(project: Path) -> None:
    assert refusal(project / "main.py") == (
        f"Error: {project}/main.py is a file, not the folder of a Lean project\n"
        f"  hint: run: zacperf lean add-stages {project}\n"
    )


def test_a_folder_without_an_algorithm_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"Error: {tmp_path} holds no main.py\n  hint: name the folder of a Lean project\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_project_in_another_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Main.cs").touch()
    assert refusal(tmp_path) == (
        f"Error: {tmp_path} is a C# project, and stages are for Python algorithms\n"
        "  hint: name a project with main.py\n"
    )
