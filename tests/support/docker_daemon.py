"""A stand-in of Docker's engine: its API on a Unix socket, for docker-py and Lean's client.

It answers what these ask for when a container is run, and can fail, hang or disappear on request.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socketserver
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from support.docker_containers import Container, signal_number

IMAGE = "quantconnect/lean:17369"
DIGEST = "sha256:0123456789abcdef0123456789abcdef"
SAMPLE_S = 0.05


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


@contextlib.contextmanager
def docker_daemon(**wish: Any) -> Iterator[DockerDaemon]:  # noqa: ANN401 - JSON values
    """Run an engine while the block runs; its containers end with it."""
    # The path of a socket has 107 characters at most, and pytest's folders are long.
    short = tempfile.mkdtemp(prefix="zd", dir="/tmp")
    daemon = DockerDaemon(Path(short), dict(wish))
    server = _Server(str(daemon.folder / "docker.sock"), _handler(daemon))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield daemon
    finally:
        server.shutdown()
        server.server_close()
        for one in list(daemon.containers.values()):
            one.kill()
        shutil.rmtree(daemon.folder, ignore_errors=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a client that is killed be no news."""


def _handler(daemon: DockerDaemon) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"daemon": daemon})


class _Handler(BaseHTTPRequestHandler):
    daemon: DockerDaemon
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._route("GET")

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def _route(self, method: str) -> None:
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(re.sub(r"^/v[\d.]+", "", url.path))
        self.query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        self.body: Any = json.loads(self.rfile.read(length) or b"null") if length else None
        self.daemon.requests.append(f"{method} {path}")
        if self.daemon.is_gone:
            self.close_connection = True
            return
        for (wanted, pattern), answer in ROUTES.items():
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                answer(self, *found.groups())
                return
        self.send(404, {"message": f"no such call: {method} {path}"})

    def send(self, status: int, content: object = None) -> None:
        """Answer with JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        if content is None:
            body = b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Api-Version", "1.43")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def stream(self, chunks: Iterator[bytes]) -> None:
        """Answer piece by piece."""
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            if chunk:
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def says(self, name: str) -> bool:
        """Return whether the query sets a switch."""
        return self.query.get(name) in {"1", "True", "true"}

    def container(self, key: str) -> Container | None:
        """Return a container, or answer that there is none."""
        found = self.daemon.find(key)
        if found is None:
            self.send(404, {"message": f"No such container: {key}"})
        return found


def _image(name: str) -> dict[str, Any]:
    labels = {"target_framework": "net9.0", "python_version": "3.11"}
    return {
        "Id": DIGEST,
        "RepoTags": [name],
        "RepoDigests": [f"{name.partition(':')[0]}@{DIGEST}"],
        "Config": {"Labels": labels},
        "Labels": labels,
    }


def _list_images(handler: _Handler) -> None:
    handler.send(200, [_image(name) for name in handler.daemon.images])


def _inspect_image(handler: _Handler, name: str) -> None:
    if name in {*handler.daemon.images, DIGEST}:
        handler.send(200, _image(handler.daemon.images[0] if name == DIGEST else name))
    else:
        handler.send(404, {"message": f"No such image: {name}"})


def _create(handler: _Handler) -> None:
    name = handler.query.get("name", f"unnamed-{len(handler.daemon.made) + 1}")
    image = handler.body["Image"]
    if image not in {*handler.daemon.images, DIGEST}:
        handler.send(404, {"message": f"No such image: {image}"})
        return
    if handler.daemon.find(name) is not None:
        handler.send(409, {"message": f"the name {name} is in use"})
        return
    handler.send(201, {"Id": handler.daemon.create(name, handler.body).id, "Warnings": []})


def _start(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None and handler.daemon.wish.get("refuse"):
        handler.send(500, {"message": "no more memory"})
    elif found is not None:
        try:
            found.start()
        except OSError as e:
            handler.send(400, {"message": f"exec: {e}"})
            return
        # Before the answer: who has it may ask again at once.
        handler.daemon.is_gone = bool(handler.daemon.wish.get("vanish"))
        handler.send(204)


def _inspect(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None:
        handler.send(200, found.state())


def _list(handler: _Handler) -> None:
    if "filters" in handler.query:
        handler.send(400, {"message": "the stand-in lists without filters"})
        return
    found = list(handler.daemon.containers.values())
    handler.send(
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
            if handler.says("all") or one.is_running
        ],
    )


def _logs(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None:
        # Lean's client asks for the whole, or for what is printed from now on.
        start = len(found.output) if handler.query.get("tail") == "0" else 0
        handler.stream(_frames(found, start, follows=handler.says("follow")))


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


def _stats(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is None:
        return
    if found.wish.get("no_stats"):
        handler.send(500, {"message": "no statistics here"})
    elif not handler.says("stream"):
        handler.send(200, found.sample())
    else:
        handler.stream(_samples(found))


def _samples(container: Container) -> Iterator[bytes]:
    while not container.ended.wait(SAMPLE_S):
        yield json.dumps(container.sample()).encode() + b"\n"


def _wait(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None:
        if found.process is not None:
            found.ended.wait()
        handler.send(200, {"StatusCode": found.exit_status})


def _kill(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is None:
        return
    if not found.is_running:
        handler.send(409, {"message": f"container {key} is not running"})
        return
    number = signal_number(handler.query.get("signal", "SIGKILL"))
    if number == signal.SIGKILL:
        found.kill()
    else:
        found.signal(number)
    handler.send(204)


def _stop(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None:
        was_running = found.is_running
        found.stop(float(handler.query.get("t", 10)))
        handler.send(204 if was_running else 304)


def _remove(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is None:
        return
    if found.is_running and not handler.says("force"):
        handler.send(409, {"message": f"container {key} is running"})
        return
    found.kill()
    handler.daemon.containers.pop(found.id, None)
    handler.send(204)


def _update(handler: _Handler, key: str) -> None:
    found = handler.container(key)
    if found is not None:
        found.updates.append(handler.body)
        handler.send(200, {"Warnings": []})


def _ping(handler: _Handler) -> None:
    handler.send(200, b"OK")


def _version(handler: _Handler) -> None:
    handler.send(200, {"Version": "24.0.0", "ApiVersion": "1.43", "MinAPIVersion": "1.24"})


def _pull(handler: _Handler) -> None:
    name = handler.query["fromImage"]
    handler.send(404, {"message": f"pull access denied for {name}, or it does not exist"})


def _list_networks(handler: _Handler) -> None:
    handler.send(200, [{"Id": name, "Name": name} for name in handler.daemon.networks])


def _create_network(handler: _Handler) -> None:
    name = handler.body["Name"]
    handler.daemon.networks.append(name)
    handler.send(201, {"Id": name, "Warning": ""})


def _inspect_network(handler: _Handler, name: str) -> None:
    if name in handler.daemon.networks:
        handler.send(200, {"Id": name, "Name": name})
    else:
        handler.send(404, {"message": f"network {name} not found"})


def _list_volumes(handler: _Handler) -> None:
    found = [_volume(name) for name in handler.daemon.volumes]
    handler.send(200, {"Volumes": found, "Warnings": None})


def _create_volume(handler: _Handler) -> None:
    name = handler.body["Name"]
    if name not in handler.daemon.volumes:
        handler.daemon.volumes.append(name)
    handler.send(201, _volume(name))


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
