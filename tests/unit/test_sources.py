"""Paths of the working tree that become those of a checkout, and modules of the wrong tree."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import pytest_zacperf
from pytest_zacperf.errors import EngineError
from pytest_zacperf.records import SourceTree
from pytest_zacperf.worker.sources import map_sys_path, mapped, require_own_sources


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
