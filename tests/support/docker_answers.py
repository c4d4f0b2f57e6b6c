"""What the stand-in of Docker's engine answers to each call of its API."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from support.docker_containers import Container, signal_number
from support.docker_state import DIGEST, DockerDaemon

SAMPLE_S = 0.05


class Call(Protocol):
    """One call: what was asked, and how it is answered."""

    daemon: DockerDaemon
    query: dict[str, str]
    body: Any

    def send(self, status: int, content: object = None) -> None:
        """Answer with JSON."""
        ...

    def stream(self, chunks: Iterator[bytes]) -> None:
        """Answer piece by piece."""
        ...

    def says(self, name: str) -> bool:
        """Return whether the query sets a switch."""
        ...

    def container(self, key: str) -> Container | None:
        """Return a container, or answer that there is none."""
        ...


def _image(name: str) -> dict[str, Any]:
    labels = {"target_framework": "net9.0", "python_version": "3.11"}
    return {
        "Id": DIGEST,
        "RepoTags": [name],
        "RepoDigests": [f"{name.partition(':')[0]}@{DIGEST}"],
        "Config": {"Labels": labels},
        "Labels": labels,
    }


def _list_images(call: Call) -> None:
    call.send(200, [_image(name) for name in call.daemon.images])


def _inspect_image(call: Call, name: str) -> None:
    if name in {*call.daemon.images, DIGEST}:
        call.send(200, _image(call.daemon.images[0] if name == DIGEST else name))
    else:
        call.send(404, {"message": f"No such image: {name}"})


def _create(call: Call) -> None:
    name = call.query.get("name", f"unnamed-{len(call.daemon.made) + 1}")
    image = call.body["Image"]
    if image not in {*call.daemon.images, DIGEST}:
        call.send(404, {"message": f"No such image: {image}"})
        return
    if call.daemon.find(name) is not None:
        call.send(409, {"message": f"the name {name} is in use"})
        return
    call.send(201, {"Id": call.daemon.create(name, call.body).id, "Warnings": []})


def _start(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None and call.daemon.wish.get("refuse"):
        call.send(500, {"message": "no more memory"})
    elif found is not None:
        try:
            found.start()
        except OSError as e:
            call.send(400, {"message": f"exec: {e}"})
            return
        # Before the answer: who has it may ask again at once.
        call.daemon.is_gone = bool(call.daemon.wish.get("vanish"))
        call.send(204)


def _inspect(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None:
        call.send(200, found.state())


def _list(call: Call) -> None:
    if "filters" in call.query:
        call.send(400, {"message": "the stand-in lists without filters"})
        return
    found = list(call.daemon.containers.values())
    call.send(
        200,
        [
            {
                "Id": one.id,
                "Names": [f"/{one.name}"],
                "Image": one.payload["Image"],
                "Labels": one.payload.get("Labels") or {},
                "State": one.state()["State"]["Status"],
            }
            for one in found
            if call.says("all") or one.is_running
        ],
    )


def _logs(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None:
        # Lean's client asks for the whole, or for what is printed from now on.
        start = len(found.output) if call.query.get("tail") == "0" else 0
        call.stream(_frames(found, start, follows=call.says("follow")))


def _frames(container: Container, sent: int, *, follows: bool) -> Iterator[bytes]:
    head = 0 if container.payload.get("Tty") else 8
    while True:
        has_ended = container.ended.is_set() or not follows
        frame = container.frame(sent)
        sent += max(len(frame) - head, 0)
        yield frame
        if has_ended:
            return
        container.ended.wait(SAMPLE_S)


def _stats(call: Call, key: str) -> None:
    found = call.container(key)
    if found is None:
        return
    if found.wish.get("no_stats"):
        call.send(500, {"message": "no statistics here"})
    elif not call.says("stream"):
        call.send(200, found.sample())
    else:
        call.stream(_samples(found))


def _samples(container: Container) -> Iterator[bytes]:
    while not container.ended.wait(SAMPLE_S):
        yield json.dumps(container.sample()).encode() + b"\n"


def _wait(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None:
        if found.process is not None:
            found.ended.wait()
        call.send(200, {"StatusCode": found.exit_status})


def _kill(call: Call, key: str) -> None:
    found = call.container(key)
    if found is None:
        return
    if not found.is_running:
        call.send(409, {"message": f"container {key} is not running"})
        return
    number = signal_number(call.query.get("signal", "SIGKILL"))
    if number == signal.SIGKILL:
        found.kill()
    else:
        found.signal(number)
    call.send(204)


def _stop(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None:
        was_running = found.is_running
        found.stop(float(call.query.get("t", 10)))
        call.send(204 if was_running else 304)


def _remove(call: Call, key: str) -> None:
    found = call.container(key)
    if found is None:
        return
    if found.is_running and not call.says("force"):
        call.send(409, {"message": f"container {key} is running"})
        return
    found.kill()
    call.daemon.containers.pop(found.id, None)
    call.send(204)


def _update(call: Call, key: str) -> None:
    found = call.container(key)
    if found is not None:
        found.updates.append(call.body)
        call.send(200, {"Warnings": []})


def _ping(call: Call) -> None:
    call.send(200, b"OK")


def _version(call: Call) -> None:
    call.send(200, {"Version": "24.0.0", "ApiVersion": "1.43", "MinAPIVersion": "1.24"})


def _pull(call: Call) -> None:
    name = call.query["fromImage"]
    call.send(404, {"message": f"pull access denied for {name}, or it does not exist"})


def _list_networks(call: Call) -> None:
    call.send(200, [{"Id": name, "Name": name} for name in call.daemon.networks])


def _create_network(call: Call) -> None:
    name = call.body["Name"]
    call.daemon.networks.append(name)
    call.send(201, {"Id": name, "Warning": ""})


def _inspect_network(call: Call, name: str) -> None:
    if name in call.daemon.networks:
        call.send(200, {"Id": name, "Name": name})
    else:
        call.send(404, {"message": f"network {name} not found"})


def _list_volumes(call: Call) -> None:
    found = [_volume(name) for name in call.daemon.volumes]
    call.send(200, {"Volumes": found, "Warnings": None})


def _create_volume(call: Call) -> None:
    name = call.body["Name"]
    if name not in call.daemon.volumes:
        call.daemon.volumes.append(name)
    call.send(201, _volume(name))


def _volume(name: str) -> dict[str, Any]:
    return {"Name": name, "Driver": "local", "CreatedAt": "2025-10-15T19:39:51Z"}


Answer = Callable[..., None]
ROUTES: Mapping[tuple[str, str], Answer] = {
    ("GET", "/_ping"): _ping,
    ("GET", "/version"): _version,
    ("GET", "/info"): _version,
    ("GET", "/images/json"): _list_images,
    ("GET", "/images/(.+)/json"): _inspect_image,
    ("POST", "/images/create"): _pull,
    ("GET", "/networks"): _list_networks,
    ("POST", "/networks/create"): _create_network,
    ("GET", "/networks/(.+)"): _inspect_network,
    ("GET", "/volumes"): _list_volumes,
    ("POST", "/volumes/create"): _create_volume,
    ("POST", "/containers/create"): _create,
    ("GET", "/containers/json"): _list,
    ("GET", "/containers/([^/]+)/json"): _inspect,
    ("POST", "/containers/([^/]+)/start"): _start,
    ("GET", "/containers/([^/]+)/logs"): _logs,
    ("GET", "/containers/([^/]+)/stats"): _stats,
    ("POST", "/containers/([^/]+)/wait"): _wait,
    ("POST", "/containers/([^/]+)/kill"): _kill,
    ("POST", "/containers/([^/]+)/stop"): _stop,
    ("POST", "/containers/([^/]+)/update"): _update,
    ("DELETE", "/containers/([^/]+)"): _remove,
}
