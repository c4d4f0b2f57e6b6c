"""Lean's command line client: where it is, what its version can do, how it is asked for a run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pytest_zacperf.errors import EngineError

Version: TypeAlias = tuple[int, ...]
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
VERSION_TIMEOUT_S = 60.0
# Read off its releases: the first one that has it.
EXTRA_CONFIG: Version = (1, 0, 150)
CONTAINER_ENVIRONMENT: Version = (1, 0, 218)
PARAMETERS: Version = (1, 0, 221)
UPGRADE = "run: pip install --upgrade lean"
# The client wraps what it prints at the width of a terminal, and 80 where there is none.
WIDE = {"COLUMNS": "1000", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """What the client is asked to run.

    Attributes:
        algorithm: Project folder, or the file in it that is the algorithm.
        image: Of the engine.
        output: Folder for the results; below that of ``lean.json``.
        config: The copy of ``lean.json`` that it may change.
        algorithm_id: Names the result files.
        container: Name of the container.
        parameters: All Lean parameters; empty for those of the project's own file.
        environment: Of the container.
        volumes: Host folders to their places in the container, read only.
        arguments: Further options.

    """

    algorithm: Path
    image: str
    output: Path
    config: Path
    algorithm_id: int
    container: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[Path, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanCli:
    """The client that is installed."""

    path: str
    version: Version

    @classmethod
    def found(cls, command: str) -> LeanCli:
        """Return the client of a name or a path.

        Raises:
            EngineError: There is none, it does not start, or it is too old.

        """
        beside = Path(sys.executable).parent / command  # where no PATH leads to
        path = shutil.which(command) or (str(beside) if beside.is_file() else None)
        if path is None:
            raise EngineError(
                f"there is no {command!r} on PATH",
                'run: pip install "pytest-zacperf[lean]", or give LeanEngine(lean="/path/to/lean")',
            )
        path = os.path.abspath(path)  # noqa: PTH100 - links stay; the client runs elsewhere
        version = _version(path)
        if version < EXTRA_CONFIG:
            raise EngineError(
                f"lean {version_text(version)} cannot pin a container's name; "
                f"{version_text(EXTRA_CONFIG)} can",
                UPGRADE,
            )
        return cls(path=path, version=version)

    @property
    def has_environment(self) -> bool:
        """Whether it can give a container environment variables."""
        return self.version >= CONTAINER_ENVIRONMENT

    def require(self, *, environment: bool, parameters: bool) -> None:
        """Refuse what this version cannot do.

        Args:
            environment: Whether the container needs environment variables.
            parameters: Whether parameters are given on the command line.

        Raises:
            EngineError: It names the version that can.

        """
        own = f"lean {version_text(self.version)}"
        if environment and not self.has_environment:
            raise EngineError(
                f"{own} cannot give a container environment variables; "
                f"{version_text(CONTAINER_ENVIRONMENT)} can",
                f'{UPGRADE}, or use window="wrapper"',
            )
        if parameters and self.version < PARAMETERS:
            raise EngineError(
                f"{own} has no --parameter; {version_text(PARAMETERS)} has",
                f'{UPGRADE}, or write "parameters" into config.json and use window="wrapper"',
            )

    def command(self, order: RunOrder) -> list[str]:
        """Return the command line of a run."""
        docker = {
            "environment": dict(order.environment),
            "volumes": {
                str(host): {"bind": place, "mode": "ro"} for host, place in order.volumes.items()
            },
        }
        command = [
            *(self.path, "backtest", str(order.algorithm)),
            *("--no-update", "--image", order.image),
            *("--lean-config", str(order.config)),
            *("--output", str(order.output)),
            *("--extra-config", "algorithm-id", str(order.algorithm_id)),
            *("--extra-config", "container-name", order.container),
        ]
        if self.has_environment:
            command += ["--extra-docker-config", json.dumps(docker)]
        for name, value in order.parameters.items():
            command += ["--parameter", name, value]
        return [*command, *order.arguments]


def version_text(version: Version) -> str:
    """Return ``1.0.230``."""
    return ".".join(map(str, version))


def _version(path: str) -> Version:
    try:
        done = subprocess.run(  # noqa: S603 - the client that the user named
            [path, "--version"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=VERSION_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise EngineError(f"{path} cannot be run: {e}", UPGRADE) from e
    found = VERSION.search(done.stdout)
    if found is None:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise EngineError(
            f"{path} --version did not say a version: {said[-1] if said else 'it said nothing'}",
            "run it once with a network: it fetches a list of its modules",
        )
    return tuple(map(int, found.groups()))
