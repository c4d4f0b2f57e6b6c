"""What the engines have in common that run LEAN in a container: an image, which can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from pytest_zacperf.engines.lean import docker_client
from pytest_zacperf.engines.lean.attempt import AlgorithmOptions
from pytest_zacperf.engines.lean.base import LeanBacktest

# The parameter that names it, so that two images can be the two sides of a comparison.
IMAGE = "image"
DIGEST_CHARACTERS = 19  # sha256: and 12 digits, as Docker shows them


class ImagedLean(LeanBacktest):
    """Runs LEAN from an image.

    Args:
        project: Folder of the project.
        image: Of the engine, with a tag or a digest that does not move; it must be there.
        options: See ``AlgorithmOptions``.

    """

    own_parameters = frozenset({IMAGE})

    def __init__(
        self, project: str | Path, *, image: str, **options: Unpack[AlgorithmOptions]
    ) -> None:
        super().__init__(project, **options)
        self.parameters = {IMAGE: image, **self.parameters}
        self._digest = ""

    @property
    def image(self) -> str:
        """Of the engine."""
        return str(self.parameters[IMAGE])

    def look_for_image(self) -> None:
        """Look for Docker and the image.

        Raises:
            EngineError: One is missing.

        """
        with docker_client.closing(docker_client.connected()) as client:
            self._digest = docker_client.image_digest(client, self.image)

    def version_parts(self) -> Iterable[str]:
        """Return the digest of the image."""
        yield self._digest[:DIGEST_CHARACTERS]
