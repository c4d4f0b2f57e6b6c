"""What a user calls a revision, and the commit that is meant."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pytest_zacperf.errors import SettingsError
from pytest_zacperf.sentences import one_line
from pytest_zacperf.worktree.git import LOOK_UP_LIMIT_S, git_output, run_git

MERGE_BASE = "merge-base:"
CONTENT_LIMIT_S = 60.0
COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit of the project's repository.

    Attributes:
        top: The repository's working tree.
        commit: The full hash.
        name: What the user wrote.

    """

    top: Path
    commit: str
    name: str


def resolve(root: Path, name: str) -> Revision:
    """Look a revision up.

    Args:
        root: The project; it may be a subfolder of the repository.
        name: Any git revision, or ``merge-base:BRANCH`` for where HEAD left that branch.

    Raises:
        SettingsError: There is no git, no repository, no such revision, no merge base, or the
            project did not exist then.

    """
    branch = name.removeprefix(MERGE_BASE)
    # Never an option of git; and no process can be given a NUL.
    if not branch or branch.startswith("-") or not branch.isprintable():
        raise SettingsError(
            f"{name!r} is no git revision",
            f"write a branch, a tag, a commit or {MERGE_BASE}BRANCH, such as {MERGE_BASE}main",
        )
    found = _ask(root, name, "rev-parse", "--show-toplevel", "--show-prefix")
    if found.returncode != 0:
        raise SettingsError(
            f"git finds no repository for revision {name!r} at {root}: {one_line(found.stderr)}",
            f"git -C {root} status says more; start in a clone of the project",
        )
    top_line, _, prefix = found.stdout.partition("\n")
    top = Path(top_line)
    commit = _commit(top, branch, name)
    if branch != name:
        commit = _merge_base(top, commit, name)
    _require_folder(top, prefix.removesuffix("\n").rstrip("/"), commit, name)
    return Revision(top=top, commit=commit, name=name)


def content_at(revision: Revision, path: Path) -> bytes | None:
    """Return a file as it was at a revision; None where it did not exist then.

    Args:
        revision: The commit.
        path: Of the file in the working tree.

    """
    within = path.resolve().relative_to(revision.top.resolve()).as_posix()
    return git_output(
        revision.top, "cat-file", "blob", f"{revision.commit}:{within}", limit_s=CONTENT_LIMIT_S
    )


def files_at(revision: Revision, folder: Path) -> list[Path]:
    """Return the files that a folder had at a revision, as they are called in the working tree.

    Args:
        revision: The commit.
        folder: In the working tree, where it need not exist any more.

    """
    within = folder.resolve().relative_to(revision.top.resolve()).as_posix()
    arguments = ("ls-tree", "-r", "-z", "--name-only", revision.commit, "--", f"{within}/")
    listed = git_output(revision.top, *arguments, limit_s=CONTENT_LIMIT_S) or b""
    names = [name.decode(errors="surrogateescape") for name in listed.split(b"\0") if name]
    return [folder / Path(name).relative_to(within) for name in names]


def _commit(top: Path, revision: str, name: str) -> str:
    # In two steps: ":/text^{commit}" looks for that whole text.
    found = revision
    for suffix in ("", "^{commit}"):
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{found}{suffix}")
        found = _ask(top, name, *arguments).stdout.strip()
        if not COMMIT.fullmatch(found):
            raise SettingsError(
                f"git knows no revision {revision!r}",
                _fetch_hint(top, name, "see git branch --all"),
            )
    return found


def _merge_base(top: Path, commit: str, name: str) -> str:
    head = _commit(top, "HEAD", name)
    found = _ask(top, name, "merge-base", head, commit).stdout.strip()
    if not COMMIT.fullmatch(found):
        hint = _fetch_hint(top, name, "name a commit instead")
        raise SettingsError(f"HEAD and {name.removeprefix(MERGE_BASE)!r} have no merge base", hint)
    return found


def _fetch_hint(top: Path, name: str, otherwise: str) -> str:
    is_shallow = _ask(top, name, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    return "this clone is shallow: git fetch --unshallow" if is_shallow else otherwise


def _require_folder(top: Path, prefix: str, commit: str, name: str) -> None:
    if prefix and _ask(top, name, "cat-file", "-t", f"{commit}:{prefix}").stdout.strip() != "tree":
        raise SettingsError(
            f"revision {name!r} has no folder {prefix!r}, which is the project",
            f"git log --oneline -- {prefix} lists the revisions that changed it",
        )


def _ask(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return run_git(folder, *arguments, limit_s=LOOK_UP_LIMIT_S)
    except OSError as e:
        raise SettingsError(
            f"revision {name!r} needs git, which cannot be started: {e.strerror}",
            "install git and put it on PATH",
        ) from e
    except subprocess.TimeoutExpired as e:
        raise SettingsError(
            f"git took longer than {LOOK_UP_LIMIT_S:g} s to look for revision {name!r}",
            f"see what it waits for: git -C {folder} {' '.join(arguments)}",
        ) from e
