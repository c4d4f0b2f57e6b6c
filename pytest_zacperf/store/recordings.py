"""The recordings in ``snapshots/``, each with a file beside it that says where it came from."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_zacperf.digest import DIGEST_BYTES
from pytest_zacperf.errors import StoreError
from pytest_zacperf.records import Accepted, Origin, Received
from pytest_zacperf.store.files import json_of, staged, write_atomically

SNAPSHOTS_FOLDER = "snapshots"
ORIGIN_ENDING = ".origin.json"
# What is recorded, to the end of its file's name.
ENDINGS = {
    "order_events": ".order_events.jsonl",
    "trades": ".trades.jsonl",
    "equity": ".equity.parquet",
    "statistics": ".statistics.json",
}
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A recording that is written and only waits for its name.

    Attributes:
        waiting: The file.
        path: Where it goes.
        accepted: What is written beside it.

    """

    waiting: Path
    path: Path
    accepted: Accepted

    def accept(self) -> Path:
        """Give it its name, and say beside it where it came from; return its path."""
        self.waiting.replace(self.path)
        write_atomically(origin_file(self.path), json_of(self.accepted))
        return self.path


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recordings of a project, in ``root``."""

    root: Path

    @contextlib.contextmanager
    def staged(self, received: Received, content: Path) -> Iterator[Staged]:
        """Write what was received beside its recording, so that it only needs its name.

        Raises:
            OSError: It cannot be written.
            StoreError: The recording is that of another test.

        """
        path = self.root / received.recording
        self._require_own(path, received.test)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A copy: a link would let an edit of the recording change the run it came from.
        with staged(path, blocks_of(content)) as waiting:
            accepted = Accepted(test=received.test, origin=received.origin)
            yield Staged(waiting=waiting, path=path, accepted=accepted)

    def _require_own(self, path: Path, test: str) -> None:
        accepted = self.accepted(path) if path.is_file() else None
        if accepted is None or accepted.module == test.partition("::")[0]:
            return
        if (self.root / accepted.module).is_file():
            raise StoreError(
                f"{path.relative_to(self.root)} is the recording of {accepted.test} already",
                f"give one of the modules another name, and record {test} again",
            )

    @staticmethod
    def accepted(recording: Path) -> Accepted | None:
        """Return whose a recording is; None where nothing says so, or it is damaged."""
        try:
            return msgspec.json.decode(origin_file(recording).read_bytes(), type=Accepted)
        except (OSError, msgspec.DecodeError):
            return None

    def origin(self, recording: Path) -> Origin | None:
        """Return where a recording came from; None where nothing says so, or it is damaged."""
        accepted = self.accepted(recording)
        return accepted.origin if accepted else None

    @staticmethod
    def digest(recording: Path) -> str | None:
        """Return the hash of a recording; None where there is none."""
        found = hashlib.blake2b(digest_size=DIGEST_BYTES)
        try:
            for block in blocks_of(recording):
                found.update(block)
        except FileNotFoundError:
            return None
        return found.hexdigest()

    def delete(self, recording: Path) -> None:
        """Delete a recording and what says where it came from."""
        recording.unlink(missing_ok=True)
        origin_file(recording).unlink(missing_ok=True)

    def all(self) -> list[Path]:
        """Return the files of all recordings."""
        folder = self.root / SNAPSHOTS_FOLDER
        return sorted(
            path
            for ending in ENDINGS.values()
            for path in folder.rglob(f"*{ending}")
            if not path.name.startswith(".")
        )


def kind_of(path: Path) -> str:
    """Return what is recorded in a file, by its name; empty for one that is no recording."""
    return next((kind for kind, end in ENDINGS.items() if path.name.endswith(end)), "")


def origin_file(recording: Path) -> Path:
    """Return the file that says where a recording came from."""
    return recording.with_name(f"{recording.name}{ORIGIN_ENDING}")


def blocks_of(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, a piece at a time."""
    with path.open("rb") as file:
        while block := file.read(COPY_BYTES):
            yield block
