"""What the stand-in of Docker's engine holds: images, containers, what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.docker_containers import Container

IMAGE = "quantconnect/lean:17369"
DIGEST = "sha256:0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class DockerDaemon:
    """The engine: what it shall do, what it has been asked, what it runs.

    Attributes:
        folder: Of the socket and of what containers need.
        wish: What LEAN shall do in a container (``stand_in_lean``), and the daemon: ``no_hook``,
            ``no_proc``, ``no_stats``, ``lose_count``; ``refuse`` starts no container; ``vanish``
            closes every connection once a container runs.
        images: That are there.
        requests: Method and path of each call.
        containers: By id.
        made: All that were ever created.
        networks: Names of those that were created.
        volumes: Names of those that were created.

    """

    folder: Path
    wish: dict[str, Any] = field(default_factory=dict)
    images: list[str] = field(default_factory=lambda: [IMAGE])
    requests: list[str] = field(default_factory=list)
    containers: dict[str, Container] = field(default_factory=dict)
    made: list[Container] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    is_gone: bool = False

    @property
    def host(self) -> str:
        """What ``DOCKER_HOST`` is set to."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def running(self) -> list[str]:
        """Names of the containers that run."""
        return [one.name for one in list(self.containers.values()) if one.is_running]

    def find(self, key: str) -> Container | None:
        """Return a container by its id or name."""
        for one in list(self.containers.values()):
            if key in {one.id, one.name}:
                return one
        return None

    def create(self, name: str, payload: dict[str, Any]) -> Container:
        """Create a container."""
        number = len(self.made) + 1
        folder = self.folder / f"container-{number}"
        folder.mkdir()
        made = Container(
            id=f"{number:064x}", name=name, payload=payload, folder=folder, wish=dict(self.wish)
        )
        self.made.append(made)
        self.containers[made.id] = made
        return made
