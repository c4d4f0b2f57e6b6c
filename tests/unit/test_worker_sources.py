from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

import pytest_zacperf
from pytest_zacperf import store
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import RunRequest, SourceTree, Window, WorkerResult, Workload
from pytest_zacperf.worker import EXIT_BAD_INPUT
from pytest_zacperf.worker.sources import map_sys_path, mapped, require_own_sources
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


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
    )


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
                env={**os.environ, **self.variables},
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


@dataclass(frozen=True, slots=True)
class Trees:
    """A working tree and a checkout below it, without git."""

    sources: SourceTree

    @property
    def top(self) -> Path:
        return Path(self.sources.top)

    @property
    def checkout(self) -> Path:
        return Path(self.sources.checkout)

    def load(self, path: Path, patch: pytest.MonkeyPatch, name: str = "gold") -> None:
        module = ModuleType(name)
        module.__file__ = str(path)
        patch.setitem(sys.modules, name, module)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    top = tmp_path / "top"
    checkout = top / ".zacperf" / "worktrees" / "abc"
    checkout.mkdir(parents=True)
    return Trees(SourceTree(top=str(top), checkout=str(checkout), revision="c" * 40))


def test_a_path_of_the_working_tree_becomes_one_of_the_checkout(trees: Trees) -> None:
    assert mapped(trees.top, trees.sources) == trees.checkout
    assert mapped(trees.top / "src" / "gold.py", trees.sources) == trees.checkout / "src/gold.py"
    assert mapped(trees.top / "tests" / ".." / "src", trees.sources) == trees.checkout / "src"


def test_without_a_revision_no_path_changes(trees: Trees) -> None:
    assert mapped(trees.top / "src", None) == trees.top / "src"


@pytest.mark.parametrize(
    "name",
    ["../elsewhere", ".zacperf/worktrees/abc/src", "lib/site-packages/numpy", "dist-packages"],
)
def test_a_path_that_is_no_code_of_the_repository_stays(trees: Trees, name: str) -> None:
    assert mapped(trees.top / name, trees.sources) == trees.top / name


def test_a_virtual_environment_stays_but_not_the_repository_that_is_one(trees: Trees) -> None:
    (trees.top / "env").mkdir()
    (trees.top / "env" / "pyvenv.cfg").touch()
    (trees.top / "pyvenv.cfg").touch()
    assert mapped(trees.top / "env" / "src", trees.sources) == trees.top / "env" / "src"
    assert mapped(trees.top / "src", trees.sources) == trees.checkout / "src"


def test_a_python_within_the_repository_stays(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "base_prefix", str(trees.top / "conda"))
    library = trees.top / "conda" / "lib" / "python3.11"
    assert mapped(library, trees.sources) == library


def test_a_link_belongs_to_the_revision_and_one_to_the_project_leads_there(
    trees: Trees, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    (trees.top / "inside").symlink_to(tmp_path / "shared")
    (tmp_path / "project").symlink_to(trees.top)
    assert mapped(trees.top / "inside", trees.sources) == trees.checkout / "inside"
    assert mapped(tmp_path / "project" / "src", trees.sources) == trees.checkout / "src"


def test_sys_path_keeps_every_entry_in_its_place(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trees.top / "src").mkdir()
    monkeypatch.chdir(trees.top)
    hook = "__editable__.gold-1.finder.__path_hook__"
    monkeypatch.setattr(sys, "path", ["", str(trees.top), "/usr/lib", hook, "src", "absent"])
    monkeypatch.setattr(sys, "path_importer_cache", {str(trees.top): None})
    map_sys_path(trees.sources)
    top = str(trees.checkout)
    assert sys.path == [top, top, "/usr/lib", hook, f"{top}/src", "absent"]
    assert sys.path_importer_cache == {}


def test_without_a_revision_sys_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "/usr/lib"])
    map_sys_path(None)
    assert sys.path == ["", "/usr/lib"]


@pytest.mark.parametrize(
    "name", [".zacperf/worktrees/abc/gold.py", "lib/site-packages/gold.py", "../gold.py"]
)
def test_a_module_of_the_revision_or_of_none_is_accepted(
    trees: Trees, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.load(trees.top / name, monkeypatch)
    require_own_sources(trees.top, trees.sources)


@pytest.mark.parametrize("name", ["gold.py", ".zacperf/worktrees/another/gold.py"])
def test_a_module_of_another_tree_is_refused(
    trees: Trees, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.load(trees.top / name, monkeypatch)
    with pytest.raises(EngineError) as error:
        require_own_sources(trees.top, trees.sources)
    assert error.value.problem == (
        f"module gold was loaded from {trees.top / name}, which is not revision cccccccccccc"
    )


def test_a_module_that_a_link_brings_from_the_working_tree_is_refused(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trees.top / "gold.py").touch()
    (trees.checkout / "gold.py").symlink_to(trees.top / "gold.py")
    trees.load(trees.checkout / "gold.py", monkeypatch)
    with pytest.raises(EngineError, match="module gold was loaded from"):
        require_own_sources(trees.top, trees.sources)


def test_modules_without_a_file_are_no_module_of_the_project(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lazy", object())
    require_own_sources(trees.top, trees.sources)


def test_a_project_that_no_revision_can_have_is_refused(trees: Trees, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as error:
        require_own_sources(tmp_path / "elsewhere", trees.sources)
    assert error.value.problem == (
        f"{tmp_path}/elsewhere cannot be measured at revision cccccccccccc: it is installed, or a "
        f"virtual environment, or not below {trees.top}"
    )
    assert error.value.hint == "keep pyvenv.cfg in a folder of its own, such as .venv"


def own_sources(trees: Trees) -> SourceTree:
    """The plugin's own folder is the project; other modules of its repository lie beside it."""
    top = Path(pytest_zacperf.__file__).resolve().parent
    return SourceTree(top=str(top), checkout=str(trees.checkout), revision="c" * 40)


def test_the_installed_plugin_measures_both_sides(trees: Trees) -> None:
    sources = own_sources(trees)
    require_own_sources(Path(sources.top), sources)
    require_own_sources(Path(sources.top), sources, ["pytest_zacperf.absent", "pytest_zac"])


def test_the_plugins_own_module_is_refused_when_it_is_what_is_measured(trees: Trees) -> None:
    sources = own_sources(trees)
    with pytest.raises(EngineError) as error:
        require_own_sources(Path(sources.top), sources, ["pytest_zacperf.worktree"])
    assert error.value.problem == (
        f"module pytest_zacperf.worktree was loaded from {sources.top}/worktree/__init__.py, "
        "which is not revision cccccccccccc"
    )
    assert error.value.hint == (
        "the installed plugin measures both sides, so its own pytest_zacperf.worktree has one "
        "revision; copy what is measured to a module of the project"
    )


def test_a_project_within_a_checkout_is_a_working_tree_of_its_own(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.load(trees.checkout / "gold.py", monkeypatch)
    require_own_sources(trees.checkout, None)
    with pytest.raises(EngineError, match="a checkout of another revision"):
        require_own_sources(trees.top, None)
