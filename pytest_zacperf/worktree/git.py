"""Git commands, run so that they neither wait for anybody nor touch what is the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from pathlib import Path

LOOK_UP_LIMIT_S = 10.0

# The user's hooks stay out of it, nothing is started that outlives the command, and the
# repository's own configuration is not written to.
CAUTION = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "worktree.useRelativePaths=false"),
)


def run_git(
    folder: Path, *arguments: str, limit_s: float = LOOK_UP_LIMIT_S, held: Collection[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder and return its exit status and what it said.

    Args:
        folder: Where.
        arguments: The command and its arguments.
        limit_s: How long it may take.
        held: Open files that git holds, too, until it has ended.

    Raises:
        OSError: It cannot be started.
        subprocess.TimeoutExpired: It took too long, and was killed.

    """
    return subprocess.run(  # noqa: S603 - no argument of the user's is an option
        ["git", "-C", str(folder), *CAUTION, *arguments],  # noqa: S607
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=git_variables(),
        errors="surrogateescape",  # paths are bytes
        pass_fds=held,
        stdin=subprocess.DEVNULL,
        timeout=limit_s,
    )


def git_output(folder: Path, *arguments: str, limit_s: float = LOOK_UP_LIMIT_S) -> bytes | None:
    """Return what git wrote, byte by byte, or None where it refused; see ``run_git``."""
    done = subprocess.run(  # noqa: S603 - no argument of the user's is an option
        ["git", "-C", str(folder), *CAUTION, *arguments],  # noqa: S607
        capture_output=True,
        check=False,
        env=git_variables(),
        stdin=subprocess.DEVNULL,
        timeout=limit_s,
    )
    return done.stdout if done.returncode == 0 else None


def git_variables() -> dict[str, str]:
    """Return the environment of git commands."""
    # A git hook that runs the tests sets GIT_DIR and others, which would name another repository.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {**inherited, "GIT_TERMINAL_PROMPT": "0"}
