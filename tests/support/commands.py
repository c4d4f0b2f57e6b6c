"""Commands in processes of their own, as somebody types them into a fresh shell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ZACPERF = (sys.executable, "-c", "from pytest_zacperf.command import main; main()")
PYTEST = (sys.executable, "-m", "pytest")
OURS = ("PYTEST_", "PYTHONPATH", "ZACPERF_", "CI", "BUILD_NUMBER")
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in one folder.

    Attributes:
        folder: Their working directory.
        temporary: For temporary files; the lock of the machine lies there, and these runs shall
            not wait for what else it measures.

    """

    folder: Path
    temporary: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment without what this test session put into it."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return {**outer, "TMPDIR": str(self.temporary)}

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - commands of the tests
            command,
            cwd=self.folder,
            env=self.variables | variables,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )

    def start(self, command: Sequence[str], stdin: int) -> subprocess.Popen[str]:
        """Start a command whose output, errors included, is a pipe."""
        return subprocess.Popen(  # noqa: S603 - commands of the tests
            command,
            cwd=self.folder,
            env=self.variables,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
