"""The stored side of a comparison: which samples, and whether its revision can be run."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from support import recorded

from pytest_zacperf.records import Baseline, Environment
from pytest_zacperf.sides import Live
from pytest_zacperf.stored_side import StoredSide
from pytest_zacperf.worktree import Revision

OTHER = recorded.environment(machine="arm64 Other")
DIRTY = recorded.environment(git_dirty=True)
NO_GIT = recorded.environment(git_revision=None, git_dirty=None)
REMEDY = (
    "; record a new baseline: zacperf baseline record --window wk-1 --reason ... with everything "
    "committed, so that its revision can be measured, or name a revision with --zacperf-against"
)


def side(*entries: Baseline, root: Path = Path("nowhere")) -> StoredSide:
    return StoredSide(entries, root=root, make_live=live)


def live(revision: Revision, origin: str) -> Live:
    """Stand for a side that can be run: what it was made of."""
    return cast("Live", (revision.commit, origin))


def git(folder: Path, *arguments: str) -> str:
    identity: Sequence[str] = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    done = subprocess.run(  # noqa: S603 - fixed commands
        ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    return tmp_path


def test_it_says_which_baseline_it_is_and_from_when() -> None:
    found = side(recorded.baseline())
    assert found.name == "wk-1 as recorded"
    assert found.origin == "stored baseline of revision 0123456789ab, 2025-11-01"
    assert not found.has_run


def test_one_of_no_repository_names_no_revision() -> None:
    found = side(recorded.baseline(environment=NO_GIT))
    assert found.origin == "stored baseline, 2025-11-01"


def test_the_samples_of_this_environment_are_used_though_others_are_newer() -> None:
    later = recorded.AT_UTC + dt.timedelta(days=9)
    newest = recorded.baseline(environment=OTHER, recorded_utc=later)
    ours = recorded.baseline()
    found = side(newest, ours)
    assert found.origin.endswith("2025-11-10")
    assert found.in_environment(recorded.environment(git_revision="f" * 40)) is ours
    assert found.origin.endswith("2025-11-01")


def test_samples_of_other_environments_are_never_used() -> None:
    assert side(recorded.baseline(environment=OTHER)).in_environment(recorded.ENVIRONMENT) is None


def test_a_revision_that_git_knows_can_be_run(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    stored = recorded.baseline(environment=recorded.environment(git_revision=commit))
    origin = f"stored baseline of revision {commit[:12]}, 2025-11-01"
    found, why_not = side(stored, root=repository).live()
    assert (cast("object", found), why_not) == ((commit, origin), "")


def test_a_revision_that_is_gone_is_told(repository: Path) -> None:
    found = side(recorded.baseline(), root=repository).live()
    assert found == (None, f"git knows no revision '{recorded.REVISION}'{REMEDY}")


@pytest.mark.parametrize(
    ("baseline", "problem"),
    [
        pytest.param(DIRTY, "tracked files differ from 0123456789ab", id="dirty"),
        pytest.param(NO_GIT, "the project is in no git repository", id="no repository"),
    ],
)
def test_a_baseline_without_a_clean_revision_cannot_be_run(
    baseline: Environment, problem: str
) -> None:
    stored = recorded.baseline(environment=baseline)
    assert side(stored).live() == (None, f"{problem}{REMEDY}")


def test_another_environment_is_told_beside_the_reason_why_nothing_can_be_run() -> None:
    found = side(recorded.baseline(environment=DIRTY))
    assert found.in_environment(OTHER) is None
    assert found.live() == (
        None,
        (
            "it was recorded in another environment (processor x86_64 Example / arm64 Other) and "
            f"tracked files differ from 0123456789ab{REMEDY}"
        ),
    )
