"""Lean's real client, in an environment of its own; tests that need it skip where it is not."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import Shell
from support.docker_daemon import IMAGE, DockerDaemon
from support.lean_project import LeanProjectFolder

VARIABLE = "ZACPERF_TEST_LEAN"
CLIENT = os.environ.get(VARIABLE) or shutil.which("lean")
needs_client = pytest.mark.skipif(
    CLIENT is None,
    reason=f"no lean client: install the extra lean somewhere, {VARIABLE} names its bin/lean",
)


@dataclass(frozen=True, slots=True)
class LeanMachine:
    """A Lean workspace on a machine with a client and Docker."""

    project: LeanProjectFolder
    daemon: DockerDaemon
    shell: Shell

    @classmethod
    def made(
        cls, folder: Path, daemon: DockerDaemon, engine: str = "LeanEngine", options: str = ""
    ) -> LeanMachine:
        """Write the workspace; options are further arguments of the engine."""
        client = f", lean={CLIENT!r}" if engine == "LeanEngine" else ""
        text = f'{engine}("Gold", image={IMAGE!r}{client}{options})'
        (folder / "tmp").mkdir()
        root = folder / "workspace"
        return cls(LeanProjectFolder.made(root, text), daemon, Shell(root, folder / "tmp"))

    @property
    def variables(self) -> dict[str, str]:
        """What a command of ours needs in its environment."""
        return {"DOCKER_HOST": self.daemon.host, "HOME": str(self.shell.temporary)}
