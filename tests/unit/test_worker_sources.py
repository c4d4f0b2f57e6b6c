"""Runs of a revision: whose code the worker loads, wherever the project keeps it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.repository import git

from pytest_zacperf import store
from pytest_zacperf.records import RunRequest, SourceTree, Window, WorkerResult, Workload
from pytest_zacperf.worker import EXIT_BAD_INPUT
from pytest_zacperf.worktree import checked_out, resolve

WINDOW = Window(id="w", start=dt.date(2025, 10, 10), end=dt.date(2025, 10, 10))
GOLD = """
from pathlib import Path
from pytest_zacperf.engines import BacktestOutput
from pytest_zacperf.engines.function import FunctionEngine
from rules import VERSION
engine = FunctionEngine("gold:run")
def run(start, end):
    return BacktestOutput(statistics={"version": VERSION, "here": str(Path.cwd())})
"""
# As the editable installs of setuptools do it: a finder behind all others.
HOOK = """
import importlib.util, sys
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "rules":
            return importlib.util.spec_from_file_location(name, {file!r})
sys.meta_path.append(Finder)
"""
PTH = "import site; site.addsitedir({folder!r})"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a worker left."""

    folder: Path
    exit_status: int

    @property
    def result(self) -> WorkerResult:
        found = store.read_worker_result(self.folder)
        assert found is not None, (self.folder / "stderr.log").read_text()
        return found


@dataclass(slots=True)
class Project:
    """A project whose rules have version 1 at the tag ``first``, and 2 in the working tree.

    Attributes:
        top: Its repository.
        folder: The project's folder within that.
        rules: Where the strategy's other module lies, below the repository.
        python_path: As pytest's ``pythonpath``, below the repository.
        variables: What is added to the environment of workers.

    """

    top: Path
    folder: str = ""
    rules: str = ""
    python_path: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.top / self.folder

    def write(self, version: int) -> None:
        (self.top / self.rules).mkdir(parents=True, exist_ok=True)
        (self.top / self.rules / "rules.py").write_text(f"VERSION = {version}\n")

    def make(self, gold: str = GOLD) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "gold.py").write_text(gold)
        self.write(1)
        git(self.top, "init", "-q")
        git(self.top, "add", ".")
        git(self.top, "commit", "-q", "-m", "first")
        git(self.top, "tag", "first")
        self.write(2)

    def run(self, sources: SourceTree | None = None, engine: str = "gold:engine") -> Ended:
        folder = self.top.parent / f"run{len(list(self.top.parent.glob('run*')))}"
        folder.mkdir()
        request = RunRequest(
            session="s",
            run_folder=str(folder),
            cache_folder=str(self.top.parent / "cache"),
            root=str(self.root),
            python_path=tuple(str(self.top / path) for path in self.python_path),
            workload=Workload(engine=engine, window=WINDOW),
            sources=sources,
        )
        store.write_request(folder, request)
        with (
            (folder / "stderr.log").open("wb") as stderr,
            subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-m", "pytest_zacperf.worker", str(folder / "request.json")],
                # Two versions of one size within a second are the same to Python's bytecode.
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.variables},
                stdin=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            ) as process,
        ):
            return Ended(folder, process.wait(30))

    def run_first(self, engine: str = "gold:engine") -> Ended:
        with checked_out(resolve(self.root, "first"), self.root / ".zacperf/worktrees") as sources:
            return self.run(sources, engine)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "repository")


def make_flat(_: Project) -> None:
    """All lies in the root, which pytest and the worker put first."""


def make_src(project: Project) -> None:
    project.rules = "src"
    project.python_path = ("src",)


def make_subfolder(project: Project) -> None:
    project.folder = project.rules = "backtests/gold"


def make_beside_the_root(project: Project) -> None:
    project.folder = "backtests"
    project.rules = "shared"
    project.python_path = ("shared",)


def make_python_path_variable(project: Project) -> None:
    project.rules = "lib"
    project.variables["PYTHONPATH"] = str(project.top / "lib")


