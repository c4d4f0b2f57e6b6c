"""A stand-in of Docker's engine: its API on a Unix socket, for docker-py and Lean's client.

It answers what these ask for when a container is run, and can fail, hang or disappear on request.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socketserver
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from support.docker_answers import ROUTES
from support.docker_containers import Container
from support.docker_state import DIGEST, IMAGE, DockerDaemon

__all__ = ["DIGEST", "IMAGE", "DockerDaemon", "docker_daemon"]


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
