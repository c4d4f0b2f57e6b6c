"""Revisions that are checked out beside the working tree, and touch nothing of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.repository import git
from support.worktrees import (
    Repository,
    new_repository,
    say,
    until,
    use_filter,
)

from pytest_zacperf import worktree
from pytest_zacperf.errors import RunError


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "project")


def test_a_checkout_is_the_revision_and_goes_afterwards(repository: Repository) -> None:
    with repository.checked_out("first") as sources:
        checkout = Path(sources.checkout)
        assert sources.top == str(repository.top)
        assert sources.revision == git(repository.top, "rev-parse", "first")
        assert checkout.parent == repository.worktrees
        assert worktree.NAME.fullmatch(checkout.name)
        assert (checkout / "gold.py").read_text() == "x = 1\n"
        assert git(checkout, "status", "--porcelain") == ""
    assert repository.left == []
    assert not (repository.top / ".git" / "worktrees").exists()


def test_a_checkout_leaves_everything_of_the_users_as_it_is(repository: Repository) -> None:
    (repository.top / "gold.py").write_text("stashed\n")
    git(repository.top, "stash")
    (repository.top / "gold.py").write_text("staged\n")
    git(repository.top, "add", ".")
    (repository.top / "gold.py").write_text("in the works\n")
    (repository.top / "untracked.py").touch()
    before = repository.state()
    with repository.checked_out("first"):
        assert git(repository.top, "status", "--porcelain") == before[0]
        assert (repository.top / "gold.py").read_text() == "in the works\n"
    assert repository.state() == before


def test_a_checkout_goes_when_its_block_fails(repository: Repository) -> None:
    with pytest.raises(KeyError), repository.checked_out("first"):
        raise KeyError
    assert (repository.left, repository.known) == ([], [])


def test_what_a_run_leaves_in_a_checkout_goes_too(repository: Repository) -> None:
    with repository.checked_out("first") as sources:
        (Path(sources.checkout) / "gold.py").write_text("changed\n")
        (Path(sources.checkout) / "__pycache__").mkdir()
        (Path(sources.checkout) / "__pycache__" / "gold.pyc").touch()
    assert (repository.left, repository.known) == ([], [])


def test_the_users_own_worktrees_stay_also_one_that_is_not_there_now(
    repository: Repository, tmp_path: Path
) -> None:
    for name in ("here", "unplugged"):
        git(repository.top, "worktree", "add", "-q", "--detach", str(tmp_path / name))
    shutil.rmtree(tmp_path / "unplugged")
    before = repository.known
    assert len(before) == 2
    with repository.checked_out("first"):
        assert len(repository.known) == 3
    assert repository.known == before


def test_no_hook_runs(repository: Repository) -> None:
    hook = repository.top / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository.top}/ran\n")
    hook.chmod(0o755)
    with repository.checked_out("first"):
        pass
    assert not (repository.top / "ran").exists()


def test_a_checkout_that_git_gives_up_is_one_sentence(repository: Repository) -> None:
    commit = use_filter(repository, "false")
    with pytest.raises(RunError) as error, repository.checked_out("main"):
        pass
    assert say(error) == (
        (
            "revision 'main' cannot be checked out: error: external filter 'false' failed; "
            "fatal: gold.py: smudge filter lfs failed"
        ),
        f"git worktree add --detach FOLDER {commit[:12]} shows all of it",
    )
    assert (repository.left, repository.known) == ([], [])


def test_a_checkout_that_takes_too_long_is_given_up(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = use_filter(repository, "sleep 1; cat")
    monkeypatch.setattr(worktree, "CHECKOUT_LIMIT_S", 0.3)
    with pytest.raises(RunError) as error, repository.checked_out("main"):
        pass
    assert say(error) == (
        "revision 'main' cannot be checked out within 0.3 s",
        f"see what it waits for: git worktree add --detach FOLDER {commit[:12]}",
    )
    assert until(lambda: (repository.left, repository.known) == ([], []))


def test_a_folder_that_cannot_be_made_is_named(repository: Repository) -> None:
    (repository.top / ".zacperf").touch()
    with pytest.raises(RunError) as error, repository.checked_out("first"):
        pass
    assert say(error) == (
        f"revision 'first' cannot be checked out: {repository.worktrees}: Not a directory",
        f"look at {repository.worktrees}",
    )
