"""Names of revisions, and what git says when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repository import git
from support.worktrees import (
    Repository,
    new_repository,
    put_first_on_path,
    say,
)

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.worktree import Revision, resolve, revisions


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "project")


@pytest.mark.parametrize("name", ["first", "HEAD~1", "main^", ":/x = 1", "merge-base:older"])
def test_any_revision_is_looked_up(repository: Repository, name: str) -> None:
    git(repository.top, "branch", "older", "first")
    first = git(repository.top, "rev-parse", "first")
    assert resolve(repository.top, name) == Revision(top=repository.top, commit=first, name=name)


def test_the_merge_base_is_where_head_left_the_branch(repository: Repository) -> None:
    second = git(repository.top, "rev-parse", "HEAD")
    git(repository.top, "checkout", "-q", "-b", "feature")
    repository.commit("x = 3\n")
    git(repository.top, "checkout", "-q", "main")
    repository.commit("x = 4\n")
    git(repository.top, "checkout", "-q", "feature")
    assert resolve(repository.top, "merge-base:main").commit == second


def test_a_project_in_a_subfolder_belongs_to_the_repository(repository: Repository) -> None:
    (repository.top / "sub").mkdir()
    (repository.top / "sub" / "a.py").touch()
    third = repository.commit("x = 3\n")
    assert resolve(repository.top / "sub", "HEAD") == Revision(
        top=repository.top, commit=third, name="HEAD"
    )


def test_a_git_hook_that_runs_the_tests_changes_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    with repository.checked_out("first") as sources:
        assert (Path(sources.checkout) / "gold.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("name", ["", "--all", "-f", "merge-base:", "merge-base:--all", "a\0b"])
def test_what_is_no_revision_never_reaches_git(repository: Repository, name: str) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, name)
    assert say(error) == (
        f"{name!r} is no git revision",
        "write a branch, a tag, a commit or merge-base:BRANCH, such as merge-base:main",
    )


@pytest.mark.parametrize(
    "name", ["mian", "^main", "first..main", "HEAD:gold.py", "0" * 40, "merge-base:mian"]
)
def test_an_unknown_revision_is_named(repository: Repository, name: str) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, name)
    revision = name.removeprefix("merge-base:")
    assert say(error) == (f"git knows no revision {revision!r}", "see git branch --all")


def test_a_repository_without_a_commit_has_no_revision(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(SettingsError, match="git knows no revision 'HEAD'"):
        resolve(tmp_path, "HEAD")


def test_in_a_shallow_clone_the_hint_is_to_fetch(repository: Repository, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository.top}", str(shallow))
    with pytest.raises(SettingsError) as error:
        resolve(shallow, "first")
    assert say(error) == (
        "git knows no revision 'first'",
        "this clone is shallow: git fetch --unshallow",
    )


def test_branches_without_a_merge_base_are_named(repository: Repository) -> None:
    git(repository.top, "checkout", "-q", "--orphan", "other")
    git(repository.top, "commit", "-q", "-m", "other")
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "merge-base:main")
    assert say(error) == ("HEAD and 'main' have no merge base", "name a commit instead")


def test_a_project_that_did_not_exist_then_is_named(repository: Repository) -> None:
    (repository.top / "sub").mkdir()
    (repository.top / "sub" / "a.py").touch()
    repository.commit("x = 3\n")
    with pytest.raises(SettingsError) as error:
        resolve(repository.top / "sub", "first")
    assert say(error) == (
        "revision 'first' has no folder 'sub', which is the project",
        "git log --oneline -- sub lists the revisions that changed it",
    )


def test_a_folder_in_no_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(tmp_path, "main")
    assert say(error) == (
        (
            f"git finds no repository for revision 'main' at {tmp_path}: "
            "fatal: not a git repository (or any of the parent directories): .git"
        ),
        f"git -C {tmp_path} status says more; start in a clone of the project",
    )


def test_without_git_the_sentence_says_so(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "main")
    assert say(error) == (
        "revision 'main' needs git, which cannot be started: No such file or directory",
        "install git and put it on PATH",
    )


def test_a_git_that_waits_is_not_waited_for(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_first_on_path(tmp_path / "bin", "git", "exec sleep 60", monkeypatch)
    monkeypatch.setattr(revisions, "LOOK_UP_LIMIT_S", 0.1)
    with pytest.raises(SettingsError) as error:
        resolve(repository.top, "main")
    assert say(error) == (
        "git took longer than 0.1 s to look for revision 'main'",
        f"see what it waits for: git -C {repository.top} rev-parse --show-toplevel --show-prefix",
    )