def make_editable_install(project: Project) -> None:
    project.rules = "lib"
    site_packages = project.top.parent / "site-packages"
    site_packages.mkdir()
    (site_packages / "project.pth").write_text(f"{project.top}/lib\n")
    customize(project, PTH.format(folder=str(site_packages)))


def customize(project: Project, code: str) -> None:
    site = project.top.parent / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(code)
    project.variables["PYTHONPATH"] = str(site)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make_flat, id="flat"),
        pytest.param(make_src, id="src and pythonpath"),
        pytest.param(make_subfolder, id="project in a subfolder"),
        pytest.param(make_beside_the_root, id="pythonpath beside the root"),
        pytest.param(make_python_path_variable, id="PYTHONPATH"),
        pytest.param(make_editable_install, id="editable install"),
    ],
)
def test_the_code_comes_from_the_revision(
    project: Project, make: Callable[[Project], None]
) -> None:
    make(project)
    project.make()
    result = project.run_first().result
    # The working folder stays where the user's data are.
    assert result.statistics == {"version": 1, "here": str(project.root)}
    assert result.environment.git_dirty is False
    assert (project.top / project.rules / "rules.py").read_text() == "VERSION = 2\n"


@pytest.mark.parametrize("make", [make_src, make_beside_the_root])
def test_equal_code_has_one_fingerprint_wherever_it_lies(
    project: Project, make: Callable[[Project], None]
) -> None:
    make(project)
    project.make()
    first = project.run_first().result
    second = project.run().result
    project.write(1)
    first_here = project.run().result
    assert [one.statistics["version"] for one in (first, second, first_here)] == [1, 2, 1]
    assert first.fingerprints == first_here.fingerprints
    assert first.fingerprints.code != second.fingerprints.code


def test_data_with_a_relative_path_are_read_from_the_working_tree(project: Project) -> None:
    project.make(GOLD.replace("str(Path.cwd())", "Path('prices.csv').read_text()"))
    (project.root / "prices.csv").write_text("188.00")
    assert project.run_first().result.statistics["here"] == "188.00"


def test_a_module_that_an_import_hook_finds_in_the_working_tree_is_refused(
    project: Project,
) -> None:
    project.rules = "lib"
    customize(project, HOOK.format(file=str(project.top / "lib" / "rules.py")))
    project.make()
    ended = project.run_first()
    commit = resolve(project.root, "first").commit[:12]
    assert ended.exit_status == EXIT_BAD_INPUT
    assert store.read_worker_error(ended.folder) == (
        f"module rules was loaded from {project.top}/lib/rules.py, which is not revision {commit} "
        "(hint: an import hook of an editable install does that: pip install --config-settings "
        "editable_mode=compat -e . or put the code's folder under pytest's pythonpath)"
    )


def test_a_module_that_only_the_run_loads_is_checked_too(project: Project) -> None:
    project.rules = "lib"
    late = GOLD.replace("from rules import VERSION\n", "VERSION = 1\n")
    project.make(
        late.replace(
            "return", f"sys.path[:0] = [{str(project.top / 'lib')!r}]; import rules; return"
        ).replace("from pathlib", "import sys; from pathlib")
    )
    ended = project.run_first()
    assert ended.exit_status == 1
    assert "module rules was loaded from" in (store.read_worker_error(ended.folder) or "")


def test_a_run_of_the_working_tree_with_the_code_of_a_checkout_is_refused(
    project: Project,
) -> None:
    project.rules = "lib"
    project.make()
    with checked_out(resolve(project.root, "first"), project.root / ".zacperf/worktrees") as one:
        project.variables["PYTHONPATH"] = f"{one.checkout}/lib"
        ended = project.run()
    assert ended.exit_status == EXIT_BAD_INPUT
    assert store.read_worker_error(ended.folder) == (
        f"module rules was loaded from {one.checkout}/lib/rules.py, a checkout of another revision "
        "than the working tree (hint: take that folder out of PYTHONPATH, and out of what changes "
        "sys.path)"
    )
