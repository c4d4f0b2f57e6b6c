"""Docker's engine, through docker-py: what is there, and how a container is ended by its name."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from typing import Any, TypeAlias

from pytest_zacperf.errors import EngineError

# docker-py has no types.
Client: TypeAlias = Any
Container: TypeAlias = Any

TIMEOUT_S = 60
NEEDS_DOCKER_PY = 'run: pip install "pytest-zacperf[lean]"'


def connected() -> Client:
    """Return a client of the running engine, as ``DOCKER_HOST`` or the default socket has it.

    Raises:
        EngineError: docker-py is not installed, or no engine answers.

    """
    docker = _docker()
    try:
        client = docker.from_env(timeout=TIMEOUT_S)
        client.ping()
    except Exception as e:  # docker-py lets requests' and the system's errors through
        where = os.environ.get("DOCKER_HOST", "its default socket")
        raise EngineError(
            f"Docker does not answer at {where}: {_text(e)}",
            "start Docker, or use DotnetLean, which needs none; LeanResults reads what is there",
        ) from e
    return client


def image_digest(client: Client, image: str) -> str:
    """Return the id of an image that is on this machine.

    Raises:
        EngineError: It is not there.

    """
    docker = _docker()
    try:
        return str(client.images.get(image).id)
    except docker.errors.ImageNotFound as e:
        raise EngineError(
            f"image {image!r} is not on this machine", f"run: docker pull {image}"
        ) from e
    except Exception as e:
        raise EngineError(f"image {image!r} cannot be found: {_text(e)}", "see Docker") from e


def moving_image(image: str) -> Iterator[str]:
    """Yield a warning about an image whose name says nothing about what it is."""
    name, _, tag = image.rpartition("/")[2].partition(":")
    if "@" not in image and tag in {"", "latest"}:
        yield f"image {image!r} is another engine next week: name a tag or a digest of {name}"


def container_named(client: Client, name: str) -> Container | None:
    """Return a container, or None where there is none of that name."""
    docker = _docker()
    try:
        return client.containers.get(name)
    except docker.errors.NotFound:
        return None


def end_container(client: Client, name: str) -> bool:
    """Kill and remove a container; return whether there was one."""
    container = container_named(client, name)
    if container is None:
        return False
    docker = _docker()
    with contextlib.suppress(docker.errors.APIError):  # it has ended already
        container.kill()
    with contextlib.suppress(docker.errors.APIError):
        container.remove(force=True)
    return True


@contextlib.contextmanager
def container_removed(client: Client, name: str) -> Iterator[None]:
    """Kill and remove a container after the block, if it is still there.

    Raises:
        EngineError: It could not be removed.

    """
    try:
        yield
    finally:
        try:
            end_container(client, name)
            is_there = container_named(client, name) is not None
        except Exception as e:  # as in connected()
            raise EngineError(
                f"Docker does not answer any more: {_text(e)}",
                f"start it, and run: docker rm --force {name}",
            ) from e
        if is_there:
            raise EngineError(
                f"container {name} could not be removed", f"run: docker rm --force {name}"
            )


@contextlib.contextmanager
def closing(client: Client) -> Iterator[Client]:
    """Close the connections of a client after the block."""
    try:
        yield client
    finally:
        client.close()


def started(client: Client, **options: Any) -> Container:  # noqa: ANN401 - docker-py's own
    """Create a container and start it; options are those of docker-py.

    Raises:
        EngineError: Docker refuses.

    """
    docker = _docker()
    try:
        return client.containers.run(**options, detach=True)
    except docker.errors.DockerException as e:
        raise EngineError(
            f"container {options['name']} cannot be started: {_text(e)}", "see Docker"
        ) from e


def _docker() -> Any:  # noqa: ANN401 - docker-py has no types
    try:
        return importlib.import_module("docker")
    except ImportError as e:
        raise EngineError("docker-py is not installed", NEEDS_DOCKER_PY) from e


def _text(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
