"""Projects whose tests are recorded: by pytest once a module, by a copy after that."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pytest loads it, and nobody can import it
    from conftest import Project

UPDATE = ("--snapshot-update", "--zacperf-reason", "the *first*")
SNAPSHOTS = "snapshots"


def record(project: Project, kept: Path, *, tests: int) -> None:
    """Record so many tests of a project, or copy what was recorded for an equal one.

    Args:
        project: Its tests are written.
        kept: Where the recordings are kept for the next one; need not exist.
        tests: How many pass.

    """
    if kept.exists():
        shutil.copytree(kept, project.root / SNAPSHOTS)
        return
    project.run(*UPDATE).assert_outcomes(passed=tests)
    shutil.copytree(project.root / SNAPSHOTS, kept)
